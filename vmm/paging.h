/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's half of every address space: entries 256-511 of each level-4 table.
 *
 *   256-383  DIRECT_MAP: all RAM that the memory map names, bundle and firmware tables included; never executable;
 *            read-only where it is the hypervisor's text, its read-only data or the bundle
 *   510      DEVICE_MAP: uncached registers, made at boot
 *   511      the image at its link address, each section with its own rights
 *
 * All of it is supervisor-only and global. Every level-3 table is made by paging_init(), so a root that was filled
 * once never goes stale.
 */
#pragma once

#include <stdint.h>

#include "layout.h"

/* Where physical address @pa, which must be RAM in the memory map, is mapped. */
static inline void *phys_ptr(uint64_t pa)
{
	return (void *)(DIRECT_MAP + pa);
}

/* Physical address of @p, which points into the direct map or the image. */
uint64_t virt_phys(const void *p);

/*
 * Builds the final tables and switches to them; the boot door's one-to-one map is gone afterwards. Needs early_init()
 * and cpu_features_enable().
 */
void paging_init(void);

/* Physical address of the hypervisor's own level-4 table: its lower half is empty. */
uint64_t paging_root(void);

/* Entries 256-511 of every level-4 table; they change no more. */
const uint64_t *paging_upper_half(void);

/*
 * Maps @len bytes of device registers at @pa uncached, readable and writable. Boot only: needs early_alloc(). The
 * mapping stays for ever.
 */
void *paging_map_device(uint64_t pa, uint64_t len);

/* Unmaps the page at @page, a page-aligned address within the image's data: a guard below a stack. */
void paging_guard(const void *page);
