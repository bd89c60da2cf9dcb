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

#define LAYOUT_RANDOM_LOW 0x100000000ull     /* randomised bases lie above 4 GiB */
#define LAYOUT_RANDOM_HIGH 0x7f0000000000ull /* and the regions end below this */
#define LAYOUT_BASE_ALIGN 0x200000ull
#define LAYOUT_RANDOM_COUNT 32u /* random numbers that placing may use up: five regions, the rest for collisions */
#define LAYOUT_STACK_PAGES 64u
#define LAYOUT_MEM_PAGES_MIN 16u   /* with less than this as free memory no program starts */
#define LAYOUT_MEM_PAGES_START 64u /* of a program that grows and whose note has no wish */

enum region_kind {
	REGION_SEGMENT, /* region.part: number of the image's segment */
	REGION_HYPERCALL,
	REGION_SHARED,
	REGION_START, /* the start-info page and behind it the p2m */
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
	uint64_t first; /* frame number of its first page; unused by HYPERCALL, SHARED and WINDOW */
};

struct layout {
	uint32_t region_count;
	struct region regions[LAYOUT_REGION_MAX]; /* ascending addresses */
	uint64_t tables;                          /* page tables */
	uint64_t frames;                          /* to be populated: tables and regions */
	uint64_t room_pages;                      /* that memory may grow to; no less than the region has */
	uint64_t
		needed; /* the least budget that would do, at these bases: others may need a table or two more or less */
};

struct layout_wish {
	const struct image *image;
	uint64_t budget;       /* frames that the domain may own altogether */
	uint64_t stack_pages;  /* 0: the note's, or LAYOUT_STACK_PAGES */
	uint64_t device_pages; /* ring and pool pages */
	uint64_t window_pages;
	uint64_t random[LAYOUT_RANDOM_COUNT]; /* fresh, unpredictable: the bases are drawn from it */
};

enum layout_error { LAYOUT_OK = 0, LAYOUT_TOO_SMALL, LAYOUT_NO_PLACE };

/*
 * Works the layout out. The memory region gets all of the budget that is left; at most a few
 * frames remain over. If the program grows by itself (NOTE_GROWS), memory has but its least pages, and room for the rest. LAYOUT_TOO_SMALL: not even max(LAYOUT_MEM_PAGES_MIN, the note's min_mem_pages) pages are left.
 * LAYOUT_NO_PLACE: the regions are too large for the address space.
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

/* Machine frames behind a layout: of frame numbers 0 .. frames-1, and the two pages that are the hypervisor's. */
struct layout_frames {
	const uint64_t *mfns;
	uint64_t hypercall_mfn, shared_mfn;
};

/* The 512 entries of table @i of @tables to @out. */
void layout_table_fill(const struct layout *l, const struct layout_table *tables, uint64_t i,
		       const struct layout_frames *frames, uint64_t out[512]);

/* The start-info fields that follow from the layout: addresses and sizes of memory, p2m, stack and window. */
void layout_describe(const struct layout *l, struct start_info *info);

#endif
