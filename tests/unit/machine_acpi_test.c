/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables: sound ones give what they say, damaged ones an error. Each table lies in an allocation of exactly its
 * length, so the address sanitizer sees a read beyond it.
 */
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include <base/bits.h>
#include <efi/machine/acpi_parse.h>

#include "../lib/acpi_tables.h"

static void build_madt(struct acpi_table *b)
{
	table_begin(b, "APIC");
	table_put(b, 0xfee00000, 4);
	table_put(b, 1, 4);
	for (unsigned cpu = 0; cpu < 3; cpu++) { /* the third is not usable */
		table_put(b, 0, 1);
		table_put(b, 8, 1);
		table_put(b, cpu, 1);
		table_put(b, 2 * cpu, 1);
		table_put(b, cpu < 2, 4);
	}
	table_put(b, 1, 1); /* I/O APIC */
	table_put(b, 12, 1);
	table_put(b, 7, 1);
	table_put(b, 0, 1);
	table_put(b, 0xfec00000, 4);
	table_put(b, 0, 4);
	table_put(b, 2, 1); /* IRQ 0 -> GSI 2; IRQ 9 level, active low */
	table_put(b, 10, 1);
	table_put(b, 0, 2);
	table_put(b, 2, 4);
	table_put(b, 0, 2);
	table_put(b, 2, 1);
	table_put(b, 10, 1);
	table_put(b, 0x0900, 2);
	table_put(b, 9, 4);
	table_put(b, 0xf, 2);
	table_put(b, 0x7f, 1); /* a record of a kind that nobody knows */
	table_put(b, 3, 1);
	table_put(b, 0, 1);
	table_put(b, 9, 1); /* a CPU that needs x2APIC */
	table_put(b, 16, 1);
	table_put(b, 0, 2);
	table_put(b, 300, 4);
	table_put(b, 1, 4);
	table_put(b, 0, 4);
	table_finish(b);
}

static void build_mcfg(struct acpi_table *b)
{
	table_begin(b, "MCFG");
	table_put(b, 0, 8);
	table_put(b, 0xb0000000, 8);
	table_put(b, 0, 2);
	table_put(b, 0, 1);
	table_put(b, 255, 1);
	table_put(b, 0, 4);
	table_finish(b);
}

static void build_hpet(struct acpi_table *b)
{
	table_begin(b, "HPET");
	table_put(b, 0x8086a201, 4);
	table_put(b, 0, 4); /* memory space */
	table_put(b, 0xfed00000, 8);
	table_put(b, 0, 4);
	table_finish(b);
}

static void build_fadt(struct acpi_table *b)
{
	table_begin(b, "FACP");
	table_put(b, 0, 4);
	table_put(b, 0x7ffe0040, 4);
	table_zeros(b, 48);
	table_put(b, 0xb2, 4);
	table_put(b, 2, 1);
	table_zeros(b, 64);
	table_put(b, 0x604, 4);
	table_zeros(b, 76);
	table_put(b, 0x608, 4);
	table_zeros(b, 91);
	table_put(b, 4, 1);
	table_zeros(b, 112);
	table_put(b, 0x500, 4); /* 32-bit timer, reset register */
	table_put(b, 1, 4);     /* I/O space */
	table_put(b, 0xcf9, 8);
	table_put(b, 0x0f, 1);
	table_zeros(b, 244);
	table_finish(b);
}

static void build_dsdt(struct acpi_table *b)
{
	static const uint8_t code[] = {0x08, '_',  'S',  '5',  '_', /* a name that is no package first */
				       0x0c, 1,    2,    3,    4,    0x08, '\\', '_',  'S',  '5', '_',
				       0x12, 0x0a, 0x04, 0x0a, 0x05, 0x0a, 0x07, 0x00, 0x00, 0xff};

	table_begin(b, "DSDT");
	memcpy(b->bytes + b->len, code, sizeof code);
	b->len += sizeof code;
	table_finish(b);
}

static struct boot_machine out;

