/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random workloads on several CPUs, step by step against the second implementation (bvt_naive.c), which must choose the
 * same entity each time: a tie goes to who left the CPU (or joined its queue) longer ago, and that is unique in a queue. Every number is compared
 * after each step, and the books are counted from scratch. BVT_ROUNDS=n: n times as many seeds; BVT_SEED=n: seed n alone.
 */
#include <stdlib.h>
#include <string.h>

#include "bvt_naive.h"
#include "bvt_set.h"
#include "bvt_recount.h"
#include "vmm_world.h"

#include <vmm/core/bvt.h>

#define ENTITIES_MAX 150u

struct pair {
	struct bvt_queue q[NAIVE_CPUS];
	struct bvt_entity e[ENTITIES_MAX];
	struct naive n;
	unsigned count, cpus;
	uint64_t now, r;
};

/* Over all seeds of a test, each of which is a process of its own. */
static struct {
	unsigned steps, switches, hands, parks, unwarps, moves;
} seen;

static unsigned below(struct pair *p, unsigned n)
{
	return tw_below(&p->r, n);
}

static uint64_t rounds(void)
{
	const char *text = getenv("BVT_ROUNDS");

	return text ? strtoull(text, NULL, 10) : 1;
}

static bool wanted(uint64_t seed)
{
	const char *text = getenv("BVT_SEED");

	return !text || strtoull(text, NULL, 10) == seed;
}

static int index_of(const struct pair *p, const struct bvt_entity *e)
{
	return e ? (int)(e - p->e) : -1;
}

static void compare_entity(const struct pair *p, unsigned i)
{
	const struct bvt_entity *e = &p->e[i];
	const struct naive_entity *n = &p->n.e[i];

	cr_assert_eq(e->queue ? (int)(e->queue - p->q) : -1, n->cpu);
	cr_assert(e->actual == naive_actual(n), "entity %u: A is %g, not %g", i, (double)e->actual,
		  (double)naive_actual(n));
	cr_assert_eq((unsigned)e->state, (unsigned)n->state);
	cr_assert_eq(e->warped, n->warped, "entity %u: warped %u", i, e->warped);
	if (n->cpu >= 0)
		cr_assert_eq(e->place == BVT_PARKED, n->broke, "entity %u: parked %u", i, e->place == BVT_PARKED);
	for (unsigned s = 0; s < BVT_STATES; s++)
		cr_assert_eq(e->time[s], (uint64_t)n->sum[s]);
	cr_assert_eq(e->charged, (uint64_t)n->charged);
	if (e->cap) {
		struct naive_entity same = *n;

		/* Both as of the later of the two moments at which they were written down. */
		same.tokens = e->budget;
		same.tokens_at = e->filled;
		cr_assert(naive_tokens(&same, MAX((wide)e->filled, n->tokens_at)) ==
				  naive_tokens(n, MAX((wide)e->filled, n->tokens_at)),
			  "entity %u: another budget", i);
	}
}

static void compare(const struct pair *p)
{
	for (unsigned c = 0; c < p->cpus; c++) {
		const struct bvt_queue *q = &p->q[c];

		cr_assert_eq(index_of(p, q->running), p->n.c[c].running);
		cr_assert_eq(index_of(p, q->donor), p->n.c[c].donor);
		cr_assert(naive_least(&p->n, (int)c) == index_of(p, q->heap[BVT_PLAIN]) ||
			  naive_least(&p->n, (int)c) == index_of(p, q->heap[BVT_WARPED]));
		cr_assert(q->svt == p->n.c[c].svt, "CPU %u: another SVT", c);
		bvt_recount(q, p->e, p->count);
	}
	for (unsigned i = 0; i < p->count; i++)
		compare_entity(p, i);
}

