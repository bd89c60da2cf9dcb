/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UEFI door: from the firmware's loader to the hypervisor's entry (abi/boot.h). Every step either succeeds or has
 * printed one line with cause and remedy and returns an error that goes back to the firmware.
 */
#ifndef CAMBIUM_EFI_LOADER_H
#define CAMBIUM_EFI_LOADER_H

#include <efi.h>
#include <efilib.h>

#include <abi/boot.h>
#include <base/bits.h>

#define FILE_VMM L"\\cambium\\vmm.elf"
#define FILE_BUNDLE L"\\cambium\\bundle.bin"

#define LOW_LIMIT 0xffffffffull /* everything that is handed over lies below 4 GiB */

/* Prints "cambium: " and the text as one line and returns @status. */
EFI_STATUS refuse(EFI_STATUS status, const CHAR16 *format, ...);

/* A file of the boot volume, in pages of its own below 4 GiB. */
struct file {
	UINT64 address;
	UINT64 bytes;
};
EFI_STATUS file_load(EFI_FILE_HANDLE root, const CHAR16 *path, struct file *out);

/* Checks the bundle's header, table and every digest, and that it was made with exactly this hypervisor. */
EFI_STATUS bundle_verify(const struct file *bundle, const struct file *vmm);

/* The hypervisor's segments in memory. */
struct image {
	UINT64 base, bytes; /* physical, 2 MiB aligned; memory taken */
	UINT64 link;        /* link address of the first byte */
	UINT64 entry;       /* link address of the entry point */
};
EFI_STATUS image_load(const struct file *vmm, struct image *out);

/* @pages zeroed pages below 4 GiB, of memory type @type. */
EFI_STATUS pages_new(UINTN pages, EFI_MEMORY_TYPE type, UINT64 *address);

/* What the firmware knows of the machine: its tables, framebuffer, wall clock, command line. */
void machine_describe(EFI_LOADED_IMAGE *self, struct boot_info *info);

/*
 * Reads the memory map into @info and leaves boot services. On success there is no console any more; on failure nothing
 * has been printed.
 */
EFI_STATUS boot_services_exit(EFI_HANDLE self, struct boot_info *info);

/* Tables for the hypervisor's entry: low memory one to one and the image at its link address. */
EFI_STATUS tables_build(const struct image *image, UINT64 *root);

/* A page of code below 4 GiB from which the tables can be switched. */
EFI_STATUS jump_prepare(UINT64 *page);
_Noreturn void jump(UINT64 page, UINT64 root, UINT64 entry, UINT64 info);

#endif