/* One table by name, on @len bytes in an allocation of exactly that size. */
static enum acpi_error parse(const char *signature, const uint8_t *bytes, uint32_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	enum acpi_error e;

	memcpy(copy, bytes, len);
	memset(&out, 0, sizeof out);
	e = acpi_parse(acpi_kind_find(signature), copy, len, &out);
	free(copy);
	return e;
}

static const struct {
	const char *signature;
	void (*build)(struct acpi_table *b);
} tables[] = {
	{"APIC", build_madt}, {"MCFG", build_mcfg}, {"DMAR", dmar_desktop},
	{"HPET", build_hpet}, {"FACP", build_fadt}, {"DSDT", build_dsdt},
};

Test(machine_acpi, madt_gives_cpus_io_apics_and_overrides)
{
	struct acpi_table b;

	build_madt(&b);
	cr_assert_eq(parse("APIC", b.bytes, b.len), ACPI_OK);
	cr_assert_eq(out.madt.cpu_count, 2u);
	cr_assert_eq(out.madt.cpu_apic_id[1], 2u);
	cr_assert_eq(out.madt.cpus_left_out, 1u);
	cr_assert_eq(out.madt.ioapic_count, 1u);
	cr_assert_eq(out.madt.ioapic[0].address, 0xfec00000u);
	cr_assert_eq(out.madt.isa[0].gsi, 2u);
	cr_assert_eq(out.madt.isa[4].gsi, 4u);
	cr_assert(out.madt.isa[9].level && out.madt.isa[9].active_low);
	cr_assert(!out.madt.isa[4].level && !out.madt.isa[4].active_low);
}

Test(machine_acpi, madt_with_more_cpus_than_fit_counts_the_rest)
{
	struct acpi_table b;

	table_begin(&b, "APIC");
	table_put(&b, 0, 8);
	for (unsigned i = 0; i < BOOT_CPU_MAX + 5; i++) {
		table_put(&b, 0x0800, 2);
		table_put(&b, i, 1);
		table_put(&b, i, 1);
		table_put(&b, 1, 4);
	}
	table_finish(&b);
	cr_assert_eq(parse("APIC", b.bytes, b.len), ACPI_OK);
	cr_assert_eq(out.madt.cpu_count, BOOT_CPU_MAX);
	cr_assert_eq(out.madt.cpus_left_out, 5u);
}

Test(machine_acpi, a_record_that_does_not_advance_ends_the_walk)
{
	for (unsigned len = 0; len < 8; len++) {
		struct acpi_table b;
		table_begin(&b, "APIC");
		table_put(&b, 0, 8);
		table_put(&b, 0, 1);
		table_put(&b, len, 1);
		table_put(&b, 0, 6);
		table_finish(&b);
		cr_assert_eq(parse("APIC", b.bytes, b.len), ACPI_LENGTH, "length %u", len);
	}
}

Test(machine_acpi, mcfg_gives_the_window)
{
	struct acpi_table b;

	build_mcfg(&b);
	cr_assert_eq(parse("MCFG", b.bytes, b.len), ACPI_OK);
	cr_assert_eq(out.mcfg.count, 1u);
	cr_assert_eq(out.mcfg.ecam[0].base, 0xb0000000u);
	cr_assert_eq(out.mcfg.ecam[0].end_bus, 255u);
	b.bytes[44] = 1; /* not aligned to a bus */
	table_finish(&b);
	cr_assert_eq(parse("MCFG", b.bytes, b.len), ACPI_LENGTH);
	b.bytes[44] = 0;
	b.bytes[54] = 9;
	b.bytes[55] = 3; /* ends before it starts */
	table_finish(&b);
	cr_assert_eq(parse("MCFG", b.bytes, b.len), ACPI_LENGTH);
	table_begin(&b, "MCFG");
	table_put(&b, 0, 8);
	table_finish(&b);
	cr_assert_eq(parse("MCFG", b.bytes, b.len), ACPI_ABSENT);
}

