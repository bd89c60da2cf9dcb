/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory as a resource: targets, promises, runs, scrubbing ahead, and frames that change hands. */
#include "vmm_world.h"

#include <string.h>

static struct domain *reserved(struct world *w, uint32_t slot, uint32_t max_pages, uint32_t reserved_pages)
{
	struct domain_create c = {.name = "r",
				  .slot = slot,
				  .max_pages = max_pages,
				  .reserved_pages = reserved_pages,
				  .weight = 1,
				  .vcpu_count = 1};
	struct domain *d = NULL;

	TW_OK(w, domain_create(w, &c, &d));
	tw_recount(w);
	return d;
}

Test(memory, that_is_promised_is_nobody_elses)
{
	struct world *w = tw_new(64);
	struct domain *d = reserved(w, 1, 20, 10), *greedy = tw_domain(w, 2, 1000, 0);
	struct domain_create c = {
		.name = "more", .slot = 3, .max_pages = 60, .reserved_pages = 50, .weight = 1, .vcpu_count = 1};
	enum abi_error e = HC_OK;
	mfn_t m;

	cr_assert_eq(w->frames_promised, 10);
	TW_REFUSED(w, HC_ENOMEM, domain_create(w, &c, &greedy));
	while (e == HC_OK)
		TW_FLUSHING(w, e, frame_alloc(w, greedy, &m));
	cr_assert_eq(e, HC_ENOMEM);
	cr_assert_eq(w->frames_free, 10);
	TW_REFUSED(w, HC_ENOMEM, frame_alloc_own(w, &m));
	tw_recount(w);
	for (unsigned i = 0; i < 10; i++)
		tw_frame(w, d);
	cr_assert_eq(w->frames_promised, 0);
	TW_REFUSED(w, HC_ENOMEM, frame_alloc(w, d, &m));
	tw_recount(w);
	/* What it gives back stays its own. */
	TW_OK(w, frame_give_back(w, d, d->frame_list));
	cr_assert_eq(w->frames_promised, 1);
	TW_REFUSED(w, HC_ENOMEM, frame_alloc(w, greedy, &m));
	tw_release(w, d);
	cr_assert_eq(w->frames_promised, 0);
	TW_OK(w, frame_alloc(w, greedy, &m));
	tw_recount(w);
	tw_free(w);
}

Test(memory, target_bounds_frames_and_tables_together)
{
	struct world *w = tw_new(64);
	struct domain *d = tw_domain(w, 1, 20, 0);
	uint32_t port, ref;
	mfn_t m;

	TW_REFUSED(w, HC_EINVAL, frame_set_target(w, d, 22, 0));
	TW_REFUSED(w, HC_EINVAL, frame_set_target(w, d, 10, 11));
	TW_REFUSED(w, HC_ENOMEM, frame_set_target(w, (d->frame_max = 100, d), 90, 90));
	TW_OK(w, frame_set_target(w, d, 4, 2));
	TW_OK(w, event_alloc(w, d, PORT_VIRQ, DOMID_NONE, 0, 0, &port));
	d->vcpu.virq_port[0] = port;
	TW_OK(w, grant_reserve(w, d, 1, &ref));
	cr_assert_eq(frame_charge(d), 3);
	tw_frame(w, d);
	TW_REFUSED(w, HC_ELIMIT, frame_alloc(w, d, &m));
	TW_REFUSED(w, HC_ELIMIT, frame_alloc_run(w, d, &m));
	/* A target below what it has takes nothing away. */
	TW_OK(w, frame_set_target(w, d, 1, 0));
	cr_assert_eq(frame_charge(d), 4);
	tw_recount(w);
	TW_OK(w, frame_set_target(w, d, 5, 5));
	cr_assert_eq(w->frames_promised, 1);
	tw_frame(w, d);
	tw_recount(w);
	tw_release(w, d);
	tw_recount(w);
	tw_free(w);
}

