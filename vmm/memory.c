/* SPDX-License-Identifier: BSD-2-Clause */
/* The frame table at start: each frame of the memory map gets its owner. */
#include "memory.h"

#include <abi/boot.h>

#include "core/frame.h"
#include "cpu.h"
#include "cpu_features.h"
#include "early.h"
#include "log.h"
#include "paging.h"
#include "run.h"
#include "upcall.h"

#define FREED_REPORT 512u /* frames between two reports of check=freed */

/* With `check=freed`: who writes to frames that are free, a device whose owner died, say, is told on. */
static void freed_check(mfn_t mfn, uint32_t intact)
{
	static uint64_t checked;

	if (!intact)
		log_line("frame %lx was written after it was freed", mfn);
	if (++checked % FREED_REPORT == 0)
		log_line("%lu freed frames were checked", checked);
}

static void frames_give_owners(void)
{
	for (unsigned i = 0; i < early_map_count(); i++) {
		const struct boot_memory *m = early_map_at(i);
		uint32_t owner = m->type == BOOT_MEMORY_BUNDLE ? OWNER_BUNDLE : OWNER_HYPERVISOR;

		if (m->type == BOOT_MEMORY_RESERVED || m->type == BOOT_MEMORY_FIRMWARE)
			continue;
		for (uint64_t p = 0; p < m->pages; p++) {
			mfn_t mfn = (m->start >> PAGE_SHIFT) + p;

			if (mfn < world.frame_limit && world.frames[mfn].owner == OWNER_NONE &&
			    early_range_type(mfn) != BOOT_MEMORY_RESERVED)
				frame_reserve_boot(&world, mfn, owner);
		}
	}
}

void memory_init(void)
{
	uint64_t limit = early_top_mfn(), stubs = early_alloc(1), mfn, pages;
	uint64_t table = early_alloc(align_up(limit * sizeof(struct frame), PAGE_SIZE) / PAGE_SIZE);
	uint64_t runs = early_alloc(align_up((limit / RUN_FRAMES + 1) * sizeof(uint16_t), PAGE_SIZE) / PAGE_SIZE);
	bool check = early_option("check=freed");
	uint64_t sums = check ? early_alloc(align_up(limit * sizeof(uint64_t), PAGE_SIZE) / PAGE_SIZE) : 0;
	static uint64_t upper[512];
	unsigned cursor = 0;

	paging_root_fill(upper);
	world.memory = phys_ptr(0);
	world.frames = phys_ptr(table);
	world.frame_limit = limit;
	world.runs = phys_ptr(runs);
	world.cpu_count = 1;
	frame_flushed(&world, 0);
	world.upper_half = upper + 256;
	world.wake = run_wake;
	if (check) {
		world.freed_sums = phys_ptr(sums);
		world.freed_check = freed_check;
		log_line("freed frames are compared with what they were before they are used again");
	}
	world.stubs_mfn = stubs >> PAGE_SHIFT;
	world.features |= (cpu_policy()->fsgsbase ? FEATURE_FSGSBASE : 0) | (cpu_policy()->xsave ? FEATURE_XSAVE : 0);
	CHECK(cpu_policy()->xstate_bytes <= PAGE_SIZE);
	stubs_write(phys_ptr(stubs));
	early_seal();
	frame_reserve_boot(&world, world.stubs_mfn, OWNER_STUBS);
	while (early_range_next(&cursor, &mfn, &pages))
		for (uint64_t i = 0; i < pages; i++)
			frame_release_boot(&world, mfn + i);
	frames_give_owners();
	log_line("memory: %lu MiB, %lu MiB free, %lu KiB hypervisor, %lu KiB bundle", world.frames_total / 256,
		 world.frames_free / 256, world.frames_hypervisor * 4, world.frames_bundle * 4);
}
