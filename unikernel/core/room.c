/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invariants: first < own <= pool <= heap <= pages; the place for a chunk's frame numbers lies in an earlier chunk or in the
 * bookkeeping, so that opening one asks for earlier ones only.
 */
#include <base/bits.h>

#include "room.h"
#include "span.h"

static size_t chunks_of(size_t pages)
{
	return (pages + ROOM_CHUNK - 1) / ROOM_CHUNK;
}

static void divide(struct room *r, size_t first, size_t start, size_t pages, size_t window)
{
	size_t bytes;

	*r = (struct room){.first = first, .start = first + start, .pages = first + pages, .window_pages = window};
	r->chunks = chunks_of(r->pages);
	/* Where the start ends with a chunk, the numbers of the next one could not lie in an earlier one but here. */
	r->start_chunks = MIN(chunks_of(r->start + 1), r->chunks);
	r->window_at = r->taken_at + SPAN_WORDS(r->pages) * sizeof(uint64_t);
	r->chunks_at = r->window_at + SPAN_WORDS(window) * sizeof(uint64_t);
	bytes = r->chunks_at + r->chunks * sizeof(struct chunk);
	r->frames_at = first + align_up(bytes, PAGE_SIZE) / PAGE_SIZE;
	r->own = r->frames_at + r->start_chunks;
	r->pool = MAX(r->own, MIN(r->start, first + ROOM_POOL));
	r->heap = r->pool + (r->chunks - r->start_chunks);
}

bool room_divide(struct room *r, size_t first, size_t start, size_t pages, size_t window)
{
	pages = MAX(start, pages);
	for (;;) {
		divide(r, first, start, pages, window);
		if (r->own - first <= start / 2 || pages == start)
			break;
		pages = MAX(start, pages - pages / 8);
	}
	return r->own + ROOM_LEAST_FREE <= r->start && r->heap <= r->pages;
}

size_t room_frames_unit(const struct room *r, size_t c)
{
	return c < r->start_chunks ? r->frames_at + c : r->pool + c - r->start_chunks;
}
