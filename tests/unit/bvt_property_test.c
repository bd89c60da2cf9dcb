/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What borrowed virtual time promises, over random workloads: shares within one allowance of the weights, no starvation,
 * bounded warp, bounded cap, nothing gained by sleep or by collusion. The bounds follow from the definitions, as each test
 * says. BVT_ROUNDS=n: n times as many workloads.
 */
#include <stdlib.h>

#include "bvt_recount.h"
#include "bvt_set.h"
#include "vmm_world.h"

#include <vmm/core/bvt.h>

#define N 8u
#define MS 1000000ull
#define C BVT_ALLOWANCE

struct machine {
	struct bvt_queue q;
	struct bvt_entity e[N];
	uint64_t now, r;
};

static uint64_t rounds(void)
{
	const char *text = getenv("BVT_ROUNDS");

	return text ? strtoull(text, NULL, 10) : 1;
}

static void start(struct machine *m, uint64_t seed)
{
	m->now = seed * MS;
	m->r = seed * 0x9e3779b97f4a7c15ull | 1;
	m->q = (struct bvt_queue){.now = 0};
	for (unsigned i = 0; i < N; i++) {
		bvt_entity_init(&m->e[i], m->now);
		bvt_attach(&m->q, &m->e[i], m->now);
	}
}

static unsigned below(struct machine *m, unsigned n)
{
	return tw_below(&m->r, n);
}

static void wake_all(struct machine *m)
{
	for (unsigned i = 0; i < N; i++)
		bvt_wake(&m->q, &m->e[i], m->now);
}

/* Time passes up to the next decision, or a random while before that, @late at most after it. */
static void pass(struct machine *m, uint64_t late)
{
	uint64_t due = bvt_due(&m->q), most = 3 * MS, ns = tw_random(&m->r) % most;

	if (due != TIME_NEVER && (below(m, 2) || due - m->now < ns))
		ns = due - m->now + (late ? tw_random(&m->r) % late : 0);
	m->now += ns;
}

static void set_warp(struct machine *m, unsigned i, uint64_t w, uint64_t l, uint64_t u)
{
	struct bvt_warp warp = {.value = w, .limit = l, .unwarp = u, .on = w != 0};

	cr_assert_eq(bvt_set_warp(&m->q, &m->e[i], &warp, m->now), HC_OK);
}

/* ns at the default weight that @e has run. */
static double ran(const struct bvt_entity *e)
{
	return (double)e->time[BVT_RUNNING] * BVT_WEIGHT_DEFAULT / e->weight;
}

/*
 * i runs on while E_i <= E_j + C/w_i, so whoever ran last leads by C/w_i at most; a warp lets it lead by W more, once. A
 * decision is the first ns beyond.
 */
static void shares(struct machine *m, const uint64_t *warp)
{
	for (unsigned step = 0; step < 20000; step++) {
		bvt_pick(&m->q, m->now);
		pass(m, 0);
	}
	bvt_charge(&m->q, m->now);
	for (unsigned i = 0; i < N; i++)
		for (unsigned j = 0; j < N; j++) {
			double lead = ran(&m->e[i]) - ran(&m->e[j]),
			       most = (double)(C + 2) * BVT_WEIGHT_DEFAULT / m->e[i].weight + (double)warp[i] + 1;

			cr_assert(lead <= most, "%u leads %u by %f, more than %f", i, j, lead, most);
		}
	bvt_recount(&m->q, m->e, N);
}

Test(bvt_property, shares_follow_weights_within_one_allowance, .timeout = 300)
{
	static const uint64_t none[N];

	for (uint64_t seed = 1; seed <= 5 * rounds(); seed++) {
		struct machine m;

		start(&m, seed);
		for (unsigned i = 0; i < N; i++) {
			uint32_t weight = i ? 1 + below(&m, 1024) : 7 * BVT_WEIGHT_DEFAULT;

			cr_assert_eq(bvt_set_weight(&m.q, &m.e[i], weight, m.now), HC_OK);
		}
		wake_all(&m);
		shares(&m, none);
	}
}

Test(bvt_property, a_warp_gives_a_head_start_and_no_greater_share, .timeout = 300)
{
	for (uint64_t seed = 1; seed <= 5 * rounds(); seed++) {
		uint64_t warp[N] = {0};
		struct machine m;

		start(&m, seed);
		for (unsigned i = 0; i < N / 2; i++) {
			warp[i] = MS + tw_random(&m.r) % (30 * MS);
			set_warp(&m, i, warp[i], i % 2 ? 2 * MS : 0, i % 2 ? 9 * MS : 0);
		}
		wake_all(&m);
		shares(&m, warp);
	}
}

