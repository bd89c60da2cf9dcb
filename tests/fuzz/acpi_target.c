/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables as hostile bytes. The first byte says which parser; its high bit has the checksums repaired, so that what
 * lies behind them is reached. The bytes stand in a heap block of just their length: AddressSanitizer sees each read
 * outside.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <base/bits.h>
#include <efi/machine/acpi_parse.h>
#include <efi/machine/tables.h>

#include "../lib/acpi_tables.h"

static const char *const signatures[] = {"RSD PTR ", "APIC", "MCFG", "HPET", "FACP",
					 "DSDT",     "XSDT", "RSDT", "DMAR", "RSD PTR "};

#define KINDS 10u
#define RSDP 0u
#define DSDT 5u
#define XSDT 6u
#define RSDT 7u
#define MEMORY 9u /* no table, but a machine's memory from MEMORY_START on, where its root pointer is */
#define MEMORY_START 0x1000u

static void repair(uint8_t *bytes, size_t len, size_t at)
{
	uint8_t sum = 0;

	if (at >= len)
		return;
	bytes[at] = 0;
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[at] = (uint8_t)-sum;
}

static void check_madt(const struct boot_madt *madt)
{
	cr_assert(madt->cpu_count <= BOOT_CPU_MAX && madt->ioapic_count <= BOOT_IOAPIC_MAX);
}

static void check_mcfg(const struct boot_mcfg *mcfg)
{
	cr_assert(mcfg->count <= BOOT_ECAM_MAX);
	for (uint32_t i = 0; i < mcfg->count; i++)
		cr_assert(mcfg->ecam[i].start_bus <= mcfg->ecam[i].end_bus);
}

/* Whether a unit at @base has a structure of its own: looked for at every offset, without following lengths. */
static bool unit_somewhere(const uint8_t *bytes, size_t len, uint64_t base)
{
	for (size_t at = 48; at + 16 <= len; at++)
		if (bytes[at] == 0 && bytes[at + 1] == 0 && memcmp(bytes + at + 8, &base, 8) == 0)
			return true;
	return false;
}

static void check_dmar(const struct boot_dmar *dmar, const uint8_t *bytes, size_t len)
{
	cr_assert(dmar->unit_count > 0 && dmar->unit_count <= BOOT_DMAR_UNITS);
	cr_assert(dmar->ioapic_count <= BOOT_IOAPIC_MAX);
	cr_assert(dmar->interrupt_remap == (bytes[37] & 1));
	cr_assert(16 * dmar->unit_count + 8 * dmar->ioapic_count + 24 * dmar->reserved_regions + 48 <= len);
	for (uint32_t i = 0; i < dmar->unit_count; i++) {
		cr_assert(dmar->unit[i].base && dmar->unit[i].base % 4096 == 0 && !(dmar->unit[i].base >> 46));
		cr_assert(unit_somewhere(bytes, len, dmar->unit[i].base));
		for (uint32_t k = 0; k < i; k++)
			cr_assert(dmar->unit[k].base != dmar->unit[i].base);
	}
}

static void run_root(const uint8_t *bytes, size_t len, bool xsdt)
{
	if (acpi_table_check(bytes, len, xsdt ? "XSDT" : "RSDT") != ACPI_OK)
		return;
	for (uint32_t i = 0; i < acpi_root_count(bytes, xsdt); i++)
		(void)acpi_root_entry(bytes, xsdt, i);
}

/* A refused table has left nothing behind. */
static void run_table(const char *signature, const uint8_t *bytes, size_t len)
{
	static const struct boot_machine nothing;
	struct boot_machine info = nothing;

	if (acpi_parse(acpi_kind_find(signature), bytes, len, &info) != ACPI_OK) {
		cr_assert(!memcmp(&info, &nothing, sizeof info));
		return;
	}
	if (info.has_madt)
		check_madt(&info.madt);
	if (info.has_mcfg)
		check_mcfg(&info.mcfg);
	if (info.has_dmar)
		check_dmar(&info.dmar, bytes, len);
	cr_assert(acpi_parse(acpi_kind_find(signature), bytes, len, &info) == ACPI_SECOND);
}

struct lender {
	struct table_memory memory; /* first */
	const uint8_t *bytes;
	size_t len;
	void *lent[600];
	unsigned count;
};

static const uint8_t *lend(const struct table_memory *memory, uint64_t start, uint64_t bytes)
{
	struct lender *l = (struct lender *)(uintptr_t)memory;
	uint8_t *copy;

	if (start < MEMORY_START || !range_within(start - MEMORY_START, bytes, l->len))
		return NULL;
	cr_assert(l->count < ARRAY_SIZE(l->lent)); /* two for each entry of the root, and a DSDT's */
	copy = malloc(bytes);
	memcpy(copy, l->bytes + (start - MEMORY_START), bytes);
	l->lent[l->count++] = copy;
	return copy;
}

