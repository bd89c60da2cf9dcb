/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page-table entries of the domain's memory, in batches. Invariant: between calls the queue is empty and every entry is
 * what the unit's word says (core/frames.h), level 2 of a huge chunk included.
 *
 * A chunk is mapped by one 2 MiB entry only when its frames are an aligned run, and keeps its level-1 table, unlinked but
 * pinned. Whatever then concerns a part of it (mprotect, a guard page, an unmapped page that is given back) splits it: the table is
 * filled and linked again, which takes no frame and so cannot fail.
 */
#include <cambium/crash.h>
#include <cambium/hypercall.h>

#include "mem_internal.h"

#define QUEUE 64u
#define LINK (PTE_P | PTE_W | PTE_U | PTE_A)

_Static_assert(QUEUE <= MMU_OPS_MAX, "a batch is one hypercall");

static struct mmu_op queue[QUEUE];
static uint32_t queued;

int64_t entry_op(uint32_t op, uint32_t level, uint64_t mfn, uint64_t address, uint64_t value)
{
	struct mmu_op o = {.op = op, .level = level, .mfn = mfn, .address = address, .value = value};
	uint32_t done = 0;
	int64_t result;

	do
		result = hc_mmu_update(&o, 1, &done);
	while (result == -HC_EAGAIN);
	return result;
}

static void must(int64_t result, uint64_t va)
{
	if (result < 0)
		crash("the page table entry of 0x%lx: %s", va, abi_error_text(result));
}

void entries_flush(void)
{
	uint32_t at = 0;

	while (at < queued) {
		uint32_t done = 0;
		int64_t result = hc_mmu_update(queue + at, queued - at, &done);

		at += done;
		if (result != -HC_EAGAIN && at < queued)
			must(result, queue[at].op == MMU_UPDATE_VA ? queue[at].address : 0);
	}
	queued = 0;
}

static void queue_op(struct mmu_op op)
{
	if (queued == QUEUE)
		entries_flush();
	queue[queued++] = op;
}

void entry_queue(size_t unit, uint64_t value)
{
	queue_op((struct mmu_op){.op = MMU_UPDATE_VA, .address = unit_va(unit), .value = value});
}

static void link_level2(size_t c, uint64_t value)
{
	uint64_t va = unit_va(c * ROOM_CHUNK);

	must(entry_op(MMU_UPDATE_VA, 2, 0, va, value), va);
}

void chunk_split(size_t c)
{
	struct chunk *chunk = &mem.chunks[c];
	uint64_t table = chunk->table & ~CHUNK_HUGE;

	if (!(chunk->table & CHUNK_HUGE))
		return;
	for (uint64_t i = 0; i < ROOM_CHUNK; i++)
		queue_op((struct mmu_op){
			.op = MMU_UPDATE, .mfn = table, .address = i, .value = frames_entry(chunk->frames[i])});
	entries_flush();
	link_level2(c, table << PAGE_SHIFT | LINK);
	chunk->table = table;
}

void chunk_join(size_t c)
{
	struct chunk *chunk = &mem.chunks[c];

	if (!chunk->table || (chunk->table & CHUNK_HUGE) || !frames_are_run(chunk->frames, ROOM_CHUNK))
		return;
	link_level2(c, frames_entry(chunk->frames[0]) | PTE_PS);
	chunk->table |= CHUNK_HUGE;
}

/* Gives the words of one chunk other flags; true when entries change with them. */
static bool words_flag(uint64_t *words, size_t n, uint64_t set, uint64_t clear)
{
	bool change = false;

	for (size_t i = 0; i < n; i++) {
		uint64_t old = words[i];

		words[i] = (old & ~clear) | set;
		change |= frames_entry(words[i]) != frames_entry(old);
	}
	return change;
}

void units_flag(size_t first, size_t n, uint64_t set, uint64_t clear)
{
	for (size_t end = first + n, run; first < end; first += run) {
		size_t c = first / ROOM_CHUNK;
		uint64_t *words = unit_word(first);
		bool whole, huge = mem.chunks[c].table & CHUNK_HUGE;

		run = chunk_rest(first, end);
		whole = run == ROOM_CHUNK && !(set & FRAMES_NONE);
		/* Split by what the words said before. */
		if (huge && !whole && frames_entry((words[0] & ~clear) | set) != frames_entry(words[0]))
			chunk_split(c);
		if (!words_flag(words, run, set, clear))
			continue;
		if (mem.chunks[c].table & CHUNK_HUGE) {
			link_level2(c, frames_entry(words[0]) | PTE_PS);
			continue;
		}
		for (size_t i = 0; i < run; i++)
			entry_queue(first + i, frames_entry(words[i]));
	}
	entries_flush();
}

/* A new table of @level for @va, linked under tables that are made as well where they are missing. */
static int64_t table_make(uint64_t va, uint32_t level, uint64_t *mfn)
{
	int64_t result = frames_get(mfn, 1, true);
	uint64_t upper;

	if (result < 0)
		return result;
	must(entry_op(MMU_PIN, 0, *mfn, 0, level), va);
	result = entry_op(MMU_UPDATE_VA, level + 1, 0, va, *mfn << PAGE_SHIFT | LINK);
	if (result == -HC_ENOTABLE && level < 3) {
		result = table_make(va, level + 1, &upper);
		if (!result)
			result = entry_op(MMU_UPDATE_VA, level + 1, 0, va, *mfn << PAGE_SHIFT | LINK);
	}
	if (!result)
		return 0;
	must(entry_op(MMU_UNPIN, 0, *mfn, 0, 0), va);
	hc_memory_decrease(mfn, 1);
	return result;
}

int64_t chunk_table(size_t c)
{
	uint64_t va = unit_va(c * ROOM_CHUNK);
	int64_t result;

	if (mem.chunks[c].table)
		return 0;
	result = entry_op(MMU_UPDATE_VA, 1, 0, va, 0); /* is there one of the builder's? */
	return result == -HC_ENOTABLE ? table_make(va, 1, &mem.chunks[c].table) : result;
}