Test(memory, is_given_back_only_when_nothing_uses_it)
{
	struct world *w = tw_new(128);
	struct tw_space s, o;
	struct domain *d = tw_run(w, 1, &s), *other = tw_run(w, 2, &o);
	mfn_t m = tw_frame(w, d);
	uint32_t ref = 0;

	TW_REFUSED(w, HC_EFRAME, frame_give_back(w, d, o.data[0]));
	TW_REFUSED(w, HC_EFRAME, frame_give_back(w, d, 1ull << 40));
	TW_REFUSED(w, HC_EFRAME, frame_give_back(w, d, TW_STUBS));
	TW_REFUSED(w, HC_EBUSY, frame_give_back(w, d, s.data[0]));
	TW_REFUSED(w, HC_EBUSY, frame_give_back(w, d, s.root));
	TW_REFUSED(w, HC_EBUSY, frame_give_back(w, d, d->shared_mfn));
	TW_OK(w, grant_reserve(w, d, 1, &ref));
	TW_OK(w, grant_offer(w, d, ref, other->id, 0, m));
	TW_REFUSED(w, HC_EBUSY, frame_give_back(w, d, m));
	TW_OK(w, grant_revoke(w, d, ref, 1));
	TW_OK(w, frame_give_back(w, d, m));
	TW_REFUSED(w, HC_EFRAME, frame_give_back(w, d, m));
	tw_recount(w);
	tw_free(w);
}

Test(memory, is_scrubbed_ahead_but_not_before_every_stale_translation_is_gone)
{
	struct world *w = tw_new(64);
	struct domain *d = tw_domain(w, 1, 60, 0);
	mfn_t m = tw_frame(w, d), again = 0;
	enum abi_error e = HC_OK;

	TW_OK(w, frame_get_type(w, m, FRAME_WRITABLE));
	memset(world_page(w, m), 1, PAGE_SIZE);
	frame_put_type(w, m);
	TW_OK(w, frame_give_back(w, d, m));
	cr_assert_eq(frame_scrub_ahead(w), CORE_FLUSH_FIRST);
	memset(world_page(w, m), 2, PAGE_SIZE);
	for (unsigned n = 0; e == HC_OK; n++) {
		TW_FLUSHING(w, e, frame_scrub_ahead(w));
		tw_recount(w);
		cr_assert(n < 64);
	}
	cr_assert_eq(e, HC_EAGAIN);
	cr_assert_eq(w->frames_clean, w->frames_free);
	while (again != m)
		TW_OK(w, frame_alloc(w, d, &again));
	tw_recount(w);
	TW_OK(w, frame_give_back(w, d, m));
	cr_assert_eq(w->frames[m].flags, 0);
	tw_recount(w);
	tw_free(w);
}

Test(memory, changes_hands_with_its_contents_and_its_promise)
{
	struct world *w = tw_new(64);
	struct domain *a = reserved(w, 1, 10, 10), *b = reserved(w, 2, 3, 3);
	mfn_t m = tw_frame(w, a), got = 0;
	uint32_t ref = 0;

	tw_table(w, m)[5] = 77;
	TW_OK(w, grant_reserve(w, a, 3, &ref));
	TW_OK(w, grant_offer(w, a, ref, b->id, GRANT_TRANSFER, m));
	TW_OK(w, grant_offer(w, a, ref + 1, b->id, 0, m));
	TW_OK(w, grant_offer(w, a, ref + 2, b->id, GRANT_TRANSFER, a->shared_mfn));
	TW_REFUSED(w, HC_EBUSY, grant_accept(w, b, a, ref, &got));
	TW_REFUSED(w, HC_EGRANT, grant_accept(w, b, a, ref + 1, &got));
	TW_REFUSED(w, HC_EBUSY, grant_accept(w, b, a, ref + 2, &got));
	TW_REFUSED(w, HC_EGRANT, grant_accept(w, a, a, ref, &got));
	TW_REFUSED(w, HC_EGRANT, grant_access(a, b->id, ref, false, &got));
	TW_OK(w, grant_revoke(w, a, ref + 1, 1));
	tw_recount(w);
	tw_frame(w, b);
	tw_frame(w, b);
	tw_frame(w, b);
	TW_REFUSED(w, HC_ELIMIT, grant_accept(w, b, a, ref, &got));
	TW_OK(w, frame_give_back(w, b, b->frame_list));
	TW_OK(w, grant_accept(w, b, a, ref, &got));
	cr_assert_eq(got, m);
	cr_assert_eq(w->frames[m].owner, b->id);
	cr_assert_eq(w->frames[m].refs, 1);
	cr_assert_eq(tw_table(w, m)[5], 77);
	TW_REFUSED(w, HC_EGRANT, grant_accept(w, b, a, ref, &got));
	tw_recount(w);
	tw_release(w, a);
	tw_recount(w);
	tw_release(w, b);
	cr_assert_eq(w->frames_free, 64 - TW_FIRST - TW_HOLE_FRAMES);
	tw_free(w);
}