Test(machine_acpi, hpet_must_be_in_memory)
{
	struct acpi_table b;

	build_hpet(&b);
	cr_assert_eq(parse("HPET", b.bytes, b.len), ACPI_OK);
	cr_assert_eq(out.hpet.base, 0xfed00000u);
	b.bytes[40] = 1;
	table_finish(&b);
	cr_assert_eq(parse("HPET", b.bytes, b.len), ACPI_ABSENT);
}

Test(machine_acpi, fadt_gives_timer_power_and_reset)
{
	struct acpi_table b;

	build_fadt(&b);
	cr_assert_eq(parse("FACP", b.bytes, b.len), ACPI_OK);
	cr_assert_eq(out.fadt.dsdt, 0x7ffe0040u);
	cr_assert_eq(out.fadt.pm_timer_port, 0x608u);
	cr_assert(out.fadt.pm_timer_32);
	cr_assert_eq(out.fadt.pm1a_control, 0x604u);
	cr_assert_eq(out.fadt.pm1b_control, 0u);
	cr_assert_eq(out.fadt.smi_command, 0xb2u);
	cr_assert(out.fadt.reset.io && out.fadt.reset.address == 0xcf9);
	cr_assert_eq(out.fadt.reset_value, 0x0fu);
}

Test(machine_acpi, an_old_short_fadt_has_no_new_fields)
{
	struct acpi_table b;

	build_fadt(&b);
	b.len = 116;
	table_finish(&b);
	cr_assert_eq(parse("FACP", b.bytes, b.len), ACPI_OK);
	cr_assert_eq(out.fadt.reset.address, 0u);
	cr_assert_eq(out.fadt.pm1a_control, 0x604u);
	cr_assert_eq(out.fadt.dsdt, 0x7ffe0040u);
}

Test(machine_acpi, the_sleep_type_is_found_in_byte_code)
{
	struct acpi_table b;

	build_dsdt(&b);
	cr_assert_eq(parse("DSDT", b.bytes, b.len), ACPI_OK);
	cr_assert_eq(out.s5.typ_a, 5u);
	cr_assert_eq(out.s5.typ_b, 7u);
	table_begin(&b, "DSDT");
	table_zeros(&b, 60);
	memcpy(b.bytes + 56, "_S5_", 4);
	table_finish(&b);
	cr_assert_eq(parse("DSDT", b.bytes, b.len), ACPI_ABSENT, "the name at the very end");
}

Test(machine_acpi, of_two_sound_tables_the_first_counts_and_a_damaged_one_leaves_no_trace)
{
	const struct acpi_kind *kind = acpi_kind_find("APIC");
	struct acpi_table sound, damaged;

	build_madt(&sound);
	damaged = sound;
	damaged.bytes[damaged.len - 15] = 1; /* the last record's length: what was read before it must not count */
	table_finish(&damaged);
	memset(&out, 0, sizeof out);
	cr_assert_eq(acpi_parse(kind, damaged.bytes, damaged.len, &out), ACPI_LENGTH);
	cr_assert_not(out.has_madt);
	cr_assert_eq(acpi_parse(kind, sound.bytes, sound.len, &out), ACPI_OK);
	cr_assert(out.has_madt && out.madt.cpu_count == 2 && out.madt.ioapic_count == 1);
	cr_assert_eq(acpi_parse(kind, sound.bytes, sound.len, &out), ACPI_SECOND);
	cr_assert(out.has_madt && out.madt.cpu_count == 2);
	cr_assert_null(acpi_kind_find("SSDT"));
}

