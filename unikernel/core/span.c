/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs of units in a bitmap. Invariant: s->free is the number of clear bits below count, and no bit at or above s->high
 * is clear. A search goes down from there and passes full words at a stride.
 */
#include <string.h>

#include "span.h"

static bool taken_at(const struct span *s, size_t i)
{
	return s->bits[i / 64] >> (i % 64) & 1;
}

static void mark(struct span *s, size_t first, size_t n, bool taken)
{
	for (size_t i = first; i < first + n;) {
		size_t bit = i % 64, run = MIN(64 - bit, first + n - i);
		uint64_t mask = (run == 64 ? UINT64_MAX : (1ull << run) - 1) << bit;

		if (taken)
			s->bits[i / 64] |= mask;
		else
			s->bits[i / 64] &= ~mask;
		i += run;
	}
}

void span_setup(struct span *s, uint64_t *bits, size_t count)
{
	memset(bits, 0, SPAN_WORDS(count) * sizeof *bits);
	*s = (struct span){.bits = bits, .count = count, .free = count, .high = count};
}

bool span_is(const struct span *s, size_t first, size_t n, bool taken)
{
	if (!n || !range_within(first, n, s->count))
		return false;
	for (size_t i = first; i < first + n;) {
		if (i % 64 == 0 && n - (i - first) >= 64) {
			if (s->bits[i / 64] != (taken ? UINT64_MAX : 0))
				return false;
			i += 64;
		} else if (taken_at(s, i++) != taken) {
			return false;
		}
	}
	return true;
}

bool span_take_at(struct span *s, size_t first, size_t n)
{
	if (!span_is(s, first, n, false))
		return false;
	mark(s, first, n, true);
	s->free -= n;
	return true;
}

size_t span_take_below(struct span *s, size_t end, size_t n)
{
	size_t i = MIN(end, s->high), run = 0;

	if (!n || n > s->free)
		return SPAN_NONE;
	while (i) {
		if (i % 64 == 0 && s->bits[i / 64 - 1] == UINT64_MAX) {
			i -= 64;
			run = 0;
		} else {
			run = taken_at(s, --i) ? 0 : run + 1;
		}
		if (run == n)
			break;
	}
	if (run < n)
		return SPAN_NONE;
	mark(s, i, n, true);
	s->free -= n;
	if (i + n == s->high)
		s->high = i;
	return i;
}

size_t span_take_high(struct span *s, size_t n)
{
	return span_take_below(s, s->count, n);
}

bool span_give(struct span *s, size_t first, size_t n)
{
	if (!span_is(s, first, n, true))
		return false;
	mark(s, first, n, false);
	s->free += n;
	s->high = MAX(s->high, first + n);
	return true;
}
