/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The four functions that the compiler and the pure cores take for granted. Eight bytes at a time by `rep movsq`, which
 * suits hardware and emulator alike; the tail of a long copy overlaps what was copied already.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct unaligned {
	uint64_t v;
} __attribute__((packed, may_alias));

static uint64_t load(const void *p)
{
	return ((const struct unaligned *)p)->v;
}

static void store(void *p, uint64_t v)
{
	((struct unaligned *)p)->v = v;
}

/* Forwards unless that would overwrite what is still to be read. */
void *memmove(void *to, const void *from, size_t len)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if (len < 8 && (uintptr_t)d - (uintptr_t)s >= len) {
		__asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(len) : : "memory");
	} else if ((uintptr_t)d - (uintptr_t)s >= len) {
		uint64_t last = load(s + len - 8);
		uint8_t *tail = d + len - 8;
		size_t words = len / 8;

		__asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words) : : "memory");
		store(tail, last);
	} else {
		while (len >= 8) {
			len -= 8;
			store(d + len, load(s + len));
		}
		while (len--) {
			d[len] = s[len];
			__asm__ volatile("" : : : "memory"); /* or the compiler calls memmove */
		}
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