/* Whatever stands in memory, what is told of it is bounded and ends. */
static void run_memory(const uint8_t *bytes, size_t len)
{
	static struct boot_info info;
	struct lender l = {.memory = {lend}, .bytes = bytes, .len = len};
	const char *p = info.notes;

	memset(&info, 0xa5, sizeof info);
	tables_read(&info, MEMORY_START, &l.memory);
	cr_assert(info.machine.madt.cpu_count <= BOOT_CPU_MAX && info.machine.madt.ioapic_count <= BOOT_IOAPIC_MAX);
	cr_assert(info.machine.mcfg.count <= BOOT_ECAM_MAX && info.machine.dmar.unit_count <= BOOT_DMAR_UNITS);
	while (*p)
		p += strlen(p) + 1;
	cr_assert(p < info.notes + BOOT_NOTES_MAX);
	while (l.count)
		free(l.lent[--l.count]);
}

static void parse(unsigned which, const uint8_t *bytes, size_t len)
{
	struct acpi_rsdp rsdp;

	switch (which) {
	case RSDP:
		if (acpi_rsdp_parse(bytes, len, &rsdp) == ACPI_OK)
			cr_assert(rsdp.root);
		break;
	case XSDT:
	case RSDT: run_root(bytes, len, which == XSDT); break;
	case MEMORY: run_memory(bytes, len); break;
	default: run_table(signatures[which], bytes, len);
	}
}

static void run(const uint8_t *input, size_t len)
{
	unsigned which = len ? input[0] % 128 % KINDS : 0;
	bool fix = len && input[0] & 0x80;
	uint8_t *bytes;

	if (len < 2)
		return;
	len--;
	bytes = malloc(len);
	memcpy(bytes, input + 1, len);
	if (fix && len >= 8) {
		bool table = which != RSDP && which != MEMORY;

		memcpy(bytes, signatures[which], table ? 4 : 8);
		if (table) {
			uint32_t total = (uint32_t)len;
			memcpy(bytes + 4, &total, 4);
			repair(bytes, len, 9);
		} else {
			repair(bytes, MIN(len, 20), 8);
			repair(bytes, which == MEMORY ? MIN(len, ACPI_RSDP_BYTES) : len, 32);
		}
	}
	parse(which, bytes, len);
	free(bytes);
}

static unsigned kind_of(const char *signature)
{
	unsigned i = 0;

	while (memcmp(signatures[i], signature, 4) != 0)
		i++;
	return i;
}

/* A memory with a root table that names one HPET, twice. Their checksums are right: the input's are not repaired. */
static size_t seed_memory(uint8_t *out)
{
	struct acpi_table root, t;
	unsigned i = 0;
	uint64_t at = MEMORY_START + 64;

	out[0] = 0x80 | MEMORY;
	out[1 + 15] = 2;
	out[1 + 20] = ACPI_RSDP_BYTES;
	memcpy(out + 1 + 24, &at, 8);
	table_begin(&root, "XSDT");
	table_put(&root, MEMORY_START + 192, 8);
	table_put(&root, MEMORY_START + 192, 8);
	table_finish(&root);
	memcpy(out + 1 + 64, root.bytes, root.len);
	while (memcmp(acpi_samples[i].signature, "HPET", 4) != 0)
		i++;
	acpi_sample_get(i, &t);
	memcpy(out + 1 + 192, t.bytes, t.len);
	return 1 + 192 + t.len;
}

/* What no sample is of: a root pointer, byte code, root tables. */
static size_t seed_made(unsigned kind, uint8_t *out)
{
	static const uint8_t s5[] = {8, '_', 'S', '5', '_', 0x12, 6, 4, 10, 5, 10, 5, 0, 0};

	out[0] = (uint8_t)(0x80 | kind);
	if (kind == RSDP) {
		out[1 + 15] = 2;
		out[1 + 20] = 36;
		out[1 + 24] = 1;
		return 1 + 36;
	}
	if (kind == DSDT)
		memcpy(out + 1 + 36, s5, sizeof s5);
	else
		fuzz_random(kind, out + 1 + 36, 64);
	return 1 + 36 + 64;
}

static size_t seed(unsigned n, uint8_t *out)
{
	static const unsigned made[] = {RSDP, DSDT, XSDT, RSDT};
	struct acpi_table t;

	if (n < ARRAY_SIZE(made))
		return seed_made(made[n], out);
	n -= ARRAY_SIZE(made);
	if (n-- == 0)
		return seed_memory(out);
	if (n >= ACPI_SAMPLES)
		return 0;
	acpi_sample_get(n, &t);
	out[0] = (uint8_t)(0x80 | kind_of(acpi_samples[n].signature));
	memcpy(out + 1, t.bytes, MIN(t.len, 1023));
	return 1 + MIN(t.len, 1023);
}

const struct fuzz_target fuzz_acpi = {"acpi", run, seed, 1024};
