/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler, against the definitions of borrowed virtual time (Duda and Cheriton 1999) kept a second time in wide
 * numbers that never wrap, and against what they promise: shares within the allowance, no starvation, no hoarding.
 */
#include "vmm_world.h"

#include <vmm/core/sched.h>

#define N 6u

typedef unsigned __int128 wide;

/* The second implementation: entities in order of waking, virtual times that do not wrap. */
static struct {
	wide avt[N], svt;
	unsigned order[N], count;
	uint32_t weight[N];
} naive;

static bool naive_runnable(unsigned i)
{
	for (unsigned k = 0; k < naive.count; k++)
		if (naive.order[k] == i)
			return true;
	return false;
}

static int naive_least(int but)
{
	int best = -1;

	for (unsigned k = 0; k < naive.count; k++)
		if ((int)naive.order[k] != but && (best < 0 || naive.avt[naive.order[k]] < naive.avt[best]))
			best = (int)naive.order[k];
	return best;
}

static wide naive_virtual(unsigned i, uint64_t ns)
{
	return (wide)ns * 65536 / naive.weight[i];
}

static void naive_wake(unsigned i)
{
	int first = naive_least(-1);

	if (naive_runnable(i))
		return;
	if (first >= 0)
		naive.svt = naive.avt[first];
	naive.avt[i] = MAX(naive.avt[i], naive.svt);
	naive.order[naive.count++] = i;
}

static void naive_sleep(unsigned i)
{
	int first = naive_least((int)i);
	unsigned k = 0;

	if (!naive_runnable(i))
		return;
	naive.svt = first < 0 || naive.avt[first] > naive.avt[i] ? naive.avt[i] : naive.avt[first];
	while (naive.order[k] != i)
		k++;
	for (naive.count--; k < naive.count; k++)
		naive.order[k] = naive.order[k + 1];
}

static int naive_pick(int running)
{
	int best = naive_least(running), first = naive_least(-1);

	if (first >= 0)
		naive.svt = naive.avt[first];
	if (running < 0 || !naive_runnable((unsigned)running))
		return best;
	if (best < 0 || naive.avt[best] + naive_virtual((unsigned)running, SCHED_ALLOWANCE) >= naive.avt[running])
		return running;
	return best;
}

static void naive_yield(unsigned i)
{
	int next = naive_least((int)i);

	if (next >= 0 && naive_runnable(i))
		naive.avt[i] = MAX(naive.avt[i], naive.avt[next] + naive_virtual(i, SCHED_ALLOWANCE) + 1);
}

static void start(struct sched_queue *q, struct sched_entity *e, const uint32_t *weights, uint64_t svt)
{
	sched_queue_init(q);
	q->svt = svt;
	naive.svt = svt;
	naive.count = 0;
	for (unsigned i = 0; i < N; i++) {
		sched_entity_init(&e[i], weights[i]);
		e[i].avt = e[i].slept = svt;
		naive.avt[i] = svt;
		naive.weight[i] = weights[i];
	}
}

static void compare_with_naive(uint64_t svt, uint64_t seed)
{
	static const uint32_t weights[N] = {256, 1, 65535, 512, 256, 77};
	struct sched_entity e[N];
	struct sched_queue q;
	int running = -1;

	start(&q, e, weights, svt);
	for (unsigned step = 0; step < 100000; step++) {
		unsigned i = tw_below(&seed, N);
		struct sched_entity *next;
		uint64_t ns = tw_random(&seed) % 20000000;

		switch (tw_below(&seed, 8)) {
		case 0: sched_sleep(&q, &e[i]), naive_sleep(i); break;
		case 1:
		case 2: sched_wake(&q, &e[i]), naive_wake(i); break;
		case 3:
			if (running >= 0)
				sched_yield_to_all(&q, &e[running]), naive_yield((unsigned)running);
			break;
		default:
			if (running >= 0 && e[running].queued) {
				sched_charge(&e[running], ns);
				naive.avt[running] += naive_virtual((unsigned)running, ns);
			}
		}
		if (!tw_below(&seed, 3))
			continue;
		next = sched_pick(&q, running < 0 ? NULL : &e[running]);
		running = naive_pick(running);
		cr_assert_eq(next, running < 0 ? NULL : &e[running], "step %u", step);
		cr_assert_eq(q.svt, (uint64_t)naive.svt);
		cr_assert_eq(q.count, naive.count);
	}
}

