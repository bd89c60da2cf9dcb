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

#define TABLES_MAX 128u
#define BIOS_START 0xe0000u
#define BIOS_BYTES 0x20000u
#define LINE_MAX 128u
#define MORE_NOTES "acpi: there is more to say than room for it"

struct reader {
	const struct table_memory *memory;
	struct boot_machine *machine;
	char *notes;
	uint32_t used; /* bytes of notes */
	bool full;
};

/* A number as text, at the end of @room. */
static const char *number(char room[24], uint64_t v, unsigned base)
{
	char *p = room + 23;

	*p = 0;
	do {
		*--p = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	return p;
}

/* Adds the line that @parts, up to a NULL, make together. Invariant: there is room for MORE_NOTES and an empty line. */
static void note(struct reader *r, const char *const *parts)
{
	char line[LINE_MAX];
	uint32_t n = 0;

	for (; *parts; parts++)
		for (const char *p = *parts; *p && n < LINE_MAX - 1; p++)
			line[n++] = *p;
	line[n++] = 0;
	if (r->full)
		return;
	r->full = r->used + n + sizeof MORE_NOTES >= BOOT_NOTES_MAX;
	if (r->full) {
		memcpy(r->notes + r->used, MORE_NOTES, sizeof MORE_NOTES);
		return;
	}
	memcpy(r->notes + r->used, line, n);
	r->used += n;
}

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
		note(r, (const char *const[]){"acpi: table ", name, " ignored: ", acpi_error_text(error), NULL});
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
			note(r, (const char *const[]){"acpi: table ", roots[i],
						      " ignored: the root lists it, and is not followed to another",
						      NULL});
}

static void read_table(struct reader *r, uint64_t start)
{
	enum acpi_error why;
	uint32_t len;
	const uint8_t *t = table_at(r, start, &len, &why);
	const struct acpi_kind *kind = t ? acpi_kind_find(t) : NULL;
	char hex[24];

	if (t)
		root_told(r, t);
	else
		note(r, (const char *const[]){"acpi: table at ", number(hex, start, 16),
					      " ignored: ", acpi_error_text(why), NULL});
	if (!kind)
		return;
	why = acpi_parse(kind, t, len, r->machine);
	if (why == ACPI_SECOND)
		note(r, (const char *const[]){"acpi: a second table ", kind->signature,
					      " ignored: ", acpi_error_text(why), NULL});
	else
		found(r, kind->name, why);
}

static void read_root(struct reader *r, const struct acpi_rsdp *rsdp)
{
	const char *name = rsdp->xsdt ? "XSDT" : "RSDT";
	enum acpi_error why;
	uint32_t len, count;
	const uint8_t *root = table_at(r, rsdp->root, &len, &why);
	char all[24], most[24];

	if (!found(r, name, root ? acpi_table_check(root, len, name) : why))
		return;
	count = acpi_root_count(root, rsdp->xsdt);
	if (count > TABLES_MAX)
		note(r, (const char *const[]){"acpi: of ", number(all, count, 10), " tables only the first ",
					      number(most, TABLES_MAX, 10), " are read", NULL});
	for (uint32_t i = 0; i < MIN(count, TABLES_MAX); i++)
		read_table(r, acpi_root_entry(root, rsdp->xsdt, i));
	if (r->machine->has_fadt)
		read_table(r, r->machine->fadt.dsdt);
}

void tables_read(struct boot_info *info, uint64_t rsdp_start, const struct table_memory *memory)
{
	struct reader r = {.memory = memory, .machine = &info->machine, .notes = info->notes};
	const uint8_t *bytes = rsdp_find(&r, rsdp_start);
	struct acpi_rsdp rsdp;

	memset(&info->machine, 0, sizeof info->machine);
	memset(info->notes, 0, sizeof info->notes);
	if (!bytes)
		note(&r, (const char *const[]){"acpi: no root pointer", NULL});
	else if (found(&r, "RSDP", acpi_rsdp_parse(bytes, ACPI_RSDP_BYTES, &rsdp)))
		read_root(&r, &rsdp);
}
