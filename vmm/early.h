/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory before there is a frame table: the boot memory map put in order, and a bump allocator on it.
 *
 * Use: early_init(), early_alloc() as often as needed, then one early_seal(); what early_left() tells is the
 * frame table's. The first MiB never counts as usable.
 */
#pragma once

#include <stdbool.h>

#include "core/memmap.h"

/*
 * Copies the boot information at physical address @physical (reached through the boot door's one-to-one map) and
 * puts the memory map in order. What cannot be used (wrong magic, more ranges than BOOT_MEMORY_MAX, an image or
 * bundle outside the first 4 GiB) ends in a panic that says so.
 */
void early_init(const struct boot_info *physical);

/*
 * The copy of the boot information. Whatever the door passed, the command line is NUL-terminated, an empty line ends the
 * notes, and the machine's parts are no more than there is room for.
 */
const struct boot_info *early_boot(void);

/* True when the command line holds @word as a whole word, e.g. "insecure=meltdown". */
bool early_option(const char *word);

/*
 * @pages contiguous, zeroed, page-aligned pages of usable RAM; returns the physical address. Never fails: panics when
 * there is no such run, or after early_seal(). Below 4 GiB until paging_init() has run.
 */
uint64_t early_alloc(uint64_t pages);

/* No early_alloc() afterwards. */
void early_seal(void);

/* The memory map in order: its ranges ascend and do not overlap. */
const struct memmap *early_map(void);

/* The first frame of the map's @i-th range that early_alloc() has not handed out. Ask after early_seal(). */
uint64_t early_left(unsigned i);

/* For paging_init(): from now on memory is zeroed through the direct map, above 4 GiB too. */
void early_direct_map_ready(void);
