/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains: identity, refusals, death and release. */
#include "vmm_world.h"

#include <string.h>

Test(domain, id_of_an_older_life_of_the_slot_is_dead)
{
	struct world *w = tw_new(64);
	struct domain *d = tw_domain(w, 3, 4, 0);
	domid_t old = d->id;

	cr_assert_eq(domain_find(w, old), d);
	tw_release(w, d);
	cr_assert_null(domain_find(w, old));
	d = tw_domain(w, 3, 4, 0);
	cr_assert_eq(DOMID_SLOT(d->id), 3);
	cr_assert_neq(d->id, old);
	cr_assert_null(domain_find(w, old));
	cr_assert_null(domain_find(w, DOMID_NONE));
	cr_assert_null(domain_find(w, DOMID_SELF));
	tw_free(w);
}

Test(domain, generation_wraps_past_zero)
{
	struct world *w = tw_new(64);

	w->generations[2] = UINT16_MAX;
	cr_assert_eq(tw_domain(w, 2, 4, 0)->id, 0x10002);
	tw_free(w);
}

Test(domain, create_refuses_what_is_out_of_range_and_leaves_everything_as_it_was)
{
	struct world *w = tw_new(32);
	struct domain_create ok = {.name = "d", .slot = 1, .max_pages = 4, .weight = 256, .vcpu_count = 1}, c;
	struct domain *d;

	c = ok, c.slot = DOMAIN_SLOTS;
	TW_REFUSED(w, HC_ENOSLOT, domain_create(w, &c, &d));
	c = ok, c.weight = 0;
	TW_REFUSED(w, HC_EINVAL, domain_create(w, &c, &d));
	c = ok, c.weight = 65536;
	TW_REFUSED(w, HC_EINVAL, domain_create(w, &c, &d));
	c = ok, c.max_pages = 0;
	TW_REFUSED(w, HC_EINVAL, domain_create(w, &c, &d));
	c = ok, c.vcpu_count = VCPU_MAX + 1;
	TW_REFUSED(w, HC_EINVAL, domain_create(w, &c, &d));
	c = ok, c.capabilities = CAP_ALL + 1;
	TW_REFUSED(w, HC_EINVAL, domain_create(w, &c, &d));
	c = ok, memset(c.name, 'x', sizeof c.name);
	TW_REFUSED(w, HC_EINVAL, domain_create(w, &c, &d));
	while (w->frames_free > 2)
		TW_OK(w, frame_alloc_own(w, &(mfn_t){0}));
	TW_REFUSED(w, HC_ENOMEM, domain_create(w, &ok, &d));
	cr_assert_eq(w->frames_free, 2);
	tw_free(w);
}

Test(domain, death_is_told_to_every_builder_and_closes_the_ports)
{
	struct world *w = tw_new(128);
	struct tw_space s;
	struct domain *control = tw_run(w, 0, &s), *d = tw_run(w, 1, &s);
	uint32_t virq, a, b;

	TW_OK(w, event_alloc(w, control, PORT_VIRQ, DOMID_NONE, VIRQ_DOMAIN, 0, &virq));
	control->vcpu.virq_port[VIRQ_DOMAIN] = virq;
	TW_OK(w, event_pair(w, control, d, &a, &b));
	domain_end(w, d, REASON_KILLED, 7);
	cr_assert_eq(control->shared->pending[0], 1ull << virq);
	cr_assert_eq(event_port(control, a)->state, PORT_ORPHAN);
	cr_assert_eq(event_send(w, control, a), HC_OK);
	cr_assert_eq(d->shared->pending[0], 0);
	tw_recount(w);
	tw_release(w, d);
	tw_recount(w);
	tw_free(w);
}

Test(domain, release_is_bounded_and_survives_being_asked_between_other_domains_work)
{
	struct world *w = tw_new(500);
	struct domain *d = tw_domain(w, 1, 400, 0);
	unsigned calls = 0;

	for (unsigned i = 0; i < 400; i++)
		tw_frame(w, d);
	for (mfn_t m = d->frame_list, n = 0; n < 390; n++, m = w->frames[m].next)
		TW_OK(w, mmu_pin(w, d, m, 1 + n % 4));
	tw_recount(w);
	domain_end(w, d, REASON_KILLED, 0);
	for (enum abi_error e = HC_EAGAIN; e != HC_OK; calls++) {
		uint64_t work = w->work, frames = w->frames_free;

		e = domain_release(w, d);
		cr_assert(w->work - work < 16384 + 1024 && w->frames_free - frames <= 256 + 2);
		tw_recount(w);
	}
	cr_assert(calls > 390 * 512 / 16384 && calls < 40, "%u calls", calls);
	cr_assert_eq(w->frames_free, 500 - TW_FIRST - TW_HOLE_FRAMES);
	tw_free(w);
}
