/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a table from pin to unpin, and 2 MiB entries. */
#include "vmm_world.h"

#include <string.h>

#define RUN_WORLD (3 * RUN_FRAMES) /* two runs are free in the middle */

Test(table, is_one_from_pin_to_unpin_and_full_of_zeros_behind_it)
{
	struct world *w = tw_new(64);
	struct tw_space s;
	struct domain *d = tw_run(w, 1, &s);
	mfn_t l1 = tw_frame(w, d), data = tw_frame(w, d);

	TW_REFUSED(w, HC_ENOTABLE, tw_set(w, d, l1, 0, 0));
	TW_REFUSED(w, HC_EUNPINNED, tw_set(w, d, s.l2, 40, tw_pte(l1, TW_TABLE)));
	tw_table(w, l1)[7] = tw_pte(data, TW_DATA);
	TW_OK(w, mmu_pin(w, d, l1, 1));
	TW_REFUSED(w, HC_ESTATE, mmu_pin(w, d, l1, 1));
	TW_REFUSED(w, HC_ETYPE, mmu_pin(w, d, l1, 2));
	TW_OK(w, tw_set(w, d, s.l2, 40, tw_pte(l1, TW_TABLE)));
	TW_REFUSED(w, HC_ELINKED, mmu_unpin(w, d, l1));
	TW_OK(w, tw_set(w, d, s.l2, 40, 0));
	/* Linked from nowhere it is a table still. */
	TW_REFUSED(w, HC_ETYPE, tw_set(w, d, s.l1, 9, tw_pte(l1, TW_DATA)));
	TW_REFUSED(w, HC_EBUSY, frame_give_back(w, d, l1));
	tw_recount(w);
	TW_OK(w, mmu_unpin(w, d, l1));
	TW_REFUSED(w, HC_ESTATE, mmu_unpin(w, d, l1));
	cr_assert_eq(tw_table(w, l1)[7], 0);
	cr_assert_eq(w->frames[data].refs, 1);
	TW_OK(w, frame_give_back(w, d, l1));
	tw_recount(w);
	tw_free(w);
}

Test(table, that_is_a_root_or_holds_grant_mappings_stays_one)
{
	struct world *w = tw_new(128);
	struct tw_space s, t;
	struct domain *d = tw_run(w, 1, &s), *peer = tw_run(w, 2, &t);
	uint32_t ref = 0;
	mfn_t mfn;

	TW_REFUSED(w, HC_ELINKED, mmu_unpin(w, d, s.root));
	TW_REFUSED(w, HC_EFRAME, mmu_unpin(w, d, t.root));
	TW_REFUSED(w, HC_EFRAME, mmu_link(w, d, t.root, 4));
	TW_REFUSED(w, HC_ETYPE, mmu_link(w, d, s.l3, 4));
	TW_OK(w, grant_reserve(w, peer, 1, &ref));
	TW_OK(w, grant_offer(w, peer, ref, d->id, 0, t.data[0]));
	TW_OK(w, grant_map(w, d, peer, ref, false, s.window, 3, &mfn));
	TW_OK(w, tw_set(w, d, s.l2, TW_WINDOW >> 21, 0));
	TW_REFUSED(w, HC_ELINKED, mmu_unpin(w, d, s.window));
	tw_recount(w);
	TW_OK(w, grant_unmap(w, d, s.window, 3));
	tw_flush(w);
	TW_OK(w, mmu_unpin(w, d, s.window));
	tw_recount(w);
	tw_free(w);
}

/* A domain with a pinned level-2 table, linked nowhere, and a run of frames. */
static struct domain *with_run(struct world *w, mfn_t *l2, mfn_t *run)
{
	struct domain *d = tw_domain(w, 1, 2 * RUN_FRAMES, 0);

	*l2 = tw_frame(w, d);
	TW_OK(w, mmu_pin(w, d, *l2, 2));
	TW_OK(w, frame_alloc_run(w, d, run));
	return d;
}

