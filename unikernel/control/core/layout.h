/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The address space of a new domain (abi/start.h), worked out before a frame is touched: regions, how many frames, and
 * the contents of every page table. A frame has a number within the domain, 0 .. frames-1, in the order in which the
 * builder populates: the page tables first (the level-4 table is 0), then each region's pages.
 */
#ifndef CAMBIUM_CONTROL_LAYOUT_H
#define CAMBIUM_CONTROL_LAYOUT_H

#include <abi/hypercall.h>
#include <abi/start.h>
#include "image.h"

/*
 * All but the fixed pages and the image lies in one block, at a random multiple of 2 MiB and within the level-4 entry of
 * the image, so that a small domain needs seven tables: one of each level, and what the three places (hypercall page,
 * image, block) take below. Decision 18 has the entropy.
 */
#define LAYOUT_BLOCK_LOW 0x100000000ull   /* 4 GiB */
#define LAYOUT_BLOCK_HIGH 0x8000000000ull /* 512 GiB */
#define LAYOUT_BLOCK_ALIGN 0x200000ull
#define LAYOUT_GUARD_PAGES 8u   /* unmapped below each region of the block, at least */
#define LAYOUT_RANDOM_COUNT 10u /* random numbers: the base, three of the order, six gaps */
#define LAYOUT_STACK_PAGES 64u
#define LAYOUT_MEM_PAGES_MIN 16u   /* with less than this as free memory no program starts */
#define LAYOUT_MEM_PAGES_START 64u /* of a program that grows and whose note has no wish */
#define LAYOUT_P2M_OFFSET 512u     /* of the p2m, behind the start-info in its page */

enum region_kind {
	REGION_SEGMENT, /* region.part: number of the image's segment; its frames are the image's unless it is writable */
	REGION_HYPERCALL,
	REGION_SHARED,
	REGION_START, /* the start-info, behind it the p2m, and then a long command line */
	REGION_STACK,
	REGION_MEM,
	REGION_DEVICES,
	REGION_WINDOW,
};

#define LAYOUT_REGION_MAX (IMAGE_SEGMENT_MAX + 7u)

#define REGION_W 1u
#define REGION_X 2u

struct region {
	enum region_kind kind;
	uint32_t rights; /* REGION_W or REGION_X or neither; always readable */
	uint32_t part;
	uint64_t va;
	uint64_t pages;
	uint64_t
		first; /* frame number of its first page, or number among the image's; unused by HYPERCALL, SHARED, WINDOW */
};

struct layout {
	uint32_t region_count;
	struct region regions[LAYOUT_REGION_MAX]; /* ascending addresses */
	uint64_t tables;                          /* page tables */
	uint64_t frames;                          /* to be populated: tables and regions */
	uint64_t room_pages;                      /* that memory may grow to; no less than the region has */
	uint64_t needed;        /* the least reservation that would do; at another base one table more or less */
	uint64_t cmdline_bytes; /* of a long command line; 0: none */
};

struct layout_wish {
	const struct image *image;
	uint64_t reserved;     /* frames that it owns for certain: no more are there at start */
	uint64_t maximum;      /* frames that it may own one day; at least reserved */
	uint64_t stack_pages;  /* 0: the note's, or LAYOUT_STACK_PAGES */
	uint64_t device_pages; /* ring and pool pages */
	uint64_t window_pages;
	uint64_t cmdline_bytes;               /* of a command line that the start-info does not hold; 0: it does */
	uint64_t random[LAYOUT_RANDOM_COUNT]; /* fresh, unpredictable: the places are drawn from it */
};

enum layout_error { LAYOUT_OK = 0, LAYOUT_TOO_SMALL, LAYOUT_NO_PLACE };

/*
 * Works the layout out. The memory region gets all that is left of the reservation, a few frames apart; if the program
 * grows by itself (NOTE_GROWS), its least pages, and room up to the maximum. LAYOUT_TOO_SMALL: not even
 * max(LAYOUT_MEM_PAGES_MIN, the note's min_mem_pages) pages are left. LAYOUT_NO_PLACE: too large for the address space.
 */
enum layout_error layout_compute(struct layout *l, const struct layout_wish *wish);

/* The region of @kind, NULL: the domain has none (no fronts: no REGION_DEVICES). */
const struct region *layout_region(const struct layout *l, enum region_kind kind);

/* One page table: level 4..1 and the first address that it translates. */
struct layout_table {
	uint64_t base;
	uint32_t level;
	uint32_t reserved0;
};

/* Lists the l->tables page tables to @tables, in the order of their frame numbers. */
void layout_tables(const struct layout *l, struct layout_table *tables);

/* Machine frames behind a layout: of frame numbers 0 .. frames-1, of the image, and the two that are the hypervisor's. */
struct layout_frames {
	const uint64_t *mfns, *image_mfns;
	uint64_t hypercall_mfn, shared_mfn;
};

/* Adjacent entries of one table; and, for layout_run_next() alone, how far it is. */
struct layout_run {
	uint64_t table; /* frame number */
	uint32_t first, count;
	uint64_t entries[512]; /* count of them */
	uint64_t parent, child, page, leaf;
	uint32_t region;
};

/*
 * The contents of all tables, run by run: *@run starts as zero in all but `entries`. False: that was all; every entry of
 * which no run told is zero.
 */
bool layout_run_next(const struct layout *l, const struct layout_table *tables, const struct layout_frames *frames,
		     struct layout_run *run);

/* Where in REGION_START a long command line stands. */
uint64_t layout_cmdline_offset(const struct layout *l);

/* The start-info fields that follow from the layout: addresses and sizes of memory, p2m, stack, window, command line. */
void layout_describe(const struct layout *l, struct start_info *info);

#endif