/* Nothing that has to be decided comes before bvt_due, and at that time something is new. */
static void compare_due(struct pair *p, unsigned c)
{
	static struct naive then;
	const struct bvt_queue *q = &p->q[c];
	uint64_t due = bvt_due(q), last = MIN(due, q->now + 3600000000000ull), at;

	cr_assert(due >= q->now);
	if (due > q->now && q->running) {
		at = q->now + tw_random(&p->r) % (last - q->now);
		then = p->n;
		naive_charge(&then, (int)c, below(p, 2) ? at : last - 1);
		cr_assert(!naive_must_switch(&then, (int)c), "a decision comes before %lu", due);
	}
	if (due == TIME_NEVER)
		return;
	then = p->n;
	naive_charge(&then, (int)c, due);
	if (naive_must_switch(&then, (int)c) || then.c[c].donor != p->n.c[c].donor)
		return;
	for (unsigned i = 0; i < p->count; i++)
		if (then.e[i].broke != p->n.e[i].broke || then.e[i].warped != p->n.e[i].warped)
			return;
	cr_assert_fail("nothing happens at %lu, now %lu", due, q->now);
}

/* Time passes: not at all, a little, a slice, long; sometimes it steps back. CPUs do not agree quite. */
static uint64_t later(struct pair *p, unsigned c)
{
	uint64_t back = below(p, 100000);

	switch (below(p, 16)) {
	case 0:
	case 1:
	case 2: break;
	case 3: return p->now - MIN(p->now, back);
	case 4: p->now += below(p, 3); break;
	case 5: p->now += tw_random(&p->r) % 100000000; break;
	case 6: p->now += below(p, 200) ? 1 : tw_random(&p->r) >> 12; break;
	default: p->now += tw_random(&p->r) % 2500000;
	}
	return p->now + c * 700;
}

static uint32_t any_weight(struct pair *p)
{
	static const uint32_t weights[] = {1, 3, 64, 77, 256, 256, 256, 512, 1000, 65535};

	return weights[below(p, ARRAY_SIZE(weights))];
}

static void change(struct pair *p, struct bvt_queue *q, unsigned i, uint64_t now)
{
	static const uint64_t times[] = {0, 1, 100000, 1000000, 7000000, 40000000};
	struct bvt_warp warp = {.on = (uint8_t)below(p, 2)};
	uint32_t weight = any_weight(p), cap = below(p, 3) ? 0 : below(p, 4) ? 1 + below(p, 999) : BVT_CAP_MAX;
	uint64_t most = below(p, 2) ? 1000000 : 50000000;

	switch (below(p, 3)) {
	case 0:
		cr_assert_eq(bvt_set_weight(q, &p->e[i], weight, now), HC_OK);
		naive_set_weight(&p->n, (int)i, weight, now);
		break;
	case 1:
		warp.value = 1 + tw_random(&p->r) % most;
		warp.limit = times[below(p, ARRAY_SIZE(times))];
		warp.unwarp = warp.limit ? times[below(p, ARRAY_SIZE(times))] : 0;
		cr_assert_eq(bvt_set_warp(q, &p->e[i], &warp, now), HC_OK);
		naive_set_warp(&p->n, (int)i, warp.value, warp.limit, warp.unwarp, warp.on, now);
		break;
	default: cr_assert_eq(bvt_set_cap(q, &p->e[i], cap, now), HC_OK); naive_set_cap(&p->n, (int)i, cap, now);
	}
}

static void work_for_others(struct pair *p, struct bvt_queue *q, unsigned i, uint64_t now)
{
	uint64_t ns = tw_random(&p->r) % 1000000;

	if (below(p, 2)) {
		bvt_charge_other(q, &p->e[i], ns, now);
		naive_charge_other(&p->n, (int)i, ns, now);
	} else {
		bvt_refund(q, &p->e[i], ns, now);
		naive_refund(&p->n, (int)i, ns, now);
	}
}

static void give(struct pair *p, unsigned c, unsigned to, uint64_t now)
{
	static struct naive then;
	struct bvt_queue *q = &p->q[c];
	struct bvt_entity *from = q->running;
	bool yield = below(p, 2) || p->e[to].queue != q, blocks = !yield && below(p, 2), given;
	int next;

	if (yield) {
		then = p->n;
		naive_charge(&then, (int)c, now);
		next = naive_least(&then, (int)c);
		given = bvt_yield(q, now);
	} else {
		next = (int)to;
		given = bvt_hand(q, from, &p->e[to], blocks, now);
	}
	cr_assert_eq(given, naive_hand(&p->n, (int)c, index_of(p, from), next, now));
	if (given && blocks)
		naive_block(&p->n, index_of(p, from), now);
	seen.hands += q->donor != NULL;
}

