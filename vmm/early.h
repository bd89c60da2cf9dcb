/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory before there is a frame table: a bump allocator on the door's memory map.
 *
 * Use: early_init(), early_alloc() as often as needed, then one early_seal(); what early_left() tells is the
 * frame table's.
 */
#pragma once

#include <abi/boot.h>
#include <stdbool.h>

/*
 * Copies the boot information at physical address @physical (reached through the boot door's one-to-one map). What cannot
 * be used, by boot_fault() of core/boot_check.h, ends in a panic that says so.
 */
void early_init(const struct boot_info *physical);

/* The copy of the boot information, which keeps the promises of abi/boot.h as far as boot_fault() says. */
const struct boot_info *early_boot(void);

/*
 * @pages contiguous, zeroed, page-aligned pages of usable RAM; returns the physical address. Never fails: panics when
 * there is no such run, or after early_seal(). Below 4 GiB until paging_init() has run.
 */
uint64_t early_alloc(uint64_t pages);

/* No early_alloc() afterwards. */
void early_seal(void);

/* The first frame of the map's @i-th range that early_alloc() has not handed out. Ask after early_seal(). */
uint64_t early_left(unsigned i);

/* The next of the random words that the door left: BOOT_RANDOM_WORDS of them, for one use each. */
uint64_t early_random(void);

/* For paging_init(): from now on memory is zeroed through the direct map, above 4 GiB too. */
void early_direct_map_ready(void);
