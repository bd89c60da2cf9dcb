/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a boot door (the UEFI loader, or the PVH entry) tells the hypervisor. Both doors fill the same structure and
 * nothing behind them knows which one it was.
 *
 * Entry contract, 64-bit: interrupts off, RDI = physical address of struct boot_info, CR3 = tables that map the first
 * 4 GiB (at least) one to one and the hypervisor's image at its link address; a stack of at least 4 KiB. Everything
 * that boot_info points to lies below 4 GiB. The hypervisor copies what it wants to keep before it reuses any memory of
 * type BOOT_MEMORY_LOADER.
 */
#ifndef CAMBIUM_ABI_BOOT_H
#define CAMBIUM_ABI_BOOT_H

#include <stdint.h>

#define BOOT_INFO_MAGIC 0x3130544f4f424d43ull /* "CMBOOT01" */
#define BOOT_MEMORY_MAX 512u
#define BOOT_CMDLINE_MAX 256u

#define BOOT_MEMORY_USABLE 1u   /* free RAM */
#define BOOT_MEMORY_RESERVED 2u /* RAM or device memory that must not be used */
#define BOOT_MEMORY_LOADER 3u   /* RAM free once the hypervisor has left the loader's tables and read boot_info */
#define BOOT_MEMORY_IMAGE 4u    /* the hypervisor's own image */
#define BOOT_MEMORY_BUNDLE 5u   /* the bundle: stays reserved */
#define BOOT_MEMORY_FIRMWARE 6u /* ACPI tables and firmware run-time memory: readable, never reused */

/* One range of physical memory, page aligned. Ranges may come in any order; on overlap the least usable type wins. */
struct boot_memory {
	uint64_t start; /* physical address, bytes */
	uint64_t pages;
	uint32_t type; /* BOOT_MEMORY_x */
	uint32_t reserved0;
};

struct boot_framebuffer {
	uint64_t base; /* physical address; 0: none */
	uint32_t width, height, stride, format;
};

struct boot_info {
	uint64_t magic;
	uint64_t image_base;  /* physical address of the hypervisor's first byte, 2 MiB aligned */
	uint64_t image_bytes; /* memory it occupies, .bss included */
	uint64_t bundle_base; /* physical, page aligned */
	uint64_t bundle_bytes;
	uint64_t rsdp;        /* physical address of the ACPI root pointer; 0: none */
	uint64_t wall_clock;  /* seconds since 1970 UTC at entry; 0: unknown */
	uint32_t serial_port; /* I/O port of the console UART; 0: none */
	uint32_t memory_count;
	struct boot_framebuffer framebuffer;
	char cmdline[BOOT_CMDLINE_MAX]; /* NUL-terminated */
	struct boot_memory memory[BOOT_MEMORY_MAX];
};

#ifdef __cplusplus
static_assert(sizeof(struct boot_memory) == 24, "boot_memory layout");
#else
_Static_assert(sizeof(struct boot_memory) == 24, "boot_memory layout");
#endif

#endif
