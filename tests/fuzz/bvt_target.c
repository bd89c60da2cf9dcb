/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler's pure core under any sequence of operations on two CPUs, with times that pass, stand, jump and step back.
 * After each one the books are counted from scratch; SVT never goes back, a refusal changes nothing, and a
 * choice that was made stands until it is due again.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/bvt_recount.h"
#include "tests/unit/bvt_set.h"

#define ENTITIES 24u
#define CPUS 2u

struct machine {
	struct bvt_queue q[CPUS];
	struct bvt_entity e[ENTITIES];
	uint64_t now;
};

static uint64_t number(struct fuzz_input *in)
{
	uint64_t v = fuzz_byte(in);

	return v << fuzz_byte(in) % 57;
}

static uint64_t clock_of(struct machine *m, struct fuzz_input *in)
{
	uint32_t way = fuzz_byte(in);

	if (way < 160)
		m->now += (uint64_t)way * 40000;
	else if (way < 168)
		return m->now / 2;
	else if (way < 172)
		m->now += MIN(number(in), UINT64_MAX - m->now);
	return m->now;
}

static void change(struct bvt_queue *q, struct bvt_entity *e, struct fuzz_input *in, uint64_t now)
{
	struct bvt_warp warp = {
		.value = number(in), .limit = number(in), .unwarp = number(in), .on = fuzz_byte(in) & 1};
	struct bvt_entity before = *e;
	enum abi_error result;

	switch (fuzz_byte(in) % 4) {
	case 0:
		result = bvt_set_weight(q, e, (uint32_t)number(in), now);
		cr_assert(e->weight >= 1 && e->weight <= BVT_WEIGHT_MAX);
		break;
	case 1:
		result = bvt_set_warp(q, e, &warp, now);
		cr_assert(e->warp.value <= BVT_WARP_MAX && (!e->warp.on || e->warp.value));
		cr_assert(!e->warp.unwarp || e->warp.limit);
		break;
	case 2:
		result = bvt_set_cap(q, e, (uint32_t)number(in), now);
		cr_assert(e->cap <= BVT_CAP_MAX);
		break;
	default: result = bvt_set_affinity(e, number(in), 3); cr_assert(e->affinity & 3);
	}
	if (result != HC_OK)
		cr_assert(!memcmp(&before, e, sizeof before), "a refusal changed something");
}

static void give(struct bvt_queue *q, struct bvt_entity *to, uint32_t way, uint64_t now)
{
	struct bvt_entity *from = q->running;

	if (way & 1 ? bvt_yield(q, now) : bvt_hand(q, from, to, false, now))
		cr_assert(q->running && q->running != from && from->state != BVT_RUNNING);
	else
		cr_assert_eq(q->running, from);
}

static void perform(struct machine *m, struct fuzz_input *in)
{
	uint32_t way = fuzz_byte(in), cpu = fuzz_byte(in) % CPUS;
	struct bvt_entity *e = &m->e[fuzz_below(in, ENTITIES)], *r;
	uint64_t now = clock_of(m, in);

	if (!e->queue) {
		bvt_attach(&m->q[cpu], e, now);
		return;
	}
	switch (way % 11) {
	case 0: bvt_detach(e->queue, e, now); break;
	case 1: bvt_block(e->queue, e, now); break;
	case 2:
	case 3: bvt_wake(e->queue, e, now); break;
	case 4: change(e->queue, e, in, now); break;
	case 5: bvt_charge_other(e->queue, e, number(in), now); break;
	case 6: bvt_refund(e->queue, e, number(in), now); break;
	case 7: give(e->queue, e, way >> 4, now); break;
	case 8:
		r = bvt_movable(&m->q[cpu], way >> 4);
		cr_assert(!r || (r->place == BVT_QUEUED && r->queue == &m->q[cpu] && (r->affinity >> (way >> 4) & 1)));
		break;
	default:
		now = way & 16 && bvt_due(&m->q[cpu]) != TIME_NEVER ? bvt_due(&m->q[cpu]) : now;
		r = bvt_pick(&m->q[cpu], now);
		cr_assert(r || !m->q[cpu].count, "somebody may run and nobody does");
		cr_assert(!r || !r->cap || r->budget > 0, "out of budget and running");
		cr_assert_eq(bvt_pick(&m->q[cpu], now), r, "the same question, another answer");
		cr_assert(!r || bvt_due(&m->q[cpu]) > m->q[cpu].now, "a decision is due as soon as one was made");
	}
}

static void run(const uint8_t *bytes, size_t len)
{
	static struct machine m;
	struct fuzz_input in = {bytes, len};
	bvt_virtual svt[CPUS] = {0};

	memset(&m, 0, sizeof m);
	for (unsigned i = 0; i < ENTITIES; i++)
		bvt_entity_init(&m.e[i], 0);
	while (in.left) {
		perform(&m, &in);
		for (unsigned c = 0; c < CPUS; c++) {
			cr_assert(m.q[c].svt >= svt[c], "SVT goes back");
			svt[c] = m.q[c].svt;
			bvt_recount(&m.q[c], m.e, ENTITIES);
		}
	}
}

static size_t seed(unsigned n, uint8_t *out)
{
	if (n == 12)
		return 0;
	fuzz_random(n + 4000, out, 200 + 150 * n);
	return 200 + 150 * n;
}

const struct fuzz_target fuzz_bvt = {"bvt", run, seed, 2048};
