/* SPDX-License-Identifier: BSD-2-Clause */
/* The layout of a new domain: the built page tables, walked by a naive walker, say what was meant and nothing else. */
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include <unikernel/control/core/layout.h>

/* A small image: text, read-only data, data with .bss, and the note. */
struct small_elf {
	struct elf_header header;
	struct elf_segment segments[4];
	struct {
		uint32_t name_bytes, desc_bytes, type;
		char name[8];
		struct abi_note note;
	} note;
	uint8_t text[64];
};

static void good_elf(struct small_elf *f)
{
	static const uint8_t ident[16] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
	uint64_t text = offsetof(struct small_elf, text), note = offsetof(struct small_elf, note);

	memset(f, 0, sizeof *f);
	memcpy(f->header.ident, ident, sizeof ident);
	f->header.type = 2;
	f->header.machine = 62;
	f->header.phentsize = sizeof(struct elf_segment);
	f->header.phnum = 4;
	f->header.phoff = offsetof(struct small_elf, segments);
	f->header.entry = GUEST_LINK_VA + 16;
	f->segments[0] = (struct elf_segment){ELF_PT_LOAD, ELF_PF_R | ELF_PF_X, text, GUEST_LINK_VA, 0, 64, 9000, 4096};
	f->segments[1] = (struct elf_segment){ELF_PT_LOAD, ELF_PF_R, text, GUEST_LINK_VA + 0x5010, 0, 16, 16, 4096};
	f->segments[2] = (struct elf_segment){
		ELF_PT_LOAD, ELF_PF_R | ELF_PF_W, text, GUEST_LINK_VA + 0x6000, 0, 8, 0x300000, 4096};
	f->segments[3] = (struct elf_segment){ELF_PT_NOTE, ELF_PF_R, note, 0, 0, sizeof f->note, sizeof f->note, 4};
	f->note.name_bytes = 8;
	f->note.desc_bytes = sizeof f->note.note;
	f->note.type = CAMBIUM_NOTE_ABI;
	memcpy(f->note.name, CAMBIUM_NOTE_OWNER, 8);
	f->note.note.abi_version = ABI_VERSION;
}

Test(control_image, a_good_image_is_described)
{
	struct small_elf f;
	struct image image;

	good_elf(&f);
	cr_assert_eq(image_open(&f, sizeof f, 0, &image), IMAGE_OK);
	cr_assert_eq(image.segment_count, 3);
	cr_assert_eq(image.segments[0].pages, 3);
	cr_assert_eq(image.segments[1].va, GUEST_LINK_VA + 0x5000);
	cr_assert_eq(image.segments[1].lead, 0x10);
	cr_assert_eq(image.segments[2].pages, 0x300);
	cr_assert_eq(image.pages, 3 + 1 + 0x300);
	cr_assert_eq(image.segments[0].data, f.text);
}

#define REFUSES(name, change, want)                                                                                    \
	Test(control_image, name)                                                                                      \
	{                                                                                                              \
		struct small_elf f;                                                                                    \
		struct image image;                                                                                    \
		enum image_error error;                                                                                \
		good_elf(&f);                                                                                          \
		change;                                                                                                \
		error = image_open(&f, sizeof f, FEATURE_XSAVE, &image);                                               \
		cr_assert_eq(error, want, "says: %s", image_error_text(error));                                        \
	}

