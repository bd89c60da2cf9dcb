/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the ACPI tables and hands their bytes to core/acpi_parse. A table is mapped once for its header and, when the
 * length there is possible, again whole; at most TABLES_MAX root entries are looked at, none is followed further, so
 * hostile tables end. What they say about where registers are is believed only where nothing else is.
 */
#include "acpi.h"

#include <base/bits.h>
#include <string.h>

#include "early.h"
#include "log.h"
#include "paging.h"
#include "x86.h"

#define TABLES_MAX 128u
#define BIOS_START 0xe0000u
#define BIOS_BYTES 0x20000u

#define APIC_BASE_ADDRESS 0x000ffffffffff000ull
#define BUS_BYTES (1u << 20)
#define IOAPIC_BYTES 0x20u
#define HPET_BYTES 0x400u
#define CPUID_ADDRESSES 0x80000008u

static struct acpi_info info;
static struct windows windows;

const struct acpi_info *acpi_info(void)
{
	return &info;
}

struct windows *acpi_windows(void)
{
	return &windows;
}

/* Maps the whole table at physical address @pa and says how long it is; NULL when that cannot be one. */
static const uint8_t *table_map(uint64_t pa, uint32_t *len)
{
	const uint8_t *header;

	if (pa < PAGE_SIZE || !range_within(pa, ACPI_TABLE_MAX, windows.limit))
		return NULL;
	header = paging_map_firmware(pa, ACPI_HEADER_BYTES);
	*len = acpi_table_length(header);
	return *len ? paging_map_firmware(pa, *len) : NULL;
}

static bool found(const char *name, enum acpi_error error)
{
	if (error != ACPI_OK)
		log_line("acpi: table %s ignored: %s", name, acpi_error_text(error));
	return error == ACPI_OK;
}

/* The place of the root pointer: what the door says, else where a BIOS leaves it; NULL: none. */
static const uint8_t *rsdp_find(void)
{
	const uint8_t *bios;

	if (!range_within(early_boot()->rsdp, ACPI_RSDP_BYTES, windows.limit))
		return NULL;
	if (early_boot()->rsdp)
		return paging_map_firmware(early_boot()->rsdp, ACPI_RSDP_BYTES);
	bios = paging_map_firmware(BIOS_START, BIOS_BYTES);
	for (uint32_t at = 0; at + ACPI_RSDP_BYTES <= BIOS_BYTES; at += 16)
		if (memcmp(bios + at, "RSD PTR ", 8) == 0)
			return bios + at;
	return NULL;
}

static void read_table(uint64_t pa)
{
	uint32_t len;
	const uint8_t *t = table_map(pa, &len);
	const struct acpi_kind *kind = t ? acpi_kind_find(t) : NULL;

	if (!t)
		log_line("acpi: table at %lx ignored: %s", pa, acpi_error_text(ACPI_LENGTH));
	else if (kind)
		found(kind->name, acpi_parse(kind, t, len, &info));
}

/* Takes the registers of @what that @table tells, unless something else is there. */
static bool place(const char *table, const char *what, uint64_t start, uint64_t bytes)
{
	const char *over = windows_over(&windows, early_map(), start, bytes, UINT32_MAX);

	if (over)
		log_line("acpi: table %s ignored: it puts %s at %lx, over %s", table, what, start, over);
	else
		windows_add(&windows, start, bytes, what);
	return !over;
}

/* Of two that lie over each other the one stays that would be missed more; a table is believed whole or not at all. */
static void place_all(void)
{
	for (uint32_t i = 0; info.has_madt && i < info.madt.ioapic_count; i++)
		info.has_madt = place("MADT", "an I/O APIC", info.madt.ioapic[i].address, IOAPIC_BYTES);
	for (uint32_t i = 0; info.has_dmar && i < info.dmar.unit_count; i++)
		info.has_dmar = place("DMAR", "a remapping unit", info.dmar.unit[i].base, PAGE_SIZE);
	info.has_hpet = info.has_hpet && place("HPET", "the HPET", info.hpet.base, HPET_BYTES);
	for (uint32_t i = 0; info.has_mcfg && i < info.mcfg.count; i++) {
		const struct acpi_ecam *e = &info.mcfg.ecam[i];

		info.has_mcfg = place("MCFG", "configuration space", e->base + (uint64_t)e->start_bus * BUS_BYTES,
				      (e->end_bus - e->start_bus + 1ull) * BUS_BYTES);
	}
}

void acpi_init(void)
{
	const uint8_t *rsdp_bytes, *root;
	struct acpi_rsdp rsdp;
	uint32_t len, count, cpu[4];

	cpuid(CPUID_ADDRESSES, 0, cpu);
	windows.limit = 1ull << MIN(cpu[0] & 0xff, 52u);
	windows_add(&windows, rdmsr(MSR_APIC_BASE) & APIC_BASE_ADDRESS, PAGE_SIZE, "the local APIC");
	rsdp_bytes = rsdp_find();
	if (!rsdp_bytes) {
		log_line("acpi: no root pointer");
		return;
	}
	if (!found("RSDP", acpi_rsdp_parse(rsdp_bytes, ACPI_RSDP_BYTES, &rsdp)))
		return;
	root = table_map(rsdp.root, &len);
	if (!found(rsdp.xsdt ? "XSDT" : "RSDT",
		   root ? acpi_table_check(root, len, rsdp.xsdt ? "XSDT" : "RSDT") : ACPI_LENGTH))
		return;
	count = acpi_root_count(root, rsdp.xsdt);
	if (count > TABLES_MAX)
		log_line("acpi: of %u tables only the first %u are read", count, TABLES_MAX);
	for (uint32_t i = 0; i < MIN(count, TABLES_MAX); i++)
		read_table(acpi_root_entry(root, rsdp.xsdt, i));
	if (info.has_fadt)
		read_table(info.fadt.dsdt);
	place_all();
}
