/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of a row of equal units (pages) are taken: one bit each, and runs of units taken and given back. The caller
 * supplies the bitmap, so that it can lie in the very memory that it describes.
 */
#ifndef UNIKERNEL_CORE_SPAN_H
#define UNIKERNEL_CORE_SPAN_H

#include <base/bits.h>

#define SPAN_NONE SIZE_MAX

struct span {
	uint64_t *bits; /* SPAN_WORDS(count) words; bit set: taken */
	size_t count;   /* units */
	size_t free;    /* units not taken */
	size_t high;    /* no unit from here on is free */
};

#define SPAN_WORDS(count) (((count) + 63) / 64)

/* Starts with all @count units free. @bits has SPAN_WORDS(count) words and is overwritten. */
void span_setup(struct span *s, uint64_t *bits, size_t count);

/* Takes the run of @n units at @first. False, and nothing changed, when it is empty, outside or not wholly free. */
bool span_take_at(struct span *s, size_t first, size_t n);

/* Takes the highest free run of @n units and returns its first unit, or SPAN_NONE. */
size_t span_take_high(struct span *s, size_t n);

/* Likewise the highest that ends at or below @end. */
size_t span_take_below(struct span *s, size_t end, size_t n);

/* Gives @n units from @first back. False, and nothing changed, when the run is outside or not wholly taken. */
bool span_give(struct span *s, size_t first, size_t n);

/* Whether the run lies inside and all of it is taken (@taken) or free. */
bool span_is(const struct span *s, size_t first, size_t n, bool taken);

#endif
