/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical addresses that something answers at: memory, registers that firmware's tables name, BARs. Two that share a byte
 * cannot both be true; whoever used one would reach what is not meant. All of it is compared with all of it: it is little,
 * and asked once. For the doors, which judge the tables, and for the hypervisor, which judges BARs.
 */
#ifndef CAMBIUM_BASE_WINDOWS_H
#define CAMBIUM_BASE_WINDOWS_H

#include <base/bits.h>

/* 1 for the first MiB, 512 of memory, the tables' 102, and 6 of each of 64 functions. */
#define WINDOWS_MAX 1024u

struct windows {
	uint64_t end; /* no address from here on */
	uint32_t count;
	struct window {
		uint64_t start, bytes; /* physical */
		const char *name;
	} window[WINDOWS_MAX];
};

/* Adds a window, whatever lies there. @name is kept. False when there is no room. */
static inline bool windows_add(struct windows *w, uint64_t start, uint64_t bytes, const char *name)
{
	if (w->count >= WINDOWS_MAX)
		return false;
	w->window[w->count++] = (struct window){start, bytes, name};
	return true;
}

/*
 * What [@start, @start + @bytes) lies over, in a few words: the first window that was added, but for number @self, or the
 * end of addresses. NULL: nothing. @bytes is not 0.
 */
static inline const char *windows_over(const struct windows *w, uint64_t start, uint64_t bytes, uint32_t self)
{
	if (!range_within(start, bytes, w->end))
		return "the end of the CPU's addresses";
	for (uint32_t i = 0; i < w->count; i++)
		if (i != self && ranges_overlap(start, bytes, w->window[i].start, w->window[i].bytes))
			return w->window[i].name;
	return NULL;
}

#endif
