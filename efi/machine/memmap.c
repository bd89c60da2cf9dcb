/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Orders the boot memory map. Every range's two ends cut the address space; each piece between neighbouring cuts gets
 * the least usable type that covers it. Quadratic in a number of ranges that is at most 512, and run once.
 */
#include "memmap.h"

#include <base/bits.h>
#include <string.h>

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
	return MIN(r->start + r->pages * PAGE_SIZE, BOOT_MEMORY_TOP);
}

/* Type of the piece that begins at @start and holds no cut: the greatest that covers it; 0: in no range. */
static uint32_t piece_type(const struct boot_memory *in, unsigned count, uint64_t start)
{
	uint32_t type = 0;

	for (unsigned i = 0; i < count; i++)
		if (start >= in[i].start && start < end_of(&in[i]))
			type = MAX(type, in[i].type ? MIN(in[i].type, BOOT_MEMORY_RESERVED) : BOOT_MEMORY_RESERVED);
	return type;
}

/* Puts the piece behind those that @map keeps already, as one with the last when they are alike and on one side of 1 MiB. */
static void keep(struct memmap *map, unsigned *kept, struct boot_memory piece)
{
	struct boot_memory *last = *kept ? &map->range[*kept - 1] : NULL;

	if (last && last->type == piece.type && piece.start != BOOT_LOW_END &&
	    last->start + last->pages * PAGE_SIZE == piece.start)
		last->pages += piece.pages;
	else
		map->range[(*kept)++] = piece;
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
	add_cut(map, BOOT_LOW_END);
	for (unsigned i = 0; i < count; i++) {
		if (!in[i].pages || in[i].start >= BOOT_MEMORY_TOP)
			continue;
		add_cut(map, in[i].start);
		add_cut(map, end_of(&in[i]));
	}
	for (unsigned i = 0; i + 1 < map->count; i++) {
		uint64_t start = map->range[i].start, end = map->range[i + 1].start;
		uint32_t type = piece_type(in, count, start);

		if (type)
			keep(map, &kept,
			     (struct boot_memory){.start = start, .pages = (end - start) / PAGE_SIZE, .type = type});
	}
	map->count = kept;
	return true;
}

bool memmap_settle(struct boot_info *info, struct memmap *room)
{
	if (!memmap_order(room, info->memory, info->memory_count) || room->count > BOOT_MEMORY_MAX) {
		info->memory_count = BOOT_MEMORY_MAX + 1;
		return false;
	}
	memcpy(info->memory, room->range, room->count * sizeof room->range[0]);
	info->memory_count = room->count;
	return true;
}
