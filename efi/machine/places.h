/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tables say about where registers are is believed only where nothing else is. */
#ifndef CAMBIUM_EFI_MACHINE_PLACES_H
#define CAMBIUM_EFI_MACHINE_PLACES_H

#include <abi/boot.h>
#include <base/windows.h>

/*
 * Compares where the tables put registers with @info's memory map in order (memmap_settle()), with each other, with the local
 * APIC's page at @local_apic and with the end of the CPU's addresses, @address_bits wide. A table that puts them over
 * something counts as absent and is noted; what stays is listed in @info->machine.window. @room: for the comparison.
 */
void places_judge(struct boot_info *info, uint64_t local_apic, uint32_t address_bits, struct windows *room);

#endif
