/* SPDX-License-Identifier: BSD-2-Clause */
/* The layout of a new domain: the built page tables, walked by a naive walker, say what was meant and nothing else. */
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include <unikernel/control/core/layout.h>

#include "control_small_elf.h"

/* A layout with all of its tables, and frame numbers that look like nothing else. */
struct built {
	struct layout layout;
	struct layout_table *tables;
	uint64_t *mfns, (*contents)[512];
	struct layout_frames frames;
	uint64_t image_mfns[4]; /* text and read-only data of the small image */
};

/* What a test may ask for beside the small image. */
struct request {
	uint64_t reserved, maximum, devices, window, cmdline;
	uint32_t flags, least; /* of the note */
	uint8_t seed;
};

static enum layout_error build_as(struct built *b, struct request q)
{
	static struct small_elf f;
	static struct image image;
	struct layout_wish wish = {.image = &image, .reserved = q.reserved, .device_pages = q.devices};
	static struct layout_run run;
	enum layout_error error;

	good_elf(&f);
	f.note.note.flags = q.flags;
	f.note.note.min_mem_pages = q.least;
	cr_assert_eq(image_open(&f, sizeof f, 0, &image), IMAGE_OK);
	wish.maximum = q.maximum ? q.maximum : q.reserved;
	wish.window_pages = q.window;
	wish.cmdline_bytes = q.cmdline;
	srand48(q.seed);
	for (unsigned i = 0; i < LAYOUT_RANDOM_COUNT; i++)
		wish.random[i] = (uint64_t)mrand48() << 32 ^ (uint64_t)mrand48();
	memset(b, 0, sizeof *b);
	error = layout_compute(&b->layout, &wish);
	if (error)
		return error;
	b->tables = calloc(b->layout.tables, sizeof *b->tables);
	b->mfns = calloc(b->layout.frames, sizeof *b->mfns);
	b->contents = calloc(b->layout.tables, sizeof *b->contents);
	for (uint64_t i = 0; i < b->layout.frames; i++)
		b->mfns[i] = 0x100000 + i * 7;
	for (uint64_t i = 0; i < ARRAY_SIZE(b->image_mfns); i++)
		b->image_mfns[i] = 0x900000 + i * 3;
	b->frames = (struct layout_frames){b->mfns, b->image_mfns, 0x42, 0x43};
	layout_tables(&b->layout, b->tables);
	memset(&run, 0, sizeof run);
	while (layout_run_next(&b->layout, b->tables, &b->frames, &run)) {
		cr_assert(run.count && run.first + run.count <= 512 && run.table < b->layout.tables);
		for (uint32_t i = 0; i < run.count; i++) {
			cr_assert_eq(b->contents[run.table][run.first + i], 0, "told twice");
			b->contents[run.table][run.first + i] = run.entries[i];
		}
	}
	return LAYOUT_OK;
}

static enum layout_error build(struct built *b, uint64_t budget, uint64_t devices, uint64_t window, uint8_t seed)
{
	return build_as(b, (struct request){.reserved = budget, .devices = devices, .window = window, .seed = seed});
}

static void drop(struct built *b)
{
	free(b->tables);
	free(b->mfns);
	free(b->contents);
}

/* Table contents of the frame @mfn, which must be a table's. */
static const uint64_t *table_at(const struct built *b, uint64_t mfn)
{
	for (uint64_t i = 0; i < b->layout.tables; i++)
		if (b->mfns[i] == mfn)
			return b->contents[i];
	cr_assert_fail("frame %lx is no table", mfn);
	return NULL;
}

/* The leaf entry for @va, walked as the CPU does; *@level becomes 1 when a level-1 table covers it. */
static uint64_t walk(const struct built *b, uint64_t va, unsigned *level)
{
	const uint64_t *table = b->contents[0];

	for (*level = 4; *level > 1; --*level) {
		uint64_t e = table[va >> (3 + 9 * *level) & 511];
		if (!e)
			return 0;
		cr_assert_eq(e & ~PTE_FRAME & ~PTE_A, PTE_P | PTE_W | PTE_U);
		table = table_at(b, (e & PTE_FRAME) >> PAGE_SHIFT);
	}
	return table[va >> PAGE_SHIFT & 511];
}

