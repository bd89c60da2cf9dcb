/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mappings of anonymous private memory. A mapping is a run of units whose words carry FRAMES_MAPPING, the first of them
 * FRAMES_FIRST; there is no other record, so that a part of one can be unmapped or protected without memory for it.
 *
 * A mapping without access has frames only for what was accessible before: its contents are kept, and address space that is
 * only reserved costs nothing but the frame numbers of its chunks. Whole chunks get a run of frames and one entry of level 2
 * when the machine has such a run (mem_entry.c says what splits that again).
 */
#include <errno.h>
#include <string.h>

#include <cambium/hypercall.h>

#include "mem_internal.h"

#define ACCESS (FRAMES_NONE | FRAMES_READONLY)

/* Takes @n units; those of a large mapping begin with a chunk if there is room for that. */
static size_t place(size_t n)
{
	size_t at, skip;

	if (n < ROOM_CHUNK || n + ROOM_CHUNK - 1 < n)
		return units_take(n);
	at = units_take(n + ROOM_CHUNK - 1);
	if (at == NOWHERE)
		return units_take(n);
	skip = align_up(at, ROOM_CHUNK) - at;
	if (skip)
		units_give(at, skip);
	if (skip < ROOM_CHUNK - 1)
		units_give(at + skip + n, ROOM_CHUNK - 1 - skip);
	return at + skip;
}

/* Gives chunk @c, which has no frame, a run of frames if there is one. */
static void chunk_run(size_t c)
{
	uint64_t *words, first;

	if (mem.chunks[c].frames && frames_present(mem.chunks[c].frames, ROOM_CHUNK))
		return;
	if (chunk_open(c) || !mem.chunks[c].table)
		return;
	words = mem.chunks[c].frames;
	if (frames_present(words, ROOM_CHUNK) || hc_memory_increase(&first, RUN_PAGES, MEMORY_RUN) != RUN_PAGES)
		return;
	for (size_t i = 0; i < ROOM_CHUNK; i++)
		words[i] |= first + i;
	mem.present += ROOM_CHUNK;
	chunk_join(c);
	if (mem.chunks[c].table & CHUNK_HUGE)
		return;
	/* Not accessible yet: whoever makes it so joins them. */
	for (size_t i = 0; i < ROOM_CHUNK; i++)
		if (frames_entry(words[i]))
			entry_queue(c * ROOM_CHUNK + i, frames_entry(words[i]));
	entries_flush();
}

/* The chunks that lie in [@first, + @n) wholly. */
static void whole_chunks(size_t first, size_t n, void (*each)(size_t))
{
	for (size_t c = (first + ROOM_CHUNK - 1) / ROOM_CHUNK; (c + 1) * ROOM_CHUNK <= first + n; c++)
		each(c);
}

/* Frames for all of [@first, + @n), runs where whole chunks have none. 0 or -HC_x. */
static int64_t populate(size_t first, size_t n)
{
	size_t absent = n - units_present(first, n);
	int64_t result = absent ? frames_possible(absent) : 0;

	if (!result && absent)
		whole_chunks(first, n, chunk_run);
	return result ? result : units_fill(first, n, n);
}

static int failed(size_t n, int64_t result)
{
	mem_short("a mapping", n, result);
	return -ENOMEM;
}

int map_create(size_t pages, uint64_t access, uint64_t *va)
{
	size_t at = place(pages);
	int64_t result;

	if (at == NOWHERE)
		return failed(pages, 0);
	result = access == MAP_NONE ? chunks_open(at, pages) : populate(at, pages);
	if (result) {
		units_give(at, pages);
		return failed(pages, result);
	}
	units_flag(at, pages, FRAMES_MAPPING | access, 0);
	*unit_word(at) |= FRAMES_FIRST;
	if (!access)
		whole_chunks(at, pages, chunk_join);
	mem.mapped += pages;
	*va = unit_va(at);
	return 0;
}

static bool is_mapped(size_t unit)
{
	return mem.chunks[unit / ROOM_CHUNK].frames && (*unit_word(unit) & FRAMES_MAPPING);
}

/* Whether the range is pages of the domain's memory at all. */
static bool in_room(uint64_t va, size_t pages)
{
	return va % PAGE_SIZE == 0 && is_memory(va) && pages <= mem.room.pages - unit_of(va);
}

/* Makes the run [@first, + @n) of mapped units free: accessible, zero. */
static void unmap(size_t first, size_t n)
{
	units_flag(first, n, 0, FRAMES_FLAGS);
	for (size_t end = first + n, run; first < end; first += run) {
		bool present = frames_mfn(*unit_word(first)) != 0;

		for (run = 1; first + run < end && present == (frames_mfn(*unit_word(first + run)) != 0);)
			run++;
		if (present)
			memset((void *)(uintptr_t)unit_va(first), 0, run * PAGE_SIZE);
		units_give(first, run);
		mem.mapped -= run;
	}
}

int map_remove(uint64_t va, size_t pages)
{
	size_t first = unit_of(va), end = first + pages, run;

	if (!in_room(va, pages))
		return -EINVAL;
	for (; first < end; first += run) {
		bool mapped = is_mapped(first);

		for (run = 1; first + run < end && is_mapped(first + run) == mapped;)
			run++;
		if (mapped)
			unmap(first, run);
	}
	/* What is left behind the range is a mapping of its own. */
	if (end < mem.room.pages && is_mapped(end))
		*unit_word(end) |= FRAMES_FIRST;
	balloon_freed();
	return 0;
}

int map_protect(uint64_t va, size_t pages, uint64_t access)
{
	size_t first = unit_of(va);
	int64_t result;

	if (!in_room(va, pages))
		return -ENOMEM;
	for (size_t i = 0; i < pages; i++)
		if (!is_mapped(first + i))
			return -ENOMEM;
	if (access != MAP_NONE) {
		result = populate(first, pages);
		if (result)
			return failed(pages, result);
	}
	units_flag(first, pages, access, ACCESS & ~access);
	if (access != MAP_NONE)
		whole_chunks(first, pages, chunk_join);
	return 0;
}
