/* SPDX-License-Identifier: BSD-2-Clause */
/* A clock that follows a steady counter: a machine of which the true rates are known. */
#include <criterion/criterion.h>
#include <math.h>

#include <base/bits.h>
#include <vmm/core/timescale.h>

#include "vmm_world.h"

#define SECOND 1000000000.0L

struct machine {
	struct timescale_clock clock;
	long double now;            /* true ns */
	long double tsc_hz, hz;     /* true rates */
	long double tsc_0, ticks_0; /* what they showed at 0 */
	uint32_t mask;
	uint64_t random, shown; /* shown: the most that the clock has shown */
};

static uint64_t tsc(const struct machine *m)
{
	return (uint64_t)(m->tsc_0 + m->now * m->tsc_hz / SECOND);
}

static uint32_t counter(const struct machine *m)
{
	return (uint32_t)((uint64_t)(m->ticks_0 + m->now * m->hz / SECOND) & m->mask);
}

/* The clock as it was started by a measurement that was @ppm off. */
static struct machine machine(long double tsc_hz, uint64_t hz, uint32_t mask, long double ppm)
{
	struct machine m = {.tsc_hz = tsc_hz,
			    .hz = hz,
			    .mask = mask,
			    .tsc_0 = 5e12L,
			    .ticks_0 = 0xfff000,
			    .random = 88172645463325252ull};
	uint64_t measured = (uint64_t)(tsc_hz * (1 + ppm / 1e6L));

	m.clock = (struct timescale_clock){.scale = timescale_make(measured),
					   .tsc_base = tsc(&m),
					   .hz = hz,
					   .mask = mask,
					   .seen = counter(&m),
					   .seen_tsc = tsc(&m),
					   .rate = measured};
	return m;
}

/* Lets @ns pass, looking at the clock often: it goes on, at its rate but for the slew. */
static void pass(struct machine *m, long double ns)
{
	for (unsigned i = 0; i < 50; i++) {
		uint64_t shown;

		m->now += ns / 50;
		shown = timescale_clock_ns(&m->clock, tsc(m));
		cr_assert_geq(shown, m->shown, "the clock went back by %lu ns", m->shown - shown);
		m->shown = shown;
	}
}

/* Takes a pair, as late as an emulator may be between its two halves; then the new rate begins some time later. */
static bool follow(struct machine *m)
{
	uint64_t at = tsc(m);
	bool followed;

	m->now += tw_below(&m->random, 2000);
	followed = timescale_follow(&m->clock, at, counter(m), tsc(m) + tw_below(&m->random, 100000));
	pass(m, 100000);
	return followed;
}

static long double off(const struct machine *m)
{
	return (long double)timescale_clock_ns(&m->clock, tsc(m)) - m->now;
}

static void comes_to_the_truth(long double tsc_hz, uint64_t hz, uint32_t mask, long double ppm)
{
	struct machine m = machine(tsc_hz, hz, mask, ppm);

	for (unsigned i = 0; i < 300; i++) {
		pass(&m, SECOND * (2 + tw_below(&m.random, 100) / 50.0L));
		cr_assert(follow(&m), "pair %u", i);
		if (i > 60)
			cr_assert(fabsl(off(&m)) < 10000, "rate %Lf, off by %Lf ns at pair %u", tsc_hz, off(&m), i);
	}
}

Test(vmm_follow, a_clock_that_was_measured_badly_comes_to_the_truth_and_stays_there)
{
	static const struct {
		uint64_t hz;
		uint32_t mask;
	} counters[] = {{100000000, UINT32_MAX}, {14318180, UINT32_MAX}, {3579545, 0xffffff}};
	static const long double rates[] = {2596126000.0L, 999999999.0L,  1000000001.0L,
					    1999999990.0L, 2000000010.0L, 5.7e9L};

	for (unsigned c = 0; c < ARRAY_SIZE(counters); c++)
		for (unsigned r = 0; r < ARRAY_SIZE(rates); r++)
			for (int ppm = -900; ppm <= 900; ppm += 450)
				comes_to_the_truth(rates[r], counters[c].hz, counters[c].mask, ppm);
}

