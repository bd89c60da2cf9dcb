/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lays an address space out. Invariants: regions are page aligned, ascending and disjoint, those of the block with
 * LAYOUT_GUARD_PAGES unmapped pages below each at least; memory is the last, so that nothing is in the way of its growth;
 * nothing is writable and executable; the frames counted are exactly the frames that tables and regions use.
 */
#include <string.h>
#include <base/check.h>
#include "layout.h"

#define TABLE_ENTRIES 512u
#define BLOCK_REGIONS 5u

static uint64_t table_span(uint32_t level)
{
	return 1ull << (PAGE_SHIFT + 9 * level);
}

static uint64_t region_end(const struct region *r)
{
	return r->va + (r->pages << PAGE_SHIFT);
}

/* Whether its frames are the domain's own. */
static bool region_has_frames(const struct region *r)
{
	if (r->kind == REGION_SEGMENT)
		return r->rights & REGION_W;
	return r->kind != REGION_HYPERCALL && r->kind != REGION_SHARED && r->kind != REGION_WINDOW;
}

/* Inserts a region in the order of addresses. */
static void region_add(struct layout *l, struct region r)
{
	uint32_t i = l->region_count;

	CHECK(l->region_count < LAYOUT_REGION_MAX);
	for (; i > 0 && l->regions[i - 1].va > r.va; i--)
		l->regions[i] = l->regions[i - 1];
	l->regions[i] = r;
	l->region_count++;
}

static void image_place(struct layout *l, const struct image *image)
{
	uint64_t shared = 0;

	region_add(l, (struct region){.kind = REGION_HYPERCALL, .rights = REGION_X, .va = HYPERCALL_VA, .pages = 1});
	region_add(l, (struct region){.kind = REGION_SHARED, .rights = REGION_W, .va = SHARED_VA, .pages = 1});
	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct image_segment *s = &image->segments[i];
		uint32_t rights = s->rights & ELF_PF_X ? REGION_X : s->rights & ELF_PF_W ? REGION_W : 0;
		region_add(l, (struct region){REGION_SEGMENT, rights, i, s->va, s->pages, shared});
		if (!(rights & REGION_W))
			shared += s->pages;
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
			uint64_t base = MAX(align_down(r->va, span), next), end = align_up(region_end(r), span);

			if (base >= end)
				continue;
			for (uint64_t at = base; tables && at < end; at += span)
				tables[count + (at - base) / span] = (struct layout_table){at, level, 0};
			count += (end - base) / span;
			next = end;
		}
	}
	return count;
}

/* The regions of the block before they have addresses: memory last. */
struct block {
	struct region regions[BLOCK_REGIONS];
	uint32_t count;
	uint64_t base;
	uint64_t fixed; /* frames of the image's segments and of all regions but memory and start */
	uint64_t low;   /* tables of all that is not the block */
	uint64_t cmdline_bytes;
};

static void block_add(struct block *b, enum region_kind kind, uint32_t rights, uint64_t pages)
{
	if (pages)
		b->regions[b->count++] = (struct region){.kind = kind, .rights = rights, .pages = pages};
}

static struct region *block_find(struct block *b, enum region_kind kind)
{
	for (uint32_t i = 0; i < b->count; i++)
		if (b->regions[i].kind == kind)
			return &b->regions[i];
	return NULL;
}

static uint64_t start_pages(const struct block *b, uint64_t mem_pages)
{
	return align_up(LAYOUT_P2M_OFFSET + mem_pages * 8 + b->cmdline_bytes, PAGE_SIZE) >> PAGE_SHIFT;
}

/* Pages of the block with its least gaps. */
static uint64_t block_pages(const struct block *b)
{
	uint64_t pages = 0;

	for (uint32_t i = 0; i < b->count; i++)
		pages += LAYOUT_GUARD_PAGES + b->regions[i].pages;
	return pages;
}

/* Gives memory @pages, sizes the p2m to match, and counts the frames of everything. */
static uint64_t frames_with_memory(struct block *b, uint64_t pages)
{
	uint64_t bytes;

	b->regions[b->count - 1].pages = pages;
	block_find(b, REGION_START)->pages = start_pages(b, pages);
	bytes = align_up(block_pages(b) << PAGE_SHIFT, table_span(1));
	return b->fixed + b->low + start_pages(b, pages) + pages + bytes / table_span(1) +
	       (align_up(b->base + bytes, table_span(2)) - align_down(b->base, table_span(2))) / table_span(2);
}

