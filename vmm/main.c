/* SPDX-License-Identifier: BSD-2-Clause */
/* Where both doors lead: the hypervisor's initialisation, in numbered steps, each relying on those before it. */
#include "main.h"

#include <base/bits.h>

#include "apic.h"
#include "build.h"
#include "cpu.h"
#include "cpu_features.h"
#include "early.h"
#include "iommu.h"
#include "log.h"
#include "machine.h"
#include "memory.h"
#include "paging.h"
#include "pci.h"
#include "run.h"
#include "vcpu.h"
#include "serial.h"
#include "smp.h"
#include "time.h"
#include "x86.h"

#define VERSION "0.1"

static void run_domains(void)
{
	const struct boot_info *boot = early_boot();

	build_control(boot->bundle_base, boot->bundle_bytes, boot->cmdline);
	log_async();
	smp_start();
	vcpus_start(world.domains[0]);
	run_forever();
}

void vmm_main(const struct boot_info *physical)
{
	/* 1. A console, so that every refusal below can be read. */
	serial_init((uint16_t)physical->serial_port);
	log_line("Cambium %s", VERSION);
	/* 2. The boot information and the memory map. */
	early_init(physical);
	/* 3. The CPU: refused, or its features on. */
	cpu_policy_init();
	cpu_patch_entry(cpu_policy()->smap);
	cpu_features_enable();
	/* 4. Our own page tables; the door's are dead from here on. */
	paging_init();
	/* 5. What the door says about the machine. */
	machine_init();
	/* 6. Interrupt controller, then the clocks, one of which is in it. */
	apic_init();
	time_init();
	/* 7. Devices. */
	pci_init();
	iommu_init();
	if (!serial_irq_enable(apic_id()))
		log_line("serial: its interrupt cannot be had: what is typed will not be read");
	/* 8. The frame table; what is left of memory belongs to domains. */
	smp_prepare();
	memory_init();
	/* 9. This CPU's own tables and stack, the control domain, and off. */
	cpu_start(run_domains);
}
