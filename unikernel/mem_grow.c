/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames behind the pages of memory: from the machine as long as the domain may have more, then from pages that are spare,
 * which are unmapped for it. A chunk is opened when its first page gets a frame: that costs a page table and a page of
 * frame numbers, which stay for the domain's life.
 */
#include <cambium/hypercall.h>

#include "mem_internal.h"

#define BATCH MEMORY_MAX

size_t units_present(size_t first, size_t n)
{
	size_t present = 0;

	for (size_t end = first + n, run; first < end; first += run) {
		run = chunk_rest(first, end);
		if (mem.chunks[first / ROOM_CHUNK].frames)
			present += frames_present(unit_word(first), run);
	}
	return present;
}

size_t frames_now(size_t *excess)
{
	struct memory_info info;

	if (hc_memory_info(DOMID_SELF, &info) < 0)
		return *excess = 0;
	*excess = info.frames > info.target ? (size_t)(info.frames - info.target) : 0;
	return (size_t)info.frames;
}

int64_t frames_possible(size_t frames)
{
	struct memory_info info;
	uint64_t more = 0;

	if (hc_memory_info(DOMID_SELF, &info) >= 0 && info.target > info.frames)
		more = info.target - info.frames;
	return frames <= more + mem.spare ? 0 : -HC_ELIMIT;
}

/* Unmaps up to @want spare units, those from which frames are missed least: the search goes on where it ended. */
static size_t frames_collect(uint64_t *mfns, size_t *units, size_t want)
{
	static size_t next;
	size_t n = 0;

	for (size_t left = mem.room.pages; left && n < want && mem.spare; left--) {
		size_t unit = next = (next ? next : mem.room.pages) - 1;
		size_t c = unit / ROOM_CHUNK, skip = unit % ROOM_CHUNK;

		if (!mem.chunks[c].frames) {
			next -= skip;
			left -= MIN(skip, left - 1);
			continue;
		}
		if (!frames_mfn(*unit_word(unit)) || span_is(&mem.taken, unit, 1, true))
			continue;
		chunk_split(c);
		entry_queue(unit, 0);
		mfns[n] = frames_mfn(*unit_word(unit));
		units[n++] = unit;
		*unit_word(unit) = 0;
		mem.spare--;
		mem.present--;
	}
	entries_flush();
	return n;
}

int64_t frames_get(uint64_t *mfns, size_t want, bool steal)
{
	size_t units[BATCH];
	int64_t result = hc_memory_increase(mfns, (uint32_t)want, 0);

	if (result > 0)
		return result;
	if (steal && mem.spare)
		return (int64_t)frames_collect(mfns, units, want);
	return result == -HC_ENOMEM ? result : -HC_ELIMIT;
}

size_t frames_release(size_t count)
{
	uint64_t mfns[BATCH];
	size_t units[BATCH], released = 0;

	while (released < count) {
		size_t n = frames_collect(mfns, units, MIN(count - released, BATCH));
		int64_t result = n ? hc_memory_decrease(mfns, (uint32_t)n) : 0;
		size_t gone = result > 0 ? (size_t)result : 0;

		released += gone;
		if (gone == n && n)
			continue;
		/* One is still granted or of the sealed text: they go back where they were. */
		for (; gone < n; gone++) {
			*unit_word(units[gone]) = mfns[gone];
			entry_queue(units[gone], frames_entry(mfns[gone]));
			mem.spare++;
			mem.present++;
		}
		entries_flush();
		break;
	}
	return released;
}

int64_t chunk_open(size_t c)
{
	size_t at = room_frames_unit(&mem.room, c);
	int64_t result;

	if (mem.chunks[c].frames)
		return 0;
	result = chunk_table(c);
	if (!result)
		result = units_fill(at, 1, 1);
	if (!result)
		mem.chunks[c].frames = (uint64_t *)(uintptr_t)unit_va(at);
	return result;
}

int64_t chunks_open(size_t first, size_t n)
{
	int64_t result = 0;

	for (size_t c = first / ROOM_CHUNK; !result && c <= (first + n - 1) / ROOM_CHUNK; c++)
		result = chunk_open(c);
	return result;
}

/* Gives each of the @n units a frame, at most BATCH; how many have one now, or -HC_x when none. */
static int64_t fill(const size_t *units, size_t n, bool steal)
{
	uint64_t mfns[BATCH];
	int64_t got = frames_get(mfns, n, steal);

	for (int64_t i = 0; i < got; i++) {
		uint64_t *word = unit_word(units[i]);

		*word |= mfns[i];
		if (frames_entry(*word))
			entry_queue(units[i], frames_entry(*word));
		mem.present++;
		mem.spare += span_is(&mem.taken, units[i], 1, false);
	}
	entries_flush();
	return got;
}

int64_t units_fill(size_t first, size_t needed, size_t n)
{
	size_t units[BATCH], count = 0, unit = first, end = first + n, must = first + needed;

	while (unit < end || count) {
		int64_t got;

		while (unit < end && count < BATCH) {
			int64_t result = chunk_open(unit / ROOM_CHUNK);

			if (result)
				return unit < must ? result : 0;
			if (!frames_mfn(*unit_word(unit)))
				units[count++] = unit;
			unit++;
		}
		if (!count)
			break;
		got = fill(units, count, units[0] < must);
		if (got < 0)
			return units[0] < must ? got : 0;
		count -= (size_t)got;
		for (size_t i = 0; i < count; i++)
			units[i] = units[(size_t)got + i];
	}
	return 0;
}