/*
 * All of one weight. While one waits, another runs at most until it is W + C ahead of it, and the one that waits was, when
 * it was put to wait, W + C ahead of the least itself.
 */
Test(bvt_property, nobody_who_may_run_waits_longer_than_the_others_can_borrow, .timeout = 300)
{
	const uint64_t w = 5 * MS, most = (N - 1) * 2 * (w + C + 4);

	for (uint64_t seed = 1; seed <= 3 * rounds(); seed++) {
		uint64_t waited[N] = {0}, longest = 0;
		struct machine m;

		start(&m, seed);
		for (unsigned i = 0; i < N / 2; i++)
			set_warp(&m, i, w, i % 2 ? MS : 0, 0);
		bvt_wake(&m.q, &m.e[N - 1], m.now);
		for (unsigned step = 0; step < 30000; step++) {
			unsigned i = below(&m, N - 1);
			struct bvt_entity *r;
			uint64_t from = m.now;

			if (below(&m, 2))
				bvt_wake(&m.q, &m.e[i], m.now);
			else if (below(&m, 4) == 0)
				bvt_block(&m.q, &m.e[i], m.now);
			r = bvt_pick(&m.q, m.now);
			pass(&m, 0);
			for (i = 0; i < N; i++) {
				bool waits = m.e[i].place == BVT_QUEUED && &m.e[i] != r;

				waited[i] = waits ? waited[i] + m.now - from : 0;
				longest = MAX(longest, waited[i]);
				cr_assert(waited[i] <= most, "%u waited for %lu ns", i, waited[i]);
			}
		}
		cr_assert(longest > w, "nobody ever waited");
	}
}

/* With a punctual timer: L at most between two pauses of U or more. Without L: while it leads by no more than W + C. */
Test(bvt_property, warped_work_is_bounded_by_its_limit_between_two_pauses, .timeout = 300)
{
	for (uint64_t seed = 1; seed <= 3 * rounds(); seed++) {
		uint64_t limit = MS + seed % 40 * 300000, unwarp = seed % 4 * 4 * MS + 3 * MS, stretch = 0, last = 0,
			 total = 0;
		struct machine m;
		bool warped;

		start(&m, seed);
		set_warp(&m, 0, 40 * MS, limit, unwarp);
		for (unsigned i = 1; i < N; i++)
			bvt_wake(&m.q, &m.e[i], m.now);
		for (unsigned step = 0; step < 30000; step++) {
			uint64_t from = m.now;

			if (below(&m, 3))
				bvt_wake(&m.q, &m.e[0], m.now);
			else if (below(&m, 3) == 0)
				bvt_block(&m.q, &m.e[0], m.now);
			if (below(&m, 50) == 0)
				set_warp(&m, 0, 40 * MS, limit, unwarp);
			warped = bvt_pick(&m.q, m.now) == &m.e[0] && m.e[0].warped;
			pass(&m, 0);
			if (!warped)
				continue;
			stretch = from - last >= unwarp ? 0 : stretch;
			stretch += m.now - from;
			total += m.now - from;
			last = m.now;
			cr_assert(stretch <= limit, "%lu ns warped at a stretch", stretch);
		}
		cr_assert(total > 100 * limit, "hardly ever warped: %lu", total);
	}
}

/* Beyond its part of the time since @begin, in ns. */
static double beyond(struct machine *m, uint64_t begin)
{
	bvt_charge(&m->q, m->now);
	return (double)m->e[0].time[BVT_RUNNING] - (double)(m->now - begin) * m->e[0].cap / BVT_CAP_MAX;
}

/* In no interval is run time more than the cap's part of it, plus what is saved up, plus one decision that is late. */
static void keeps_cap(uint64_t seed, uint32_t cap, uint64_t late)
{
	double saved = (double)(cap * BVT_CAP_PERIOD) / BVT_CAP_MAX, least = 0, most = 0, now;
	struct machine m;
	uint64_t begin;

	start(&m, seed);
	begin = m.now;
	cr_assert_eq(bvt_set_cap(&m.q, &m.e[0], cap, m.now), HC_OK);
	for (unsigned step = 0; step < 20000; step++) {
		unsigned i = below(&m, 3);

		if (below(&m, 2))
			bvt_wake(&m.q, &m.e[i], m.now);
		else if (!below(&m, 3))
			bvt_block(&m.q, &m.e[i], m.now);
		if (!below(&m, 8))
			cr_assert_eq(bvt_set_cap(&m.q, &m.e[0], cap, m.now), HC_OK);
		bvt_pick(&m.q, m.now);
		now = beyond(&m, begin);
		least = MIN(least, now);
		pass(&m, late);
		now = beyond(&m, begin);
		most = MAX(most, now - least);
		cr_assert(now - least <= saved + (double)late + 2, "%f ns beyond the cap", now - least);
	}
	cr_assert(most > saved / 2, "the cap was never near");
}