Test(sched, picks_what_the_naive_scheduler_picks)
{
	compare_with_naive(0, 5);
	compare_with_naive(1000, 6);
}

Test(sched, picks_the_same_while_virtual_time_wraps)
{
	for (uint64_t seed = 1; seed < 6; seed++)
		compare_with_naive(UINT64_MAX - (seed << 40), seed);
}

/* All run for a while, in slices as the scheduler gives them or shorter. */
static void run_all(struct sched_queue *q, struct sched_entity *e, uint64_t *ran, uint64_t total, uint64_t *seed)
{
	struct sched_entity *r = NULL;

	for (uint64_t now = 0; now < total;) {
		uint64_t slice, ns;

		r = sched_pick(q, r);
		slice = sched_slice(q, r);
		ns = slice == TIME_NEVER || !tw_below(seed, 2) ? MIN(slice, tw_random(seed) % 3000000) : slice;
		sched_charge(r, ns);
		ran[r - e] += ns;
		now += ns;
	}
}

static void shares_follow_weights(uint64_t svt)
{
	static const uint32_t weights[N] = {256, 512, 1024, 100, 300, 700};
	uint64_t ran[N] = {0}, seed = 9;
	struct sched_entity e[N];
	struct sched_queue q;

	start(&q, e, weights, svt);
	for (unsigned i = 0; i < N; i++)
		sched_wake(&q, &e[i]);
	run_all(&q, e, ran, 60000000000ull, &seed);
	for (unsigned i = 0; i < N; i++)
		for (unsigned j = 0; j < N; j++) {
			double vi = (double)ran[i] / weights[i], vj = (double)ran[j] / weights[j];

			/* One allowance ahead, and a nanosecond or two of rounding a slice. */
			cr_assert(vi - vj <= 1.01 * SCHED_ALLOWANCE / weights[i] + 1e3, "%u got %f of %u's %f", i, vi,
				  j, vj);
		}
}

Test(sched, shares_follow_weights_within_one_allowance)
{
	shares_follow_weights(0);
	shares_follow_weights(UINT64_MAX - 4000000000000ull);
}

Test(sched, sleep_is_not_hoarded)
{
	static const uint32_t weights[N] = {256, 256, 256, 256, 256, 256};
	uint64_t ran[N] = {0}, seed = 3;
	struct sched_entity e[N];
	struct sched_queue q;

	start(&q, e, weights, 0);
	sched_wake(&q, &e[0]);
	sched_wake(&q, &e[1]);
	run_all(&q, e, ran, 1000000, &seed);
	sched_sleep(&q, &e[1]);
	run_all(&q, e, ran, 3600000000000ull, &seed);
	sched_wake(&q, &e[1]);
	ran[0] = ran[1] = 0;
	run_all(&q, e, ran, 1000000000, &seed);
	cr_assert(ran[1] < ran[0] + 3 * SCHED_ALLOWANCE, "an hour of sleep gave %lu against %lu", ran[1], ran[0]);
	cr_assert(ran[0] < ran[1] + 3 * SCHED_ALLOWANCE);
}

Test(sched, a_short_sleep_does_not_wash_off_what_was_run_ahead)
{
	static const uint32_t weights[N] = {256, 256, 256, 256, 256, 256};
	struct sched_entity e[N];
	struct sched_queue q;

	start(&q, e, weights, 0);
	sched_wake(&q, &e[0]);
	sched_wake(&q, &e[1]);
	sched_charge(&e[0], 2 * SCHED_ALLOWANCE);
	sched_sleep(&q, &e[0]);
	sched_wake(&q, &e[0]);
	cr_assert_eq(sched_pick(&q, &e[0]), &e[1]);
}

Test(sched, sleeper_keeps_what_it_was_ahead_by_after_the_wrap_of_virtual_time)
{
	static const uint32_t weights[N] = {1, 1, 1, 1, 1, 1};
	struct sched_entity e[N];
	struct sched_queue q;

	start(&q, e, weights, 0);
	sched_wake(&q, &e[0]);
	sched_wake(&q, &e[1]);
	for (unsigned i = 0; i < 256; i++) {
		sched_charge(&e[0], (1ull << 40) - (i == 255));
		sched_charge(&e[1], (1ull << 40) - (i == 255));
		sched_pick(&q, NULL);
	}
	cr_assert_eq(q.svt, UINT64_MAX - 65535);
	sched_charge(&e[0], 2);
	sched_sleep(&q, &e[0]);
	sched_wake(&q, &e[0]);
	cr_assert_eq(e[0].avt, 65536);
	cr_assert_eq(sched_pick(&q, NULL), &e[1]);
}

