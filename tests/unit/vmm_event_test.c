/* SPDX-License-Identifier: BSD-2-Clause */
/* Event channels: bits and selectors, who may bind, what becomes of a port whose peer goes. */
#include "vmm_world.h"

#include <string.h>

struct two {
	struct world *w;
	struct domain *a, *b;
};

static struct two make(void)
{
	struct two t = {.w = tw_new(128)};

	t.a = tw_domain(t.w, 1, 40, 0);
	t.b = tw_domain(t.w, 2, 40, 0);
	return t;
}

static uint32_t alloc(struct world *w, struct domain *d, const struct domain *peer)
{
	uint32_t port = 0;

	TW_OK(w, event_alloc(w, d, PORT_WAITING, peer->id, 0, 0, &port));
	return port;
}

static bool pending(const struct domain *d, uint32_t port)
{
	return d->shared->pending[port / 64] >> port % 64 & 1;
}

static bool selected(const struct domain *d, uint32_t port)
{
	return d->shared->vcpu[0].pending_sel >> port / 64 & 1;
}

Test(event, sets_the_bit_then_the_selector_then_the_vcpu_and_wakes_once)
{
	struct two t = make();
	uint32_t a, b;
	unsigned wakes = tw_wakes();

	for (unsigned i = 0; i < 130; i++)
		TW_OK(t.w, event_pair(t.w, t.a, t.b, &a, &b));
	cr_assert(b > 127);
	TW_OK(t.w, event_send(t.w, t.a, a));
	cr_assert(pending(t.b, b) && selected(t.b, b) && t.b->shared->vcpu[0].upcall_pending == 1);
	cr_assert_eq(t.b->shared->vcpu[0].pending_sel, 1ull << b / 64);
	cr_assert(!pending(t.a, a) && !t.a->shared->vcpu[0].upcall_pending);
	cr_assert_eq(tw_wakes(), wakes + 1);
	TW_OK(t.w, event_send(t.w, t.a, a));
	TW_OK(t.w, event_send(t.w, t.a, a - 1));
	cr_assert_eq(tw_wakes(), wakes + 1, "a vCPU that was told is not told again");
	/* The guest consumes in the opposite order, and the next event tells it again. */
	t.b->shared->vcpu[0].upcall_pending = 0;
	t.b->shared->vcpu[0].pending_sel = 0;
	t.b->shared->pending[b / 64] = 0;
	TW_OK(t.w, event_send(t.w, t.a, a));
	cr_assert_eq(tw_wakes(), wakes + 2);
	tw_recount(t.w);
	tw_free(t.w);
}

Test(event, of_a_masked_port_waits_for_its_unmasking)
{
	struct two t = make();
	uint32_t a, b;
	unsigned wakes = tw_wakes();

	TW_OK(t.w, event_pair(t.w, t.a, t.b, &a, &b));
	t.b->shared->masked[b / 64] |= 1ull << b % 64;
	TW_OK(t.w, event_send(t.w, t.a, a));
	cr_assert(pending(t.b, b) && !selected(t.b, b));
	cr_assert_eq(tw_wakes(), wakes);
	TW_OK(t.w, event_unmask(t.w, t.b, b));
	cr_assert(selected(t.b, b) && !(t.b->shared->masked[b / 64] >> b % 64 & 1));
	cr_assert_eq(tw_wakes(), wakes + 1);
	TW_REFUSED(t.w, HC_EPORT, event_unmask(t.w, t.b, b + 1));
	tw_free(t.w);
}

