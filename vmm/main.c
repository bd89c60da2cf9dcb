/* SPDX-License-Identifier: BSD-2-Clause */
/* Where both doors lead: the hypervisor's initialisation, in numbered steps, each relying on those before it. */
#include "main.h"

#include <base/bits.h>

#include "early.h"
#include "cpu_features.h"
#include "log.h"
#include "paging.h"
#include "serial.h"
#include "x86.h"

#define VERSION "0.1"

void vmm_main(const struct boot_info *physical)
{
	/* 1. A console, so that every refusal below can be read. */
	serial_init((uint16_t)physical->serial_port);
	log_line("Cambium %s", VERSION);
	/* 2. The boot information and the memory map. */
	early_init(physical);
	/* 3. The CPU: refused, or its features on. */
	cpu_policy_init();
	cpu_features_enable();
	/* 4. Our own page tables. */
	paging_init();
	log_line("memory: top %lx used %lu KiB", early_top_mfn() * PAGE_SIZE, early_used() / 1024);
	for (unsigned i = 0; i < early_map_count(); i++)
		log_line("  %016lx %8lu pages type %u", early_map_at(i)->start, early_map_at(i)->pages,
			 early_map_at(i)->type);
	log_line("halted");
	cpu_halt();
}
