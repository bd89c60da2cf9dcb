/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control domain's builder, laying out what abi/start.h describes. The tables it writes are validated by the same
 * core as every guest's, so a mistake here ends in a refusal at start and never in a hole.
 */
#include "build.h"

#include <abi/bundle.h>
#include <abi/start.h>
#include <string.h>

#include "core/boot_check.h"
#include "core/domain.h"
#include "core/frame.h"
#include "core/mmu.h"
#include "log.h"
#include "paging.h"
#include "early.h"
#include "vcpu.h"

#define CONTROL_MEM_PAGES 4096u
#define CONTROL_STACK_PAGES 64u
#define CONTROL_WINDOW_PAGES 2048u
#define CONTROL_MAX_PAGES (CONTROL_MEM_PAGES + 8192u)
/* Its ports, grants and mappings grow with every domain that it makes: no other domain can take that from it. */
#define CONTROL_RESERVED_PAGES (CONTROL_MEM_PAGES + 512u)

/* Each area starts at a random 2 MiB boundary in the lower half of a tebibyte of its own. */
enum lane { LANE_INFO = 1, LANE_STACK, LANE_MEM, LANE_WINDOW, LANE_BUNDLE };

static struct domain *d;
static mfn_t root;

static uint64_t lane_base(enum lane lane)
{
	return ((uint64_t)lane << 40) + ((early_random() & 0x3ffff) << 21);
}

static mfn_t page_new(void)
{
	enum abi_error e;
	mfn_t mfn = 0;

	WITH_FLUSH(e, frame_alloc(&world, d, &mfn));
	if (e != HC_OK)
		log_fatal("control domain: %s; it needs %u MiB", abi_error_text(e), CONTROL_MEM_PAGES / 256);
	return mfn;
}

/* The level-1 entry for @va, making tables on the way. */
static uint64_t *entry_for(uint64_t va)
{
	mfn_t table = root;

	for (unsigned level = 4; level > 1; level--) {
		uint64_t *e = (uint64_t *)world_page(&world, table) + (va >> (PAGE_SHIFT + 9 * (level - 1)) & 511);

		if (!*e)
			*e = page_new() << PAGE_SHIFT | PTE_P | PTE_W | PTE_U;
		table = (*e & PTE_FRAME) >> PAGE_SHIFT;
	}
	return (uint64_t *)world_page(&world, table) + (va >> PAGE_SHIFT & 511);
}

static void map(uint64_t va, mfn_t mfn, uint64_t rights)
{
	*entry_for(va) = mfn << PAGE_SHIFT | PTE_P | PTE_U | rights;
}

/* A new page at @va. */
static void *map_new(uint64_t va, uint64_t rights)
{
	mfn_t mfn = page_new();

	map(va, mfn, rights);
	return world_page(&world, mfn);
}

/* Pins the tables from the leaves up. */
static void pin_tree(mfn_t table, unsigned level)
{
	const uint64_t *entries = world_page(&world, table);
	enum abi_error e;

	for (unsigned i = 0; level > 1 && i < TABLE_ENTRIES; i++)
		if (entries[i])
			pin_tree((entries[i] & PTE_FRAME) >> PAGE_SHIFT, level - 1);
	WITH_FLUSH(e, mmu_pin(&world, d, table, level));
	if (e != HC_OK)
		log_fatal("control domain's page tables, level %u: %s", level, abi_error_text(e));
}

static void load_image(const struct bundle_control *image)
{
	static const uint64_t rights[] = {
		[BUNDLE_READ] = PTE_NX, [BUNDLE_WRITE] = PTE_W | PTE_NX, [BUNDLE_EXECUTE] = 0};

	for (uint32_t i = 0; i < image->segment_count; i++) {
		const struct bundle_segment *s = &image->segment[i];

		for (uint64_t at = 0; at < s->memory_bytes; at += PAGE_SIZE) {
			void *page = map_new(s->va + at, rights[s->rights]);
			if (at < s->file_bytes)
				memcpy(page, (const uint8_t *)image + s->offset + at, PAGE_SIZE);
		}
	}
}

