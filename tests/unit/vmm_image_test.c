/* SPDX-License-Identifier: BSD-2-Clause */
/* Image objects: who may map what of them, and when they go. */
#include "vmm_world.h"

Test(image, is_filled_then_sealed_then_attached)
{
	struct world *w = tw_new(64);
	struct domain *d = tw_domain(w, 1, 10, 0);
	uint32_t id = 0, other;
	mfn_t m = 0, n = 0;

	TW_OK(w, image_create(w, &id));
	TW_REFUSED(w, HC_EIMAGE, image_attach(w, d, id));
	TW_OK(w, image_populate(w, id, true, &m));
	cr_assert(image_writable(w, id, m));
	cr_assert(!image_writable(w, id, d->shared_mfn));
	cr_assert(!image_writable(w, id, 1ull << 40));
	TW_OK(w, image_seal(w, id));
	cr_assert(!image_writable(w, id, m));
	TW_REFUSED(w, HC_EIMAGE, image_seal(w, id));
	TW_REFUSED(w, HC_EIMAGE, image_populate(w, id, false, &n));
	TW_OK(w, image_attach(w, d, id));
	TW_OK(w, image_create(w, &other));
	TW_OK(w, image_seal(w, other));
	TW_REFUSED(w, HC_ESTATE, image_attach(w, d, other));
	TW_REFUSED(w, HC_EIMAGE, image_seal(w, id + 0x10000));
	TW_REFUSED(w, HC_EIMAGE, image_drop(w, IMAGE_MAX));
	tw_recount(w);
	tw_free(w);
}

Test(image, text_is_executed_and_data_read_by_the_attached_alone_and_nothing_is_written)
{
	struct world *w = tw_new(128);
	struct tw_space s, o;
	struct domain *d = tw_run(w, 1, &s), *other = tw_run(w, 2, &o);
	mfn_t text, data;
	uint32_t id = tw_image(w, &text, &data);

	TW_OK(w, image_attach(w, d, id));
	TW_OK(w, tw_set(w, d, s.l1, 10, tw_pte(text, TW_TEXT)));
	TW_OK(w, tw_set(w, d, s.l1, 11, tw_pte(text, TW_CONST)));
	TW_OK(w, tw_set(w, d, s.l1, 12, tw_pte(data, TW_CONST)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, d, s.l1, 13, tw_pte(data, TW_TEXT)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, d, s.l1, 13, tw_pte(data, TW_DATA)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, d, s.l1, 13, tw_pte(text, TW_DATA)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, other, o.l1, 13, tw_pte(text, TW_TEXT)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, other, o.l1, 13, tw_pte(data, TW_CONST)));
	TW_REFUSED(w, HC_EFRAME, mmu_pin(w, d, data, 1));
	TW_REFUSED(w, HC_EFRAME, frame_give_back(w, d, data));
	d->sealed = 1;
	TW_REFUSED(w, HC_ESEALED, tw_set(w, d, s.l1, 13, tw_pte(text, TW_TEXT)));
	tw_recount(w);
	tw_free(w);
}

Test(image, data_is_granted_onward_to_be_read_and_text_is_not)
{
	struct world *w = tw_new(128);
	struct tw_space s, o;
	struct domain *d = tw_run(w, 1, &s), *peer = tw_run(w, 2, &o);
	mfn_t text, data, mfn;
	uint32_t id = tw_image(w, &text, &data), ref = 0;

	TW_OK(w, grant_reserve(w, d, 1, &ref));
	TW_REFUSED(w, HC_EFRAME, grant_offer(w, d, ref, peer->id, GRANT_READONLY, data));
	TW_OK(w, image_attach(w, d, id));
	TW_REFUSED(w, HC_EREADONLY, grant_offer(w, d, ref, peer->id, 0, data));
	TW_REFUSED(w, HC_EREADONLY, grant_offer(w, d, ref, peer->id, GRANT_TRANSFER, data));
	TW_REFUSED(w, HC_EFRAME, grant_offer(w, d, ref, peer->id, GRANT_READONLY, text));
	TW_OK(w, grant_offer(w, d, ref, peer->id, GRANT_READONLY, data));
	TW_REFUSED(w, HC_EREADONLY, grant_map(w, peer, d, ref, false, o.window, 0, &mfn));
	TW_OK(w, grant_map(w, peer, d, ref, true, o.window, 0, &mfn));
	tw_recount(w);
	/* The image goes with its last user; what is mapped stays until it is unmapped. */
	TW_OK(w, image_drop(w, id));
	tw_release(w, d);
	tw_recount(w);
	cr_assert_eq(tw_orphans(w), 1);
	cr_assert_eq(image_count(w), 0);
	TW_OK(w, grant_unmap(w, peer, o.window, 0));
	tw_recount(w);
	cr_assert_eq(tw_orphans(w), 0);
	tw_free(w);
}