static uint64_t expected(const struct built *b, const struct region *r, uint64_t page)
{
	uint64_t rights = PTE_P | PTE_U | (r->rights & REGION_X ? 0 : PTE_NX) | (r->rights & REGION_W ? PTE_W : 0);

	switch (r->kind) {
	case REGION_WINDOW: return 0;
	case REGION_HYPERCALL: return rights | 0x42 << PAGE_SHIFT;
	case REGION_SHARED: return rights | 0x43 << PAGE_SHIFT;
	case REGION_SEGMENT:
		if (!(r->rights & REGION_W))
			return rights | b->image_mfns[r->first + page] << PAGE_SHIFT;
		/* fall through */
	default: return rights | b->mfns[r->first + page] << PAGE_SHIFT;
	}
}

static void walk_all(const struct built *b)
{
	uint64_t mapped = 0, present = 0;
	unsigned level;

	for (uint32_t i = 0; i < b->layout.region_count; i++) {
		const struct region *r = &b->layout.regions[i];
		cr_assert_neq(r->rights, REGION_W | REGION_X);
		for (uint64_t page = 0; page < r->pages; page++) {
			uint64_t e = walk(b, r->va + page * PAGE_SIZE, &level);
			cr_assert_eq(level, 1);
			cr_assert_eq(e & ~(PTE_A | PTE_D), expected(b, r, page), "region %d page %lu: %lx", r->kind,
				     page, e);
			mapped += e != 0;
		}
	}
	/* nothing else is mapped, no frame of a table is, and the upper half is empty */
	for (uint64_t i = 0; i < b->layout.tables; i++)
		for (unsigned n = 0; n < 512; n++) {
			uint64_t e = b->contents[i][n], mfn = (e & PTE_FRAME) >> PAGE_SHIFT;
			cr_assert(b->tables[i].level != 4 || n < 256 || !e);
			if (b->tables[i].level != 1 || !e)
				continue;
			present++;
			for (uint64_t t = 0; t < b->layout.tables; t++)
				cr_assert_neq(b->mfns[t], mfn, "a table is mapped");
		}
	cr_assert_eq(present, mapped);
}

Test(control_layout, tables_map_what_was_meant_and_nothing_else)
{
	for (uint8_t seed = 0; seed < 4; seed++) {
		struct built b;
		cr_assert_eq(build(&b, 4096, 260, 1000, seed), LAYOUT_OK);
		walk_all(&b);
		drop(&b);
	}
}

Test(control_layout, every_frame_has_one_use_and_the_budget_is_used_up)
{
	struct built b;
	uint8_t *used;
	uint64_t count;

	cr_assert_eq(build(&b, 8192, 520, 512, 9), LAYOUT_OK);
	cr_assert_leq(b.layout.frames, 8192);
	cr_assert_geq(b.layout.frames, 8192 - 6);
	used = calloc(b.layout.frames, 1);
	count = b.layout.tables;
	memset(used, 1, b.layout.tables);
	for (uint32_t i = 0; i < b.layout.region_count; i++) {
		const struct region *r = &b.layout.regions[i];
		if (r->kind == REGION_WINDOW || r->kind == REGION_HYPERCALL || r->kind == REGION_SHARED ||
		    (r->kind == REGION_SEGMENT && !(r->rights & REGION_W)))
			continue;
		for (uint64_t page = 0; page < r->pages; page++, count++)
			cr_assert_eq(used[r->first + page]++, 0);
	}
	cr_assert_eq(count, b.layout.frames);
	free(used);
	drop(&b);
}

