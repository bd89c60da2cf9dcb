/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Orders the boot memory map. Every range's two ends cut the address space; each piece between neighbouring cuts gets
 * the least usable type that covers it. Quadratic in a number of ranges that is at most 512, and run once.
 */
#include "memmap.h"

#include <base/bits.h>

#define LOW_END 0x100000ull

/* Inserts @cut into the ascending list whose entries are kept in the start fields of @map. */
static void add_cut(struct memmap *map, uint64_t cut)
{
	unsigned i = map->count;

	while (i > 0 && map->range[i - 1].start >= cut)
		i--;
	if (i < map->count && map->range[i].start == cut)
		return;
	for (unsigned k = map->count; k > i; k--)
		map->range[k].start = map->range[k - 1].start;
	map->range[i].start = cut;
	map->count++;
}

static uint64_t end_of(const struct boot_memory *r)
{
	return MIN(r->start + r->pages * PAGE_SIZE, MEMMAP_TOP);
}

/* Type of the piece that begins at @start and holds no cut: the greatest that covers it; 0: in no range. */
static uint32_t piece_type(const struct boot_memory *in, unsigned count, uint64_t start)
{
	uint32_t type = 0;

	for (unsigned i = 0; i < count; i++)
		if (start >= in[i].start && start < end_of(&in[i]))
			type = MAX(type, in[i].type ? MIN(in[i].type, BOOT_MEMORY_RESERVED) : BOOT_MEMORY_RESERVED);
	return type && start < LOW_END ? BOOT_MEMORY_RESERVED : type;
}

bool memmap_order(struct memmap *map, const struct boot_memory *in, unsigned count)
{
	unsigned kept = 0;

	map->count = 0;
	if (count > BOOT_MEMORY_MAX)
		return false;
	for (unsigned i = 0; i < count; i++)
		if (in[i].start % PAGE_SIZE || in[i].pages > (UINT64_MAX - in[i].start) / PAGE_SIZE)
			return false;
	add_cut(map, 0);
	add_cut(map, LOW_END);
	for (unsigned i = 0; i < count; i++) {
		if (!in[i].pages || in[i].start >= MEMMAP_TOP)
			continue;
		add_cut(map, in[i].start);
		add_cut(map, end_of(&in[i]));
	}
	for (unsigned i = 0; i + 1 < map->count; i++) {
		uint64_t start = map->range[i].start, end = map->range[i + 1].start;
		struct boot_memory *last = kept ? &map->range[kept - 1] : 0;
		uint32_t type = piece_type(in, count, start);

		if (!type)
			continue;
		if (last && last->type == type && last->start + last->pages * PAGE_SIZE == start)
			last->pages += (end - start) / PAGE_SIZE;
		else
			map->range[kept++] = (struct boot_memory){
				.start = start, .pages = (end - start) / PAGE_SIZE, .type = type};
	}
	map->count = kept;
	return true;
}

uint32_t memmap_type(const struct memmap *map, uint64_t mfn)
{
	for (unsigned i = 0; i < map->count; i++)
		if (mfn - map->range[i].start / PAGE_SIZE < map->range[i].pages)
			return map->range[i].type;
	return BOOT_MEMORY_RESERVED;
}

uint64_t memmap_top(const struct memmap *map)
{
	for (unsigned i = map->count; i > 0; i--)
		if (map->range[i - 1].type != BOOT_MEMORY_RESERVED)
			return map->range[i - 1].start / PAGE_SIZE + map->range[i - 1].pages;
	return 0;
}
