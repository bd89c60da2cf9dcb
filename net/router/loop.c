/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rounds of polling while there is work, sleep when there is none.
 *
 * In a round each interface gets a bounded share and the first one changes, so that a flooding guest waits for its next
 * turn like all others. Nobody is told anything before the round is over: one doorbell and one notification per peer at
 * most, and none to a peer that is awake. Before sleeping every source is asked to wake us and looked at once more, so
 * that nothing is missed; the only hypercalls are the sleep itself and notifications to sleepers.
 */
#include "domain.h"

#include <cambium/clock.h>
#include <cambium/crash.h>

#define UPLINK_BATCH 64u /* frames of the NIC per round */
#define BACK_BATCH 32u   /* packets of one interface per round */

#define REVIEW_BATCH 64u /* open flows per round that new rules decide about */

#define TICK_NS 100000000ull
#define STUCK_NS 20000000ull /* a NIC that has sent nothing for so long no longer holds the interfaces up */
#define SECOND_NS 1000000000ull

void domain_wake(void *arg)
{
	struct router_domain *d = arg;

	d->woken = true;
	waitq_wake_all(&d->sleepers);
}

static unsigned poll_uplink(struct router_domain *d, uint64_t now)
{
	unsigned count = 0;

	if (!d->nic)
		return 0;
	for (; count < UPLINK_BATCH; count++) {
		struct frame *frame = nic_receive(d->nic);

		if (!frame)
			break;
		frame_pass(d, UPLINK, frame, now);
	}
	if (d->nic->broken)
		crash("uplink: %s", d->nic->broken);
	return count;
}

/* True while the interfaces wait for a full NIC. One that stays full for STUCK_NS holds nobody up any more. */
static bool is_stalled(const struct router_domain *d, uint64_t now)
{
	return d->full_since && now - d->full_since < STUCK_NS;
}

/*
 * How many packets an interface may hand in now: what the NIC has room for, since all may go there. Packets for a NIC
 * that is stuck are dropped, so that the others go on.
 */
static unsigned back_share(struct router_domain *d, uint64_t now)
{
	unsigned room = d->nic ? nic_get_room(d->nic) : BACK_BATCH;

	if (room > 0)
		d->full_since = 0;
	else if (!d->full_since)
		d->full_since = now;
	if (room > 0)
		return MIN(room, BACK_BATCH);
	return is_stalled(d, now) ? 0 : BACK_BATCH;
}

static unsigned poll_back(struct router_domain *d, unsigned index, uint64_t now)
{
	struct netback *back = &d->backs[index];
	unsigned share = back_share(d, now), count = 0;

	if (!netback_is_ready(back))
		return 0;
	for (; count < share; count++) {
		struct frame *frame = frame_get(&d->frames);
		enum netback_result result;

		if (!frame)
			break;
		result = netback_receive(&back->rings, frame);
		if (result == NETBACK_FRAME)
			frame_pass(d, index, frame, now);
		else
			frame_put(&d->frames, frame);
		if (result == NETBACK_BROKEN)
			iface_detach(d, index, "its rings make no sense");
		/* passing the frame may have detached it too */
		if (result == NETBACK_EMPTY || back->state != NETBACK_OPEN)
			break;
	}
	return count;
}

static unsigned poll_backs(struct router_domain *d, uint64_t now)
{
	unsigned count = 0;

	d->next_back = (d->next_back + 1) % ROUTER_IF_COUNT;
	for (unsigned i = 0; i < ROUTER_IF_COUNT; i++) {
		unsigned index = (d->next_back + i) % ROUTER_IF_COUNT;

		if (d->back_mask & 1u << index)
			count += poll_back(d, index, now);
	}
	return count;
}

static void flush_all(struct router_domain *d)
{
	if (d->nic)
		nic_flush(d->nic);
	for (unsigned index = 1; index < ROUTER_IF_COUNT; index++)
		if (netback_is_ready(&d->backs[index]))
			netback_flush(&d->backs[index]);
}

/* Idle flows under new rules. True: there are more. */
static bool review_some(struct router_domain *d, uint64_t now)
{
	bool more = router_review(&d->brain, now, REVIEW_BATCH);

	events_do(d);
	return more;
}

static void let_time_pass(struct router_domain *d, uint64_t now)
{
	if (now >= d->next_tick) {
		d->next_tick = now + TICK_NS;
		router_tick(&d->brain, now);
		events_do(d);
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
static bool arm_all(struct router_domain *d, bool stalled)
{
	bool pending = d->woken;

	if (d->nic)
		pending |= nic_arm(d->nic, d->full_since != 0);
	if (stalled)
		return pending; /* what the interfaces have has to wait for the NIC */
	for (unsigned index = 1; index < ROUTER_IF_COUNT; index++)
		if (netback_is_ready(&d->backs[index]))
			pending |= netback_arm(&d->backs[index].rings);
	return pending;
}

static void sleep_until_woken(struct router_domain *d, uint64_t now)
{
	bool stalled = is_stalled(d, now);

	if (!arm_all(d, stalled)) {
		d->counters.sleeps++;
		waitq_wait(&d->sleepers, stalled ? MIN(d->next_tick, d->full_since + STUCK_NS) : d->next_tick);
	}
	d->woken = false;
}

void domain_run(struct router_domain *d)
{
	for (;;) {
		uint64_t now = clock_ns();
		unsigned work;

		pay_begin(d);
		work = poll_uplink(d, now) + poll_backs(d, now);
		work += review_some(d, now);
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