Test(control_layout, places_are_random_within_512_gib_with_guards_below)
{
	struct built a, b;

	cr_assert_eq(build(&a, 4096, 260, 512, 1), LAYOUT_OK);
	cr_assert_eq(build(&b, 4096, 260, 512, 2), LAYOUT_OK);
	for (uint32_t i = 0; i < a.layout.region_count; i++) {
		const struct region *r = &a.layout.regions[i];
		if (r->kind < REGION_START)
			continue;
		cr_assert_eq(r->va % PAGE_SIZE, 0);
		cr_assert_geq(r->va, LAYOUT_BLOCK_LOW);
		cr_assert_leq(r->va + r->pages * PAGE_SIZE, LAYOUT_BLOCK_HIGH);
		cr_assert_neq(r->va, layout_region(&b.layout, r->kind)->va);
		cr_assert_geq(r->va - r[-1].va - r[-1].pages * PAGE_SIZE, LAYOUT_GUARD_PAGES * PAGE_SIZE,
			      "no guard below");
	}
	cr_assert_eq(a.layout.regions[a.layout.region_count - 1].kind, REGION_MEM, "memory can grow");
	drop(&a);
	drop(&b);
}

/* A domain of the size of hello, drawn often. */
static const struct request small = {.reserved = 1024, .window = 64, .flags = NOTE_GROWS, .least = 32};

Test(control_layout, a_small_domain_needs_eight_tables_wherever_it_lies)
{
	/* the small image's .bss reaches over 2 MiB: one more than a program whose image fits one level-1 table */
	for (unsigned seed = 0; seed < 200; seed++) {
		struct request q = small;
		struct built b;

		q.seed = (uint8_t)seed;
		cr_assert_eq(build_as(&b, q), LAYOUT_OK);
		cr_assert_eq(b.layout.tables, 8);
		drop(&b);
	}
}

Test(control_layout, block_and_gaps_have_the_entropy_that_decision_18_states)
{
	enum { DRAWS = 4096 };
	static uint64_t low[512];
	unsigned lower = 0, orders = 0, distinct = 0;
	static uint8_t order_seen[64];

	for (unsigned n = 0; n < DRAWS; n++) {
		static struct small_elf f;
		struct layout_wish wish = {.reserved = 1024, .maximum = 1024, .window_pages = 64, .device_pages = 4};
		struct image image;
		struct layout l;
		unsigned order = 0;
		uint64_t va;

		good_elf(&f);
		f.note.note.flags = NOTE_GROWS;
		cr_assert_eq(image_open(&f, sizeof f, 0, &image), IMAGE_OK);
		wish.image = &image;
		srand48((long)n * 7919 + 13);
		for (unsigned i = 0; i < LAYOUT_RANDOM_COUNT; i++)
			wish.random[i] = (uint64_t)mrand48() << 32 ^ (uint64_t)mrand48();
		cr_assert_eq(layout_compute(&l, &wish), LAYOUT_OK);
		va = layout_region(&l, REGION_STACK)->va;
		lower += va < (LAYOUT_BLOCK_LOW + LAYOUT_BLOCK_HIGH) / 2;
		distinct += !low[va / PAGE_SIZE % 512]++;
		for (uint32_t i = l.region_count - 5; i < l.region_count - 1; i++)
			order = order * 5 + l.regions[i].kind % 5;
		orders += !order_seen[order * 7 % 61]++;
	}
	/* either half of the 512 GiB, far more than a hundred places within the 2 MiB, and all orders */
	cr_assert(lower > DRAWS * 2 / 5 && lower < DRAWS * 3 / 5, "%u", lower);
	cr_assert_geq(distinct, 300);
	cr_assert_geq(orders, 12);
}

Test(control_layout, a_program_that_grows_has_its_least_and_room_up_to_the_maximum)
{
	struct request q = small;
	struct start_info info = {0};
	struct built b;

	q.reserved = 1024;
	q.maximum = 16384;
	cr_assert_eq(build_as(&b, q), LAYOUT_OK);
	layout_describe(&b.layout, &info);
	cr_assert_eq(info.mem_pages, 32);
	cr_assert_eq(info.mem_room_pages, 32 + 16384 - b.layout.frames);
	cr_assert_leq(info.mem_va + info.mem_room_pages * PAGE_SIZE, LAYOUT_BLOCK_HIGH);
	walk_all(&b);
	drop(&b);
	q.least = 0;
	cr_assert_eq(build_as(&b, q), LAYOUT_OK);
	cr_assert_eq(layout_region(&b.layout, REGION_MEM)->pages, LAYOUT_MEM_PAGES_START);
	drop(&b);
	q.flags = 0;
	cr_assert_eq(build_as(&b, q), LAYOUT_OK);
	layout_describe(&b.layout, &info);
	cr_assert_eq(info.mem_room_pages, info.mem_pages, "who cannot grow has what is reserved");
	cr_assert_geq(b.layout.frames, 1024 - 6);
	drop(&b);
}

