/* SPDX-License-Identifier: BSD-2-Clause */
/* The frame table: scrubbing, lists, references, exclusive types, and the duty to flush. */
#include "vmm_world.h"

#include <string.h>

static bool all_zero(struct world *w, mfn_t m)
{
	static const uint8_t zero[PAGE_SIZE];

	return !memcmp(world_page(w, m), zero, PAGE_SIZE);
}

Test(frame, is_scrubbed_when_it_is_handed_out_even_if_a_stale_mapper_wrote_to_it_after_it_was_freed)
{
	struct world *w = tw_new(64);
	struct domain *d = tw_domain(w, 1, 4, 0);
	mfn_t m = tw_frame(w, d), again = 0;
	enum abi_error e;

	cr_assert(all_zero(w, m));
	memset(world_page(w, m), 1, PAGE_SIZE);
	frame_disown(w, d, m);
	cr_assert_eq(frame_alloc_own(w, &again), CORE_FLUSH_FIRST, "a freed frame may still be in a TLB");
	memset(world_page(w, m), 2, PAGE_SIZE);
	TW_FLUSHING(w, e, frame_alloc_own(w, &again));
	cr_assert_eq(e, HC_OK);
	cr_assert_eq(again, m);
	cr_assert(all_zero(w, m));
	frame_free_own(w, again);
	tw_recount(w);
	tw_free(w);
}

Test(frame, of_a_domain_is_limited_by_its_reservation_and_by_the_machine)
{
	struct world *w = tw_new(24);
	struct domain *d = tw_domain(w, 1, 3, 0), *greedy;
	mfn_t m = 0;

	for (unsigned i = 0; i < 3; i++)
		tw_frame(w, d);
	TW_REFUSED(w, HC_ELIMIT, frame_alloc(w, d, &m));
	greedy = tw_domain(w, 2, 1000, 0);
	while (w->frames_free)
		tw_frame(w, greedy);
	TW_REFUSED(w, HC_ENOMEM, frame_alloc(w, greedy, &m));
	TW_REFUSED(w, HC_ENOMEM, frame_alloc_own(w, &m));
	tw_recount(w);
	tw_release(w, greedy);
	tw_release(w, d);
	tw_recount(w);
	cr_assert_eq(w->frames_free, 24 - TW_FIRST - TW_HOLE_FRAMES);
	tw_free(w);
}

Test(frame, is_never_writable_and_executable_at_once)
{
	struct world *w = tw_new(64);
	struct domain *d = tw_domain(w, 1, 4, 0);
	mfn_t m = tw_frame(w, d);

	TW_OK(w, frame_get_type(w, m, FRAME_WRITABLE));
	TW_OK(w, frame_get_type(w, m, FRAME_WRITABLE));
	TW_REFUSED(w, HC_ETYPE, frame_get_type(w, m, FRAME_EXEC));
	frame_put_type(w, m);
	TW_REFUSED(w, HC_ETYPE, frame_get_type(w, m, FRAME_EXEC));
	frame_put_type(w, m);
	cr_assert_eq(frame_get_type(w, m, FRAME_EXEC), CORE_FLUSH_FIRST);
	TW_OK(w, frame_get_type(w, m, FRAME_EXEC));
	TW_REFUSED(w, HC_ETYPE, frame_get_type(w, m, FRAME_WRITABLE));
	frame_put_type(w, m);
	tw_recount(w);
	tw_free(w);
}

Test(frame, asks_for_no_flush_when_its_type_comes_back_and_for_one_when_it_changes)
{
	struct world *w = tw_new(64);
	struct domain *d = tw_domain(w, 1, 4, 0);
	mfn_t m = tw_frame(w, d);

	TW_OK(w, frame_get_type(w, m, FRAME_WRITABLE));
	frame_put_type(w, m);
	cr_assert_eq(frame_get_type(w, m, FRAME_WRITABLE), HC_OK);
	frame_put_type(w, m);
	cr_assert_eq(frame_get_type(w, m, FRAME_EXEC), CORE_FLUSH_FIRST);
	cr_assert_eq(frame_begin_table(w, m, FRAME_L1), CORE_FLUSH_FIRST);
	tw_flush(w);
	/* An untyped mapping that goes later makes the old type suspect again: the stamp over-approximates. */
	TW_OK(w, frame_get(w, m));
	frame_put(w, m);
	cr_assert_eq(frame_get_type(w, m, FRAME_EXEC), CORE_FLUSH_FIRST);
	tw_flush(w);
	cr_assert_eq(frame_get_type(w, m, FRAME_EXEC), HC_OK);
	frame_put_type(w, m);
	tw_free(w);
}