/* The largest memory region that keeps all within @budget; the count grows with the pages, so bisection finds it. */
static enum layout_error memory_fit(struct layout *l, struct block *b, uint64_t least, const struct layout_wish *wish)
{
	bool grows = wish->image->note.flags & NOTE_GROWS;
	uint64_t low = least, high = grows ? least : MAX(wish->reserved, least), frames;

	l->needed = frames_with_memory(b, least);
	if (l->needed > wish->reserved)
		return LAYOUT_TOO_SMALL;
	while (low < high) {
		uint64_t middle = low + (high - low + 1) / 2;
		if (frames_with_memory(b, middle) <= wish->reserved)
			low = middle;
		else
			high = middle - 1;
	}
	frames = frames_with_memory(b, low);
	l->room_pages = grows ? low + wish->maximum - frames : low;
	return LAYOUT_OK;
}

/* Where the block starts: anywhere, as long as memory may become as large as it may. */
static bool block_base(struct block *b, const struct layout_wish *wish, uint64_t random)
{
	uint64_t pages = block_pages(b) + wish->maximum + start_pages(b, wish->maximum) + TABLE_ENTRIES;
	uint64_t units = (LAYOUT_BLOCK_HIGH - LAYOUT_BLOCK_LOW) / LAYOUT_BLOCK_ALIGN;
	uint64_t taken = align_up(pages << PAGE_SHIFT, LAYOUT_BLOCK_ALIGN) / LAYOUT_BLOCK_ALIGN;

	if (pages > LAYOUT_BLOCK_HIGH >> PAGE_SHIFT || taken > units)
		return false;
	b->base = LAYOUT_BLOCK_LOW + random % (units - taken + 1) * LAYOUT_BLOCK_ALIGN;
	return true;
}

/* Every order of all but the last. */
static void block_shuffle(struct block *b, const uint64_t *random)
{
	for (uint32_t left = b->count - 1; left > 1; left--) {
		uint32_t at = (uint32_t)(random[left - 2] % left);
		struct region r = b->regions[at];

		b->regions[at] = b->regions[left - 1];
		b->regions[left - 1] = r;
	}
}

/* Gives the regions their addresses: what is left of the last table goes at random to the gaps and behind the end. */
static void block_place(struct layout *l, const struct block *b, const uint64_t *random)
{
	uint64_t slack = align_up(block_pages(b), TABLE_ENTRIES) - block_pages(b), cuts[BLOCK_REGIONS];
	uint64_t at = b->base;

	for (uint32_t i = 0; i < b->count; i++) {
		uint64_t cut = random[i] % (slack + 1);
		uint32_t n = i;

		for (; n > 0 && cuts[n - 1] > cut; n--)
			cuts[n] = cuts[n - 1];
		cuts[n] = cut;
	}
	for (uint32_t i = 0; i < b->count; i++) {
		struct region r = b->regions[i];

		at += (LAYOUT_GUARD_PAGES + cuts[i] - (i ? cuts[i - 1] : 0)) << PAGE_SHIFT;
		r.va = at;
		at += r.pages << PAGE_SHIFT;
		region_add(l, r);
	}
}

static void frames_number(struct layout *l)
{
	l->frames = l->tables = tables_walk(l, NULL);
	for (uint32_t i = 0; i < l->region_count; i++)
		if (region_has_frames(&l->regions[i])) {
			l->regions[i].first = l->frames;
			l->frames += l->regions[i].pages;
		}
}

enum layout_error layout_compute(struct layout *l, const struct layout_wish *wish)
{
	const struct abi_note *note = &wish->image->note;
	uint64_t stack = wish->stack_pages ? wish->stack_pages : note->stack_pages;
	uint64_t wanted = !note->min_mem_pages && (note->flags & NOTE_GROWS) ? LAYOUT_MEM_PAGES_START
									     : note->min_mem_pages;
	uint64_t least = MAX(LAYOUT_MEM_PAGES_MIN, wanted);
	struct block b = {0};
	enum layout_error error;