Test(table, maps_an_aligned_run_of_own_frames_by_one_entry)
{
	struct world *w = tw_new(RUN_WORLD);
	mfn_t l2, run;
	struct domain *d = with_run(w, &l2, &run);

	cr_assert_eq(run % RUN_FRAMES, 0);
	for (mfn_t m = run; m < run + RUN_FRAMES; m++)
		cr_assert(w->frames[m].owner == d->id && w->frames[m].refs == 1);
	TW_OK(w, tw_set(w, d, l2, 3, tw_pte(run, TW_DATA | PTE_PS)));
	tw_recount(w);
	cr_assert_eq(w->frames[run + 511].type, FRAME_WRITABLE);
	TW_REFUSED(w, HC_ETYPE, mmu_pin(w, d, run + 511, 1));
	TW_OK(w, tw_set(w, d, l2, 4, tw_pte(run, TW_CONST | PTE_PS)));
	TW_OK(w, tw_set(w, d, l2, 3, tw_pte(run, TW_CONST | PTE_PS)));
	tw_recount(w);
	cr_assert_eq(w->frames[run].type, FRAME_NONE);
	TW_OK(w, tw_set(w, d, l2, 3, 0));
	TW_OK(w, tw_set(w, d, l2, 4, 0));
	cr_assert_eq(w->frames[run].refs, 1);
	tw_release(w, d);
	tw_recount(w);
	cr_assert_eq(w->frames_free, RUN_WORLD - TW_FIRST - TW_HOLE_FRAMES);
	tw_free(w);
}

Test(table, refuses_a_run_that_is_not_wholly_the_domains_or_not_aligned_or_executable)
{
	struct world *w = tw_new(RUN_WORLD);
	mfn_t l2, run, l1;
	struct domain *d = with_run(w, &l2, &run);
	struct domain *other = tw_domain(w, 2, 4, 0);
	enum abi_error e;

	l1 = tw_frame(w, d);
	TW_REFUSED(w, HC_ERUN, tw_set(w, d, l2, 3, tw_pte(run + 1, TW_DATA | PTE_PS)));
	TW_REFUSED(w, HC_EENTRY, tw_set(w, d, l2, 3, tw_pte(run, TW_TEXT | PTE_PS)));
	TW_REFUSED(w, HC_EENTRY, tw_set(w, d, l2, 3, tw_pte(run, TW_DATA | PTE_PS | PTE_PCD)));
	TW_REFUSED(w, HC_EENTRY, tw_set(w, d, l2, 3, tw_pte(run, TW_DATA | PTE_PS | PTE_G)));
	TW_REFUSED(w, HC_ERUN, tw_set(w, d, l2, 3, tw_pte(0, TW_DATA | PTE_PS)));
	TW_REFUSED(w, HC_ERUN, tw_set(w, d, l2, 3, tw_pte(1ull << 35, TW_DATA | PTE_PS)));
	/* The last of it is a table, text, another's. */
	TW_OK(w, mmu_pin(w, d, run + 511, 1));
	TW_REFUSED(w, HC_ETYPE, tw_set(w, d, l2, 3, tw_pte(run, TW_DATA | PTE_PS)));
	TW_OK(w, tw_set(w, d, l2, 3, tw_pte(run, TW_CONST | PTE_PS)));
	TW_OK(w, tw_set(w, d, l2, 3, 0));
	TW_OK(w, mmu_unpin(w, d, run + 511));
	TW_OK(w, frame_get_type(w, run + 511, FRAME_EXEC));
	TW_REFUSED(w, HC_ETYPE, tw_set(w, d, l2, 3, tw_pte(run, TW_DATA | PTE_PS)));
	frame_put_type(w, run + 511);
	TW_FLUSHING(w, e, frame_move(w, d, other, run + 511, 0));
	cr_assert_eq(e, HC_OK);
	TW_REFUSED(w, HC_ERUN, tw_set(w, d, l2, 3, tw_pte(run, TW_DATA | PTE_PS)));
	/* Level 1 has no such entry, level 3 neither, and a table that is to be pinned must not hold one. */
	TW_OK(w, mmu_pin(w, d, l1, 1));
	TW_REFUSED(w, HC_EENTRY, tw_set(w, d, l1, 3, tw_pte(run, TW_DATA | PTE_PS)));
	TW_OK(w, mmu_unpin(w, d, l1));
	TW_OK(w, mmu_pin(w, d, l1, 3));
	TW_REFUSED(w, HC_EENTRY, tw_set(w, d, l1, 3, tw_pte(run, TW_DATA | PTE_PS)));
	TW_OK(w, mmu_unpin(w, d, l1));
	tw_table(w, l1)[9] = tw_pte(run, TW_DATA | PTE_PS);
	TW_REFUSED(w, HC_EENTRY, mmu_pin(w, d, l1, 2));
	tw_recount(w);
	tw_free(w);
}

