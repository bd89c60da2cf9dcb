/* SPDX-License-Identifier: BSD-2-Clause */
/* What all fuzz targets share: how a finding ends, and fixed pseudo-random bytes. */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void fuzz_failed(const char *file, int line, const char *what, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "FINDING %s:%d: not true: %s: ", file, line, what);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

void fuzz_random(uint64_t seed, uint8_t *out, size_t len)
{
	uint64_t s = seed * 0x9e3779b97f4a7c15ull | 1;

	for (size_t i = 0; i < len; i++) {
		s ^= s >> 12;
		s ^= s << 25;
		s ^= s >> 27;
		out[i] = (uint8_t)(s * 2685821657736338717ull >> 56);
	}
}
