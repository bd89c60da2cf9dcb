/* SPDX-License-Identifier: BSD-2-Clause */
/* What the firmware knows of the machine, translated into struct boot_info; and the end of boot services. */
#include "loader.h"

#include "machine/calendar.h"
#include "machine/cpu.h"
#include "machine/memmap.h"
#include "machine/places.h"
#include "machine/tables.h"

#define EXIT_TRIES 8u
#define MAP_SLACK 16u

static struct memmap map_room;
static struct windows windows_room;

/* The firmware's memory, which it has mapped one to one (UEFI 2.9, 2.3.4), as far as its map goes. */
struct firmware_memory {
	struct table_memory memory; /* first */
	UINTN count, descriptor;
	const UINT8 *map;
};

/* Where the range ends that byte @at is in; 0: it is in none that can be read. */
static UINT64 readable_end(const struct firmware_memory *f, UINT64 at)
{
	for (UINTN i = 0; i < f->count; i++) {
		const EFI_MEMORY_DESCRIPTOR *d = (const void *)(f->map + i * f->descriptor);
		BOOLEAN devices = d->Type == EfiMemoryMappedIO || d->Type == EfiMemoryMappedIOPortSpace ||
				  d->Type == EfiUnusableMemory || d->Type >= EfiMaxMemoryType;

		if (!devices && at >= d->PhysicalStart && at - d->PhysicalStart < d->NumberOfPages * PAGE_SIZE)
			return d->PhysicalStart + d->NumberOfPages * PAGE_SIZE;
	}
	return 0;
}

static const uint8_t *memory_at(const struct table_memory *memory, uint64_t start, uint64_t bytes)
{
	const struct firmware_memory *f = (const void *)memory;
	UINT64 at = start;

	if (bytes > ~start)
		return NULL;
	while (at < start + bytes) {
		at = readable_end(f, at);
		if (!at)
			return NULL;
	}
	return (const uint8_t *)start;
}

static void describe_tables(struct boot_info *info)
{
	EFI_GUID acpi1 = ACPI_TABLE_GUID, acpi2 = ACPI_20_TABLE_GUID;
	struct firmware_memory f = {.memory = {memory_at}};
	VOID *rsdp = NULL;
	UINT32 version;
	UINTN key;

	if (EFI_ERROR(LibGetSystemConfigurationTable(&acpi2, &rsdp)))
		LibGetSystemConfigurationTable(&acpi1, &rsdp);
	f.map = (const UINT8 *)LibMemoryMap(&f.count, &key, &f.descriptor, &version);
	if (!f.map)
		f.count = 0;
	tables_read(info, (UINT64)rsdp, &f.memory);
	if (f.map)
		FreePool((void *)f.map);
}

static void describe_framebuffer(struct boot_info *info)
{
	EFI_GUID guid = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
	EFI_GRAPHICS_OUTPUT_PROTOCOL *gop;

	if (EFI_ERROR(LibLocateProtocol(&guid, (void **)&gop)) || !gop->Mode || !gop->Mode->Info)
		return;
	info->framebuffer.base = gop->Mode->FrameBufferBase;
	info->framebuffer.width = gop->Mode->Info->HorizontalResolution;
	info->framebuffer.height = gop->Mode->Info->VerticalResolution;
	info->framebuffer.stride = gop->Mode->Info->PixelsPerScanLine;
	info->framebuffer.format = (UINT32)gop->Mode->Info->PixelFormat;
}

static void describe_time(struct boot_info *info)
{
	EFI_TIME t;

	if (EFI_ERROR(uefi_call_wrapper(RT->GetTime, 2, &t, NULL)) || t.Year < 1970)
		return;
	info->wall_clock = calendar_seconds(t.Year, t.Month, t.Day, t.Hour, t.Minute, t.Second);
	if (t.TimeZone != EFI_UNSPECIFIED_TIMEZONE)
		info->wall_clock += (UINT64)(INT64)t.TimeZone * 60;
}

/* The load options are the command line: 16-bit characters, of which ASCII is kept. */
static void describe_cmdline(EFI_LOADED_IMAGE *self, struct boot_info *info)
{
	const CHAR16 *options = self->LoadOptions;
	UINT32 n = self->LoadOptionsSize / (UINT32)sizeof *options, used = 0;

	for (UINT32 i = 0; options && i < n && options[i] && used < BOOT_CMDLINE_MAX - 1; i++) {
		/* Firmware also leaves binary optional data here: then there is no command line. */
		if (options[i] < ' ' || options[i] > '~') {
			used = 0;
			break;
		}
		info->cmdline[used++] = (char)options[i];
	}
	info->cmdline[used] = 0;
}

