/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the ACPI tables and hands their bytes to acpi_parse. A table is asked for once for its header and, when the length
 * there is possible, again whole; at most TABLES_MAX root entries are looked at, none is followed further, so hostile
 * tables end.
 */
#include "tables.h"

#include <base/bits.h>
#include <string.h>

#include "acpi_parse.h"
#include "notes.h"

#define TABLES_MAX 128u
#define BIOS_START 0xe0000u
#define BIOS_BYTES 0x20000u

struct reader {
	const struct table_memory *memory;
	struct boot_info *info;
};

/* The whole table at physical address @start and how long it is; NULL, and why, when there cannot be one. */
static const uint8_t *table_at(const struct reader *r, uint64_t start, uint32_t *len, enum acpi_error *why)
{
	const uint8_t *bytes = start < PAGE_SIZE ? NULL : r->memory->at(r->memory, start, ACPI_HEADER_BYTES);

	*why = ACPI_ADDRESS;
	if (!bytes)
		return NULL;
	*len = acpi_table_length(bytes);
	if (*len)
		return r->memory->at(r->memory, start, *len);
	*why = ACPI_LENGTH;
	return NULL;
}

static bool found(struct reader *r, const char *name, enum acpi_error error)
{
	if (error != ACPI_OK)
		NOTE(r->info, "acpi: table ", name, " ignored: ", acpi_error_text(error));
	return error == ACPI_OK;
}

/* The place of the root pointer: what the door was told, else where a BIOS leaves it; NULL: none. */
static const uint8_t *rsdp_find(const struct reader *r, uint64_t rsdp)
{
	const uint8_t *bios;

	if (rsdp)
		return r->memory->at(r->memory, rsdp, ACPI_RSDP_BYTES);
	bios = r->memory->at(r->memory, BIOS_START, BIOS_BYTES);
	for (uint32_t at = 0; bios && at + ACPI_RSDP_BYTES <= BIOS_BYTES; at += 16)
		if (memcmp(bios + at, "RSD PTR ", 8) == 0)
			return bios + at;
	return NULL;
}

/* One that the root lists: it may be that root, or list it. */
static void root_told(struct reader *r, const uint8_t *t)
{
	static const char *const roots[] = {"XSDT", "RSDT"};

	for (unsigned i = 0; i < ARRAY_SIZE(roots); i++)
		if (memcmp(t, roots[i], 4) == 0)
			NOTE(r->info, "acpi: table ", roots[i],
			     " ignored: the root lists it, and is not followed to another");
}

static void read_table(struct reader *r, uint64_t start)
{
	enum acpi_error why;
	uint32_t len;
	const uint8_t *t = table_at(r, start, &len, &why);
	const struct acpi_kind *kind = t ? acpi_kind_find(t) : NULL;
	char hex[NOTE_NUMBER_MAX];

	if (t)
		root_told(r, t);
	else
		NOTE(r->info, "acpi: table at ", note_number(hex, start, 16), " ignored: ", acpi_error_text(why));
	if (!kind)
		return;
	why = acpi_parse(kind, t, len, &r->info->machine);
	if (why == ACPI_SECOND)
		NOTE(r->info, "acpi: a second table ", kind->signature, " ignored: ", acpi_error_text(why));
	else
		found(r, kind->name, why);
}

static void read_root(struct reader *r, const struct acpi_rsdp *rsdp)
{
	const char *name = rsdp->xsdt ? "XSDT" : "RSDT";
	enum acpi_error why;
	uint32_t len, count;
	const uint8_t *root = table_at(r, rsdp->root, &len, &why);
	char all[NOTE_NUMBER_MAX], most[NOTE_NUMBER_MAX];

	if (!found(r, name, root ? acpi_table_check(root, len, name) : why))
		return;
	count = acpi_root_count(root, rsdp->xsdt);
	if (count > TABLES_MAX)
		NOTE(r->info, "acpi: of ", note_number(all, count, 10), " tables only the first ",
		     note_number(most, TABLES_MAX, 10), " are read");
	for (uint32_t i = 0; i < MIN(count, TABLES_MAX); i++)
		read_table(r, acpi_root_entry(root, rsdp->xsdt, i));
	if (r->info->machine.has_fadt)
		read_table(r, r->info->machine.fadt.dsdt);
}

void tables_read(struct boot_info *info, uint64_t rsdp_start, const struct table_memory *memory)
{
	struct reader r = {.memory = memory, .info = info};
	const uint8_t *bytes = rsdp_find(&r, rsdp_start);
	struct acpi_rsdp rsdp;

	memset(&info->machine, 0, sizeof info->machine);
	memset(info->notes, 0, sizeof info->notes);
	if (!bytes)
		NOTE(info, "acpi: no root pointer");
	else if (found(&r, "RSDP", acpi_rsdp_parse(bytes, ACPI_RSDP_BYTES, &rsdp)))
		read_root(&r, &rsdp);
}
