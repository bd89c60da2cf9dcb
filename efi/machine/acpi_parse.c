/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables as hostile bytes. Every read goes through get(), which refuses what lies outside the table; a walk over
 * records always advances, since a record shorter than its own header ends it with an error.
 */
#include "acpi_parse.h"

#include <base/bits.h>
#include <stddef.h>
#include <string.h>

#define RSDP_V1_BYTES 20u
#define MADT_FIRST 44u
#define MCFG_FIRST 44u
#define MCFG_RECORD 16u
#define DMAR_FIRST 48u
#define HPET_BYTES 56u
#define FADT_BYTES 116u   /* of the first version */
#define LAPIC_USABLE 0x3u /* enabled, or can be brought online */

struct acpi_bytes {
	const uint8_t *bytes;
	uint32_t len;
};

const char *acpi_error_text(enum acpi_error error)
{
	static const char *const text[] = {
#define ACPI_ERROR_TEXT(name, words) words,
		ACPI_ERRORS(ACPI_ERROR_TEXT)};

	return text[error];
}

/* Little-endian number of @width bytes at @at; 0 when it does not lie wholly in the table. */
static uint64_t get(const struct acpi_bytes *t, uint64_t at, unsigned width)
{
	uint64_t v = 0;

	if (!range_within(at, width, t->len))
		return 0;
	for (unsigned i = 0; i < width; i++)
		v |= (uint64_t)t->bytes[at + i] << (8 * i);
	return v;
}