Test(vmm_follow, it_never_runs_faster_or_slower_than_the_slew_allows)
{
	struct machine m = machine(2.5e9L, 3579545, 0xffffff, 900);

	for (unsigned i = 0; i < 100; i++) {
		uint64_t before;
		long double then, rate;

		pass(&m, 2 * SECOND);
		follow(&m);
		before = timescale_clock_ns(&m.clock, tsc(&m));
		then = m.now;
		pass(&m, SECOND);
		rate = (long double)(timescale_clock_ns(&m.clock, tsc(&m)) - before) / (m.now - then);
		cr_assert(fabsl(rate - 1) < 510e-6L, "%Lf", rate);
	}
}

Test(vmm_follow, a_counter_that_began_anew_many_times_while_nobody_looked_is_counted_on)
{
	struct machine m = machine(2.5e9L, 3579545, 0xffffff, 20);

	for (unsigned i = 0; i < 20; i++) {
		pass(&m, 2 * SECOND);
		cr_assert(follow(&m));
	}
	/* An hour of 4.7 s a turn; and then back to truth at the rate that the slew allows. */
	pass(&m, 3600 * SECOND);
	cr_assert(follow(&m));
	cr_assert(fabsl(off(&m)) < 5e6L, "%Lf", off(&m));
	for (unsigned i = 0; i < 40; i++) {
		pass(&m, 2 * SECOND);
		cr_assert(follow(&m));
	}
	cr_assert(fabsl(off(&m)) < 10000, "%Lf", off(&m));
}

Test(vmm_follow, who_was_stopped_is_not_followed_and_the_clock_goes_on_from_where_it_is)
{
	struct machine m = machine(2.5e9L, 100000000, UINT32_MAX, 0);
	long double before;

	for (unsigned i = 0; i < 10; i++) {
		pass(&m, 2 * SECOND);
		cr_assert(follow(&m));
	}
	/* The TSC stood still for a second while the counter went on; then the other way round for a hundredth. */
	pass(&m, SECOND);
	m.now += SECOND;
	m.tsc_0 -= m.tsc_hz;
	cr_assert_not(follow(&m));
	before = off(&m);
	m.tsc_0 += 0.01L * m.tsc_hz;
	for (unsigned i = 0; i < 3; i++) {
		pass(&m, 2 * SECOND);
		follow(&m);
	}
	for (unsigned i = 0; i < 60; i++) {
		pass(&m, 2 * SECOND);
		cr_assert(follow(&m), "two pairs that agree are believed");
	}
	cr_assert(fabsl(off(&m) - before - 0.01L * SECOND) < 100000, "%Lf %Lf", off(&m), before);
}

Test(vmm_follow, a_machine_that_moved_to_another_rate_is_followed_there)
{
	struct machine m = machine(2.5e9L, 100000000, UINT32_MAX, 0);
	long double at;

	pass(&m, 2 * SECOND);
	follow(&m);
	at = m.now;
	m.tsc_0 += at * (m.tsc_hz - 3.1e9L) / SECOND;
	m.tsc_hz = 3.1e9L;
	for (unsigned i = 0; i < 3; i++) {
		pass(&m, 2 * SECOND);
		follow(&m);
	}
	at = off(&m);
	for (unsigned i = 0; i < 20; i++) {
		pass(&m, 2 * SECOND);
		cr_assert(follow(&m));
	}
	cr_assert(fabsl(off(&m) - at) < 100000, "%Lf %Lf", off(&m), at);
}

Test(vmm_follow, a_counter_that_stands_or_races_changes_nothing)
{
	struct machine m = machine(2.5e9L, 100000000, UINT32_MAX, 0);
	struct timescale before;

	pass(&m, 2 * SECOND);
	follow(&m);
	before = m.clock.scale;
	m.hz = 0;
	pass(&m, 2 * SECOND);
	cr_assert_not(follow(&m));
	m.ticks_0 += 1e9L;
	pass(&m, 2 * SECOND);
	cr_assert_not(follow(&m));
	cr_assert(m.clock.scale.mul == before.mul && m.clock.scale.shift == before.shift);
}
