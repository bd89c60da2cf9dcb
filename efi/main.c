/* SPDX-License-Identifier: BSD-2-Clause */
/* The loader's steps, in order. Nothing is left behind in the firmware when a step is refused but some memory. */
#include "loader.h"

#include <stdarg.h>

EFI_STATUS refuse(EFI_STATUS status, const CHAR16 *format, ...)
{
	va_list args;

	Print(L"cambium: ");
	va_start(args, format);
	VPrint(format, args);
	va_end(args);
	Print(L"\r\n");
	return status;
}

static EFI_STATUS volume_open(EFI_LOADED_IMAGE *self, EFI_FILE_HANDLE *root)
{
	*root = LibOpenRoot(self->DeviceHandle);
	return *root ? EFI_SUCCESS
		     : refuse(EFI_NOT_FOUND, L"the boot volume has no file system that the firmware can read");
}

/* Everything up to the point of no return. */
static EFI_STATUS prepare(EFI_LOADED_IMAGE *self, struct boot_info **info, struct image *image, UINT64 *root,
			  UINT64 *page)
{
	struct file vmm, bundle;
	EFI_FILE_HANDLE volume;
	EFI_STATUS s;
	UINT64 address;

	s = volume_open(self, &volume);
	if (!EFI_ERROR(s))
		s = file_load(volume, FILE_VMM, &vmm);
	if (!EFI_ERROR(s))
		s = file_load(volume, FILE_BUNDLE, &bundle);
	if (!EFI_ERROR(s))
		s = bundle_verify(&bundle, &vmm);
	if (!EFI_ERROR(s))
		s = image_load(&vmm, image);
	if (!EFI_ERROR(s))
		s = tables_build(image, root);
	if (!EFI_ERROR(s))
		s = jump_prepare(page);
	if (!EFI_ERROR(s))
		s = pages_new(align_up(sizeof **info, PAGE_SIZE) / PAGE_SIZE, EfiLoaderData, &address);
	if (EFI_ERROR(s))
		return s;
	*info = (struct boot_info *)address;
	(*info)->magic = BOOT_INFO_MAGIC;
	(*info)->image_base = image->base;
	(*info)->image_bytes = image->bytes;
	(*info)->bundle_base = bundle.address;
	(*info)->bundle_bytes = bundle.bytes;
	(*info)->serial_port = 0x3f8;
	machine_describe(self, *info);
	return EFI_SUCCESS;
}

EFI_STATUS efi_main(EFI_HANDLE handle, EFI_SYSTEM_TABLE *system);
EFI_STATUS efi_main(EFI_HANDLE handle, EFI_SYSTEM_TABLE *system)
{
	EFI_LOADED_IMAGE *self;
	struct boot_info *info;
	struct image image;
	UINT64 root, page;
	EFI_STATUS s;

	InitializeLib(handle, system);
	s = uefi_call_wrapper(BS->HandleProtocol, 3, handle, &LoadedImageProtocol, (void **)&self);
	if (EFI_ERROR(s))
		return refuse(s, L"the firmware does not say where this loader came from: %r", s);
	s = prepare(self, &info, &image, &root, &page);
	if (EFI_ERROR(s))
		return s;
	s = boot_services_exit(handle, info);
	if (EFI_ERROR(s))
		return refuse(s, L"the firmware does not let go of the machine: %r", s);
	jump(page, root, image.entry, (UINT64)info);
}