Test(sched, yield_lets_another_run_at_once_and_costs_no_more_than_an_allowance)
{
	static const uint32_t weights[N] = {256, 256, 1, 256, 256, 256};
	struct sched_entity e[N], *next;
	struct sched_queue q;

	start(&q, e, weights, 0);
	sched_wake(&q, &e[0]);
	sched_yield_to_all(&q, &e[0]);
	cr_assert_eq(sched_pick(&q, &e[0]), &e[0], "alone, a yield changes nothing");
	sched_wake(&q, &e[1]);
	sched_yield_to_all(&q, &e[0]);
	cr_assert_eq(sched_pick(&q, &e[0]), &e[1]);
	/* One of little weight that has run lies far ahead; nobody waits for it to be caught up with. */
	sched_wake(&q, &e[2]);
	sched_charge(&e[2], 1000000000);
	sched_yield_to_all(&q, &e[1]);
	next = sched_pick(&q, &e[1]);
	cr_assert_eq(next, &e[0]);
	sched_charge(next, 3 * SCHED_ALLOWANCE);
	cr_assert_eq(sched_pick(&q, next), &e[1]);
}

Test(sched, nobody_who_is_runnable_starves_while_others_wake_and_sleep)
{
	static const uint32_t weights[N] = {256, 256, 256, 256, 256, 256};
	struct sched_entity e[N], *r = NULL;
	uint64_t waited[N] = {0}, seed = 77;
	struct sched_queue q;

	start(&q, e, weights, UINT64_MAX - 1000000000000ull);
	sched_wake(&q, &e[0]);
	for (unsigned step = 0; step < 200000; step++) {
		unsigned i = 1 + tw_below(&seed, N - 1);
		uint64_t ns = tw_random(&seed) % 2000000;

		if (tw_below(&seed, 2))
			sched_wake(&q, &e[i]);
		else
			sched_sleep(&q, &e[i]);
		r = sched_pick(&q, r);
		sched_charge(r, ns);
		for (i = 0; i < N; i++) {
			waited[i] = e[i].queued && &e[i] != r ? waited[i] + ns : 0;
			cr_assert(waited[i] < 3 * N * SCHED_ALLOWANCE, "%u waited for %lu ns", i, waited[i]);
		}
	}
}

Test(sched, slice_ends_just_where_another_would_be_preferred)
{
	static const uint32_t weights[N] = {256, 100, 65535, 1, 256, 256};
	struct sched_entity e[N], *r = NULL;
	struct sched_queue q;
	uint64_t seed = 4;

	start(&q, e, weights, 0);
	sched_wake(&q, &e[0]);
	cr_assert_eq(sched_slice(&q, &e[0]), TIME_NEVER);
	for (unsigned i = 1; i < N; i++)
		sched_wake(&q, &e[i]);
	for (unsigned step = 0; step < 20000; step++) {
		struct sched_entity *was = r = sched_pick(&q, r);
		uint64_t slice = sched_slice(&q, r);

		if (slice > 2 && tw_below(&seed, 2)) {
			sched_charge(r, slice - 2);
			cr_assert_eq(sched_pick(&q, r), was, "a slice of %lu is too long", slice);
			slice = 4;
		}
		sched_charge(r, slice + 1);
		cr_assert_neq(sched_pick(&q, r), was, "a slice of %lu is too short", slice);
	}
}

Test(sched, wake_and_sleep_are_idempotent)
{
	static const uint32_t weights[N] = {1, 1, 1, 1, 1, 1};
	struct sched_entity e[N];
	struct sched_queue q;

	start(&q, e, weights, 0);
	sched_sleep(&q, &e[0]);
	cr_assert_eq(q.count, 0);
	sched_wake(&q, &e[0]);
	sched_wake(&q, &e[0]);
	cr_assert_eq(q.count, 1);
	sched_sleep(&q, &e[0]);
	sched_sleep(&q, &e[0]);
	cr_assert_eq(q.count, 0);
	cr_assert_null(sched_pick(&q, &e[0]));
}
