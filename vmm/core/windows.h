/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Physical addresses that devices answer at, as firmware tells them: registers that tables name, and BARs. Two that share a
 * byte, or one that lies over memory, cannot both be true; whoever used it would reach what is not meant.
 */
#pragma once

#include "memmap.h"

#define WINDOWS_MAX 512u /* the tables' 102, and 6 of each of 64 functions */

struct windows {
	uint64_t limit; /* no address from here on */
	uint32_t count;
	struct window {
		uint64_t start, bytes; /* physical */
		const char *name;
	} window[WINDOWS_MAX];
};

/*
 * What [@start, @start + @bytes) lies over, in a few words: memory of @map (anything but reserved, and all below 1 MiB),
 * a window other than number @self, or the end of addresses. NULL: nothing. @bytes is not 0.
 */
const char *windows_over(const struct windows *w, const struct memmap *map, uint64_t start, uint64_t bytes,
			 uint32_t self);

/* Adds a window, whatever lies there. @name is kept. */
void windows_add(struct windows *w, uint64_t start, uint64_t bytes, const char *name);
