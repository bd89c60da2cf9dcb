/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory before the frame table. The bump allocator takes pages from the front of usable ranges and remembers, per
 * range, how many: what is left of each range is what the frame table gets, so nothing is ever in both. Memory of type
 * BOOT_MEMORY_LOADER is left alone here, since the door's tables are in use until paging_init().
 */
#include "early.h"

#include <base/bits.h>
#include <base/check.h>
#include <string.h>

#include "core/boot_check.h"
#include "layout.h"
#include "log.h"
#include "paging.h"

#define FOUR_GIB (1ull << 32)

static struct boot_info boot;
static struct memmap map;
static uint64_t taken[MEMMAP_MAX]; /* pages handed out from the front of each range */
static bool direct_map_ready;
static bool sealed;

static void refuse(const char *what)
{
	log_fatal("boot information refused: %s", what);
}

void early_init(const struct boot_info *physical)
{
	memcpy(&boot, physical, sizeof boot);
	boot.cmdline[BOOT_CMDLINE_MAX - 1] = 0;
	boot.notes[BOOT_NOTES_MAX - 2] = boot.notes[BOOT_NOTES_MAX - 1] = 0;
	if (boot.magic != BOOT_INFO_MAGIC)
		refuse("wrong magic (neither the UEFI loader nor a PVH monitor started this)");
	if (boot.image_base % 0x200000 || !range_within(boot.image_base, boot.image_bytes, FOUR_GIB))
		refuse("the hypervisor's image is not 2 MiB aligned below 4 GiB");
	if (boot.image_bytes < (uint64_t)(vmm_data_end - vmm_text_start))
		refuse("the hypervisor's image is shorter than itself");
	if (boot.bundle_bytes &&
	    (boot.bundle_base % PAGE_SIZE || !range_within(boot.bundle_base, boot.bundle_bytes, FOUR_GIB)))
		refuse("the bundle is not page aligned below 4 GiB");
	if (!memmap_order(&map, boot.memory, boot.memory_count))
		refuse("the memory map has too many ranges, or one is unaligned or wraps");
	if (memmap_top(&map) == 0)
		refuse("the memory map names no RAM");
	if (!boot_machine_sound(&boot.machine))
		refuse("the machine has more parts than there is room for, or its buses are out of order");
	for (uint64_t page = 0; page < boot.bundle_bytes; page += PAGE_SIZE)
		if (memmap_type(&map, (boot.bundle_base + page) / PAGE_SIZE) != BOOT_MEMORY_BUNDLE)
			refuse("the memory map does not mark the whole bundle as such");
	for (uint64_t page = 0; page < boot.image_bytes; page += PAGE_SIZE)
		if (memmap_type(&map, (boot.image_base + page) / PAGE_SIZE) != BOOT_MEMORY_IMAGE)
			refuse("the memory map does not mark the whole image as such");
}

const struct boot_info *early_boot(void)
{
	return &boot;
}

bool early_option(const char *word)
{
	for (const char *p = boot.cmdline; *p; p++) {
		unsigned n = 0;

		while (word[n] && p[n] == word[n])
			n++;
		if (!word[n] && (p[n] == ' ' || !p[n]) && (p == boot.cmdline || p[-1] == ' '))
			return true;
	}
	return false;
}

void early_direct_map_ready(void)
{
	direct_map_ready = true;
}

uint64_t early_alloc(uint64_t pages)
{
	CHECK(!sealed && pages > 0);
	for (unsigned i = 0; i < map.count; i++) {
		const struct boot_memory *r = &map.range[i];
		uint64_t start = r->start + taken[i] * PAGE_SIZE;

		if (r->type != BOOT_MEMORY_USABLE || r->pages - taken[i] < pages)
			continue;
		if (!direct_map_ready && !range_within(start, pages * PAGE_SIZE, FOUR_GIB))
			continue;
		taken[i] += pages;
		memset(direct_map_ready ? phys_ptr(start) : (void *)start, 0, pages * PAGE_SIZE);
		return start;
	}
	log_fatal("out of memory at boot: no %lu contiguous pages (%lu KiB) of usable RAM are left", pages,
		  pages * (PAGE_SIZE / 1024));
}

void early_seal(void)
{
	CHECK(direct_map_ready);
	sealed = true;
}

const struct memmap *early_map(void)
{
	return &map;
}

uint64_t early_left(unsigned i)
{
	return map.range[i].start / PAGE_SIZE + taken[i];
}
