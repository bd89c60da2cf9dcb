/* SPDX-License-Identifier: BSD-2-Clause */
/* Grants: rights, revocation, mappings that outlive their granter, and tables that mappings hold. */
#include "vmm_world.h"

#include <string.h>

struct pair {
	struct world *w;
	struct domain *g, *m; /* granter, mapper */
	struct tw_space gs, ms;
	uint32_t ref; /* of gs.data[0], offered writable to m */
	mfn_t mfn;
};

static uint32_t offer(struct world *w, struct domain *d, const struct domain *peer, uint32_t flags, mfn_t mfn)
{
	uint32_t ref = 0;

	TW_OK(w, grant_reserve(w, d, 1, &ref));
	TW_OK(w, grant_offer(w, d, ref, peer->id, flags, mfn));
	return ref;
}

static struct pair make(void)
{
	struct pair p = {.w = tw_new(256)};

	p.g = tw_run(p.w, 1, &p.gs);
	p.m = tw_run(p.w, 2, &p.ms);
	p.ref = offer(p.w, p.g, p.m, 0, p.gs.data[0]);
	return p;
}

static enum abi_error map(struct pair *p, uint32_t ref, bool readonly, unsigned index)
{
	return grant_map(p->w, p->m, p->g, ref, readonly, p->ms.window, index, &p->mfn);
}

Test(grant, is_used_by_the_named_peer_with_the_offered_rights_alone)
{
	struct pair p = make();
	struct tw_space s;
	struct domain *third = tw_run(p.w, 3, &s);
	uint32_t ro = offer(p.w, p.g, p.m, GRANT_READONLY, p.gs.data[1]);
	mfn_t mfn;

	TW_REFUSED(p.w, HC_EGRANT, grant_map(p.w, third, p.g, p.ref, false, s.window, 0, &mfn));
	TW_REFUSED(p.w, HC_EGRANT, grant_access(p.g, third->id, p.ref, false, &mfn));
	TW_REFUSED(p.w, HC_EREADONLY, map(&p, ro, false, 0));
	TW_REFUSED(p.w, HC_EREADONLY, grant_access(p.g, p.m->id, ro, true, &mfn));
	TW_REFUSED(p.w, HC_EGRANT, map(&p, 0, true, 0));
	TW_REFUSED(p.w, HC_EGRANT, map(&p, ro + 1, true, 0));
	TW_REFUSED(p.w, HC_EGRANT, map(&p, GRANT_MAX, true, 0));
	TW_REFUSED(p.w, HC_EGRANT, map(&p, UINT32_MAX, true, 0));
	TW_OK(p.w, map(&p, p.ref, false, 0));
	cr_assert_eq(p.mfn, p.gs.data[0]);
	TW_OK(p.w, map(&p, ro, true, 1));
	cr_assert_eq(tw_table(p.w, p.ms.window)[1], tw_pte(p.gs.data[1], TW_CONST | PTE_A | PTE_GRANT));
	TW_REFUSED(p.w, HC_EBUSY, map(&p, ro, true, 1));
	tw_recount(p.w);
	tw_free(p.w);
}

Test(grant, offers_only_what_the_domain_owns)
{
	struct pair p = make();
	uint32_t ref = 0;

	TW_OK(p.w, grant_reserve(p.w, p.g, 1, &ref));
	TW_REFUSED(p.w, HC_EFRAME, grant_offer(p.w, p.g, ref, p.m->id, 0, p.ms.data[0]));
	TW_REFUSED(p.w, HC_EFRAME, grant_offer(p.w, p.g, ref, p.m->id, 0, TW_STUBS));
	TW_REFUSED(p.w, HC_EFRAME, grant_offer(p.w, p.g, ref, p.m->id, 0, p.w->free_list));
	TW_REFUSED(p.w, HC_EFRAME, grant_offer(p.w, p.g, ref, p.m->id, 0, 255));
	TW_REFUSED(p.w, HC_EFRAME, grant_offer(p.w, p.g, ref, p.m->id, 0, UINT64_MAX));
	tw_free(p.w);
}

Test(grant, of_a_table_or_of_text_is_never_written_through)
{
	struct pair p = make();
	uint32_t table = offer(p.w, p.g, p.m, 0, p.gs.l1), text = offer(p.w, p.g, p.m, 0, p.gs.text);

	TW_REFUSED(p.w, HC_ETYPE, map(&p, table, false, 0));
	TW_REFUSED(p.w, HC_ETYPE, map(&p, text, false, 0));
	TW_OK(p.w, map(&p, table, true, 0));
	/* Nor is a frame that a peer may write ever a table or text of its owner. */
	TW_OK(p.w, map(&p, p.ref, false, 1));
	TW_OK(p.w, mmu_set_entry(p.w, p.g, p.gs.l1, 1, 0, &(bool){false}));
	TW_REFUSED(p.w, HC_ETYPE, mmu_pin(p.w, p.g, p.gs.data[0], 1));
	TW_REFUSED(p.w, HC_ETYPE, mmu_set_entry(p.w, p.g, p.gs.l1, 1, tw_pte(p.gs.data[0], TW_TEXT), &(bool){false}));
	tw_recount(p.w);
	tw_free(p.w);
}

