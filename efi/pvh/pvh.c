/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PVH door: turns the monitor's hvm_start_info (Xen public/arch-x86/hvm/start_info.h) into struct boot_info. Runs
 * on the tables of entry.S, where the first 4 GiB are mapped one to one, and only ever on the image at its load
 * address. Nothing is judged here: early_init() refuses what cannot be used, from either door. All of the door lies in pages
 * of its own, which are free memory as soon as the hypervisor has left the tables: nothing there may refer to them.
 */
#include <abi/boot.h>
#include <base/bits.h>
#include <efi/machine/cpu.h>
#include <efi/machine/memmap.h>
#include <efi/machine/places.h>
#include <efi/machine/tables.h>
#include <vmm/layout.h>

#include "pvh.h"

#define HVM_START_MAGIC 0x336ec578u
#define HVM_MEMORY_RAM 1u
#define HVM_MEMORY_ACPI 3u
#define COM1 0x3f8u
#define MAPPED (1ull << 32)

struct hvm_start_info {
	uint32_t magic, version, flags, module_count;
	uint64_t modules, cmdline, rsdp;
	uint64_t memory; /* version 1 on */
	uint32_t memory_count, reserved0;
};

struct hvm_module {
	uint64_t address, bytes, cmdline, reserved0;
};

struct hvm_memory {
	uint64_t address, bytes;
	uint32_t type, reserved0;
};

static struct boot_info info;
static struct memmap map;
static struct windows windows;

static const void *low(uint64_t physical)
{
	return (const void *)physical;
}

static const uint8_t *memory_at(const struct table_memory *memory, uint64_t start, uint64_t bytes)
{
	(void)memory;
	return range_within(start, bytes, MAPPED) ? low(start) : NULL;
}

static uint64_t physical_of(const void *p)
{
	return (uint64_t)p - IMAGE_MAP;
}

/* More ranges than there is room for are counted all the same: the map is not believed then. */
static void add(uint64_t start, uint64_t end, uint32_t type)
{
	if (end <= start)
		return;
	if (info.memory_count < BOOT_MEMORY_MAX)
		info.memory[info.memory_count] = (struct boot_memory){
			.start = start, .pages = (end - start) / PAGE_SIZE, .type = type};
	info.memory_count++;
}

/* RAM shrinks to whole pages, anything else grows to them. */
static void add_memory(const struct hvm_memory *m)
{
	uint64_t end = m->bytes > UINT64_MAX - PAGE_SIZE - m->address ? UINT64_MAX - PAGE_MASK : m->address + m->bytes;

	if (m->type == HVM_MEMORY_RAM)
		add(align_up(m->address, PAGE_SIZE), align_down(end, PAGE_SIZE), BOOT_MEMORY_USABLE);
	else
		add(align_down(m->address, PAGE_SIZE), align_up(end, PAGE_SIZE),
		    m->type == HVM_MEMORY_ACPI ? BOOT_MEMORY_FIRMWARE : BOOT_MEMORY_RESERVED);
}

static void add_cmdline(const char *text)
{
	unsigned i = 0;

	while (i < BOOT_CMDLINE_MAX - 1 && text[i]) {
		info.cmdline[i] = text[i];
		i++;
	}
}

uint64_t pvh_boot_info(uint32_t start_info)
{
	static const struct table_memory memory = {memory_at};
	const struct hvm_start_info *start = low(start_info);

	info.image_base = physical_of(vmm_text_start);
	info.image_bytes = (uint64_t)(vmm_data_end - vmm_text_start);
	info.serial_port = COM1;
	info.wall_clock = rtc_seconds();
	if (start->magic != HVM_START_MAGIC)
		return physical_of(&info);
	info.magic = BOOT_INFO_MAGIC;
	if (start->cmdline)
		add_cmdline(low(start->cmdline));
	add(info.image_base, info.image_base + info.image_bytes, BOOT_MEMORY_IMAGE);
	add(physical_of(vmm_door_start), physical_of(vmm_door_end), BOOT_MEMORY_LOADER);
	if (start->module_count) {
		const struct hvm_module *bundle = low(start->modules);
		info.bundle_base = bundle->address;
		info.bundle_bytes = bundle->bytes;
		add(bundle->address, align_up(bundle->address + bundle->bytes, PAGE_SIZE), BOOT_MEMORY_BUNDLE);
	}
	if (start->version >= 1)
		for (uint32_t i = 0; i < start->memory_count; i++)
			add_memory((const struct hvm_memory *)low(start->memory) + i);
	memmap_settle(&info, &map);
	tables_read(&info, start->rsdp, &memory);
	cpu_describe(&info);
	places_judge(&info, cpu_local_apic(), cpu_address_bits(), &windows);
	cpu_clocks(&info);
	return physical_of(&info);
}
