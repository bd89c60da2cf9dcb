/* SPDX-License-Identifier: BSD-2-Clause */
/* What the door says about where registers are is believed only where nothing else is. */
#include "machine.h"

#include <base/bits.h>

#include "early.h"
#include "log.h"
#include "x86.h"

#define APIC_BASE_ADDRESS 0x000ffffffffff000ull
#define BUS_BYTES (1u << 20)
#define IOAPIC_BYTES 0x20u
#define HPET_BYTES 0x400u
#define CPUID_ADDRESSES 0x80000008u

static struct boot_machine info;
static struct windows windows;

const struct boot_machine *machine(void)
{
	return &info;
}

struct windows *machine_windows(void)
{
	return &windows;
}

/* Takes the registers of @what that @table tells, unless something else is there. */
static bool place(const char *table, const char *what, uint64_t start, uint64_t bytes)
{
	const char *over = windows_over(&windows, early_map(), start, bytes, UINT32_MAX);

	if (over)
		log_line("acpi: table %s ignored: it puts %s at %lx, over %s", table, what, start, over);
	else
		windows_add(&windows, start, bytes, what);
	return !over;
}

/* Of two that lie over each other the one stays that would be missed more; a table is believed whole or not at all. */
static void place_all(void)
{
	for (uint32_t i = 0; info.has_madt && i < info.madt.ioapic_count; i++)
		info.has_madt = place("MADT", "an I/O APIC", info.madt.ioapic[i].address, IOAPIC_BYTES);
	for (uint32_t i = 0; info.has_dmar && i < info.dmar.unit_count; i++)
		info.has_dmar = place("DMAR", "a remapping unit", info.dmar.unit[i].base, PAGE_SIZE);
	info.has_hpet = info.has_hpet && place("HPET", "the HPET", info.hpet.base, HPET_BYTES);
	for (uint32_t i = 0; info.has_mcfg && i < info.mcfg.count; i++) {
		const struct boot_ecam *e = &info.mcfg.ecam[i];

		info.has_mcfg = place("MCFG", "configuration space", e->base + (uint64_t)e->start_bus * BUS_BYTES,
				      (e->end_bus - e->start_bus + 1ull) * BUS_BYTES);
	}
}

void machine_init(void)
{
	uint32_t cpu[4];

	info = early_boot()->machine;
	for (const char *p = early_boot()->notes; *p; p++) {
		log_line("%s", p);
		while (*p)
			p++;
	}
	cpuid(CPUID_ADDRESSES, 0, cpu);
	windows.limit = 1ull << MIN(cpu[0] & 0xff, 52u);
	windows_add(&windows, rdmsr(MSR_APIC_BASE) & APIC_BASE_ADDRESS, PAGE_SIZE, "the local APIC");
	place_all();
}