Test(grant, revoke_and_retarget_take_all_or_none_and_no_range_wraps)
{
	struct pair p = make();
	uint32_t first = 0;

	TW_OK(p.w, grant_reserve(p.w, p.g, 3, &first));
	for (uint32_t i = 0; i < 3; i++)
		TW_OK(p.w, grant_offer(p.w, p.g, first + i, p.m->id, 0, p.gs.data[i]));
	TW_REFUSED(p.w, HC_EGRANT, grant_revoke(p.w, p.g, first, 4));
	TW_OK(p.w, map(&p, first + 2, true, 0));
	TW_REFUSED(p.w, HC_EBUSY, grant_revoke(p.w, p.g, first, 3));
	TW_REFUSED(p.w, HC_EBUSY, grant_retarget(p.g, first, 3, p.g->id));
	TW_REFUSED(p.w, HC_EGRANT, grant_revoke(p.w, p.g, 0, 1));
	TW_REFUSED(p.w, HC_EGRANT, grant_revoke(p.w, p.g, UINT32_MAX, 2));
	TW_REFUSED(p.w, HC_EGRANT, grant_revoke(p.w, p.g, first, UINT32_MAX));
	TW_REFUSED(p.w, HC_EGRANT, grant_retarget(p.g, UINT32_MAX, 2, p.m->id));
	cr_assert_eq(grant_find(p.g, first + 2)->maps, 1);
	TW_OK(p.w, grant_unmap(p.w, p.m, p.ms.window, 0));
	TW_OK(p.w, grant_retarget(p.g, first, 3, p.g->id));
	TW_REFUSED(p.w, HC_EGRANT, map(&p, first, true, 0));
	TW_OK(p.w, grant_revoke(p.w, p.g, first, 3));
	cr_assert_null(grant_find(p.g, first));
	tw_recount(p.w);
	tw_free(p.w);
}

Test(grant, mapping_outlives_its_granter_and_the_frame_is_freed_and_scrubbed_behind_it)
{
	struct pair p = make();
	mfn_t frame = p.gs.data[0], again = 0;
	uint64_t free_before;

	TW_OK(p.w, map(&p, p.ref, false, 0));
	tw_recount(p.w);
	tw_release(p.w, p.g);
	tw_recount(p.w);
	cr_assert_eq(p.w->frames[frame].refs, 1);
	cr_assert_eq(p.w->frames[frame].type, FRAME_WRITABLE);
	/* The slot lives again; the mapping does not name the new one. */
	p.g = tw_domain(p.w, 1, 8, 0);
	tw_recount(p.w);
	free_before = p.w->frames_free;
	TW_OK(p.w, grant_unmap(p.w, p.m, p.ms.window, 0));
	cr_assert_eq(p.w->frames_free, free_before + 1);
	/* The mapper's table may stand at a second address, whose translation is not flushed: it writes on. */
	memset(world_page(p.w, frame), 0x66, PAGE_SIZE);
	cr_assert_eq(frame_alloc_own(p.w, &again), CORE_FLUSH_FIRST);
	TW_OK(p.w, frame_alloc_own(p.w, &again));
	cr_assert_eq(again, frame);
	cr_assert_eq(tw_table(p.w, again)[100], 0);
	frame_free_own(p.w, again);
	tw_recount(p.w);
	tw_free(p.w);
}

Test(grant, unmapped_while_its_granter_is_dead_or_half_released_is_forgotten_there)
{
	for (unsigned calls = 0; calls < 7; calls++) {
		struct pair p = make();

		TW_OK(p.w, map(&p, p.ref, false, 0));
		domain_end(p.w, p.g, REASON_KILLED, 0);
		for (unsigned i = 0; i < calls && p.w->domains[1]; i++)
			domain_release(p.w, p.g);
		tw_recount(p.w);
		TW_OK(p.w, grant_unmap(p.w, p.m, p.ms.window, 0));
		tw_recount(p.w);
		if (p.w->domains[1])
			tw_release(p.w, p.g);
		tw_release(p.w, p.m);
		tw_recount(p.w);
		cr_assert_eq(p.w->frames_free, 256 - TW_FIRST - TW_HOLE_FRAMES);
		tw_free(p.w);
	}
}

Test(grant, mapping_keeps_its_table_a_table_after_the_guest_unlinked_it)
{
	struct pair p = make();
	bool flush;

	TW_OK(p.w, map(&p, p.ref, false, 0));
	TW_REFUSED(p.w, HC_EGRANTED, mmu_set_entry(p.w, p.m, p.ms.window, 0, 0, &flush));
	TW_REFUSED(p.w, HC_EGRANTED, mmu_set_entry(p.w, p.m, p.ms.window, 0, tw_pte(p.ms.data[0], TW_DATA), &flush));
	TW_OK(p.w, mmu_set_entry(p.w, p.m, p.ms.l2, TW_WINDOW >> 21, 0, &flush));
	cr_assert_eq(p.w->frames[p.ms.window].type, FRAME_L1);
	TW_REFUSED(p.w, HC_ETYPE, mmu_set_entry(p.w, p.m, p.ms.l1, 9, tw_pte(p.ms.window, TW_DATA), &(bool){false}));
	tw_recount(p.w);
	/* The death of its owner finds the mapping all the same. */
	tw_release(p.w, p.m);
	tw_recount(p.w);
	cr_assert_eq(grant_revoke(p.w, p.g, p.ref, 1), HC_OK);
	tw_free(p.w);
}