Test(memory, that_was_mapped_changes_hands_only_behind_a_flush)
{
	struct world *w = tw_new(64);
	struct domain *a = tw_domain(w, 1, 10, 0), *b = tw_domain(w, 2, 10, 0);
	mfn_t m = tw_frame(w, a), text = tw_frame(w, a), got = 0;
	uint32_t ref = 0;

	TW_OK(w, grant_reserve(w, a, 2, &ref));
	TW_OK(w, grant_offer(w, a, ref, b->id, GRANT_TRANSFER, m));
	TW_OK(w, grant_offer(w, a, ref + 1, b->id, GRANT_TRANSFER, text));
	tw_flush(w);
	TW_OK(w, frame_get_type(w, m, FRAME_WRITABLE));
	TW_REFUSED(w, HC_EBUSY, grant_accept(w, b, a, ref, &got));
	frame_put_type(w, m);
	cr_assert_eq(grant_accept(w, b, a, ref, &got), CORE_FLUSH_FIRST);
	TW_OK(w, grant_accept(w, b, a, ref, &got));
	TW_OK(w, frame_get_type(w, text, FRAME_EXEC));
	frame_put_type(w, text);
	a->sealed = 1;
	TW_REFUSED(w, HC_ETEXT, grant_accept(w, b, a, ref + 1, &got));
	tw_recount(w);
	tw_free(w);
}

Test(memory, run_that_was_mapped_is_handed_out_only_behind_a_flush)
{
	struct world *w = tw_new(3 * RUN_FRAMES);
	struct domain *d = tw_domain(w, 1, 4 * RUN_FRAMES, 0);
	mfn_t run = 0, again = 0;

	TW_OK(w, frame_alloc_run(w, d, &run));
	tw_flush(w);
	TW_OK(w, frame_get_type(w, run + 300, FRAME_WRITABLE));
	frame_put_type(w, run + 300);
	for (mfn_t m = run; m < run + RUN_FRAMES; m++)
		TW_OK(w, frame_give_back(w, d, m));
	cr_assert_eq(frame_alloc_run(w, d, &again), CORE_FLUSH_FIRST);
	tw_flush(w);
	cr_assert_eq(frame_alloc_run(w, d, &again), HC_OK);
	tw_recount(w);
	tw_free(w);
}

Test(memory, run_is_found_when_there_is_one_and_refused_when_there_is_none)
{
	struct world *w = tw_new(3 * RUN_FRAMES);
	struct domain *d = tw_domain(w, 1, 4 * RUN_FRAMES, 0);
	mfn_t first = 0, second = 0, m;

	TW_OK(w, frame_alloc_run(w, d, &first));
	cr_assert_eq(first, RUN_FRAMES, "the first and the last run of the machine are not all RAM");
	TW_REFUSED(w, HC_ENOMEM, frame_alloc_run(w, d, &second));
	for (m = first; m < first + RUN_FRAMES; m++) {
		cr_assert_eq(tw_table(w, m)[0], 0);
		TW_OK(w, frame_give_back(w, d, m));
	}
	tw_recount(w);
	TW_OK(w, frame_alloc_run(w, d, &second));
	cr_assert_eq(second, first);
	TW_OK(w, frame_give_back(w, d, first + 300));
	tw_recount(w);
	TW_REFUSED(w, HC_ENOMEM, frame_alloc_run(w, d, &second));
	tw_release(w, d);
	tw_recount(w);
	tw_free(w);
}