void machine_describe(EFI_LOADED_IMAGE *self, struct boot_info *info)
{
	describe_tables(info);
	describe_framebuffer(info);
	describe_time(info);
	describe_cmdline(self, info);
	cpu_describe(info);
}

static UINT32 memory_type(UINT32 type)
{
	switch (type) {
	case EfiConventionalMemory: return BOOT_MEMORY_USABLE;
	case EfiLoaderCode:
	case EfiLoaderData:
	case EfiBootServicesCode:
	case EfiBootServicesData: return BOOT_MEMORY_LOADER;
	case EfiACPIReclaimMemory:
	case EfiACPIMemoryNVS:
	case EfiRuntimeServicesCode:
	case EfiRuntimeServicesData: return BOOT_MEMORY_FIRMWARE;
	default: return BOOT_MEMORY_RESERVED;
	}
}

static BOOLEAN memory_add(struct boot_info *info, UINT64 start, UINT64 pages, UINT32 type)
{
	struct boot_memory *last = info->memory_count ? &info->memory[info->memory_count - 1] : NULL;

	if (last && last->type == type && last->start + last->pages * PAGE_SIZE == start) {
		last->pages += pages;
		return TRUE;
	}
	if (info->memory_count == BOOT_MEMORY_MAX)
		return FALSE;
	info->memory[info->memory_count++] = (struct boot_memory){.start = start, .pages = pages, .type = type};
	return TRUE;
}

/* Translates the firmware's @map; the hypervisor and the bundle, which that knows as the loader's, are marked as such. */
static EFI_STATUS memory_translate(struct boot_info *info, const UINT8 *map, UINTN bytes, UINTN descriptor)
{
	info->memory_count = 0;
	for (UINTN at = 0; at + descriptor <= bytes; at += descriptor) {
		const EFI_MEMORY_DESCRIPTOR *d = (const void *)(map + at);
		if (!memory_add(info, d->PhysicalStart, d->NumberOfPages, memory_type(d->Type)))
			return EFI_BUFFER_TOO_SMALL;
	}
	if (!memory_add(info, info->image_base, align_up(info->image_bytes, PAGE_SIZE) / PAGE_SIZE,
			BOOT_MEMORY_IMAGE) ||
	    !memory_add(info, info->bundle_base, align_up(info->bundle_bytes, PAGE_SIZE) / PAGE_SIZE,
			BOOT_MEMORY_BUNDLE))
		return EFI_BUFFER_TOO_SMALL;
	return memmap_settle(info, &map_room) ? EFI_SUCCESS : EFI_BUFFER_TOO_SMALL;
}

EFI_STATUS boot_services_exit(EFI_HANDLE self, struct boot_info *info)
{
	UINTN room = 0, bytes = 0, key, descriptor = sizeof(EFI_MEMORY_DESCRIPTOR);
	UINT32 version;
	UINT8 *map;
	EFI_STATUS s;

	/* The buffer is taken once, with slack for what its own allocation adds; the map may change until the key fits. */
	uefi_call_wrapper(BS->GetMemoryMap, 5, &bytes, NULL, &key, &descriptor, &version);
	room = bytes + MAP_SLACK * descriptor;
	map = AllocatePool(room);
	if (!map)
		return EFI_OUT_OF_RESOURCES;
	for (unsigned i = 0; i < EXIT_TRIES; i++) {
		bytes = room;
		s = uefi_call_wrapper(BS->GetMemoryMap, 5, &bytes, (void *)map, &key, &descriptor, &version);
		if (EFI_ERROR(s))
			return s;
		s = memory_translate(info, map, bytes, descriptor);
		if (EFI_ERROR(s))
			return s;
		s = uefi_call_wrapper(BS->ExitBootServices, 2, self, key);
		if (EFI_ERROR(s))
			continue;
		places_judge(info, cpu_local_apic(), cpu_address_bits(), &windows_room);
		__asm__ volatile("cli");
		cpu_clocks(info);
		return s;
	}
	return s;
}
