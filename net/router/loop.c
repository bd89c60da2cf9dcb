/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rounds of polling while there is work, sleep when there is none.
 *
 * In a round a bounded number of frames is taken, by turns (poll.c). Nobody is told anything before the round is over: one doorbell and one notification per peer at
 * most, and none to a peer that is awake. Before sleeping every source is asked to wake us and looked at once more, so
 * that nothing is missed; the only hypercalls are the sleep itself and notifications to sleepers.
 */
#include "domain.h"

#include <cambium/clock.h>

#define REVIEW_BATCH 64u /* open flows per round that new rules decide about */

#define RESETS_LOOK_NS 1000000ull /* nobody tells of room for them */
#define TICK_NS 100000000ull
#define SECOND_NS 1000000000ull

void domain_wake(void *arg)
{
	struct router_domain *d = arg;

	d->woken = true;
	waitq_wake_all(&d->sleepers);
}

static void flush_all(struct router_domain *d)
{
	if (d->nic)
		nic_flush(d->nic);
	for (uint32_t left = d->back_mask; left; left &= left - 1) {
		struct netback *back = &d->backs[__builtin_ctz(left)];

		if (netback_is_ready(back))
			netback_flush(back);
	}
}

/* Idle flows under new rules. True: there are more. */
static bool review_some(struct router_domain *d, uint64_t now)
{
	bool more = router_review(&d->brain, now, REVIEW_BATCH);

	events_do(d);
	return more && !d->brain.resets_wait;
}

static void let_time_pass(struct router_domain *d, uint64_t now)
{
	if (now >= d->next_tick) {
		d->next_tick = now + TICK_NS;
		router_tick(&d->brain, now);
		events_do(d);
		uplink_tell(d);
		if (d->nic && d->nic->link_up != d->link_up)
			report("uplink: link %s", d->nic->link_up ? "up" : "down");
		d->link_up = d->nic && d->nic->link_up;
	}
	if (d->options.stats && now >= d->next_stats) {
		d->next_stats = now + d->options.stats * SECOND_NS;
		report_stats(d);
	}
}

/* Asks everybody to wake us. True: there is something already. */
static bool arm_all(struct router_domain *d, uint64_t stalled)
{
	bool pending = d->woken;

	if (d->nic)
		pending |= nic_arm(d->nic, d->full_since != 0);
	if (stalled)
		return pending; /* what the interfaces have has to wait for the NIC */
	for (uint32_t left = d->back_mask & ~d->shape_held; left; left &= left - 1) {
		struct netback *back = &d->backs[__builtin_ctz(left)];

		if (netback_is_ready(back))
			pending |= netback_arm(&back->rings);
	}
	return pending;
}

static void sleep_until_woken(struct router_domain *d, uint64_t now)
{
	uint64_t stalled = poll_stalled_until(d, now), until = MIN(d->next_tick, d->shape_due);

	if (d->brain.resets_wait)
		until = MIN(until, now + RESETS_LOOK_NS);
	if (!arm_all(d, stalled)) {
		d->counters.sleeps++;
		waitq_wait(&d->sleepers, stalled ? MIN(until, stalled) : until);
	}
	d->woken = false;
}

void domain_run(struct router_domain *d)
{
	for (;;) {
		uint64_t now = clock_ns();
		unsigned work;

		pay_begin(d);
		d->now = now;
		d->shape_due = TIME_NEVER;
		work = poll_round(d, now);
		shape_pump(d);
		work += review_some(d, now);
		handover_tell(d);
		let_time_pass(d, now);
		pay_for_rest(d);
		flush_all(d);
		pay_for_flush(d);
		d->counters.rounds++;
		if (work)
			thread_yield();
		else
			sleep_until_woken(d, now);
		if (d->devices_changed)
			domain_update_devices(d);
	}
}