Test(grant, hundreds_of_mappings_are_found_by_their_entries_in_any_order)
{
	struct pair p = make();
	mfn_t table[2] = {p.ms.window, p.ms.l1};
	uint64_t r = 42;
	unsigned mapped = 0;

	for (unsigned t = 0; t < 2; t++)
		for (unsigned i = 100; i < 300; i++, mapped++)
			TW_OK(p.w, grant_map(p.w, p.m, p.g, p.ref, i % 2, table[t], i, &p.mfn));
	tw_recount(p.w);
	TW_REFUSED(p.w, HC_EBUSY, grant_revoke(p.w, p.g, p.ref, 1));
	for (unsigned step = 0; step < 2000; step++) {
		mfn_t where = table[tw_below(&r, 2)];
		unsigned i = 100 + tw_below(&r, 200);

		if (tw_table(p.w, where)[i]) {
			TW_OK(p.w, grant_unmap(p.w, p.m, where, i));
			mapped--;
		} else if (tw_below(&r, 2)) {
			TW_OK(p.w, grant_map(p.w, p.m, p.g, p.ref, i % 2, where, i, &p.mfn));
			mapped++;
		} else {
			cr_assert_eq(grant_unmap(p.w, p.m, where, i), HC_EGRANT);
		}
		cr_assert_eq(p.m->mapping_count, mapped);
	}
	tw_recount(p.w);
	cr_assert(!grant_unmap_all(p.w, p.m, 10), "a dead domain's mappings go in bounded pieces");
	cr_assert_eq(p.m->mapping_count, mapped - 10);
	cr_assert(grant_unmap_all(p.w, p.m, 1000));
	tw_recount(p.w);
	TW_OK(p.w, grant_revoke(p.w, p.g, p.ref, 1));
	tw_free(p.w);
}

Test(grant, references_are_consecutive_come_back_after_revocation_and_run_out)
{
	struct pair p = make();
	uint32_t first = 0, ref = 0, given = p.g->grant_count;
	mfn_t own = p.gs.data[1];

	for (enum abi_error e;; given++) {
		TW_FLUSHING(p.w, e, grant_reserve(p.w, p.g, 1, &ref));
		if (e != HC_OK) {
			cr_assert_eq(e, HC_ENOGRANT);
			break;
		}
		TW_OK(p.w, grant_offer(p.w, p.g, ref, p.m->id, 0, own));
	}
	cr_assert_eq(given, GRANT_MAX - 1, "reference 0 is never given");
	cr_assert_eq(p.w->frames[own].refs, 2 + GRANT_MAX - 2);
	for (ref = 1000; ref < 1100; ref += 2)
		TW_OK(p.w, grant_revoke(p.w, p.g, ref, 1));
	TW_REFUSED(p.w, HC_ENOGRANT, grant_reserve(p.w, p.g, 2, &first));
	TW_OK(p.w, grant_revoke(p.w, p.g, 1001, 1));
	TW_OK(p.w, grant_reserve(p.w, p.g, 3, &first));
	cr_assert_eq(first, 1000);
	tw_release(p.w, p.g);
	tw_recount(p.w);
	tw_free(p.w);
}

Test(grant, map_that_fails_for_want_of_memory_changes_nothing)
{
	struct pair p = make();
	mfn_t m;

	while (p.w->frames_free)
		TW_OK(p.w, frame_alloc_own(p.w, &m));
	TW_REFUSED(p.w, HC_ENOMEM, map(&p, p.ref, false, 0));
	/* One frame is enough for the hash, not for the records. */
	frame_free_own(p.w, m);
	TW_REFUSED(p.w, HC_ENOMEM, map(&p, p.ref, false, 0));
	p.w->frames[p.gs.data[0]].refs = UINT32_MAX;
	TW_REFUSED(p.w, HC_EFRAMEREF, map(&p, p.ref, false, 0));
	p.w->frames[p.gs.data[0]].refs = 3;
	tw_free(p.w);
}

Test(grant, that_somebody_maps_is_known_of_the_domain_as_a_whole)
{
	struct pair p = make();

	cr_assert_not(grant_any_mapped(p.m), "without a table");
	cr_assert_not(grant_any_mapped(p.g), "an offer is no mapping");
	TW_OK(p.w, map(&p, p.ref, false, 0));
	cr_assert(grant_any_mapped(p.g));
	cr_assert_not(grant_any_mapped(p.m), "the mapper's own frames are not meant");
	cr_assert_eq(grant_unmap(p.w, p.m, p.ms.window, 0), HC_OK);
	cr_assert_not(grant_any_mapped(p.g));
	tw_free(p.w);
}
