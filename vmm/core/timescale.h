/* SPDX-License-Identifier: BSD-2-Clause */
/* The scale of abi/shared.h between TSC ticks and nanoseconds. */
#pragma once

#include <stdint.h>

/* ns = ((ticks << shift, or >> -shift) * mul) >> 32; mul is at least 2^31, so its error is below one in 2^31. */
struct timescale {
	uint32_t mul;
	int32_t shift;
	uint64_t hz;
};

/* The scale for @hz ticks per second, between TIMESCALE_HZ_MIN and TIMESCALE_HZ_MAX. */
#define TIMESCALE_HZ_MIN 1000000ull
#define TIMESCALE_HZ_MAX 100000000000ull
struct timescale timescale_make(uint64_t hz);

/* ns that @ticks take, modulo 2^64. */
uint64_t timescale_ns(const struct timescale *s, uint64_t ticks);