Test(frame, waits_for_the_flush_of_every_cpu)
{
	struct world *w = tw_new(64);
	struct domain *d = tw_domain(w, 1, 4, 0);
	mfn_t m = tw_frame(w, d);

	cr_assert(!frame_needs_flush(w, TW_FIRST), "nobody ever had it");
	TW_OK(w, frame_get_type(w, m, FRAME_WRITABLE));
	frame_flushed(w, 1);
	frame_put_type(w, m);
	frame_flushed(w, 0);
	frame_flushed(w, 0);
	cr_assert_eq(frame_get_type(w, m, FRAME_EXEC), CORE_FLUSH_FIRST, "CPU 1 may still know it");
	frame_flushed(w, 1);
	cr_assert_eq(frame_get_type(w, m, FRAME_EXEC), HC_OK);
	frame_put_type(w, m);
	frame_flushed(w, 1);
	cr_assert_eq(frame_get_type(w, m, FRAME_WRITABLE), CORE_FLUSH_FIRST, "CPU 0 may");
	tw_free(w);
}

Test(frame, with_the_most_references_there_can_be_refuses_another)
{
	struct world *w = tw_new(64);
	struct domain *d = tw_domain(w, 1, 4, 0);
	mfn_t m = tw_frame(w, d);

	w->frames[m].refs = UINT32_MAX;
	TW_REFUSED(w, HC_EFRAMEREF, frame_get(w, m));
	TW_REFUSED(w, HC_EFRAMEREF, frame_get_type(w, m, FRAME_WRITABLE));
	TW_REFUSED(w, HC_EFRAMEREF, mmu_pin(w, d, m, 1));
	w->frames[m].refs = 1;
	tw_recount(w);
	tw_free(w);
}

Test(frame, table_survives_thousands_of_random_gets_and_puts)
{
	struct world *w = tw_new(64);
	struct domain *d[3] = {tw_domain(w, 1, 10, 0), tw_domain(w, 2, 10, 0), tw_domain(w, 3, 50, 0)};
	uint32_t held[TW_FRAMES_MAX][3] = {{0}}; /* untyped, writable, executable */
	uint64_t r = 11;

	for (unsigned step = 0; step < 20000; step++) {
		struct domain *one = d[tw_below(&r, 3)];
		mfn_t m = TW_FIRST + tw_below(&r, 58);
		unsigned kind = tw_below(&r, 3);
		bool owned = w->frames[m].owner == one->id && m != one->shared_mfn;
		enum abi_error e = HC_OK;

		switch (tw_below(&r, 4)) {
		case 0: TW_FLUSHING(w, e, frame_alloc(w, one, &m)); break;
		case 1:
			if (owned && !held[m][0] && !held[m][1] && !held[m][2])
				frame_disown(w, one, m);
			break;
		case 2:
			if (!owned)
				break;
			if (kind)
				TW_FLUSHING(w, e, frame_get_type(w, m, kind == 1 ? FRAME_WRITABLE : FRAME_EXEC));
			else
				e = frame_get(w, m);
			cr_assert_eq(e, kind && held[m][3 - kind] ? HC_ETYPE : HC_OK);
			held[m][kind] += e == HC_OK;
			break;
		default:
			if (!owned || !held[m][kind])
				break;
			held[m][kind]--;
			kind ? frame_put_type(w, m) : frame_put(w, m);
		}
		m = TW_FIRST + tw_below(&r, 58);
		cr_assert(w->frames[m].owner == OWNER_FREE || w->frames[m].owner == OWNER_HYPERVISOR ||
			  m == d[0]->shared_mfn || m == d[1]->shared_mfn || m == d[2]->shared_mfn ||
			  (w->frames[m].refs == 1 + held[m][0] + held[m][1] + held[m][2] &&
			   w->frames[m].type_count == held[m][1] + held[m][2]));
	}
	tw_free(w);
}