Test(control_layout, more_than_the_address_space_holds_finds_no_place)
{
	struct request q = small;
	struct built b;

	q.maximum = 1ull << 27;
	cr_assert_eq(build_as(&b, q), LAYOUT_NO_PLACE);
	q.maximum = UINT64_MAX / 4096;
	cr_assert_eq(build_as(&b, q), LAYOUT_NO_PLACE);
}

Test(control_layout, the_page_below_the_stack_is_unmapped)
{
	struct built b;
	unsigned level;

	cr_assert_eq(build(&b, 4096, 0, 0, 5), LAYOUT_OK);
	cr_assert_eq(layout_region(&b.layout, REGION_STACK)->pages, LAYOUT_STACK_PAGES);
	cr_assert_eq(walk(&b, layout_region(&b.layout, REGION_STACK)->va - PAGE_SIZE, &level), 0);
	cr_assert_null(layout_region(&b.layout, REGION_DEVICES));
	cr_assert_null(layout_region(&b.layout, REGION_WINDOW));
	drop(&b);
}

Test(control_layout, the_least_budget_is_exact)
{
	struct built b;
	uint64_t needed;

	cr_assert_eq(build(&b, 512, 260, 512, 3), LAYOUT_TOO_SMALL);
	needed = b.layout.needed;
	cr_assert_eq(build(&b, needed - 1, 260, 512, 3), LAYOUT_TOO_SMALL);
	cr_assert_eq(build(&b, needed, 260, 512, 3), LAYOUT_OK);
	cr_assert_leq(b.layout.frames, needed);
	cr_assert_eq(layout_region(&b.layout, REGION_MEM)->pages, LAYOUT_MEM_PAGES_MIN);
	drop(&b);
}

Test(control_layout, start_info_tells_what_the_tables_map)
{
	struct built b;
	struct start_info info = {0};

	cr_assert_eq(build(&b, 4096, 260, 100, 6), LAYOUT_OK);
	layout_describe(&b.layout, &info);
	cr_assert_eq(info.mem_va, layout_region(&b.layout, REGION_MEM)->va);
	cr_assert_eq(info.window_pages, 100);
	cr_assert_eq(info.p2m_va, layout_region(&b.layout, REGION_START)->va + LAYOUT_P2M_OFFSET);
	cr_assert_geq(layout_region(&b.layout, REGION_START)->pages * PAGE_SIZE,
		      LAYOUT_P2M_OFFSET + info.mem_pages * 8);
	drop(&b);
}

Test(control_layout, a_long_command_line_stands_behind_the_p2m)
{
	struct request q = small;
	struct start_info info = {0};
	const struct region *start;
	struct built b;

	cr_assert_eq(build_as(&b, q), LAYOUT_OK);
	layout_describe(&b.layout, &info);
	cr_assert_eq(info.long_cmdline_va, 0);
	drop(&b);
	q.cmdline = 4096;
	cr_assert_eq(build_as(&b, q), LAYOUT_OK);
	layout_describe(&b.layout, &info);
	start = layout_region(&b.layout, REGION_START);
	cr_assert_eq(info.long_cmdline_va, info.p2m_va + info.mem_pages * 8);
	cr_assert_eq(info.long_cmdline_va, start->va + layout_cmdline_offset(&b.layout));
	cr_assert_leq(info.long_cmdline_va + q.cmdline, start->va + start->pages * PAGE_SIZE);
	walk_all(&b);
	drop(&b);
}
