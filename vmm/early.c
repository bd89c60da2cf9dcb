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
static uint64_t taken[BOOT_MEMORY_MAX]; /* pages handed out from the front of each range */
static bool direct_map_ready;
static bool sealed;

void early_init(const struct boot_info *physical)
{
	const char *fault;

	memcpy(&boot, physical, sizeof boot);
	fault = boot_fault(&boot, (uint64_t)(vmm_data_end - vmm_text_start));
	if (fault)
		log_fatal("boot information refused: %s", fault);
}

const struct boot_info *early_boot(void)
{
	return &boot;
}

uint64_t early_random(void)
{
	static unsigned next;
	uint64_t word;

	CHECK(next < BOOT_RANDOM_WORDS);
	word = boot.random[next];
	boot.random[next++] = 0;
	return word;
}

void early_direct_map_ready(void)
{
	direct_map_ready = true;
}

uint64_t early_alloc(uint64_t pages)
{
	CHECK(!sealed && pages > 0);
	for (unsigned i = 0; i < boot.memory_count; i++) {
		const struct boot_memory *r = &boot.memory[i];
		uint64_t start = r->start + taken[i] * PAGE_SIZE;

		if (r->type != BOOT_MEMORY_USABLE || r->start < BOOT_LOW_END || r->pages - taken[i] < pages)
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

uint64_t early_left(unsigned i)
{
	return boot.memory[i].start / PAGE_SIZE + taken[i];
}
