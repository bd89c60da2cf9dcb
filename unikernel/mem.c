/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The domain's memory and its window: who has which page. The heap grows up from the low end of its part as long as the next
 * page is free; runs of pages come from the pool at the low end when they are small, else from the top (core/room.h).
 *
 * Invariant, beside those of mem_internal.h: every byte between the break and the end of its page is zero, so that neither
 * pages_alloc nor sbrk has anything to clear.
 */
#include <errno.h>
#include <string.h>

#include <cambium/crash.h>
#include <cambium/hypercall.h>
#include <cambium/mem.h>

#include "mem_internal.h"

#define POOL_RUN 8u   /* longest run that the pool serves */
#define ASK_FIRST 64u /* a larger wish is not begun when it cannot be met */
#define HEAP_AHEAD_MAX 64u

struct memory mem;
static struct span window;
static uint64_t window_va;

void mem_setup(const struct start_info *start)
{
	const uint64_t *p2m = (const uint64_t *)(uintptr_t)start->p2m_va;
	uint8_t *own = (uint8_t *)(uintptr_t)start->mem_va;
	struct room *room = &mem.room;
	size_t first = start->mem_va / PAGE_SIZE % ROOM_CHUNK;

	if (!room_divide(room, first, start->mem_pages, start->mem_room_pages, start->window_pages))
		start_fail("too little memory to start");
	mem.va = start->mem_va - first * PAGE_SIZE;
	mem.chunks = (struct chunk *)(own + room->chunks_at);
	span_setup(&mem.taken, (uint64_t *)(own + room->taken_at), room->pages);
	span_take_at(&mem.taken, 0, room->own);
	if (room->heap > room->pool)
		span_take_at(&mem.taken, room->pool, room->heap - room->pool);
	for (size_t c = 0; c * ROOM_CHUNK < room->start; c++)
		mem.chunks[c].frames = (uint64_t *)(uintptr_t)unit_va(room_frames_unit(room, c));
	for (size_t i = room->first; i < room->start; i++)
		*unit_word(i) = p2m[i - room->first];
	mem.present = start->mem_pages;
	mem.spare = room->pool - room->own + room->start - MIN(room->heap, room->start);
	mem.heap_break = unit_va(room->heap);

	window_va = start->window_va;
	span_setup(&window, (uint64_t *)(own + room->window_at), start->window_pages);
}

/* --- pages ------------------------------------------------------------------------------------------------------- */

size_t units_take(size_t n)
{
	size_t at = span_take_high(&mem.taken, n);

	if (at == SPAN_NONE)
		return NOWHERE;
	mem.spare -= units_present(at, n);
	return at;
}

void units_give(size_t first, size_t n)
{
	mem.spare += units_present(first, n);
	span_give(&mem.taken, first, n);
}

static size_t take(size_t n)
{
	size_t at = n <= POOL_RUN ? span_take_below(&mem.taken, mem.room.pool, n) : SPAN_NONE;

	if (at == SPAN_NONE)
		return units_take(n);
	mem.spare -= units_present(at, n);
	return at;
}

/* Frames for @needed of the @n units from @first on, which are taken as far as they are needed. 0 or -HC_x. */
static int64_t populate(size_t first, size_t needed, size_t n)
{
	size_t present = mem.present;
	int64_t result = needed >= ASK_FIRST ? frames_possible(needed - units_present(first, needed)) : 0;

	if (!result)
		result = units_fill(first, needed, n);
	if (result < 0 && mem.present > present) {
		/* Half of a wish is of use to nobody here, and may be to other domains. */
		units_give(first, needed);
		frames_release(mem.present - present);
		span_take_at(&mem.taken, first, needed);
		mem.spare -= units_present(first, needed);
	}
	return result;
}

void *pages_alloc(size_t count)
{
	size_t at = count ? take(count) : NOWHERE;
	int64_t result = 0;

	if (at != NOWHERE) {
		result = populate(at, count, count);
		if (!result)
			return (void *)(uintptr_t)unit_va(at);
		units_give(at, count);
	}
	if (count)
		mem_short("pages", count, result);
	return NULL;
}

