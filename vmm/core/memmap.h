/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot memory map put in order: ascending, without overlap, neighbours of one type joined. Where ranges overlap, the
 * least usable type wins: usable, loader, firmware, bundle, image, reserved, in this order. An unknown type is reserved.
 */
#pragma once

#include <abi/boot.h>
#include <stdbool.h>

#define MEMMAP_MAX (2u * BOOT_MEMORY_MAX + 4u) /* pieces that BOOT_MEMORY_MAX ranges can fall into */
#define MEMMAP_TOP (1ull << 46)                /* no RAM from here on: what the direct map holds */

struct memmap {
	unsigned count;
	struct boot_memory range[MEMMAP_MAX];
};

/*
 * Orders the @count ranges at @in (at most BOOT_MEMORY_MAX) into @map. The first MiB becomes reserved, ranges are cut at
 * MEMMAP_TOP. False when @count is too large, or a range is not page aligned or wraps.
 */
bool memmap_order(struct memmap *map, const struct boot_memory *in, unsigned count);

/* Type of frame @mfn; BOOT_MEMORY_RESERVED where no range is. */
uint32_t memmap_type(const struct memmap *map, uint64_t mfn);

/* Highest frame number of RAM (any type but reserved) plus one. */
uint64_t memmap_top(const struct memmap *map);
