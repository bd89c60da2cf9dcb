/* SPDX-License-Identifier: BSD-2-Clause */
/* What the router says. Lines are rationed, since some are caused by guests and by the world outside. */
#include "domain.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include <cambium/account.h>
#include <cambium/clock.h>

#define LINES_BURST 40u
#define LINES_PER_SECOND 5u
#define SECOND_NS 1000000000ull

static struct {
	uint64_t refilled_ns;
	unsigned left;
	unsigned suppressed;
} ration = {.left = LINES_BURST};

static bool ration_take(void)
{
	uint64_t now = clock_ns();
	uint64_t refill = (now - ration.refilled_ns) * LINES_PER_SECOND / SECOND_NS;

	if (refill) {
		ration.left = (unsigned)MIN(ration.left + refill, LINES_BURST);
		ration.refilled_ns = now;
	}
	if (!ration.left) {
		ration.suppressed++;
		return false;
	}
	ration.left--;
	return true;
}

void report(const char *format, ...)
{
	va_list args;

	if (!ration_take())
		return;
	if (ration.suppressed)
		printf("router: %u lines left out\n", ration.suppressed);
	ration.suppressed = 0;
	fputs("router: ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

const char *address_text(char text[REPORT_ADDRESS_MAX], struct ip_addr address)
{
	return inet_ntop(ip_addr_is_v4(address) ? AF_INET : AF_INET6, ip_addr_get_octets(&address), text,
			 REPORT_ADDRESS_MAX);
}

/* The counters that the policy names. */
static void report_counters(const struct router *r)
{
	for (unsigned i = 0; r->rules.header && i < r->rules.header->counter_count; i++) {
		const struct meter_counter *c = &r->meters->state.counters[i];

		printf("router: stats: count %.31s: flows %" PRIu64 " packets %" PRIu64 " bytes %" PRIu64 "\n",
		       r->rules.counters[i].name, c->flows, c->packets, c->bytes);
	}
}

void report_stats(const struct router_domain *d)
{
	const struct domain_counters *c = &d->counters;
	uint64_t notifications = 0, rx_dropped = 0, bad = 0, no_frames = 0;
	struct account used;

	for (unsigned i = 1; i < ROUTER_IF_COUNT; i++) {
		notifications += d->backs[i].rings.counters.notifications;
		rx_dropped += d->backs[i].rings.counters.rx_dropped;
		no_frames += d->backs[i].rings.counters.tx_short;
		bad += d->backs[i].rings.counters.tx_bad + d->backs[i].rings.counters.rx_bad;
	}
	printf("router: stats: frames %" PRIu64 " forwarded %" PRIu64 " not-sent %" PRIu64 " hypercalls %" PRIu64
	       " (sleeps %" PRIu64 " notifications %" PRIu64 ") rounds %" PRIu64 " flows %u\n",
	       c->frames, c->forwarded, c->not_sent, c->sleeps + notifications, c->sleeps, notifications, c->rounds,
	       (unsigned)router_get_flow_count(&d->brain));
	printf("router: stats: half-open %u evicted %" PRIu64 " asked %" PRIu64 "\n",
	       (unsigned)d->brain.flows.half_open, d->brain.flows.half_open_evicted, d->brain.flows.openers.asked);
	printf("router: stats: no-buffer %" PRIu64 " bad-slots %" PRIu64 " free-frames %u\n", rx_dropped, bad,
	       d->frames.free_count);
	printf("router: stats: units %" PRIu64 " cut %" PRIu64 " without-frames %" PRIu64 "\n", c->units, c->cut,
	       no_frames);
	if (d->nic)
		printf("router: stats: nic rx %" PRIu64 " tx %" PRIu64 " rx-errors %" PRIu64 " tx-dropped %" PRIu64
		       " interrupts %" PRIu64 " doorbells %" PRIu64 "\n",
		       d->nic->counters.rx_packets, d->nic->counters.tx_packets, d->nic->counters.rx_errors,
		       d->nic->counters.tx_dropped, d->nic->counters.interrupts, d->nic->counters.kicks);
	handover_stats();
	report_counters(&d->brain);
	for (unsigned i = 0; i < ROUTER_IF_COUNT; i++)
		if (d->claimed[i] || d->unpaid[i])
			printf("router: stats: interface %u charged %" PRIu64 " ns unpaid %" PRIu64 " ns\n", i,
			       clock_ticks_ns(d->claimed[i]), clock_ticks_ns(d->unpaid[i]));
	for (unsigned i = 0; i < ROUTER_IF_COUNT; i++)
		if ((d->brain.shaper.shaped[SHAPE_IN] | d->brain.shaper.shaped[SHAPE_OUT]) >> i & 1)
			printf("router: stats: interface %u shaped: waiting %u dropped %" PRIu64 "\n", i,
			       d->queues[i] ? (unsigned)d->queues[i]->count : 0u,
			       d->queues[i] ? d->queues[i]->dropped : 0);
	account_open(&used);
	printf("router: stats: ran %" PRIu64 " ns, own %" PRIu64 " ns\n", used.run, clock_ticks_ns(d->own));
	for (unsigned i = REASON_NONE + 1; i < REASON_COUNT; i++)
		if (d->brain.reasons[i])
			printf("router: stats: %" PRIu64 " %s\n", d->brain.reasons[i], reason_get_text((enum reason)i));
	fflush(stdout);
}
