/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the world from the boot memory map. */
#pragma once

/* The frame table, the free list, the hypercall page; no early_alloc() afterwards. Needs paging_init(). */
void memory_init(void);