static void migrate(struct pair *p, unsigned i, unsigned to, uint64_t now)
{
	struct bvt_entity *e = &p->e[i];

	if (e->queue) {
		bvt_detach(e->queue, e, now);
		naive_detach(&p->n, (int)i, now);
		if (!below(p, 4))
			return;
	}
	cr_assert_eq(bvt_attach(&p->q[to], e, now), naive_attach(&p->n, (int)to, (int)i, now));
	seen.moves++;
}

static void step(struct pair *p)
{
	unsigned i = below(p, p->count), c = below(p, p->cpus), kind = below(p, 20);
	struct bvt_entity *e = &p->e[i];
	struct bvt_queue *q;
	uint64_t now;
	if (!e->queue || kind == 0) {
		migrate(p, i, c, later(p, c));
		return;
	}
	c = (unsigned)p->n.e[i].cpu;
	q = &p->q[c];
	now = later(p, c);
	switch (kind) {
	case 1:
	case 2: change(p, q, i, now); break;
	case 3: work_for_others(p, q, i, now); break;
	case 4:
	case 5: give(p, c, i, now); break;
	case 6:
		if (q->running)
			i = (unsigned)index_of(p, q->running);
		/* fall through */
	case 7:
		bvt_block(q, &p->e[i], now);
		naive_block(&p->n, (int)i, now);
		break;
	case 8:
	case 9:
	case 10: cr_assert_eq(bvt_wake(q, e, now), naive_wake(&p->n, (int)i, now)); break;
	default: {
		struct bvt_entity *was = q->running;

		/* As the timer would, half of the time. */
		if (below(p, 2) && bvt_due(q) != TIME_NEVER)
			now = p->now = MAX(p->now, bvt_due(q));
		cr_assert_eq(index_of(p, bvt_pick(q, now)), naive_pick(&p->n, (int)c, now));
		seen.switches += q->running != was;
		compare_due(p, c);
	}
	}
}

static void run(unsigned count, unsigned cpus, unsigned steps, uint64_t start, uint64_t seed)
{
	static struct pair p;

	if (!wanted(seed))
		return;
	memset(&p, 0, sizeof p);
	p.count = count;
	p.cpus = cpus;
	p.now = start;
	p.r = seed * 0x9e3779b97f4a7c15ull | 1;
	naive_init(&p.n, count, start);
	for (unsigned i = 0; i < count; i++)
		bvt_entity_init(&p.e[i], start);
	for (unsigned s = 0; s < steps; s++) {
		step(&p);
		compare(&p);
		for (unsigned i = 0; i < count; i++) {
			seen.parks += p.e[i].place == BVT_PARKED;
			seen.unwarps += p.e[i].warp.on && !p.e[i].warped;
		}
	}
	seen.steps += steps;
}

static void check_seen(void)
{
	unsigned steps = seen.steps;

	if (!steps)
		cr_skip_test("no seed of this test");
	cr_assert(seen.switches > steps / 50 && seen.hands > steps / 2000 && seen.parks > steps / 50 &&
			  seen.unwarps > steps / 50 && seen.moves > steps / 100,
		  "switches %u, hand-overs %u, parked %u, unwarped %u, moves %u: too few to mean something",
		  seen.switches, seen.hands, seen.parks, seen.unwarps, seen.moves);
}

Test(bvt_oracle, picks_what_the_naive_scheduler_picks, .timeout = 600)
{
	for (uint64_t seed = 1; seed <= 6 * rounds(); seed++)
		run(3 + seed % 5, 1, 10000, 0, seed);
	check_seen();
}

Test(bvt_oracle, picks_the_same_on_several_cpus, .timeout = 600)
{
	for (uint64_t seed = 1; seed <= 3 * rounds(); seed++)
		run(12, NAIVE_CPUS, 8000, seed << 50, seed + 1000);
	check_seen();
}

Test(bvt_oracle, picks_the_same_in_a_crowd, .timeout = 600)
{
	for (uint64_t seed = 1; seed <= rounds(); seed++)
		run(ENTITIES_MAX, 1 + seed % 2, 3000, 1, seed + 2000);
	check_seen();
}
