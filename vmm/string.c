/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four functions that the compiler and the pure cores take for granted. Eight bytes at a time by `rep movsq`, which
 * suits hardware and emulator alike.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Forwards unless that would overwrite what is still to be read. */
void *memmove(void *to, const void *from, size_t len)
{
	uint8_t *d = to;
	const uint8_t *s = from;
	size_t words = len / 8, rest = len % 8;

	if ((uintptr_t)d - (uintptr_t)s >= len) {
		__asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words) : : "memory");
		__asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(rest) : : "memory");
	} else {
		d += len - 1;
		s += len - 1;
		__asm__ volatile("std; rep movsb; cld" : "+D"(d), "+S"(s), "+c"(len) : : "memory", "cc");
	}
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t len) __attribute__((alias("memmove")));

void *memset(void *to, int value, size_t len)
{
	uint8_t *d = to;
	uint64_t v = 0x0101010101010101ull * (uint8_t)value;
	size_t words = len / 8, rest = len % 8;

	__asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(v) : "memory");
	__asm__ volatile("rep stosb" : "+D"(d), "+c"(rest) : "a"(v) : "memory");
	return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
	const uint8_t *p = a, *q = b;

	for (size_t i = 0; i < len; i++)
		if (p[i] != q[i])
			return p[i] - q[i];
	return 0;
}