Test(bvt_property, a_cap_is_never_exceeded_by_more_than_what_is_saved_and_one_late_decision, .timeout = 300)
{
	static const uint32_t caps[] = {10, 130, 250, 400};

	for (uint64_t seed = 1; seed <= 4 * rounds(); seed++)
		keeps_cap(seed, caps[seed % ARRAY_SIZE(caps)], seed % 2 ? 0 : 200000);
}

/* It begins with what is saved up, and stands parked with nothing for a period at most. */
Test(bvt_property, whoever_always_wants_the_cpu_gets_what_its_cap_gives)
{
	static const uint32_t caps[] = {1, 17, 250, 600, 999};

	for (unsigned k = 0; k < ARRAY_SIZE(caps); k++) {
		double saved = (double)(caps[k] * BVT_CAP_PERIOD) / BVT_CAP_MAX, now;
		struct machine m;
		uint64_t begin;

		start(&m, k);
		begin = m.now;
		cr_assert_eq(bvt_set_cap(&m.q, &m.e[0], caps[k], m.now), HC_OK);
		bvt_wake(&m.q, &m.e[0], m.now);
		for (unsigned step = 0; step < 1000; step++) {
			bvt_pick(&m.q, m.now);
			pass(&m, 0);
			now = beyond(&m, begin);
			cr_assert(now >= -saved / 100 - 4 && now <= saved + 2, "%f off, %f are saved up", now, saved);
		}
	}
}

/* One always wants the CPU, one sleeps and wakes as it likes: A of both begins alike, and waking adds to it. */
Test(bvt_property, nobody_gains_by_sleeping, .timeout = 300)
{
	for (uint64_t seed = 1; seed <= 4 * rounds(); seed++) {
		struct machine m;

		start(&m, seed);
		bvt_wake(&m.q, &m.e[0], m.now);
		for (unsigned step = 0; step < 30000; step++) {
			uint64_t a, b;

			if (!below(&m, 1 + seed % 3))
				bvt_wake(&m.q, &m.e[1], m.now);
			else if (!below(&m, seed % 2 ? 20 : 2))
				bvt_block(&m.q, &m.e[1], m.now);
			bvt_pick(&m.q, m.now);
			pass(&m, 0);
			bvt_charge(&m.q, m.now);
			a = m.e[0].time[BVT_RUNNING];
			b = m.e[1].time[BVT_RUNNING];
			cr_assert(b <= a + C + 2, "the sleeper ran %lu ns, the other %lu", b, a);
		}
		/* An hour of sleep gives nothing either. */
		bvt_block(&m.q, &m.e[1], m.now);
		bvt_pick(&m.q, m.now);
		m.now += 3600000 * MS;
		cr_assert(!bvt_wake(&m.q, &m.e[1], m.now));
		cr_assert(m.e[1].actual >= m.e[0].actual);
	}
}

/* 0 gives each slice away to 1; the two together get what two are due, and 2 its third but for an allowance or two. */
Test(bvt_property, two_that_hand_over_to_each_other_get_no_more_than_two_shares)
{
	struct machine m;
	uint64_t begin;

	start(&m, 7);
	begin = m.now;
	for (unsigned i = 0; i < 3; i++)
		bvt_wake(&m.q, &m.e[i], m.now);
	for (unsigned step = 0; step < 30000; step++) {
		if (bvt_pick(&m.q, m.now) == &m.e[0])
			cr_assert(bvt_hand(&m.q, &m.e[0], &m.e[1], false, m.now));
		pass(&m, 0);
		bvt_charge(&m.q, m.now);
		cr_assert(m.e[2].time[BVT_RUNNING] + 2 * C >= (m.now - begin) / 3, "it got %lu of %lu",
			  m.e[2].time[BVT_RUNNING], m.now - begin);
	}
	cr_assert_eq(m.e[0].time[BVT_RUNNING], 0);
}

