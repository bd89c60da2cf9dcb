/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory before there is a frame table: the boot memory map put in order, and a bump allocator on it.
 *
 * Use: early_init(), early_alloc() as often as needed, then one early_seal(), then early_range_next() hands the rest
 * to the frame table. The first MiB never counts as usable.
 */
#ifndef CAMBIUM_VMM_EARLY_H
#define CAMBIUM_VMM_EARLY_H

#include <abi/boot.h>
#include <stdbool.h>

/*
 * Copies the boot information at physical address @physical (reached through the boot door's one-to-one map) and
 * puts the memory map in order. What cannot be used (wrong magic, more ranges than BOOT_MEMORY_MAX, an image or
 * bundle outside the first 4 GiB) ends in a panic that says so.
 */
void early_init(const struct boot_info *physical);

/* The copy of the boot information. The command line is NUL-terminated whatever the door passed. */
const struct boot_info *early_boot(void);

/* True when the command line holds @word as a whole word, e.g. "insecure=meltdown". */
bool early_option(const char *word);

/*
 * @pages contiguous, zeroed, page-aligned pages of usable RAM; returns the physical address. Never fails: panics when
 * there is no such run, or after early_seal(). Below 4 GiB until paging_init() has run.
 */
uint64_t early_alloc(uint64_t pages);

/* The bytes that early_alloc() has handed out. */
uint64_t early_used(void);

/* No early_alloc() afterwards. */
void early_seal(void);

/*
 * Walks the usable ranges that early_alloc() left, BOOT_MEMORY_LOADER included, in ascending order. Start with
 * *@cursor 0; false: no more. Only after early_seal().
 */
bool early_range_next(unsigned *cursor, uint64_t *mfn, uint64_t *pages);

/* Highest frame number of RAM (any type but BOOT_MEMORY_RESERVED) plus one. */
uint64_t early_top_mfn(void);

/* Type of frame @mfn, BOOT_MEMORY_x; what no range covers, and the first MiB, is BOOT_MEMORY_RESERVED. */
uint32_t early_range_type(uint64_t mfn);

/* For paging_init(): from now on memory is zeroed through the direct map, above 4 GiB too. */
void early_direct_map_ready(void);

/* True after early_seal(). */
bool early_sealed(void);

/* Number of the ordered ranges, and the @i-th one. They ascend and do not overlap. */
unsigned early_map_count(void);
const struct boot_memory *early_map_at(unsigned i);

#endif
