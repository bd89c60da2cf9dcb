/* SPDX-License-Identifier: BSD-2-Clause */
/* Bounds of what a door says about the machine: whoever walks one of its arrays walks as far as its count says. */
#include "boot_check.h"

bool boot_machine_sound(const struct boot_machine *m)
{
	if (m->madt.cpu_count > BOOT_CPU_MAX || m->madt.ioapic_count > BOOT_IOAPIC_MAX ||
	    m->mcfg.count > BOOT_ECAM_MAX || m->dmar.unit_count > BOOT_DMAR_UNITS ||
	    m->dmar.ioapic_count > BOOT_IOAPIC_MAX)
		return false;
	for (uint32_t i = 0; i < m->mcfg.count; i++)
		if (m->mcfg.ecam[i].start_bus > m->mcfg.ecam[i].end_bus)
			return false;
	return true;
}
