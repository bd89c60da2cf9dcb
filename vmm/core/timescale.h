/* SPDX-License-Identifier: BSD-2-Clause */
/* The scale of abi/shared.h between TSC ticks and nanoseconds. */
#pragma once

#include <abi/boot.h>
#include <stdbool.h>
#include <stdint.h>

/* ns = ((ticks << shift, or >> -shift) * mul) >> 32; mul is at least 2^31, so its error is below one in 2^31. */
struct timescale {
	uint32_t mul;
	int32_t shift;
	uint64_t hz;
};

/* The scale for @hz ticks per second, between TIMESCALE_HZ_MIN and TIMESCALE_HZ_MAX. */
#define TIMESCALE_HZ_MIN BOOT_TSC_HZ_MIN
#define TIMESCALE_HZ_MAX BOOT_TSC_HZ_MAX
struct timescale timescale_make(uint64_t hz);

/* ns that @ticks take, modulo 2^64. */
uint64_t timescale_ns(const struct timescale *s, uint64_t ticks);

#define TIMESCALE_SLEW_MAX 500000 /* how much faster or slower than it is the clock may run to catch up, 10^-9 */
#define TIMESCALE_ODD 2000000     /* a rate that differs by more from the last one is no rate: somebody was stopped */
#define TIMESCALE_LOST 10000000   /* ns; who is off by more has no past worth catching up with */
#define TIMESCALE_CATCH_UP 8      /* seconds in which it makes up for what it is off: more than lie between two pairs */

/*
 * A clock that counts by the TSC and follows a steady counter. Both are read as pairs: the TSC, and what the counter shows at
 * that instant, of @mask + 1 values.
 */
struct timescale_clock {
	struct timescale scale; /* in force from tsc_base on, where the clock showed ns_base */
	uint64_t tsc_base, ns_base;
	uint64_t hz;         /* of the counter */
	uint32_t mask, seen; /* seen: the counter in the last pair */
	uint64_t seen_tsc, seen_ns,
		rate; /* its TSC, what a clock without fault showed then, the TSC's rate before it */
};

/* What the clock shows when the TSC is @tsc; before tsc_base what it showed there. */
uint64_t timescale_clock_ns(const struct timescale_clock *c, uint64_t tsc);
/*
 * Takes the next pair (@tsc, @counter), at any time after the last one, and from TSC @from on, which is not before @tsc, has the
 * clock run so that it makes up for what it is off: it never jumps and is never off its rate by more than TIMESCALE_SLEW_MAX. False: the
 * two tell of a stop of one of them; then the clock goes on as it did, and counts as right where it is now.
 */
bool timescale_follow(struct timescale_clock *c, uint64_t tsc, uint32_t counter, uint64_t from);
