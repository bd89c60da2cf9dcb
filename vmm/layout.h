/* SPDX-License-Identifier: BSD-2-Clause */
/* Fixed addresses, shared by C, assembly and the linker script: preprocessor lines only. */
#pragma once

#ifdef __ASSEMBLER__
#define ADDRESS(n) n
#else
#define ADDRESS(n) n##ull
#endif

#define DIRECT_MAP ADDRESS(0xffff800000000000)
#define DIRECT_MAP_BYTES ADDRESS(0x0000400000000000) /* 64 TiB */
#define DEVICE_MAP ADDRESS(0xffffff0000000000)
#define DEVICE_MAP_BYTES ADDRESS(0x40000000)   /* 1 GiB: one level-2 table */
#define IMAGE_MAP ADDRESS(0xffffffff80000000)  /* the last 2 GiB: -mcmodel=kernel */
#define IMAGE_LINK ADDRESS(0xffffffff81000000) /* the image's first byte; vmm.ld has the same number */
#define IMAGE_LIMIT ADDRESS(0x1000000)         /* most bytes of the image, .bss included */

#ifndef __ASSEMBLER__
/* Section bounds, page aligned, in this order and without a gap (vmm.ld). */
extern const char vmm_text_start[], vmm_text_end[];
extern const char vmm_rodata_start[], vmm_rodata_end[];
extern char vmm_data_start[], vmm_data_end[]; /* .data and .bss */
#endif