static void build_memory(struct start_info *s)
{
	uint64_t *p2m = NULL;

	s->p2m_va = lane_base(LANE_INFO) + PAGE_SIZE;
	s->mem_va = lane_base(LANE_MEM);
	s->mem_pages = CONTROL_MEM_PAGES;
	for (uint64_t i = 0; i < CONTROL_MEM_PAGES; i++) {
		mfn_t mfn = page_new();

		map(s->mem_va + i * PAGE_SIZE, mfn, PTE_W | PTE_NX);
		if (i % (PAGE_SIZE / 8) == 0)
			p2m = map_new(s->p2m_va + i * 8, PTE_NX);
		p2m[i % (PAGE_SIZE / 8)] = mfn;
	}
	s->stack_va = lane_base(LANE_STACK) + PAGE_SIZE;
	s->stack_pages = CONTROL_STACK_PAGES;
	for (uint64_t i = 0; i < CONTROL_STACK_PAGES; i++)
		map_new(s->stack_va + i * PAGE_SIZE, PTE_W | PTE_NX);
	s->window_va = lane_base(LANE_WINDOW);
	s->window_pages = CONTROL_WINDOW_PAGES;
	for (uint64_t i = 0; i < CONTROL_WINDOW_PAGES; i += 512)
		entry_for(s->window_va + i * PAGE_SIZE);
}

static void build_info(struct start_info *s, const char *cmdline)
{
	static const char program[] = "control ";
	uint64_t n = sizeof program - 1;

	s->magic = START_MAGIC;
	s->abi_version = ABI_VERSION;
	s->features = world.features;
	s->domid = d->id;
	s->capabilities = d->capabilities;
	s->vcpu_count = 1;
	memcpy(s->name, d->name, sizeof s->name);
	for (unsigned i = 0; i < START_SEED_BYTES / 8; i++) {
		uint64_t r = early_random();
		memcpy(s->seed + i * 8, &r, 8);
	}
	memcpy(s->cmdline, program, n);
	while (n < START_CMDLINE_MAX - 1 && *cmdline)
		s->cmdline[n++] = *cmdline++;
}

void build_control(uint64_t bundle, uint64_t bytes, const char *cmdline)
{
	const void *b = bytes ? phys_ptr(bundle) : NULL;
	const char *fault = boot_bundle_fault(b, bytes);
	struct domain_create c = {.name = "control",
				  .max_pages = CONTROL_MAX_PAGES,
				  .reserved_pages = CONTROL_RESERVED_PAGES,
				  .capabilities = CAP_ALL,
				  .weight = BVT_WEIGHT_DEFAULT,
				  .vcpu_count = 1};
	struct start_info *s;
	uint64_t info_va;
	enum abi_error e;

	if (fault)
		log_fatal("bundle refused: %s", fault);
	WITH_FLUSH(e, domain_create(&world, &c, &d));
	if (e != HC_OK)
		log_fatal("control domain: %s", abi_error_text(e));
	vcpus_attach(d);
	root = page_new();
	load_image(boot_control(b));
	info_va = lane_base(LANE_INFO) - PAGE_SIZE;
	s = map_new(info_va, PTE_NX);
	build_memory(s);
	build_info(s, cmdline);
	map(HYPERCALL_VA, world.stubs_mfn, 0);
	map(SHARED_VA, d->shared_mfn, PTE_W | PTE_NX);
	s->bundle_va = lane_base(LANE_BUNDLE);
	s->bundle_bytes = bytes;
	for (uint64_t i = 0; i < bytes; i += PAGE_SIZE)
		map(s->bundle_va + i, (bundle + i) >> PAGE_SHIFT, PTE_NX);
	pin_tree(root, 4);
	e = mmu_link(&world, d, root, 4);
	if (e != HC_OK)
		log_fatal("control domain's page tables: %s", abi_error_text(e));
	vcpu_prepare(&d->vcpu, root, boot_control(b)->entry, s->stack_va + CONTROL_STACK_PAGES * PAGE_SIZE, info_va);
	d->state = DOMAIN_RUNNING;
	log_line("control domain: %lu KiB of memory, entry %lx", d->frame_count * 4, boot_control(b)->entry);
}
