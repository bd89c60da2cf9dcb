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

uint64_t timescale_unix(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute, unsigned second)
{
	/* Years begin in March, so that the leap day is the last one (Richards, "Julian and Gregorian dates"). */
	uint64_t y = month <= 2 ? year - 1 : year;
	uint64_t shifted_month = (month + 9) % 12;
	uint64_t day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
	uint64_t days = y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;

	return ((days * 24 + hour) * 60 + minute) * 60 + second;
}
