/* SPDX-License-Identifier: BSD-2-Clause */
/* The frame table at start: each frame of the memory map gets its owner. */
#include "memory.h"

#include "core/boot_check.h"
#include "core/frame.h"
#include "cpu.h"
#include "cpu_features.h"
#include "device.h"
#include "early.h"
#include "log.h"
#include "paging.h"
#include "vcpu.h"
#include "upcall.h"

#define FREED_REPORT 512u /* frames between two reports of check=freed */

/* With `check=freed`: who writes to frames that are free, a device whose owner died, say, is told on. */
static void freed_check(mfn_t mfn, uint32_t intact)
{
	static uint64_t checked;
	uint64_t now = __atomic_add_fetch(&checked, 1, __ATOMIC_RELAXED);

	if (!intact)
		log_line("frame %lx was written after it was freed", mfn);
	if (now % FREED_REPORT == 0)
		log_line("%lu freed frames were checked", now);
}

/* Every frame of the memory map gets its owner; what nobody has taken is free. */
static void frames_give_owners(void)
{
	for (unsigned i = 0; i < early_boot()->memory_count; i++) {
		const struct boot_memory *m = &early_boot()->memory[i];
		bool usable = m->type == BOOT_MEMORY_USABLE || m->type == BOOT_MEMORY_LOADER;
		mfn_t first = m->start >> PAGE_SHIFT;

		if (m->start < BOOT_LOW_END || m->type == BOOT_MEMORY_RESERVED || m->type == BOOT_MEMORY_FIRMWARE)
			continue;
		for (mfn_t mfn = first; mfn < first + m->pages; mfn++)
			if (usable && mfn >= early_left(i))
				frame_release_boot(&world, mfn);
			else if (mfn != world.stubs_mfn)
				frame_reserve_boot(&world, mfn,
						   m->type == BOOT_MEMORY_BUNDLE ? OWNER_BUNDLE : OWNER_HYPERVISOR);
	}
}

static void *table_new(uint64_t bytes)
{
	return phys_ptr(early_alloc(align_up(bytes, PAGE_SIZE) / PAGE_SIZE));
}

void memory_init(void)
{
	const struct boot_cpu *policy = cpu_policy();
	uint8_t *stubs = table_new(PAGE_SIZE);

	world.memory = phys_ptr(0);
	world.frame_limit = boot_memory_end(early_boot());
	world.frames = table_new(world.frame_limit * sizeof world.frames[0]);
	world.runs = table_new((world.frame_limit / RUN_FRAMES + 1) * sizeof world.runs[0]);
	for (uint32_t i = 0; i < world.cpu_count; i++)
		frame_flushed(&world, i);
	world.upper_half = paging_upper_half();
	world.wake = vcpu_wake;
	world.io_allowed = device_io_allowed;
	if (early_boot()->options & BOOT_CHECK_FREED) {
		world.freed_sums = table_new(world.frame_limit * sizeof world.freed_sums[0]);
		world.freed_check = freed_check;
		log_line("freed frames are compared with what they were before they are used again");
	}
	world.stubs_mfn = virt_phys(stubs) >> PAGE_SHIFT;
	world.features |= (policy->fsgsbase ? FEATURE_FSGSBASE : 0) | (policy->xsave ? FEATURE_XSAVE : 0);
	stubs_write(stubs);
	early_seal();
	frame_reserve_boot(&world, world.stubs_mfn, OWNER_STUBS);
	frames_give_owners();
	log_line("memory: %lu MiB, %lu MiB free, %lu KiB hypervisor (image %lu KiB at %lx), %lu KiB bundle",
		 world.frames_total / 256, world.frames_free / 256, world.frames_hypervisor * 4,
		 early_boot()->image_bytes / 1024, early_boot()->image_base, world.frames_bundle * 4);
}
