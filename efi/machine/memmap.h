/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot memory map put in order, as abi/boot.h promises it: ascending, without overlap, neighbours that are alike joined.
 * Where ranges overlap, the least usable type wins: the greatest number. An unknown type is reserved.
 */
#ifndef CAMBIUM_EFI_MACHINE_MEMMAP_H
#define CAMBIUM_EFI_MACHINE_MEMMAP_H

#include <abi/boot.h>
#include <stdbool.h>

#define MEMMAP_MAX (2u * BOOT_MEMORY_MAX + 4u) /* pieces that BOOT_MEMORY_MAX ranges can fall into */

struct memmap {
	unsigned count;
	struct boot_memory range[MEMMAP_MAX];
};

/*
 * Orders the @count ranges at @in (at most BOOT_MEMORY_MAX) into @map. Ranges are cut at BOOT_MEMORY_TOP. False when @count
 * is too large, or a range is not page aligned or wraps.
 */
bool memmap_order(struct memmap *map, const struct boot_memory *in, unsigned count);

/*
 * Orders @info's own ranges, by way of @room. False when that cannot be, or they become more than BOOT_MEMORY_MAX: then
 * memory_count is too large for anybody to believe the map.
 */
bool memmap_settle(struct boot_info *info, struct memmap *room);

#endif