Test(event, port_is_bound_by_the_named_peer_alone_and_once)
{
	struct two t = make();
	struct domain *c = tw_domain(t.w, 3, 4, 0);
	uint32_t a = alloc(t.w, t.a, t.b), b = 0;

	TW_REFUSED(t.w, HC_EPORT, event_bind(t.w, c, t.a, a, 0, &b));
	TW_REFUSED(t.w, HC_EPORT, event_bind(t.w, t.b, t.a, a + 1, 0, &b));
	TW_REFUSED(t.w, HC_EPORT, event_bind(t.w, t.b, t.a, 0, 0, &b));
	TW_REFUSED(t.w, HC_EPORT, event_bind(t.w, t.b, t.a, EVENT_PORT_MAX, 0, &b));
	TW_REFUSED(t.w, HC_EPORT, event_bind(t.w, t.b, t.a, UINT32_MAX, 0, &b));
	TW_OK(t.w, event_send(t.w, t.a, a));
	TW_OK(t.w, event_bind(t.w, t.b, t.a, a, 0, &b));
	TW_REFUSED(t.w, HC_EPORT, event_bind(t.w, t.b, t.a, a, 0, &b));
	TW_OK(t.w, event_send(t.w, t.a, a));
	cr_assert(pending(t.b, b));
	TW_OK(t.w, event_send(t.w, t.b, b));
	cr_assert(pending(t.a, a));
	tw_recount(t.w);
	tw_free(t.w);
}

Test(event, port_whose_peer_closed_swallows_and_its_number_goes_to_another_without_old_bits)
{
	struct two t = make();
	struct domain *c = tw_domain(t.w, 3, 4, 0);
	uint32_t a, b, b2, c2;

	TW_OK(t.w, event_pair(t.w, t.a, t.b, &a, &b));
	TW_OK(t.w, event_send(t.w, t.a, a));
	t.b->shared->masked[0] = UINT64_MAX;
	TW_OK(t.w, event_close(t.w, t.b, b));
	TW_REFUSED(t.w, HC_EPORT, event_close(t.w, t.b, b));
	TW_REFUSED(t.w, HC_EPORT, event_send(t.w, t.b, b));
	cr_assert_eq(event_port(t.a, a)->state, PORT_ORPHAN);
	TW_OK(t.w, event_pair(t.w, t.b, c, &b2, &c2));
	cr_assert_eq(b2, b);
	cr_assert(!pending(t.b, b) && !(t.b->shared->masked[0] >> b & 1));
	TW_OK(t.w, event_send(t.w, t.a, a));
	cr_assert(!pending(t.b, b), "an orphan reached the new owner of the number");
	TW_OK(t.w, event_close(t.w, t.a, a));
	cr_assert_eq(event_port(t.b, b2)->state, PORT_CONNECTED);
	tw_recount(t.w);
	tw_free(t.w);
}

Test(event, pair_within_one_domain_works_and_closes)
{
	struct two t = make();
	uint32_t x, y;

	TW_OK(t.w, event_pair(t.w, t.a, t.a, &x, &y));
	TW_OK(t.w, event_send(t.w, t.a, x));
	cr_assert(pending(t.a, y) && !pending(t.a, x));
	TW_OK(t.w, event_close(t.w, t.a, x));
	TW_OK(t.w, event_send(t.w, t.a, y));
	x = alloc(t.w, t.a, t.a);
	TW_OK(t.w, event_bind(t.w, t.a, t.a, x, 0, &y));
	tw_recount(t.w);
	domain_end(t.w, t.a, REASON_KILLED, 0);
	cr_assert_eq(t.a->port_count, 0);
	tw_recount(t.w);
	tw_free(t.w);
}

Test(event, virtual_interrupt_is_unbound_with_its_port_and_can_be_bound_again)
{
	struct two t = make();
	uint32_t port;

	event_raise_virq(t.w, t.a, VIRQ_TIMER);
	for (unsigned i = 0; i < 3; i++) {
		TW_OK(t.w, event_alloc(t.w, t.a, PORT_VIRQ, DOMID_NONE, VIRQ_TIMER, 0, &port));
		t.a->vcpu.virq_port[VIRQ_TIMER] = port;
		event_raise_virq(t.w, t.a, VIRQ_TIMER);
		cr_assert(pending(t.a, port));
		TW_REFUSED(t.w, HC_EPORT, event_send(t.w, t.a, port));
		TW_OK(t.w, event_close(t.w, t.a, port));
		cr_assert_eq(t.a->vcpu.virq_port[VIRQ_TIMER], 0);
		event_raise_virq(t.w, t.a, VIRQ_TIMER);
	}
	tw_recount(t.w);
	tw_free(t.w);
}