static bool sum_ok(const uint8_t *bytes, uint64_t len)
{
	uint8_t sum = 0;

	for (uint64_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return sum == 0;
}

enum acpi_error acpi_rsdp_parse(const uint8_t *bytes, uint64_t len, struct acpi_rsdp *out)
{
	struct acpi_bytes t = {bytes, (uint32_t)MIN(len, ACPI_RSDP_BYTES)};
	uint64_t total;

	memset(out, 0, sizeof *out);
	if (len < RSDP_V1_BYTES)
		return ACPI_SHORT;
	if (memcmp(bytes, "RSD PTR ", 8) != 0)
		return ACPI_SIGNATURE;
	if (!sum_ok(bytes, RSDP_V1_BYTES))
		return ACPI_CHECKSUM;
	if (bytes[15] >= 2) {
		if (len < ACPI_RSDP_BYTES)
			return ACPI_SHORT;
		total = get(&t, 20, 4);
		if (total < ACPI_RSDP_BYTES || total > len)
			return ACPI_LENGTH;
		if (!sum_ok(bytes, total))
			return ACPI_CHECKSUM;
		out->root = get(&t, 24, 8);
		out->xsdt = out->root != 0;
	}
	if (!out->root)
		out->root = get(&t, 16, 4);
	return out->root ? ACPI_OK : ACPI_ABSENT;
}

uint32_t acpi_table_length(const uint8_t *bytes)
{
	struct acpi_bytes t = {bytes, ACPI_HEADER_BYTES};
	uint64_t len = get(&t, 4, 4);

	return len < ACPI_HEADER_BYTES || len > ACPI_TABLE_MAX ? 0 : (uint32_t)len;
}

enum acpi_error acpi_table_check(const uint8_t *bytes, uint64_t len, const char *signature)
{
	uint32_t total;

	if (len < ACPI_HEADER_BYTES)
		return ACPI_SHORT;
	if (memcmp(bytes, signature, 4) != 0)
		return ACPI_SIGNATURE;
	total = acpi_table_length(bytes);
	if (total == 0 || total > len)
		return ACPI_LENGTH;
	return sum_ok(bytes, total) ? ACPI_OK : ACPI_CHECKSUM;
}

uint32_t acpi_root_count(const uint8_t *bytes, bool xsdt)
{
	return (acpi_table_length(bytes) - ACPI_HEADER_BYTES) / (xsdt ? 8u : 4u);
}

uint64_t acpi_root_entry(const uint8_t *bytes, bool xsdt, uint32_t i)
{
	struct acpi_bytes t = {bytes, acpi_table_length(bytes)};
	unsigned width = xsdt ? 8u : 4u;

	return get(&t, ACPI_HEADER_BYTES + (uint64_t)i * width, width);
}

static void add_cpu(struct boot_madt *out, uint64_t id, uint64_t flags)
{
	if (!(flags & LAPIC_USABLE))
		return;
	if (id >= 0xff || out->cpu_count == BOOT_CPU_MAX)
		out->cpus_left_out++;
	else
		out->cpu_apic_id[out->cpu_count++] = (uint8_t)id;
}

static void add_override(struct boot_madt *out, const struct acpi_bytes *t, uint64_t at)
{
	uint64_t irq = get(t, at + 3, 1), flags = get(t, at + 8, 2);

	if (get(t, at + 2, 1) != 0 || irq >= BOOT_ISA_IRQS)
		return;
	out->isa[irq] = (struct boot_irq){
		.gsi = (uint32_t)get(t, at + 4, 4), .active_low = (flags & 3) == 3, .level = (flags >> 2 & 3) == 3};
}

static void add_ioapic(struct boot_madt *out, const struct acpi_bytes *t, uint64_t at)
{
	if (out->ioapic_count < BOOT_IOAPIC_MAX)
		out->ioapic[out->ioapic_count++] = (struct boot_ioapic){.id = (uint8_t)get(t, at + 2, 1),
									.address = (uint32_t)get(t, at + 4, 4),
									.gsi_base = (uint32_t)get(t, at + 8, 4)};
}

static enum acpi_error read_madt(const struct acpi_bytes *t, struct boot_machine *info)
{
	struct boot_madt *out = &info->madt;
	/* Shortest length of the records that are read, by type. */
	static const uint8_t least[] = {[0] = 8, [1] = 12, [2] = 10, [9] = 16};

	for (uint32_t i = 0; i < BOOT_ISA_IRQS; i++)
		out->isa[i].gsi = i;
	for (uint64_t at = MADT_FIRST; at < t->len;) {
		uint64_t type = get(t, at, 1), bytes_here = get(t, at + 1, 1);

		if (bytes_here < 2 || !range_within(at, bytes_here, t->len) ||
		    (type < sizeof least && bytes_here < least[type]))
			return ACPI_LENGTH;
		switch (type) {
		case 0: add_cpu(out, get(t, at + 3, 1), get(t, at + 4, 4)); break;
		case 1: add_ioapic(out, t, at); break;
		case 2: add_override(out, t, at); break;
		case 9: add_cpu(out, get(t, at + 4, 4), get(t, at + 8, 4)); break;
		default: break;
		}
		at += bytes_here;
	}
	return ACPI_OK;
}

static enum acpi_error read_mcfg(const struct acpi_bytes *t, struct boot_machine *info)
{
	struct boot_mcfg *out = &info->mcfg;

	for (uint64_t at = MCFG_FIRST; at + MCFG_RECORD <= t->len && out->count < BOOT_ECAM_MAX; at += MCFG_RECORD) {
		struct boot_ecam ecam = {.base = get(t, at, 8),
					 .segment = (uint16_t)get(t, at + 8, 2),
					 .start_bus = (uint8_t)get(t, at + 10, 1),
					 .end_bus = (uint8_t)get(t, at + 11, 1)};

		if (ecam.base == 0 || ecam.base % (1u << 20) || ecam.base >> 46 || ecam.start_bus > ecam.end_bus)
			return ACPI_LENGTH;
		out->ecam[out->count++] = ecam;
	}
	return out->count ? ACPI_OK : ACPI_ABSENT;
}

static enum acpi_error add_unit(struct boot_dmar *out, const struct acpi_bytes *t, uint64_t at)
{
	uint64_t base = get(t, at + 8, 8);

	if (base == 0 || base % 4096 || base >> 46)
		return ACPI_ADDRESS;
	for (uint32_t i = 0; i < out->unit_count; i++)
		if (out->unit[i].base == base)
			return ACPI_ADDRESS;
	if (out->unit_count == BOOT_DMAR_UNITS)
		return ACPI_TOO_MANY;
	out->unit[out->unit_count++] = (struct boot_dmar_unit){.base = base, .segment = (uint16_t)get(t, at + 6, 2)};
	return ACPI_OK;
}

/* The I/O APICs among the device scopes in [@at, @end). One behind a bridge has no requester id that could be known here. */
static enum acpi_error add_scopes(struct boot_dmar *out, const struct acpi_bytes *t, uint64_t at, uint64_t end)
{
	uint64_t bytes_here;

	for (; at < end; at += bytes_here) {
		uint64_t bus = get(t, at + 5, 1), device = get(t, at + 6, 1), function = get(t, at + 7, 1);

		bytes_here = get(t, at + 1, 1);
		if (bytes_here < 8 || bytes_here % 2 || !range_within(at, bytes_here, end))
			return ACPI_LENGTH;
		if (get(t, at, 1) != 3 || bytes_here != 8)
			continue;
		if (device > 31 || function > 7)
			return ACPI_ADDRESS;
		if (out->ioapic_count == BOOT_IOAPIC_MAX)
			return ACPI_TOO_MANY;
		out->ioapic[out->ioapic_count++] = (struct boot_dmar_ioapic){
			.id = (uint8_t)get(t, at + 4, 1), .sid = (uint16_t)(bus << 8 | device << 3 | function)};
	}
	return ACPI_OK;
}

static enum acpi_error read_dmar(const struct acpi_bytes *t, struct boot_machine *info)
{
	struct boot_dmar *out = &info->dmar;
	enum acpi_error e = ACPI_OK;

	out->interrupt_remap = get(t, 37, 1) & 1;
	for (uint64_t at = DMAR_FIRST; at < t->len && e == ACPI_OK;) {
		uint64_t type = get(t, at, 2), bytes_here = get(t, at + 2, 2);

		if (bytes_here < (type == 0 ? 16 : type == 1 ? 24 : 4) || !range_within(at, bytes_here, t->len))
			return ACPI_LENGTH;
		if (type == 0)
			e = add_unit(out, t, at);
		if (type == 0 && e == ACPI_OK)
			e = add_scopes(out, t, at + 16, at + bytes_here);
		out->reserved_regions += type == 1;
		at += bytes_here;
	}
	return e == ACPI_OK && !out->unit_count ? ACPI_ABSENT : e;
}

/* The generic address structure at @at. */
static struct boot_register get_register(const struct acpi_bytes *t, uint64_t at)
{
	uint64_t space = get(t, at, 1), address = get(t, at + 4, 8);

	if (!range_within(at, 12, t->len) || space > 1 || (space == 1 && address > 0xffff))
		return (struct boot_register){0};
	return (struct boot_register){.address = address, .io = space == 1};
}

static enum acpi_error read_hpet(const struct acpi_bytes *t, struct boot_machine *info)
{
	struct boot_register r = get_register(t, 40);

	if (r.io || r.address == 0 || r.address % 8 || r.address >> 46)
		return ACPI_ABSENT;
	info->hpet.base = r.address;
	return ACPI_OK;
}

/* An I/O port that old fields name with 32 bits and new ones with a generic address, which wins where it is set. */
static uint16_t get_port(const struct acpi_bytes *t, uint64_t old, uint64_t generic)
{
	struct boot_register r = get_register(t, generic);
	uint64_t port = get(t, old, 4);

	if (r.io && r.address)
		return (uint16_t)r.address;
	return port <= 0xffff ? (uint16_t)port : 0;
}

static enum acpi_error read_fadt(const struct acpi_bytes *t, struct boot_machine *info)
{
	struct boot_fadt *out = &info->fadt;
	uint64_t flags = get(t, 112, 4), smi = get(t, 48, 4);

	out->dsdt = get(t, 140, 8);
	if (!out->dsdt)
		out->dsdt = get(t, 40, 4);
	out->smi_command = smi <= 0xffff ? (uint16_t)smi : 0;
	out->acpi_enable = (uint8_t)get(t, 52, 1);
	out->pm1a_control = get_port(t, 64, 172);
	out->pm1b_control = get_port(t, 68, 184);
	if (get(t, 91, 1) == 4)
		out->pm_timer_port = get_port(t, 76, 208);
	out->pm_timer_32 = flags >> 8 & 1;
	if (flags >> 10 & 1)
		out->reset = get_register(t, 116);
	out->reset_value = (uint8_t)get(t, 128, 1);
	return ACPI_OK;
}

/* A byte constant of the byte code: ZeroOp, OneOp, or BytePrefix and the byte. Advances *@at; -1: something else. */
static int get_constant(const struct acpi_bytes *t, uint64_t *at)
{
	uint64_t op = get(t, *at, 1);

	if (!range_within(*at, 1, t->len))
		return -1;
	*at += 1;
	if (op <= 1)
		return (int)op;
	if (op != 0x0a || !range_within(*at, 1, t->len))
		return -1;
	return (int)get(t, (*at)++, 1);
}

/* Reads `Package () { a, b, ... }` at @at, the place after the name. */
static bool s5_package(const struct acpi_bytes *t, uint64_t at, struct boot_s5 *out)
{
	int a, b;

	if (get(t, at, 1) != 0x12)
		return false;
	at += 2 + (get(t, at + 1, 1) >> 6); /* PackageOp, PkgLength of 1 to 4 bytes */
	if (get(t, at, 1) < 2)
		return false;
	at++;
	a = get_constant(t, &at);
	b = get_constant(t, &at);
	if (a < 0 || b < 0 || a > 7 || b > 7)
		return false;
	*out = (struct boot_s5){.typ_a = (uint8_t)a, .typ_b = (uint8_t)b};
	return true;
}

static enum acpi_error read_s5(const struct acpi_bytes *t, struct boot_machine *info)
{
	for (uint64_t at = ACPI_HEADER_BYTES; at + 4 <= t->len; at++)
		if (memcmp(t->bytes + at, "_S5_", 4) == 0 && s5_package(t, at + 4, &info->s5))
			return ACPI_OK;
	return ACPI_ABSENT;
}

#define PART(part) offsetof(struct boot_machine, has_##part), read_##part

static const struct acpi_kind kinds[] = {
	{"APIC", "MADT", MADT_FIRST, PART(madt)}, {"MCFG", "MCFG", MCFG_FIRST, PART(mcfg)},
	{"DMAR", "DMAR", DMAR_FIRST, PART(dmar)}, {"HPET", "HPET", HPET_BYTES, PART(hpet)},
	{"FACP", "FADT", FADT_BYTES, PART(fadt)}, {"DSDT", "DSDT (\\_S5)", ACPI_HEADER_BYTES + 8, PART(s5)},
};

const struct acpi_kind *acpi_kind_find(const void *signature)
{
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (memcmp(kinds[i].signature, signature, 4) == 0)
			return &kinds[i];
	return NULL;
}

enum acpi_error acpi_parse(const struct acpi_kind *kind, const uint8_t *bytes, uint64_t len, struct boot_machine *out)
{
	uint8_t *has = (uint8_t *)out + kind->has;
	enum acpi_error e = acpi_table_check(bytes, len, kind->signature);
	struct acpi_bytes t = {bytes, 0};
	struct boot_machine whole = *out;

	if (*has)
		return ACPI_SECOND;
	if (e != ACPI_OK)
		return e;
	t.len = acpi_table_length(bytes);
	e = t.len < kind->least ? ACPI_SHORT : kind->parse(&t, &whole);
	if (e != ACPI_OK)
		return e;
	*out = whole;
	*has = 1;
	return ACPI_OK;
}