Test(image, goes_with_the_last_of_its_builder_and_its_users)
{
	struct world *w = tw_new(128);
	struct domain *a = tw_domain(w, 1, 10, 0), *b = tw_domain(w, 2, 10, 0);
	mfn_t text, data;
	uint64_t free = w->frames_free;
	uint32_t id = tw_image(w, &text, &data);

	TW_OK(w, image_attach(w, a, id));
	TW_OK(w, image_attach(w, b, id));
	cr_assert_eq(image_frames(w, a), 2);
	tw_release(w, a);
	cr_assert_eq(image_count(w), 1);
	TW_OK(w, image_drop(w, id));
	TW_REFUSED(w, HC_EIMAGE, image_drop(w, id));
	TW_REFUSED(w, HC_EIMAGE, image_attach(w, b, id));
	cr_assert_eq(image_count(w), 1);
	tw_recount(w);
	tw_release(w, b);
	cr_assert_eq(image_count(w), 0);
	cr_assert_eq(w->frames_free, free + 2 * 3);
	/* The index is used again, under another id. */
	TW_OK(w, image_create(w, &id));
	TW_OK(w, image_drop(w, id));
	TW_REFUSED(w, HC_EIMAGE, image_drop(w, id));
	tw_recount(w);
	tw_free(w);
}

Test(image, id_of_an_older_one_is_dead)
{
	struct world *w = tw_new(64);
	struct domain *d = tw_domain(w, 1, 10, 0);
	uint32_t old = 0, id = 0;
	mfn_t m;

	TW_OK(w, image_create(w, &old));
	TW_OK(w, image_drop(w, old));
	TW_OK(w, image_create(w, &id));
	cr_assert_eq(old & 0xffff, id & 0xffff);
	TW_REFUSED(w, HC_EIMAGE, image_populate(w, old, false, &m));
	TW_REFUSED(w, HC_EIMAGE, image_seal(w, old));
	TW_REFUSED(w, HC_EIMAGE, image_drop(w, old));
	TW_OK(w, image_populate(w, id, false, &m));
	cr_assert(!image_writable(w, old, m));
	TW_OK(w, image_seal(w, id));
	TW_REFUSED(w, HC_EIMAGE, image_attach(w, d, old));
	tw_recount(w);
	tw_free(w);
}

Test(image, of_many_frames_is_freed_in_bounded_steps)
{
	struct world *w = tw_new(1200);
	struct domain *d = tw_domain(w, 1, 10, 0);
	uint32_t id = 0;
	mfn_t m;

	TW_OK(w, image_create(w, &id));
	for (unsigned i = 0; i < 1000; i++)
		TW_OK(w, image_populate(w, id, i % 2, &m));
	TW_OK(w, image_seal(w, id));
	TW_OK(w, image_attach(w, d, id));
	TW_OK(w, image_drop(w, id));
	domain_end(w, d, REASON_KILLED, 0);
	for (enum abi_error e = HC_EAGAIN; e != HC_OK;) {
		uint64_t free = w->frames_free;

		e = domain_release(w, d);
		cr_assert(w->frames_free - free <= 256 + 4);
		tw_recount(w);
	}
	cr_assert_eq(w->frames_free, 1200 - TW_FIRST - TW_HOLE_FRAMES);
	TW_OK(w, image_create(w, &id));
	for (unsigned i = 0; i < 300; i++)
		TW_OK(w, image_populate(w, id, false, &m));
	cr_assert_eq(image_drop(w, id), HC_EAGAIN);
	cr_assert_eq(image_drop(w, id), HC_OK);
	tw_recount(w);
	tw_free(w);
}

Test(image, ids_run_out_and_come_back)
{
	struct world *w = tw_new(64);
	uint32_t id[IMAGE_MAX], more;

	for (unsigned i = 0; i < IMAGE_MAX; i++)
		TW_OK(w, image_create(w, &id[i]));
	TW_REFUSED(w, HC_ENOSLOT, image_create(w, &more));
	TW_OK(w, image_drop(w, id[9]));
	TW_OK(w, image_create(w, &more));
	cr_assert_neq(more, id[9]);
	w->images[3].generation = UINT16_MAX;
	TW_OK(w, image_drop(w, (uint32_t)UINT16_MAX << 16 | 3));
	TW_OK(w, image_create(w, &more));
	cr_assert_eq(more, 0x10003);
	tw_free(w);
}
