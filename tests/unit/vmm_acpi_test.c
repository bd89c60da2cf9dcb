/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ACPI tables: sound ones give what they say, damaged ones an error. Each table lies in an allocation of exactly its
 * length, so the address sanitizer sees a read beyond it.
 */
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include <base/bits.h>
#include <vmm/core/acpi_parse.h>

struct builder {
	uint8_t bytes[1024];
	uint32_t len;
};

static void put(struct builder *b, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		b->bytes[b->len++] = (uint8_t)(v >> (8 * i));
}

static void put_zeros(struct builder *b, uint32_t upto)
{
	while (b->len < upto)
		put(b, 0, 1);
}

static void begin(struct builder *b, const char *signature)
{
	memset(b, 0, sizeof *b);
	memcpy(b->bytes, signature, 4);
	b->len = ACPI_HEADER_BYTES;
}

static void checksum(uint8_t *bytes, uint32_t len, uint32_t at)
{
	uint8_t sum = 0;

	bytes[at] = 0;
	for (uint32_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[at] = (uint8_t)-sum;
}

static void finish(struct builder *b)
{
	for (unsigned i = 0; i < 4; i++)
		b->bytes[4 + i] = (uint8_t)(b->len >> (8 * i));
	checksum(b->bytes, b->len, 9);
}

static void build_madt(struct builder *b)
{
	begin(b, "APIC");
	put(b, 0xfee00000, 4);
	put(b, 1, 4);
	for (unsigned cpu = 0; cpu < 3; cpu++) { /* the third is not usable */
		put(b, 0, 1);
		put(b, 8, 1);
		put(b, cpu, 1);
		put(b, 2 * cpu, 1);
		put(b, cpu < 2, 4);
	}
	put(b, 1, 1); /* I/O APIC */
	put(b, 12, 1);
	put(b, 7, 1);
	put(b, 0, 1);
	put(b, 0xfec00000, 4);
	put(b, 0, 4);
	put(b, 2, 1); /* IRQ 0 -> GSI 2; IRQ 9 level, active low */
	put(b, 10, 1);
	put(b, 0, 2);
	put(b, 2, 4);
	put(b, 0, 2);
	put(b, 2, 1);
	put(b, 10, 1);
	put(b, 0x0900, 2);
	put(b, 9, 4);
	put(b, 0xf, 2);
	put(b, 0x7f, 1); /* a record of a kind that nobody knows */
	put(b, 3, 1);
	put(b, 0, 1);
	put(b, 9, 1); /* a CPU that needs x2APIC */
	put(b, 16, 1);
	put(b, 0, 2);
	put(b, 300, 4);
	put(b, 1, 4);
	put(b, 0, 4);
	finish(b);
}

static void build_mcfg(struct builder *b)
{
	begin(b, "MCFG");
	put(b, 0, 8);
	put(b, 0xb0000000, 8);
	put(b, 0, 2);
	put(b, 0, 1);
	put(b, 255, 1);
	put(b, 0, 4);
	finish(b);
}

static void build_hpet(struct builder *b)
{
	begin(b, "HPET");
	put(b, 0x8086a201, 4);
	put(b, 0, 4); /* memory space */
	put(b, 0xfed00000, 8);
	put(b, 0, 4);
	finish(b);
}

static void build_fadt(struct builder *b)
{
	begin(b, "FACP");
	put(b, 0, 4);
	put(b, 0x7ffe0040, 4);
	put_zeros(b, 48);
	put(b, 0xb2, 4);
	put(b, 2, 1);
	put_zeros(b, 64);
	put(b, 0x604, 4);
	put_zeros(b, 76);
	put(b, 0x608, 4);
	put_zeros(b, 91);
	put(b, 4, 1);
	put_zeros(b, 112);
	put(b, 0x500, 4); /* 32-bit timer, reset register */
	put(b, 1, 4);     /* I/O space */
	put(b, 0xcf9, 8);
	put(b, 0x0f, 1);
	put_zeros(b, 244);
	finish(b);
}

static void build_dsdt(struct builder *b)
{
	static const uint8_t code[] = {0x08, '_',  'S',  '5',  '_', /* a name that is no package first */
				       0x0c, 1,    2,    3,    4,    0x08, '\\', '_',  'S',  '5', '_',
				       0x12, 0x0a, 0x04, 0x0a, 0x05, 0x0a, 0x07, 0x00, 0x00, 0xff};

	begin(b, "DSDT");
	memcpy(b->bytes + b->len, code, sizeof code);
	b->len += sizeof code;
	finish(b);
}

static void put_unit(struct builder *b, unsigned flags, unsigned segment, uint64_t base, unsigned scope_bytes)
{
	put(b, 0, 2);
	put(b, 16 + scope_bytes, 2);
	put(b, flags, 1);
	put(b, 0, 1);
	put(b, segment, 2);
	put(b, base, 8);
}

/* A device scope with a path of one hop; a bridge or an I/O APIC has the id 0 or its own. */
static void put_scope(struct builder *b, unsigned type, unsigned id, unsigned bus, unsigned device, unsigned function)
{
	put(b, type, 1);
	put(b, 8, 1);
	put(b, 0, 2);
	put(b, id, 1);
	put(b, bus, 1);
	put(b, device, 1);
	put(b, function, 1);
}

static void begin_dmar(struct builder *b)
{
	begin(b, "DMAR");
	put(b, 38, 1); /* 39 bits of address */
	put(b, 1, 1);
	put_zeros(b, 48);
}

/* A desktop: the graphics' own unit, one for all else with the I/O APIC, a region reserved for USB. */
static void build_dmar(struct builder *b)
{
	begin_dmar(b);
	put_unit(b, 0, 0, 0xfed90000, 8);
	put_scope(b, 1, 0, 0, 2, 0);
	put_unit(b, 1, 0, 0xfed91000, 16);
	put_scope(b, 3, 2, 0xf0, 31, 0);
	put_scope(b, 4, 0, 0, 31, 7);
	put(b, 1, 2);
	put(b, 32, 2);
	put(b, 0, 4);
	put(b, 0x7a000000, 8);
	put(b, 0x7a0fffff, 8);
	put_scope(b, 1, 0, 0, 20, 0);
	put(b, 9, 2); /* a structure of a kind that nobody knows */
	put(b, 4, 2);
	finish(b);
}

/* One parser by name, on @len bytes in an allocation of exactly that size. */
static enum acpi_error parse(const char *signature, const uint8_t *bytes, uint32_t len, void *out)
{
	uint8_t *copy = malloc(len ? len : 1);
	enum acpi_error e;

	memcpy(copy, bytes, len);
	if (strcmp(signature, "APIC") == 0)
		e = acpi_madt_parse(copy, len, out);
	else if (strcmp(signature, "MCFG") == 0)
		e = acpi_mcfg_parse(copy, len, out);
	else if (strcmp(signature, "DMAR") == 0)
		e = acpi_dmar_parse(copy, len, out);
	else if (strcmp(signature, "HPET") == 0)
		e = acpi_hpet_parse(copy, len, out);
	else if (strcmp(signature, "FACP") == 0)
		e = acpi_fadt_parse(copy, len, out);
	else
		e = acpi_s5_find(copy, len, out);
	free(copy);
	return e;
}

static const struct {
	const char *signature;
	void (*build)(struct builder *b);
} tables[] = {
	{"APIC", build_madt}, {"MCFG", build_mcfg}, {"DMAR", build_dmar},
	{"HPET", build_hpet}, {"FACP", build_fadt}, {"DSDT", build_dsdt},
};

static union {
	struct acpi_madt madt;
	struct acpi_mcfg mcfg;
	struct acpi_remapping dmar;
	struct acpi_hpet hpet;
	struct acpi_fadt fadt;
	struct acpi_s5 s5;
} out;

Test(vmm_acpi, madt_gives_cpus_io_apics_and_overrides)
{
	struct builder b;

	build_madt(&b);
	cr_assert_eq(parse("APIC", b.bytes, b.len, &out), ACPI_OK);
	cr_assert_eq(out.madt.lapic, 0xfee00000u);
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

Test(vmm_acpi, madt_with_more_cpus_than_fit_counts_the_rest)
{
	struct builder b;

	begin(&b, "APIC");
	put(&b, 0, 8);
	for (unsigned i = 0; i < ACPI_CPU_MAX + 5; i++) {
		put(&b, 0x0800, 2);
		put(&b, i, 1);
		put(&b, i, 1);
		put(&b, 1, 4);
	}
	finish(&b);
	cr_assert_eq(parse("APIC", b.bytes, b.len, &out), ACPI_OK);
	cr_assert_eq(out.madt.cpu_count, ACPI_CPU_MAX);
	cr_assert_eq(out.madt.cpus_left_out, 5u);
}

Test(vmm_acpi, a_record_that_does_not_advance_ends_the_walk)
{
	for (unsigned len = 0; len < 8; len++) {
		struct builder b;
		begin(&b, "APIC");
		put(&b, 0, 8);
		put(&b, 0, 1);
		put(&b, len, 1);
		put(&b, 0, 6);
		finish(&b);
		cr_assert_eq(parse("APIC", b.bytes, b.len, &out), ACPI_LENGTH, "length %u", len);
	}
}

Test(vmm_acpi, mcfg_gives_the_window)
{
	struct builder b;

	build_mcfg(&b);
	cr_assert_eq(parse("MCFG", b.bytes, b.len, &out), ACPI_OK);
	cr_assert_eq(out.mcfg.count, 1u);
	cr_assert_eq(out.mcfg.ecam[0].base, 0xb0000000u);
	cr_assert_eq(out.mcfg.ecam[0].end_bus, 255u);
	b.bytes[44] = 1; /* not aligned to a bus */
	finish(&b);
	cr_assert_eq(parse("MCFG", b.bytes, b.len, &out), ACPI_LENGTH);
	b.bytes[44] = 0;
	b.bytes[54] = 9;
	b.bytes[55] = 3; /* ends before it starts */
	finish(&b);
	cr_assert_eq(parse("MCFG", b.bytes, b.len, &out), ACPI_LENGTH);
	begin(&b, "MCFG");
	put(&b, 0, 8);
	finish(&b);
	cr_assert_eq(parse("MCFG", b.bytes, b.len, &out), ACPI_ABSENT);
}

Test(vmm_acpi, dmar_gives_units_and_who_asks_for_an_io_apics_interrupts)
{
	struct builder b;

	build_dmar(&b);
	cr_assert_eq(parse("DMAR", b.bytes, b.len, &out), ACPI_OK);
	cr_assert(out.dmar.interrupt_remap);
	cr_assert_eq(out.dmar.unit_count, 2u);
	cr_assert_eq(out.dmar.unit[0].base, 0xfed90000u);
	cr_assert_eq(out.dmar.unit[1].base, 0xfed91000u);
	cr_assert_eq(out.dmar.ioapic_count, 1u, "neither the timer's scope nor the reserved region's");
	cr_assert_eq(out.dmar.ioapic[0].id, 2u);
	cr_assert_eq(out.dmar.ioapic[0].sid, 0xf0f8u);
	cr_assert_eq(out.dmar.reserved_regions, 1u);
	b.bytes[37] = 0xfe;
	b.bytes[48 + 6] = 3;
	finish(&b);
	cr_assert_eq(parse("DMAR", b.bytes, b.len, &out), ACPI_OK);
	cr_assert_not(out.dmar.interrupt_remap);
	cr_assert_eq(out.dmar.unit[0].segment, 3u);
	begin_dmar(&b);
	finish(&b);
	cr_assert_eq(parse("DMAR", b.bytes, b.len, &out), ACPI_ABSENT, "no unit");
}

Test(vmm_acpi, a_unit_at_an_address_that_cannot_be_is_refused)
{
	static const uint64_t wrong[] = {0, 0xfed90800, 1ull << 46, UINT64_MAX - 0xfff, 0xfed91000};

	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct builder b;
		begin_dmar(&b);
		put_unit(&b, 0, 0, 0xfed91000, 0);
		put_unit(&b, 1, 0, wrong[i], 0);
		finish(&b);
		cr_assert_eq(parse("DMAR", b.bytes, b.len, &out), ACPI_ADDRESS, "%lx", wrong[i]);
	}
}

Test(vmm_acpi, a_dmar_with_more_than_can_be_held_is_refused_whole)
{
	for (unsigned more = 0; more < 2; more++) {
		struct builder b;
		begin_dmar(&b);
		for (unsigned i = 0; i < ACPI_DMAR_UNITS + more; i++)
			put_unit(&b, 0, 0, 0xfed00000 + i * 0x1000, 0);
		finish(&b);
		cr_assert_eq(parse("DMAR", b.bytes, b.len, &out), more ? ACPI_TOO_MANY : ACPI_OK);
		begin_dmar(&b);
		put_unit(&b, 1, 0, 0xfed00000, (ACPI_IOAPIC_MAX + more) * 8);
		for (unsigned i = 0; i < ACPI_IOAPIC_MAX + more; i++)
			put_scope(&b, 3, i, 0, i, 0);
		finish(&b);
		cr_assert_eq(parse("DMAR", b.bytes, b.len, &out), more ? ACPI_TOO_MANY : ACPI_OK);
	}
	cr_assert_neq(strcmp(acpi_error_text(ACPI_TOO_MANY), acpi_error_text(ACPI_LENGTH)), 0);
}

Test(vmm_acpi, structures_and_scopes_of_a_dmar_stay_within_each_other)
{
	struct builder good, b;

	build_dmar(&good);
	for (unsigned len = 0; len < 64; len++) { /* of the first unit, with one scope of 8 */
		b = good;
		b.bytes[50] = (uint8_t)len;
		finish(&b);
		cr_assert_eq(parse("DMAR", b.bytes, b.len, &out) == ACPI_OK, len == 24, "unit of %u bytes", len);
	}
	for (unsigned len = 0; len < 256; len++) {
		b = good;
		b.bytes[48 + 16 + 1] = (uint8_t)len;
		finish(&b);
		cr_assert_eq(parse("DMAR", b.bytes, b.len, &out), len == 8 ? ACPI_OK : ACPI_LENGTH, "scope of %u", len);
	}
	for (unsigned hops = 1; hops < 4; hops++) { /* an I/O APIC behind bridges is not told */
		begin_dmar(&b);
		put_unit(&b, 1, 0, 0xfed00000, 6 + 2 * hops);
		put_scope(&b, 3, 9, 1, 2, 3);
		b.bytes[48 + 16 + 1] = (uint8_t)(6 + 2 * hops);
		put_zeros(&b, 48 + 16 + 6 + 2 * hops);
		finish(&b);
		cr_assert_eq(parse("DMAR", b.bytes, b.len, &out), ACPI_OK);
		cr_assert_eq(out.dmar.ioapic_count, hops == 1);
	}
	for (unsigned i = 0; i < 2; i++) {
		b = good;
		b.bytes[48 + 24 + 16 + 6 + i] = i ? 8 : 32; /* the I/O APIC's function, its device */
		finish(&b);
		cr_assert_eq(parse("DMAR", b.bytes, b.len, &out), ACPI_ADDRESS);
	}
}

Test(vmm_acpi, hpet_must_be_in_memory)
{
	struct builder b;

	build_hpet(&b);
	cr_assert_eq(parse("HPET", b.bytes, b.len, &out), ACPI_OK);
	cr_assert_eq(out.hpet.base, 0xfed00000u);
	b.bytes[40] = 1;
	finish(&b);
	cr_assert_eq(parse("HPET", b.bytes, b.len, &out), ACPI_ABSENT);
}

Test(vmm_acpi, fadt_gives_timer_power_and_reset)
{
	struct builder b;

	build_fadt(&b);
	cr_assert_eq(parse("FACP", b.bytes, b.len, &out), ACPI_OK);
	cr_assert_eq(out.fadt.dsdt, 0x7ffe0040u);
	cr_assert_eq(out.fadt.pm_timer_port, 0x608u);
	cr_assert(out.fadt.pm_timer_32);
	cr_assert_eq(out.fadt.pm1a_control, 0x604u);
	cr_assert_eq(out.fadt.pm1b_control, 0u);
	cr_assert_eq(out.fadt.smi_command, 0xb2u);
	cr_assert(out.fadt.reset.io && out.fadt.reset.address == 0xcf9);
	cr_assert_eq(out.fadt.reset_value, 0x0fu);
}

Test(vmm_acpi, an_old_short_fadt_has_no_new_fields)
{
	struct builder b;

	build_fadt(&b);
	b.len = 116;
	finish(&b);
	cr_assert_eq(parse("FACP", b.bytes, b.len, &out), ACPI_OK);
	cr_assert_eq(out.fadt.reset.address, 0u);
	cr_assert_eq(out.fadt.pm1a_control, 0x604u);
	cr_assert_eq(out.fadt.dsdt, 0x7ffe0040u);
}

Test(vmm_acpi, the_sleep_type_is_found_in_byte_code)
{
	struct builder b;

	build_dsdt(&b);
	cr_assert_eq(parse("DSDT", b.bytes, b.len, &out), ACPI_OK);
	cr_assert_eq(out.s5.typ_a, 5u);
	cr_assert_eq(out.s5.typ_b, 7u);
	begin(&b, "DSDT");
	put_zeros(&b, 60);
	memcpy(b.bytes + 56, "_S5_", 4);
	finish(&b);
	cr_assert_eq(parse("DSDT", b.bytes, b.len, &out), ACPI_ABSENT, "the name at the very end");
}

Test(vmm_acpi, root_pointers_of_both_versions)
{
	uint8_t r[36] = "RSD PTR ";
	struct acpi_rsdp rsdp;

	r[16] = 0x34; /* RSDT 0x1234 */
	r[17] = 0x12;
	checksum(r, 20, 8);
	cr_assert_eq(acpi_rsdp_parse(r, 20, &rsdp), ACPI_OK);
	cr_assert(rsdp.root == 0x1234 && !rsdp.xsdt);
	cr_assert_eq(acpi_rsdp_parse(r, 19, &rsdp), ACPI_SHORT);
	r[15] = 2;
	r[20] = 36;
	r[24] = 0x78; /* XSDT 0x5678 */
	r[25] = 0x56;
	checksum(r, 20, 8);
	checksum(r, 36, 32);
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

Test(vmm_acpi, root_tables_count_whole_entries_only)
{
	struct builder b;

	begin(&b, "XSDT");
	put(&b, 0x1122334455667788, 8);
	put(&b, 0x99, 7);
	finish(&b);
	cr_assert_eq(acpi_table_check(b.bytes, b.len, "XSDT"), ACPI_OK);
	cr_assert_eq(acpi_root_count(b.bytes, true), 1u);
	cr_assert_eq(acpi_root_entry(b.bytes, true, 0), 0x1122334455667788u);
	cr_assert_eq(acpi_root_count(b.bytes, false), 3u);
	cr_assert_eq(acpi_root_entry(b.bytes, false, 1), 0x11223344u);
}

Test(vmm_acpi, table_lengths_are_bounded)
{
	uint8_t header[ACPI_HEADER_BYTES] = "APIC";

	for (uint64_t len = 0; len <= UINT32_MAX; len = len * 2 + 1) {
		for (unsigned i = 0; i < 4; i++)
			header[4 + i] = (uint8_t)(len >> (8 * i));
		cr_assert_eq(acpi_table_length(header), len < ACPI_HEADER_BYTES || len > ACPI_TABLE_MAX ? 0 : len);
	}
}

Test(vmm_acpi, a_table_cut_short_is_refused_at_every_length)
{
	for (unsigned t = 0; t < ARRAY_SIZE(tables); t++) {
		struct builder b;
		tables[t].build(&b);
		for (uint32_t len = 0; len < b.len; len++)
			cr_assert_neq(parse(tables[t].signature, b.bytes, len, &out), ACPI_OK, "%s cut to %u",
				      tables[t].signature, len);
	}
}

Test(vmm_acpi, every_single_damaged_byte_is_refused_by_the_checksum)
{
	for (unsigned t = 0; t < ARRAY_SIZE(tables); t++) {
		struct builder b;
		tables[t].build(&b);
		for (uint32_t i = 0; i < b.len; i++) {
			b.bytes[i] ^= 0x41;
			cr_assert_neq(parse(tables[t].signature, b.bytes, b.len, &out), ACPI_OK, "%s byte %u",
				      tables[t].signature, i);
			b.bytes[i] ^= 0x41;
		}
	}
}

Test(vmm_acpi, hostile_bytes_with_a_right_checksum_never_read_outside)
{
	srand(1);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned t = (unsigned)rand() % ARRAY_SIZE(tables);
		struct builder b;
		tables[t].build(&b);
		for (int k = rand() % 8; k >= 0; k--)
			b.bytes[ACPI_HEADER_BYTES + (uint32_t)rand() % (b.len - ACPI_HEADER_BYTES)] =
				rand() % 2 ? (uint8_t)rand() : (uint8_t)(rand() % 2 ? 0xff : 0);
		if (rand() % 2)
			b.len = ACPI_HEADER_BYTES + (uint32_t)rand() % (b.len - ACPI_HEADER_BYTES);
		finish(&b);
		parse(tables[t].signature, b.bytes, b.len, &out);
		if (strcmp(tables[t].signature, "APIC") == 0)
			cr_assert_leq(out.madt.cpu_count, ACPI_CPU_MAX);
	}
}
