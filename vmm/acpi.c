/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the ACPI tables and hands their bytes to core/acpi_parse. A table is mapped once for its header and, when the
 * length there is possible, again whole; at most TABLES_MAX root entries are looked at, so hostile tables end.
 */
#include "acpi.h"

#include <base/bits.h>
#include <string.h>

#include "early.h"
#include "log.h"
#include "paging.h"

#define TABLES_MAX 128u
#define BIOS_START 0xe0000u
#define BIOS_BYTES 0x20000u

static struct acpi_info info;

const struct acpi_info *acpi_info(void)
{
	return &info;
}

/* Maps the whole table at physical address @pa and says how long it is; NULL when that cannot be one. */
static const uint8_t *table_map(uint64_t pa, uint32_t *len)
{
	const uint8_t *header;

	if (pa < PAGE_SIZE || pa >> 46)
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

	if (early_boot()->rsdp >> 46)
		return NULL;
	if (early_boot()->rsdp)
		return paging_map_firmware(early_boot()->rsdp, ACPI_RSDP_BYTES);
	bios = paging_map_firmware(BIOS_START, BIOS_BYTES);
	for (uint32_t at = 0; at + ACPI_RSDP_BYTES <= BIOS_BYTES; at += 16)
		if (memcmp(bios + at, "RSD PTR ", 8) == 0)
			return bios + at;
	return NULL;
}

static void read_dsdt(void)
{
	uint32_t len;
	const uint8_t *dsdt = table_map(info.fadt.dsdt, &len);

	info.has_s5 = found("DSDT (\\_S5)", dsdt ? acpi_s5_find(dsdt, len, &info.s5) : ACPI_LENGTH);
}

static void read_table(uint64_t pa)
{
	uint32_t len;
	const uint8_t *t = table_map(pa, &len);

	if (!t) {
		log_line("acpi: table at %lx ignored: %s", pa, acpi_error_text(ACPI_LENGTH));
	} else if (memcmp(t, "APIC", 4) == 0 && !info.has_madt) {
		info.has_madt = found("MADT", acpi_madt_parse(t, len, &info.madt));
	} else if (memcmp(t, "MCFG", 4) == 0 && !info.has_mcfg) {
		info.has_mcfg = found("MCFG", acpi_mcfg_parse(t, len, &info.mcfg));
	} else if (memcmp(t, "HPET", 4) == 0 && !info.has_hpet) {
		info.has_hpet = found("HPET", acpi_hpet_parse(t, len, &info.hpet));
	} else if (memcmp(t, "DMAR", 4) == 0 && !info.has_dmar) {
		info.has_dmar = found("DMAR", acpi_dmar_parse(t, len, &info.dmar));
	} else if (memcmp(t, "FACP", 4) == 0 && !info.has_fadt) {
		info.has_fadt = found("FADT", acpi_fadt_parse(t, len, &info.fadt));
		if (info.has_fadt)
			read_dsdt();
	}
}

void acpi_init(void)
{
	const uint8_t *rsdp_bytes = rsdp_find(), *root;
	struct acpi_rsdp rsdp;
	uint32_t len, count;

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
	count = MIN(acpi_root_count(root, rsdp.xsdt), TABLES_MAX);
	for (uint32_t i = 0; i < count; i++)
		read_table(acpi_root_entry(root, rsdp.xsdt, i));
}
