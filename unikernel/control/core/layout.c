/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lays an address space out. Invariants: regions are page aligned, ascending and disjoint, randomised ones with an unmapped
 * 2 MiB at least on either side (the stack's guard page is part of that); nothing is writable and executable; the frames
 * counted are exactly the frames that tables and regions use.
 */
#include <string.h>
#include <base/check.h>
#include "layout.h"

#define TABLE_ENTRIES 512u

static uint64_t table_span(uint32_t level)
{
	return 1ull << (PAGE_SHIFT + 9 * level);
}

static uint64_t region_end(const struct region *r)
{
	return r->va + (r->pages << PAGE_SHIFT);
}

static bool region_has_frames(const struct region *r)
{
	return r->kind != REGION_HYPERCALL && r->kind != REGION_SHARED && r->kind != REGION_WINDOW;
}

/* Inserts a region in the order of addresses. */
static void region_add(struct layout *l, struct region r)
{
	uint32_t i = l->region_count;

	if (!r.pages)
		return;
	CHECK(l->region_count < LAYOUT_REGION_MAX);
	for (; i > 0 && l->regions[i - 1].va > r.va; i--)
		l->regions[i] = l->regions[i - 1];
	l->regions[i] = r;
	l->region_count++;
}

/* Random numbers of a wish, and how many of them are used up. */
struct random_supply {
	const uint64_t *numbers;
	uint32_t used;
};

/* Adds a region of @pages at a random place, unless @pages is 0; false when none was found. */
static bool region_place(struct layout *l, enum region_kind kind, uint32_t rights, uint64_t pages,
			 struct random_supply *random)
{
	uint64_t bytes = align_up(pages << PAGE_SHIFT, LAYOUT_BASE_ALIGN);
	uint64_t room = (LAYOUT_RANDOM_HIGH - LAYOUT_RANDOM_LOW) / LAYOUT_BASE_ALIGN;

	if (!pages)
		return true;
	while (random->used < LAYOUT_RANDOM_COUNT) {
		uint64_t va = LAYOUT_RANDOM_LOW + random->numbers[random->used++] % room * LAYOUT_BASE_ALIGN;
		bool free = bytes <= LAYOUT_RANDOM_HIGH - va;

		for (uint32_t i = 0; i < l->region_count; i++) {
			const struct region *o = &l->regions[i];
			free &= !ranges_overlap(va - LAYOUT_BASE_ALIGN, bytes + 2 * LAYOUT_BASE_ALIGN, o->va,
						o->pages << PAGE_SHIFT);
		}
		if (!free)
			continue;
		region_add(l, (struct region){.kind = kind, .rights = rights, .va = va, .pages = pages});
		return true;
	}
	return false;
}

static void image_place(struct layout *l, const struct image *image)
{
	region_add(l, (struct region){.kind = REGION_HYPERCALL, .rights = REGION_X, .va = HYPERCALL_VA, .pages = 1});
	region_add(l, (struct region){.kind = REGION_SHARED, .rights = REGION_W, .va = SHARED_VA, .pages = 1});
	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct image_segment *s = &image->segments[i];
		uint32_t rights = s->rights & ELF_PF_X ? REGION_X : s->rights & ELF_PF_W ? REGION_W : 0;
		region_add(l, (struct region){REGION_SEGMENT, rights, i, s->va, s->pages, 0});
	}
}

/* Visits the tables in the order of their frame numbers; @tables may be NULL for the count alone. */
static uint64_t tables_walk(const struct layout *l, struct layout_table *tables)
{
	uint64_t count = 0;

	for (uint32_t level = 4; level >= 1; level--) {
		uint64_t span = table_span(level), next = 0;

		for (uint32_t i = 0; i < l->region_count; i++) {
			const struct region *r = &l->regions[i];
			uint64_t base = MAX(align_down(r->va, span), next);

			for (; base < region_end(r); base += span) {
				if (tables)
					tables[count] = (struct layout_table){base, level, 0};
				count++;
			}
			next = base;
		}
	}
	return count;
}

static struct region *region_find(struct layout *l, enum region_kind kind)
{
	for (uint32_t i = 0; i < l->region_count; i++)
		if (l->regions[i].kind == kind)
			return &l->regions[i];
	return NULL;
}

static uint64_t p2m_pages(uint64_t mem_pages)
{
	return (mem_pages + TABLE_ENTRIES - 1) / TABLE_ENTRIES;
}

/* Gives the memory region @pages, sizes the p2m to match, and counts all frames. */
static uint64_t frames_with_memory(struct layout *l, uint64_t pages)
{
	region_find(l, REGION_MEM)->pages = pages;
	region_find(l, REGION_START)->pages = 1 + p2m_pages(pages);
	l->tables = tables_walk(l, NULL);
	l->frames = l->tables;
	for (uint32_t i = 0; i < l->region_count; i++)
		if (region_has_frames(&l->regions[i]))
			l->frames += l->regions[i].pages;
	return l->frames;
}

/* The largest memory region that keeps all within @budget; the count grows with the pages, so bisection finds it. */
static enum layout_error memory_fit(struct layout *l, uint64_t least, uint64_t budget, bool grows)
{
	uint64_t low = least, high = grows ? least : MAX(budget, least);

