/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The inside of the domain's memory, for mem.c (who has which page), mem_grow.c (frames behind the pages), mem_entry.c (page
 * tables), map.c (mmap), balloon.c and mem_report.c. A unit is a page from mem.va on, by its number.
 *
 * Invariants: a unit that is not taken and has a frame is mapped read-write and full of zeros; mem.spare counts these. A unit
 * of a chunk that is not opened has no frame.
 */
#ifndef UNIKERNEL_MEM_INTERNAL_H
#define UNIKERNEL_MEM_INTERNAL_H

#include <cambium/mem.h>

#include "core/frames.h"
#include "core/room.h"
#include "core/span.h"
#include "runtime.h"

#define NOWHERE SIZE_MAX /* for no unit */

struct memory {
	uint64_t va;
	struct room room;
	struct span taken;
	struct chunk *chunks;
	size_t spare;   /* units not taken that have a frame */
	size_t present; /* units that have a frame */
	size_t mapped;  /* units of mmap */
	uint64_t heap_break;
};

extern struct memory mem;

static inline uint64_t unit_va(size_t unit)
{
	return mem.va + unit * PAGE_SIZE;
}

static inline bool is_memory(uint64_t va)
{
	return va >= unit_va(mem.room.first) && va < unit_va(mem.room.pages);
}

static inline size_t unit_of(uint64_t va)
{
	return (size_t)((va - mem.va) / PAGE_SIZE);
}

/* The word of @unit; its chunk is open. */
static inline uint64_t *unit_word(size_t unit)
{
	return &mem.chunks[unit / ROOM_CHUNK].frames[unit % ROOM_CHUNK];
}

/* How many units from @first on, below @end, are of the same chunk. */
static inline size_t chunk_rest(size_t first, size_t end)
{
	return MIN(end - first, ROOM_CHUNK - first % ROOM_CHUNK);
}

/* --- mem_entry.c: entries of page tables. A refusal that cannot be ends the domain. -------------------------------- */

/* One operation. 0 or -HC_x. */
int64_t entry_op(uint32_t op, uint32_t level, uint64_t mfn, uint64_t address, uint64_t value);
/* Queues what the entry of @unit becomes; its chunk is open and not huge. entries_flush makes it so. */
void entry_queue(size_t unit, uint64_t value);
void entries_flush(void);
/* Gives units, all open, the flags @set instead of @clear, and the entries that follow from that. */
void units_flag(size_t first, size_t n, uint64_t set, uint64_t clear);
/* Chunk @c is mapped page by page from now on. Takes no memory. */
void chunk_split(size_t c);
/* Maps chunk @c by one entry of level 2 if its frames are a run and it has a table of ours. */
void chunk_join(size_t c);
/* Sees to it that a level-1 table covers chunk @c. 0 or -HC_x. */
int64_t chunk_table(size_t c);

/* --- mem_grow.c: frames ------------------------------------------------------------------------------------------- */

/* Between 1 and @want (at most MEMORY_MAX) frames, all zero, from the machine, or, when @steal, from pages that are spare.
 * -HC_ELIMIT, -HC_ENOMEM: none. */
int64_t frames_get(uint64_t *mfns, size_t want, bool steal);
/* Readies chunk @c for frames. 0 or -HC_x. */
int64_t chunk_open(size_t c);
int64_t chunks_open(size_t first, size_t n);
/* Gives frames to those of @n units that have none. Of the units behind the first @needed it does what costs no other. */
int64_t units_fill(size_t first, size_t needed, size_t n);
/* Whether the machine, the domain's target and what is spare can at all give @frames. 0 or -HC_ELIMIT. */
int64_t frames_possible(size_t frames);
/* Gives up to @count spare frames back to the machine; how many. */
size_t frames_release(size_t count);
/* How many of the units have a frame. */
size_t units_present(size_t first, size_t n);
/* Frames of the domain, with what is beyond its target in *@excess. */
size_t frames_now(size_t *excess);

/* --- mem.c: who has which unit ------------------------------------------------------------------------------------ */

/* Takes the highest @n units that are free, or NOWHERE; without frames. Gives units back; their frames are zero. */
size_t units_take(size_t n);
void units_give(size_t first, size_t n);

/* --- map.c: mappings of anonymous memory, for mmap and friends. Results are 0 or -errno. ------------------------------ */

#define MAP_NONE FRAMES_NONE
#define MAP_READ FRAMES_READONLY
#define MAP_WRITE 0ull

/* A new mapping of @pages zero pages, accessible as @access says; its address to *@va. */
int map_create(size_t pages, uint64_t access, uint64_t *va);
/* Ends the mappings in [@va, + @pages). */
int map_remove(uint64_t va, size_t pages);
/* Changes the access to @pages pages, which are all mapped. */
int map_protect(uint64_t va, size_t pages, uint64_t access);

/* --- balloon.c ----------------------------------------------------------------------------------------------------- */

/* Pages became free: what the domain owes is given back now. */
void balloon_freed(void);

/* --- mem_report.c -------------------------------------------------------------------------------------------------- */

/* One console line, at most one a second: @pages were wanted by @whom and refused with @error (0: no place for them). */
void mem_short(const char *whom, size_t pages, int64_t error);
/* One console line, printf-like. Never waits. */
void mem_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
