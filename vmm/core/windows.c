/* SPDX-License-Identifier: BSD-2-Clause */
/* Overlaps of what firmware says where devices are. All of it is compared with all of it: it is little, and asked once. */
#include "windows.h"

#include <base/bits.h>
#include <base/check.h>

#define LOW_END 0x100000ull

const char *windows_over(const struct windows *w, const struct memmap *map, uint64_t start, uint64_t bytes,
			 uint32_t self)
{
	if (!range_within(start, bytes, w->limit))
		return "the end of the CPU's addresses";
	if (start < LOW_END)
		return "the first MiB";
	for (unsigned i = 0; i < map->count; i++) {
		const struct boot_memory *r = &map->range[i];

		if (r->type != BOOT_MEMORY_RESERVED && ranges_overlap(start, bytes, r->start, r->pages * PAGE_SIZE))
			return "RAM";
	}
	for (uint32_t i = 0; i < w->count; i++)
		if (i != self && ranges_overlap(start, bytes, w->window[i].start, w->window[i].bytes))
			return w->window[i].name;
	return 0;
}

void windows_add(struct windows *w, uint64_t start, uint64_t bytes, const char *name)
{
	CHECK(w->count < WINDOWS_MAX);
	w->window[w->count++] = (struct window){start, bytes, name};
}
