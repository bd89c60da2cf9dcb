/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's half of every address space. One level-4 table is built here; guests' roots copy its upper half.
 * Invariant: after paging_init() no level-4 entry of the upper half changes any more, so those copies stay true; what is
 * added later (devices, guards) hangs below level-3 tables that exist already. No page is writable and executable, and
 * text and read-only data have no writable alias.
 */
#include "paging.h"

#include <abi/hypercall.h>
#include <base/bits.h>
#include <base/check.h>
#include <stdbool.h>

#include "early.h"
#include "cpu_features.h"
#include "x86.h"

#define GLOBAL 0x100ull
#define RO (PTE_P | PTE_A | PTE_NX)
#define RW (PTE_P | PTE_W | PTE_A | PTE_D | PTE_NX)
#define RX (PTE_P | PTE_A)
#define UNCACHED (PTE_PWT | PTE_PCD)

#define ENTRIES 512u
#define UPPER 256u
#define LEVEL_BYTES(level) (1ull << (12 + 9 * ((level)-1)))

static uint64_t root; /* physical; 0 before paging_init() */
static uint64_t device_next = DEVICE_MAP;
static bool switched;
static uint64_t global_bit;

uint64_t virt_phys(const void *p)
{
	uint64_t va = (uint64_t)p;

	if (va >= (uint64_t)vmm_text_start && va < (uint64_t)vmm_data_end)
		return va - (uint64_t)vmm_text_start + early_boot()->image_base;
	CHECK(va >= DIRECT_MAP && va - DIRECT_MAP < DIRECT_MAP_BYTES);
	return va - DIRECT_MAP;
}

static uint64_t *table_at(uint64_t pa)
{
	return switched ? phys_ptr(pa) : (uint64_t *)pa;
}

static unsigned index_of(uint64_t va, unsigned level)
{
	return (unsigned)(va >> (12 + 9 * (level - 1))) % ENTRIES;
}

/* The entry that maps @va at @level, with tables made on the way. */
static uint64_t *entry_of(uint64_t va, unsigned level)
{
	uint64_t *table = table_at(root);

	for (unsigned l = 4; l > level; l--) {
		uint64_t *e = &table[index_of(va, l)];
		if (!*e) {
			CHECK(l < 4 || !switched);
			*e = early_alloc(1) | PTE_P | PTE_W | PTE_A;
		}
		CHECK(!(*e & PTE_PS));
		table = table_at(*e & PTE_FRAME);
	}
	return &table[index_of(va, level)];
}

/* Maps [@va, @va + @len) to @pa, all page aligned, in pages as large as alignment and @max_level allow. */
static void map(uint64_t va, uint64_t pa, uint64_t len, uint64_t rights, unsigned max_level)
{
	while (len) {
		unsigned level = max_level;
		while (level > 1 && ((va | pa) % LEVEL_BYTES(level) || len < LEVEL_BYTES(level)))
			level--;
		uint64_t *e = entry_of(va, level);
		CHECK(!*e);
		*e = pa | rights | global_bit | (level > 1 ? PTE_PS : 0);
		va += LEVEL_BYTES(level);
		pa += LEVEL_BYTES(level);
		len -= LEVEL_BYTES(level);
	}
}

static void map_image(void)
{
	const struct {
		const char *start, *end;
		uint64_t rights, alias;
	} sections[] = {
		{vmm_text_start, vmm_text_end, RX, RO},
		{vmm_rodata_start, vmm_rodata_end, RO, RO},
		{vmm_data_start, vmm_data_end, RW, RW},
	};

	CHECK((uint64_t)vmm_text_start == IMAGE_LINK);
	CHECK((uint64_t)(vmm_data_end - vmm_text_start) <= IMAGE_LIMIT);
	for (unsigned i = 0; i < ARRAY_SIZE(sections); i++) {
		uint64_t va = (uint64_t)sections[i].start, len = (uint64_t)(sections[i].end - sections[i].start);
		uint64_t pa = va - IMAGE_LINK + early_boot()->image_base;
		map(va, pa, len, sections[i].rights, 1);
		map(DIRECT_MAP + pa, pa, len, sections[i].alias, 1);
	}
}

static void map_ram(unsigned max_level)
{
	for (unsigned i = 0; i < early_boot()->memory_count; i++) {
		const struct boot_memory *r = &early_boot()->memory[i];
		bool writable = r->type == BOOT_MEMORY_USABLE || r->type == BOOT_MEMORY_LOADER;

		if (r->start >= BOOT_LOW_END && r->type != BOOT_MEMORY_RESERVED && r->type != BOOT_MEMORY_IMAGE)
			map(DIRECT_MAP + r->start, r->start, r->pages * PAGE_SIZE, writable ? RW : RO, max_level);
	}
}

void paging_init(void)
{
	global_bit = cpu_policy()->pge ? GLOBAL : 0;
	root = early_alloc(1);
	entry_of(DEVICE_MAP, 2);
	map_image();
	map_ram(cpu_policy()->gib_pages ? 3 : 2);
	write_cr3(root);
	switched = true;
	early_direct_map_ready();
}

uint64_t paging_root(void)
{
	return root;
}

const uint64_t *paging_upper_half(void)
{
	return table_at(root) + UPPER;
}

void *paging_map_device(uint64_t pa, uint64_t len)
{
	uint64_t first = align_down(pa, PAGE_SIZE), bytes, va = device_next;

	CHECK(len > 0 && len <= DEVICE_MAP_BYTES && pa < 1ull << 52);
	bytes = align_up(pa + len, PAGE_SIZE) - first;
	if (bytes >= LEVEL_BYTES(2))
		va = align_up(va, LEVEL_BYTES(2)) + first % LEVEL_BYTES(2);
	CHECK(range_within(va - DEVICE_MAP, bytes, DEVICE_MAP_BYTES));
	map(va, first, bytes, RW | UNCACHED, 2);
	device_next = va + bytes;
	return (void *)(va + (pa - first));
}

void paging_guard(const void *page)
{
	uint64_t va = (uint64_t)page;

	CHECK(va % PAGE_SIZE == 0 && va >= (uint64_t)vmm_data_start && va < (uint64_t)vmm_data_end);
	*entry_of(va, 1) = 0;
	invlpg(va);
}
