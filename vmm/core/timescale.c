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