Test(machine_acpi, root_pointers_of_both_versions)
{
	uint8_t r[36] = "RSD PTR ";
	struct acpi_rsdp rsdp;

	r[16] = 0x34; /* RSDT 0x1234 */
	r[17] = 0x12;
	table_checksum(r, 20, 8);
	cr_assert_eq(acpi_rsdp_parse(r, 20, &rsdp), ACPI_OK);
	cr_assert(rsdp.root == 0x1234 && !rsdp.xsdt);
	cr_assert_eq(acpi_rsdp_parse(r, 19, &rsdp), ACPI_SHORT);
	r[15] = 2;
	r[20] = 36;
	r[24] = 0x78; /* XSDT 0x5678 */
	r[25] = 0x56;
	table_checksum(r, 20, 8);
	table_checksum(r, 36, 32);
	cr_assert_eq(acpi_rsdp_parse(r, 36, &rsdp), ACPI_OK);
	cr_assert(rsdp.root == 0x5678 && rsdp.xsdt);
	cr_assert_eq(acpi_rsdp_parse(r, 20, &rsdp), ACPI_SHORT);
	r[20] = 37;
	cr_assert_eq(acpi_rsdp_parse(r, 36, &rsdp), ACPI_LENGTH);
	r[20] = 36;
	r[33] ^= 1;
	cr_assert_eq(acpi_rsdp_parse(r, 36, &rsdp), ACPI_CHECKSUM);
	r[0] = 'X';
	cr_assert_eq(acpi_rsdp_parse(r, 36, &rsdp), ACPI_SIGNATURE);
}

Test(machine_acpi, root_tables_count_whole_entries_only)
{
	struct acpi_table b;

	table_begin(&b, "XSDT");
	table_put(&b, 0x1122334455667788, 8);
	table_put(&b, 0x99, 7);
	table_finish(&b);
	cr_assert_eq(acpi_table_check(b.bytes, b.len, "XSDT"), ACPI_OK);
	cr_assert_eq(acpi_root_count(b.bytes, true), 1u);
	cr_assert_eq(acpi_root_entry(b.bytes, true, 0), 0x1122334455667788u);
	cr_assert_eq(acpi_root_count(b.bytes, false), 3u);
	cr_assert_eq(acpi_root_entry(b.bytes, false, 1), 0x11223344u);
}

Test(machine_acpi, table_lengths_are_bounded)
{
	uint8_t header[ACPI_HEADER_BYTES] = "APIC";

	for (uint64_t len = 0; len <= UINT32_MAX; len = len * 2 + 1) {
		for (unsigned i = 0; i < 4; i++)
			header[4 + i] = (uint8_t)(len >> (8 * i));
		cr_assert_eq(acpi_table_length(header), len < ACPI_HEADER_BYTES || len > ACPI_TABLE_MAX ? 0 : len);
	}
}

Test(machine_acpi, a_table_cut_short_is_refused_at_every_length)
{
	for (unsigned t = 0; t < ARRAY_SIZE(tables); t++) {
		struct acpi_table b;
		tables[t].build(&b);
		for (uint32_t len = 0; len < b.len; len++)
			cr_assert_neq(parse(tables[t].signature, b.bytes, len), ACPI_OK, "%s cut to %u",
				      tables[t].signature, len);
	}
}

Test(machine_acpi, every_single_damaged_byte_is_refused_by_the_checksum)
{
	for (unsigned t = 0; t < ARRAY_SIZE(tables); t++) {
		struct acpi_table b;
		tables[t].build(&b);
		for (uint32_t i = 0; i < b.len; i++) {
			b.bytes[i] ^= 0x41;
			cr_assert_neq(parse(tables[t].signature, b.bytes, b.len), ACPI_OK, "%s byte %u",
				      tables[t].signature, i);
			b.bytes[i] ^= 0x41;
		}
	}
}

Test(machine_acpi, hostile_bytes_with_a_right_checksum_never_read_outside)
{
	srand(1);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned t = (unsigned)rand() % ARRAY_SIZE(tables);
		struct acpi_table b;
		tables[t].build(&b);
		for (int k = rand() % 8; k >= 0; k--)
			b.bytes[ACPI_HEADER_BYTES + (uint32_t)rand() % (b.len - ACPI_HEADER_BYTES)] =
				rand() % 2 ? (uint8_t)rand() : (uint8_t)(rand() % 2 ? 0xff : 0);
		if (rand() % 2)
			b.len = ACPI_HEADER_BYTES + (uint32_t)rand() % (b.len - ACPI_HEADER_BYTES);
		table_finish(&b);
		parse(tables[t].signature, b.bytes, b.len);
		if (strcmp(tables[t].signature, "APIC") == 0)
			cr_assert_leq(out.madt.cpu_count, BOOT_CPU_MAX);
	}
}