/* Whether [@va, + @count pages) is taken, of no mapping and accessible. */
static bool are_pages(uint64_t va, size_t count)
{
	if (va % PAGE_SIZE || !is_memory(va) || unit_of(va) < mem.room.own)
		return false;
	if (!span_is(&mem.taken, unit_of(va), count, true) || units_present(unit_of(va), count) != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (*unit_word(unit_of(va) + i) & FRAMES_FLAGS)
			return false;
	return true;
}

void pages_free(void *pages, size_t count)
{
	uint64_t va = (uintptr_t)pages;

	if (!pages)
		return;
	if (!are_pages(va, count))
		crash("pages_free of %zu pages at %p, which are not allocated", count, pages);
	memset(pages, 0, count * PAGE_SIZE);
	units_give(unit_of(va), count);
	balloon_freed();
}

size_t pages_available(void)
{
	struct memory_info info;
	size_t absent = mem.taken.free - mem.spare;

	if (hc_memory_info(DOMID_SELF, &info) < 0 || info.frames >= info.target)
		return mem.spare;
	return mem.spare + MIN(absent, (size_t)(info.target - info.frames));
}

uint64_t pages_mfn(const void *address)
{
	uint64_t va = (uintptr_t)address;

	if (!is_memory(va) || !units_present(unit_of(va), 1))
		crash("pages_mfn of %p, which is not memory", address);
	return frames_mfn(*unit_word(unit_of(va)));
}

static int64_t guard(void *page, bool on)
{
	uint64_t mfn = pages_mfn(page);
	size_t unit = unit_of((uintptr_t)page);
	uint64_t word = mfn | (on ? FRAMES_NONE : 0);
	int64_t result;

	chunk_split(unit / ROOM_CHUNK);
	result = entry_op(MMU_UPDATE_VA, 1, 0, unit_va(unit), frames_entry(word));
	if (!result)
		*unit_word(unit) = word;
	return result;
}

int64_t page_guard(void *page)
{
	return guard(page, true);
}

int64_t page_unguard(void *page)
{
	return guard(page, false);
}

/* --- the heap ---------------------------------------------------------------------------------------------------- */

/* Moves the end of the heap's last page up by @n units; some more get frames with them, as the heap is large. */
static bool heap_grow(size_t end, size_t n)
{
	size_t most = MIN(HEAP_AHEAD_MAX, 4 + (end - mem.room.heap) / 4), ahead = 0;
	int64_t result;

	if (!span_take_at(&mem.taken, end, n)) {
		mem_short("the heap", n, 0);
		return false;
	}
	mem.spare -= units_present(end, n);
	while (ahead < most && (end + n + ahead) % ROOM_CHUNK && span_is(&mem.taken, end + n + ahead, 1, false))
		ahead++;
	result = units_present(end, n) == n ? 0 : populate(end, n, n + ahead);
	if (!result)
		return true;
	units_give(end, n);
	mem_short("the heap", n, result);
	return false;
}

void *mem_sbrk(ptrdiff_t increment)
{
	uint64_t old = mem.heap_break, new = old + (uint64_t)increment;
	uint64_t old_end = align_up(old, PAGE_SIZE), new_end = align_up(new, PAGE_SIZE);

	if (increment < 0) {
		if (new > old || new < unit_va(mem.room.heap))
			return NULL;
		memset((void *)(uintptr_t) new, 0, old - new);
		mem.heap_break = new;
		if (new_end < old_end) {
			units_give(unit_of(new_end), (old_end - new_end) / PAGE_SIZE);
			balloon_freed();
		}
		return (void *)(uintptr_t)old;
	}
	if (new < old || new_end < new || unit_of(new_end) > mem.room.pages) {
		mem_short("the heap", (size_t)increment / PAGE_SIZE, 0);
		return NULL;
	}
	if (new_end > old_end && !heap_grow(unit_of(old_end), (new_end - old_end) / PAGE_SIZE))
		return NULL;
	mem.heap_break = new;
	return (void *)(uintptr_t)old;
}

/* --- the window -------------------------------------------------------------------------------------------------- */

uint64_t window_alloc(size_t pages)
{
	size_t at = span_take_high(&window, pages);

	return at == SPAN_NONE ? 0 : window_va + at * PAGE_SIZE;
}

void window_free(uint64_t va, size_t pages)
{
	if (va % PAGE_SIZE || va < window_va || !span_give(&window, (size_t)((va - window_va) / PAGE_SIZE), pages))
		crash("window_free of %zu pages at 0x%lx, which are not allocated", pages, va);
}
