/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who pays for the router's time. The work on a frame is for the domain that sent it, and for the one that it reaches where
 * it comes from the uplink; what reaches nobody is counted at the interface where it came in, and is the router's own. What
 * is done once a round for all frames of it, doorbells and notifications, is shared out by their number. No hypercall, and the
 * counter is read once a frame; frames in a row for the same payer are claimed together, RUN_FRAMES at most, since what is not claimed
 * when the CPU is lost is charged by the number of claims only.
 */
#include "domain.h"

#include <cambium/account.h>

#define RUN_FRAMES 16u

/* The domain behind inner interface @index, DOMID_NONE when it has gone. */
static uint32_t domain_at(const struct router_domain *d, unsigned index)
{
	const struct netback *back = &d->backs[index];

	return back->state == NETBACK_OPEN ? back->entry.peer : DOMID_NONE;
}

void pay_begin(struct router_domain *d)
{
	uint32_t over = 0;

	account_begin();
	for (unsigned i = 1; account_over_any() && i < ROUTER_IF_COUNT; i++)
		if (d->back_mask >> i & 1 && account_over(domain_at(d, i)))
			over |= 1u << i;
	router_set_over(&d->brain, over);
	full_look(d);
}

/* The interface whose domain pays, or UPLINK for none. */
static unsigned payer(unsigned in_if, enum verdict verdict, const struct output *out)
{
	if (in_if != UPLINK)
		return in_if;
	if (verdict == VERDICT_FORWARD || verdict == VERDICT_HOLD || verdict == VERDICT_PIECES ||
	    out->reason == REASON_OVER_BUDGET || out->reason == REASON_NO_ROOM)
		return out->out_if;
	return UPLINK;
}

static void pay(struct router_domain *d, unsigned who, unsigned in_if, uint64_t ticks)
{
	if (who == UPLINK)
		d->unpaid[in_if] += ticks;
	else
		d->claimed[who] += ticks;
}

/* Claims what the run of frames took. */
static void run_end(struct router_domain *d)
{
	struct pay_run *run = &d->run;
	uint32_t domid = run->who == UPLINK ? DOMID_NONE : domain_at(d, run->who);

	if (!run->frames)
		return;
	d->round_frames[run->who] += run->frames;
	pay(d, domid == DOMID_NONE ? UPLINK : run->who, run->in_if, account_claim_run(domid, run->frames, run->end));
	run->frames = 0;
}

void pay_for_frame(struct router_domain *d, unsigned in_if, enum verdict verdict, const struct output *out)
{
	unsigned who = payer(in_if, verdict, out);
	uint64_t now = account_now();

	if (who != d->run.who || in_if != d->run.in_if || d->run.frames == RUN_FRAMES) {
		run_end(d);
		d->run.who = who;
		d->run.in_if = in_if;
	}
	d->run.frames++;
	d->run.end = now;
}

void pay_for_queue(struct router_domain *d, unsigned index)
{
	uint32_t domid = index == UPLINK ? DOMID_NONE : domain_at(d, index);
	uint64_t ticks;

	run_end(d);
	ticks = account_claim(domid);
	if (domid == DOMID_NONE)
		d->own += ticks;
	else
		pay(d, index, index, ticks);
}

void pay_for_rest(struct router_domain *d)
{
	run_end(d);
	d->own += account_claim(DOMID_NONE);
}

void pay_for_flush(struct router_domain *d)
{
	uint32_t who[ROUTER_IF_COUNT], domids[ROUTER_IF_COUNT], parts[ROUTER_IF_COUNT], count = 0;
	uint64_t ticks[ROUTER_IF_COUNT];

	for (uint32_t i = 0; i < ROUTER_IF_COUNT; i++)
		if (d->round_frames[i]) {
			who[count] = i;
			domids[count] = i == UPLINK ? DOMID_NONE : domain_at(d, i);
			parts[count++] = d->round_frames[i];
			d->round_frames[i] = 0;
		}
	account_share(domids, parts, ticks, count);
	for (uint32_t i = 0; i < count; i++)
		pay(d, domids[i] == DOMID_NONE ? UPLINK : who[i], who[i], ticks[i]);
}
