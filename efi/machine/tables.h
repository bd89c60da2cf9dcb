/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the firmware's tables say of the machine, for struct boot_info: the same reader for both doors, which differ in what
 * memory they can read. A damaged or missing table is told of in a note and counts as absent.
 */
#ifndef CAMBIUM_EFI_MACHINE_TABLES_H
#define CAMBIUM_EFI_MACHINE_TABLES_H

#include <abi/boot.h>

/* A door's memory. */
struct table_memory {
	/* The @bytes bytes at physical address @start, which stay there; NULL when not all of them can be read. */
	const uint8_t *(*at)(const struct table_memory *memory, uint64_t start, uint64_t bytes);
};

/*
 * Fills @info->machine and @info->notes. @rsdp: physical address of the ACPI root pointer; 0: the door was not told, it is
 * looked for where a BIOS leaves it.
 */
void tables_read(struct boot_info *info, uint64_t rsdp, const struct table_memory *memory);

#endif
