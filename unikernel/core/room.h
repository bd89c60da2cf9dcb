/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the address space of a domain's memory is divided. Its units are pages, in chunks of ROOM_CHUNK: as many as one
 * level-1 page table maps; unit 0 is where the first of them begins. From below:
 *
 *   [0, first)        not the memory's: it shares its first chunk with other things
 *   [first, own)      the bookkeeping: bitmaps, a struct chunk for each chunk, frame numbers of the chunks that are there
 *   [own, pool)       pages that are there at start, for small needs, so that a small program makes no table
 *   [pool, heap)      a place for the frame numbers of each further chunk, filled when the chunk is opened
 *   [heap, pages)     the heap from below, runs of pages from above
 */
#ifndef UNIKERNEL_CORE_ROOM_H
#define UNIKERNEL_CORE_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROOM_CHUNK 512u    /* entries of a page table */
#define ROOM_POOL 64u      /* the pool ends here, or where the pages that are there at start end */
#define ROOM_LEAST_FREE 16 /* with less than this, nothing starts */

/* What is known of one chunk. */
struct chunk {
	uint64_t table;   /* mfn of its level-1 table, 0: the builder's; CHUNK_HUGE */
	uint64_t *frames; /* a word for each page (core/frames.h); NULL: not opened, nothing is there */
};

#define CHUNK_HUGE (1ull << 63) /* mapped by one entry of level 2; the table is kept for when that ends */

struct room {
	size_t pages;                              /* units; may be fewer than asked for */
	size_t first, start;                       /* [first, start) is there at start */
	size_t own, pool, heap;                    /* as above */
	size_t taken_at, window_at, chunks_at;     /* byte offsets from unit `first`: two bitmaps, struct chunk[] */
	size_t frames_at;                          /* unit of the first frame numbers that are there at start */
	size_t chunks, start_chunks, window_pages; /* counts; start_chunks: whose frame numbers are there at start */
};

/*
 * Divides @pages pages behind @first units; the first @start of them are there. For a window of @window pages. Bookkeeping that would take
 * more than half of what is there at start makes the room smaller instead. False: @start is too little.
 */
bool room_divide(struct room *r, size_t first, size_t start, size_t pages, size_t window);

/* The unit that holds the frame numbers of chunk @c. */
size_t room_frames_unit(const struct room *r, size_t c);

#endif