	memset(l, 0, sizeof *l);
	image_place(l, wish->image);
	stack = stack ? stack : LAYOUT_STACK_PAGES;
	l->cmdline_bytes = b.cmdline_bytes = wish->cmdline_bytes;
	b.fixed = stack + wish->device_pages;
	for (uint32_t i = 0; i < l->region_count; i++)
		b.fixed += region_has_frames(&l->regions[i]) ? l->regions[i].pages : 0;
	b.low = tables_walk(l, NULL);
	block_add(&b, REGION_START, 0, start_pages(&b, least));
	block_add(&b, REGION_STACK, REGION_W, stack);
	block_add(&b, REGION_DEVICES, REGION_W, wish->device_pages);
	block_add(&b, REGION_WINDOW, 0, wish->window_pages);
	block_add(&b, REGION_MEM, REGION_W, least);
	if (!block_base(&b, wish, wish->random[0]))
		return LAYOUT_NO_PLACE;
	error = memory_fit(l, &b, least, wish);
	if (error)
		return error;
	block_shuffle(&b, wish->random + 1);
	block_place(l, &b, wish->random + 4);
	frames_number(l);
	CHECK(l->frames <= wish->reserved);
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

	if (r->kind == REGION_HYPERCALL)
		mfn = frames->hypercall_mfn;
	else if (r->kind == REGION_SHARED)
		mfn = frames->shared_mfn;
	else if (region_has_frames(r))
		mfn = frames->mfns[r->first + page];
	else
		mfn = frames->image_mfns[r->first + page];
	if (r->rights & REGION_W)
		entry |= PTE_W | PTE_D;
	if (!(r->rights & REGION_X))
		entry |= PTE_NX;
	return entry | mfn << PAGE_SHIFT;
}

/* Whether table @t lies under table @p, which is of the level above; its index there to *@index. */
static bool table_under(const struct layout_table *p, const struct layout_table *t, uint32_t *index)
{
	if (p->level != t->level + 1 || t->base < p->base || t->base - p->base >= table_span(p->level))
		return false;
	*index = (uint32_t)((t->base - p->base) / table_span(t->level));
	return true;
}

/* Entries that name tables. Tables are in the order of their parents, so both only advance. */
static bool run_of_tables(const struct layout *l, const struct layout_table *tables, const struct layout_frames *frames,
			  struct layout_run *run)
{
	uint32_t index = 0;

	if (!run->child)
		run->child = 1;
	if (run->child >= l->tables)
		return false;
	while (!table_under(&tables[run->parent], &tables[run->child], &index))
		run->parent++;
	run->table = run->parent;
	run->first = index;
	for (run->count = 0; run->child < l->tables; run->child++) {
		if (!table_under(&tables[run->parent], &tables[run->child], &index) || index != run->first + run->count)
			break;
		run->entries[run->count++] = PTE_P | PTE_W | PTE_U | PTE_A | frames->mfns[run->child] << PAGE_SHIFT;
	}
	return true;
}

bool layout_run_next(const struct layout *l, const struct layout_table *tables, const struct layout_frames *frames,
		     struct layout_run *run)
{
	const struct region *r;
	uint64_t va;

	if (run_of_tables(l, tables, frames, run))
		return true;
	while (run->region < l->region_count &&
	       (l->regions[run->region].kind == REGION_WINDOW || run->page == l->regions[run->region].pages)) {
		run->region++;
		run->page = 0;
	}
	if (run->region == l->region_count)
		return false;
	r = &l->regions[run->region];
	va = r->va + (run->page << PAGE_SHIFT);
	while (tables[run->leaf].level > 1 || va - tables[run->leaf].base >= table_span(1))
		run->leaf++;
	run->table = run->leaf;
	run->first = (uint32_t)((va - tables[run->leaf].base) >> PAGE_SHIFT);
	run->count = (uint32_t)MIN(r->pages - run->page, TABLE_ENTRIES - run->first);
	for (uint32_t i = 0; i < run->count; i++)
		run->entries[i] = leaf_entry(r, run->page + i, frames);
	run->page += run->count;
	return true;
}

uint64_t layout_cmdline_offset(const struct layout *l)
{
	return LAYOUT_P2M_OFFSET + layout_region(l, REGION_MEM)->pages * 8;
}

void layout_describe(const struct layout *l, struct start_info *info)
{
	const struct region *mem = layout_region(l, REGION_MEM), *start = layout_region(l, REGION_START);
	const struct region *stack = layout_region(l, REGION_STACK), *window = layout_region(l, REGION_WINDOW);

	info->mem_va = mem->va;
	info->mem_pages = mem->pages;
	info->mem_room_pages = l->room_pages;
	info->p2m_va = start->va + LAYOUT_P2M_OFFSET;
	info->long_cmdline_va = l->cmdline_bytes ? start->va + layout_cmdline_offset(l) : 0;
	info->stack_va = stack->va;
	info->stack_pages = stack->pages;
	info->window_va = window ? window->va : 0;
	info->window_pages = window ? window->pages : 0;
}