	l->needed = frames_with_memory(l, least);
	if (l->needed > budget)
		return LAYOUT_TOO_SMALL;
	while (low < high) {
		uint64_t middle = low + (high - low + 1) / 2;
		if (frames_with_memory(l, middle) <= budget)
			low = middle;
		else
			high = middle - 1;
	}
	frames_with_memory(l, low);
	l->room_pages = grows ? low + budget - l->frames : low;
	return LAYOUT_OK;
}

enum layout_error layout_compute(struct layout *l, const struct layout_wish *wish)
{
	const struct abi_note *note = &wish->image->note;
	uint64_t stack = wish->stack_pages   ? wish->stack_pages
			 : note->stack_pages ? note->stack_pages
					     : LAYOUT_STACK_PAGES;
	bool grows = note->flags & NOTE_GROWS;
	uint64_t wanted = !note->min_mem_pages && grows ? LAYOUT_MEM_PAGES_START : note->min_mem_pages;
	uint64_t least = MAX(LAYOUT_MEM_PAGES_MIN, wanted), next;
	uint64_t most = MAX(wish->budget, least);
	struct random_supply random = {wish->random, 0};
	enum layout_error error;

	memset(l, 0, sizeof *l);
	image_place(l, wish->image);
	/* Placed at their largest, so that whatever size they end up with, they overlap nothing. */
	if (!region_place(l, REGION_START, 0, 1 + p2m_pages(most), &random) ||
	    !region_place(l, REGION_STACK, REGION_W, stack, &random) ||
	    !region_place(l, REGION_MEM, REGION_W, most, &random) ||
	    !region_place(l, REGION_DEVICES, REGION_W, wish->device_pages, &random) ||
	    !region_place(l, REGION_WINDOW, 0, align_up(wish->window_pages, 512), &random))
		return LAYOUT_NO_PLACE;
	error = memory_fit(l, least, wish->budget, grows);
	if (error)
		return error;
	next = l->tables;
	for (uint32_t i = 0; i < l->region_count; i++) {
		if (!region_has_frames(&l->regions[i]))
			continue;
		l->regions[i].first = next;
		next += l->regions[i].pages;
	}
	CHECK(next == l->frames && l->frames <= wish->budget);
	return LAYOUT_OK;
}

const struct region *layout_region(const struct layout *l, enum region_kind kind)
{
	for (uint32_t i = 0; i < l->region_count; i++)
		if (l->regions[i].kind == kind)
			return &l->regions[i];
	return NULL;
}

void layout_tables(const struct layout *l, struct layout_table *tables)
{
	CHECK(tables_walk(l, tables) == l->tables);
}

/* The entry for page @page of region @r. */
static uint64_t leaf_entry(const struct region *r, uint64_t page, const struct layout_frames *frames)
{
	uint64_t entry = PTE_P | PTE_U | PTE_A, mfn;

	if (r->kind == REGION_WINDOW)
		return 0;
	if (r->kind == REGION_HYPERCALL)
		mfn = frames->hypercall_mfn;
	else if (r->kind == REGION_SHARED)
		mfn = frames->shared_mfn;
	else
		mfn = frames->mfns[r->first + page];
	if (r->rights & REGION_W)
		entry |= PTE_W | PTE_D;
	if (!(r->rights & REGION_X))
		entry |= PTE_NX;
	return entry | mfn << PAGE_SHIFT;
}

void layout_table_fill(const struct layout *l, const struct layout_table *tables, uint64_t i,
		       const struct layout_frames *frames, uint64_t out[512])
{
	uint64_t base = tables[i].base, end = base + table_span(tables[i].level);

	memset(out, 0, TABLE_ENTRIES * sizeof out[0]);
	if (tables[i].level > 1) {
		uint64_t step = table_span(tables[i].level - 1);
		for (uint64_t t = i + 1; t < l->tables; t++)
			if (tables[t].level == tables[i].level - 1 && tables[t].base >= base && tables[t].base < end)
				out[(tables[t].base - base) / step] = PTE_P | PTE_W | PTE_U | PTE_A |
								      frames->mfns[t] << PAGE_SHIFT;
		return;
	}
	for (uint32_t n = 0; n < l->region_count; n++) {
		const struct region *r = &l->regions[n];
		uint64_t va = MAX(r->va, base);
		for (; va < end && va < region_end(r); va += PAGE_SIZE)
			out[(va - base) >> PAGE_SHIFT] = leaf_entry(r, (va - r->va) >> PAGE_SHIFT, frames);
	}
}

void layout_describe(const struct layout *l, struct start_info *info)
{
	const struct region *mem = layout_region(l, REGION_MEM), *start = layout_region(l, REGION_START);
	const struct region *stack = layout_region(l, REGION_STACK), *window = layout_region(l, REGION_WINDOW);

	info->mem_va = mem->va;
	info->mem_pages = mem->pages;
	info->mem_room_pages = l->room_pages;
	info->p2m_va = start->va + PAGE_SIZE;
	info->stack_va = stack->va;
	info->stack_pages = stack->pages;
	info->window_va = window ? window->va : 0;
	info->window_pages = window ? window->pages : 0;
}