/*
 * 0 has all its work charged to others that never run. It stands at SVT whenever it leaves the CPU, and comes back when the
 * running one is C ahead; then it goes to C beyond the next, which is C beyond SVT at most: 2 C for each C of the others.
 */
Test(bvt_property, whoever_has_all_its_work_refunded_leaves_a_third_to_those_that_pay)
{
	for (unsigned others = 1; others <= 4; others++) {
		uint64_t begin, refunded = 0, rest;
		struct machine m;

		start(&m, others);
		begin = m.now;
		for (unsigned i = 0; i <= others; i++)
			bvt_wake(&m.q, &m.e[i], m.now);
		for (unsigned step = 0; step < 20000; step++) {
			if (bvt_pick(&m.q, m.now) != &m.e[0]) {
				bvt_refund(&m.q, &m.e[0], m.e[0].time[BVT_RUNNING] - refunded, m.now);
				refunded = m.e[0].time[BVT_RUNNING];
			}
			pass(&m, 0);
			bvt_charge(&m.q, m.now);
			rest = m.now - begin - m.e[0].time[BVT_RUNNING];
			cr_assert(rest + 2 * C >= (m.now - begin) / 3, "%lu of %lu are left", rest, m.now - begin);
			for (unsigned i = 1; i <= others; i++)
				cr_assert(m.e[i].time[BVT_RUNNING] + 2 * C >= rest / others, "%u starves", i);
		}
	}
}

#define CROWD 1000u

/* All stand at SVT: each that ran is an allowance beyond, so each runs once before anybody runs again. */
Test(bvt_property, a_thousand_that_wake_at_once_run_in_turn_though_the_clock_stands, .timeout = 120)
{
	static struct bvt_entity e[CROWD];
	static struct bvt_queue q;
	uint64_t now = 5;

	for (unsigned i = 0; i < CROWD; i++) {
		bvt_entity_init(&e[i], now);
		bvt_attach(&q, &e[i], now);
	}
	for (unsigned i = 0; i < CROWD; i++)
		bvt_wake(&q, &e[(i * 7) % CROWD], now);
	bvt_recount(&q, e, CROWD);
	for (unsigned i = 0; i < 3 * CROWD; i++) {
		cr_assert_eq(bvt_pick(&q, now), &e[i % CROWD], "turn %u", i);
		for (unsigned again = 0; again < 3; again++)
			cr_assert_eq(bvt_pick(&q, now - again), &e[i % CROWD], "time stands and the choice does not");
		now = bvt_due(&q);
	}
	/* Any of them leaves from any place of the heaps. */
	for (unsigned i = 0; i < CROWD; i++) {
		bvt_block(&q, &e[(i * 37) % CROWD], now);
		if (i % 50 == 0)
			bvt_recount(&q, e, CROWD);
	}
	cr_assert_null(bvt_pick(&q, now));
	bvt_recount(&q, e, CROWD);
}

/* Of weight 1, virtual time passes 2^64 every 78 hours. */
Test(bvt_property, centuries_change_nothing)
{
	const uint64_t years = 30ull * 365 * 86400 * 1000 * MS;
	struct machine m;

	start(&m, 1);
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(bvt_set_weight(&m.q, &m.e[i], 1, m.now), HC_OK);
	bvt_wake(&m.q, &m.e[0], m.now);
	bvt_wake(&m.q, &m.e[1], m.now);
	bvt_pick(&m.q, m.now);
	for (unsigned i = 1; i < 19; i++) {
		m.now += years;
		/* Equal after each second turn, when the running one goes on; 2 sleeps all the time. */
		cr_assert_eq(bvt_pick(&m.q, m.now), &m.e[(i + 1) / 2 % 2], "turn %u", i);
	}
	cr_assert(!bvt_wake(&m.q, &m.e[2], m.now));
	cr_assert_eq(m.e[2].actual - m.q.svt, 0);
	bvt_block(&m.q, &m.e[0], m.now);
	bvt_block(&m.q, &m.e[2], m.now);
	/* The clock's end is no time that comes: who is parked then stays so, and nobody waits for that for ever. */
	cr_assert_eq(bvt_set_cap(&m.q, &m.e[1], 1, m.now), HC_OK);
	for (unsigned i = 0; i < 3; i++)
		cr_assert_null(bvt_pick(&m.q, TIME_NEVER));
	cr_assert_eq(m.e[1].place, BVT_PARKED);
	cr_assert_eq(bvt_due(&m.q), TIME_NEVER);
	bvt_recount(&m.q, m.e, N);
}