Test(event, ports_run_out_at_4095_and_a_closed_one_is_found_again)
{
	struct two t = make();
	uint32_t port = 0, n = 0;
	enum abi_error e;

	for (;; n++) {
		TW_FLUSHING(t.w, e, event_alloc(t.w, t.a, PORT_WAITING, t.b->id, 0, 0, &port));
		if (e != HC_OK)
			break;
		cr_assert(port && port < EVENT_PORT_MAX);
	}
	cr_assert_eq(e, HC_ENOPORT);
	cr_assert_eq(n, EVENT_PORT_MAX - 1);
	TW_REFUSED(t.w, HC_ENOPORT, event_pair(t.w, t.b, t.a, &n, &port));
	TW_OK(t.w, event_close(t.w, t.a, 2049));
	cr_assert_eq(alloc(t.w, t.a, t.b), 2049);
	tw_recount(t.w);
	tw_release(t.w, t.a);
	tw_recount(t.w);
	tw_free(t.w);
}

Test(event, pair_that_finds_no_memory_for_its_second_end_takes_the_first_back)
{
	struct two t = make();
	uint32_t a, b;
	mfn_t m;

	alloc(t.w, t.a, t.b);
	while (t.w->frames_free)
		TW_OK(t.w, frame_alloc_own(t.w, &m));
	TW_REFUSED(t.w, HC_ENOMEM, event_pair(t.w, t.a, t.b, &a, &b));
	cr_assert_eq(t.a->port_count, 1);
	tw_free(t.w);
}

Test(event, refused_pair_leaves_a_free_ports_bits_and_no_page_behind)
{
	struct two t = make();
	uint32_t a, b;

	t.a->shared->pending[0] = t.a->shared->masked[0] = UINT64_MAX;
	TW_OK(t.w, frame_set_target(t.w, t.b, frame_charge(t.b), 0));
	TW_REFUSED(t.w, HC_ELIMIT, event_pair(t.w, t.a, t.b, &a, &b));
	cr_assert_eq(t.a->table_count, 0);
	tw_recount(t.w);
	tw_free(t.w);
}

Test(event, hostile_shared_page_harms_nobody_else)
{
	struct two t = make();
	uint32_t a, b;
	uint64_t r = 8;

	TW_OK(t.w, event_pair(t.w, t.a, t.b, &a, &b));
	for (unsigned step = 0; step < 2000; step++) {
		uint8_t *bytes = (uint8_t *)t.b->shared;

		for (unsigned i = 0; i < PAGE_SIZE; i += 1 + tw_below(&r, 64))
			bytes[i] = (uint8_t)tw_random(&r);
		TW_OK(t.w, event_send(t.w, t.a, a));
		TW_OK(t.w, event_unmask(t.w, t.b, b));
		cr_assert(pending(t.b, b));
		cr_assert_eq(t.b->shared->vcpu[0].upcall_pending != 0, true);
	}
	tw_recount(t.w);
	tw_free(t.w);
}

Test(event, raised_for_a_dead_domain_touches_nothing)
{
	struct two t = make();
	uint32_t a, b;

	TW_OK(t.w, event_pair(t.w, t.a, t.b, &a, &b));
	domain_end(t.w, t.b, REASON_EXIT, 0);
	event_raise_virq(t.w, t.b, VIRQ_TIMER);
	TW_OK(t.w, event_send(t.w, t.a, a));
	cr_assert_eq(t.b->shared->vcpu[0].upcall_pending, 0);
	for (unsigned i = 0; i < EVENT_WORDS; i++)
		cr_assert_eq(t.b->shared->pending[i], 0);
	tw_free(t.w);
}