Test(table, refuses_a_run_of_own_frames_that_is_not_aligned)
{
	struct world *w = tw_new(4 * RUN_FRAMES);
	mfn_t l2, run, next;
	struct domain *d = with_run(w, &l2, &run);

	TW_OK(w, frame_set_target(w, d, d->frame_max = 3 * RUN_FRAMES, 0));
	TW_OK(w, frame_alloc_run(w, d, &next));
	cr_assert(next == run + RUN_FRAMES || run == next + RUN_FRAMES);
	TW_REFUSED(w, HC_ERUN, tw_set(w, d, l2, 3, tw_pte(MIN(run, next) + 1, TW_DATA | PTE_PS)));
	TW_OK(w, tw_set(w, d, l2, 3, tw_pte(MIN(run, next), TW_DATA | PTE_PS)));
	tw_recount(w);
	tw_free(w);
}

Test(table, full_of_runs_is_unpinned_in_bounded_steps)
{
	struct world *w = tw_new(RUN_WORLD);
	mfn_t l2, run;
	struct domain *d = with_run(w, &l2, &run);
	enum abi_error e = HC_EAGAIN;
	unsigned steps = 0;

	for (unsigned i = 0; i < TABLE_ENTRIES; i++)
		TW_OK(w, tw_set(w, d, l2, i, tw_pte(run, TW_DATA | PTE_PS)));
	tw_recount(w);
	while (e == HC_EAGAIN) {
		uint64_t work = w->work;

		e = mmu_unpin(w, d, l2);
		cr_assert(w->work - work < 8 * RUN_FRAMES);
		tw_recount(w);
		steps++;
		if (steps == 3)
			TW_OK(w, tw_set(w, d, l2, 0, tw_pte(run, TW_DATA | PTE_PS)));
	}
	cr_assert_eq(e, HC_OK);
	cr_assert(steps > 100);
	cr_assert_eq(w->frames[run].refs, 1);
	tw_free(w);
}

Test(table, walk_stops_at_a_run)
{
	struct world *w = tw_new(RUN_WORLD);
	struct tw_space s;
	struct domain *d = tw_run(w, 1, &s);
	mfn_t run = 2 * RUN_FRAMES, table;
	unsigned index;

	TW_OK(w, frame_set_target(w, d, d->frame_max = 2 * RUN_FRAMES, 0));
	TW_OK(w, frame_alloc_run(w, d, &run));
	TW_OK(w, tw_set(w, d, s.l2, 40, tw_pte(run, TW_DATA | PTE_PS)));
	TW_REFUSED(w, HC_ENOTABLE, mmu_walk(w, s.root, 40ull << 21, 1, &table, &index));
	TW_OK(w, mmu_walk(w, s.root, 40ull << 21, 2, &table, &index));
	cr_assert(table == s.l2 && index == 40);
	TW_OK(w, mmu_walk(w, s.root, 40ull << 21, 4, &table, &index));
	cr_assert(table == s.root && index == 0);
	tw_free(w);
}