REFUSES(an_image_below_the_link_address_is_refused, f.segments[0].vaddr -= 4096, IMAGE_BAD_ELF)
REFUSES(an_image_above_2_gib_is_refused, f.segments[2].memsz = 0x80000000, IMAGE_BAD_ELF)
REFUSES(a_writable_executable_segment_is_refused, f.segments[0].flags |= ELF_PF_W, IMAGE_BAD_ELF)
REFUSES(an_image_without_a_note_is_refused, f.note.type = 2, IMAGE_NO_NOTE)
REFUSES(a_note_of_another_owner_is_none, f.note.name[0] = 'X', IMAGE_NO_NOTE)
REFUSES(a_note_that_ends_too_early_is_none, f.segments[3].filesz -= 8, IMAGE_NO_NOTE)
REFUSES(a_note_with_a_huge_name_is_none, f.note.name_bytes = 0xffffffff, IMAGE_NO_NOTE)
REFUSES(a_note_with_a_huge_description_is_none, f.note.desc_bytes = 0xffffffff, IMAGE_NO_NOTE)
REFUSES(another_abi_version_is_refused, f.note.note.abi_version++, IMAGE_ABI)
REFUSES(a_missing_feature_is_refused, f.note.note.features_needed = FEATURE_IOMMU, IMAGE_FEATURES)
REFUSES(a_feature_that_is_there_is_accepted, f.note.note.features_needed = FEATURE_XSAVE, IMAGE_OK)
REFUSES(a_huge_stack_is_refused, f.note.note.stack_pages = 4097, IMAGE_STACK)

/* A layout with all of its tables, and frame numbers that look like nothing else. */
struct built {
	struct layout layout;
	struct layout_table *tables;
	uint64_t *mfns, (*contents)[512];
	struct layout_frames frames;
};

static enum layout_error build(struct built *b, uint64_t budget, uint64_t devices, uint64_t window, uint8_t seed)
{
	static struct small_elf f;
	static struct image image;
	struct layout_wish wish = {.image = &image, .budget = budget, .device_pages = devices, .window_pages = window};
	enum layout_error error;

	good_elf(&f);
	cr_assert_eq(image_open(&f, sizeof f, 0, &image), IMAGE_OK);
	srand48(seed);
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
	b->frames = (struct layout_frames){b->mfns, 0x42, 0x43};
	layout_tables(&b->layout, b->tables);
	for (uint64_t i = 0; i < b->layout.tables; i++)
		layout_table_fill(&b->layout, b->tables, i, &b->frames, b->contents[i]);
	return LAYOUT_OK;
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
	cr_assert_geq(b.layout.frames, 8192 - 4);
	used = calloc(b.layout.frames, 1);
	count = b.layout.tables;
	memset(used, 1, b.layout.tables);
	for (uint32_t i = 0; i < b.layout.region_count; i++) {
		const struct region *r = &b.layout.regions[i];
		if (r->kind == REGION_WINDOW || r->kind == REGION_HYPERCALL || r->kind == REGION_SHARED)
			continue;
		for (uint64_t page = 0; page < r->pages; page++, count++)
			cr_assert_eq(used[r->first + page]++, 0);
	}
	cr_assert_eq(count, b.layout.frames);
	free(used);
	drop(&b);
}

Test(control_layout, bases_are_random_aligned_above_4_gib_and_apart)
{
	struct built a, b;

	cr_assert_eq(build(&a, 4096, 260, 512, 1), LAYOUT_OK);
	cr_assert_eq(build(&b, 4096, 260, 512, 2), LAYOUT_OK);
	for (uint32_t i = 0; i < a.layout.region_count; i++) {
		const struct region *r = &a.layout.regions[i];
		if (r->kind < REGION_START)
			continue;
		cr_assert_eq(r->va % LAYOUT_BASE_ALIGN, 0);
		cr_assert_geq(r->va, LAYOUT_RANDOM_LOW);
		cr_assert_leq(r->va + r->pages * PAGE_SIZE, LAYOUT_RANDOM_HIGH);
		cr_assert_neq(r->va, layout_region(&b.layout, r->kind)->va);
		if (i)
			cr_assert_geq(r->va - r[-1].va - r[-1].pages * PAGE_SIZE, LAYOUT_BASE_ALIGN, "no guard below");
	}
	drop(&a);
	drop(&b);
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
	cr_assert_eq(b.layout.frames, needed);
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
	cr_assert_eq(info.window_pages, 512);
	cr_assert_eq(info.p2m_va, layout_region(&b.layout, REGION_START)->va + PAGE_SIZE);
	cr_assert_geq((layout_region(&b.layout, REGION_START)->pages - 1) * 512, info.mem_pages);
	drop(&b);
}
