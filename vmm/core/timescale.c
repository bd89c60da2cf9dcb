/* SPDX-License-Identifier: BSD-2-Clause */
/* Arithmetic of clocks, without a division at run time: a shift that brings the rate near 1 GHz, and a fraction. */
#include "timescale.h"

#include <base/bits.h>
#include <base/check.h>

#define NS_PER_SECOND 1000000000ull

/* a * 2^bits / b, rounded down; b is below 2^63 and the result fits. */
static uint64_t shifted_quotient(uint64_t a, uint64_t b, unsigned bits)
{
	uint64_t quotient = a / b, rest = a % b;

	while (bits--) {
		rest <<= 1;
		quotient = quotient << 1 | (rest >= b);
		if (rest >= b)
			rest -= b;
	}
	return quotient;
}

struct timescale timescale_make(uint64_t hz)
{
	struct timescale s = {.hz = hz};

	CHECK(hz >= TIMESCALE_HZ_MIN && hz <= TIMESCALE_HZ_MAX);
	for (uint64_t r = hz; r > 2 * NS_PER_SECOND; r >>= 1)
		s.shift--;
	for (uint64_t r = hz; r <= NS_PER_SECOND; r <<= 1)
		s.shift++;
	s.mul = (uint32_t)shifted_quotient(NS_PER_SECOND, hz, (unsigned)(32 - s.shift));
	return s;
}

uint64_t timescale_ns(const struct timescale *s, uint64_t ticks)
{
	uint64_t t = s->shift >= 0 ? ticks << s->shift : ticks >> -s->shift;

	return (uint64_t)((unsigned __int128)t * s->mul >> 32);
}

uint64_t timescale_clock_ns(const struct timescale_clock *c, uint64_t tsc)
{
	return c->ns_base + (tsc > c->tsc_base ? timescale_ns(&c->scale, tsc - c->tsc_base) : 0);
}

/* a * b / d, where a % d * b fits. */
static uint64_t ratio(uint64_t a, uint64_t b, uint64_t d)
{
	return a / d * b + a % d * b / d;
}

/* Ticks of the counter from the last pair to this one: how often it has begun anew the TSC tells. */
static uint64_t ticks_since(const struct timescale_clock *c, uint64_t tsc, uint32_t counter)
{
	uint64_t about = ratio(timescale_ns(&c->scale, tsc - c->seen_tsc), c->hz, NS_PER_SECOND), turn = c->mask + 1ull;
	uint64_t ticks = (counter - c->seen) & c->mask;

	return ticks + (about > ticks ? (about - ticks + turn / 2) / turn * turn : 0);
}

static int64_t within(int64_t v, int64_t most)
{
	return MAX(MIN(v, most), -most);
}

bool timescale_follow(struct timescale_clock *c, uint64_t tsc, uint32_t counter, uint64_t from)
{
	uint64_t ticks = ticks_since(c, tsc, counter), passed = tsc - c->seen_tsc, now = timescale_clock_ns(c, tsc);
	uint64_t right = c->seen_ns + ratio(ticks, NS_PER_SECOND, c->hz), rate;
	int64_t slew, odd, behind = (int64_t)(right - now);

	for (; ticks >> 32; ticks >>= 1)
		passed >>= 1;
	rate = ticks ? ratio(passed, c->hz, ticks) : 0;
	odd = (int64_t)(rate - c->rate);
	if (odd != within(odd, (int64_t)(c->rate / (NS_PER_SECOND / TIMESCALE_ODD))) || rate < 2 * TIMESCALE_HZ_MIN ||
	    rate > TIMESCALE_HZ_MAX / 2) {
		c->seen_ns = now;
	} else {
		behind = behind == within(behind, TIMESCALE_LOST) ? behind : 0;
		c->seen_ns = now + (uint64_t)behind;
		slew = within(behind / TIMESCALE_CATCH_UP, TIMESCALE_SLEW_MAX);
		c->ns_base = timescale_clock_ns(c, from);
		c->tsc_base = from;
		/* Fewer ticks a second than there are make it faster. */
		c->scale = timescale_make(rate - (uint64_t)((int64_t)(rate / 1000) * slew / 1000000));
	}
	c->seen = counter;
	c->seen_tsc = tsc;
	c->rate = rate;
	return c->tsc_base == from;
}
