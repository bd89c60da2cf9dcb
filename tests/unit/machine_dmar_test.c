/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of remapping units. It lies in an allocation of exactly its length, as in machine_acpi_test.c. */
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include <base/bits.h>
#include <efi/machine/acpi_parse.h>

#include "../lib/acpi_tables.h"

static struct boot_dmar out;

static enum acpi_error parse(const struct acpi_table *t)
{
	struct boot_machine info = {0};
	uint8_t *copy = malloc(t->len);
	enum acpi_error e;

	memcpy(copy, t->bytes, t->len);
	e = acpi_parse(acpi_kind_find("DMAR"), copy, t->len, &info);
	out = info.dmar;
	free(copy);
	return e;
}

Test(machine_dmar, dmar_gives_units_and_who_asks_for_an_io_apics_interrupts)
{
	struct acpi_table b;

	dmar_desktop(&b);
	cr_assert_eq(parse(&b), ACPI_OK);
	cr_assert(out.interrupt_remap);
	cr_assert_eq(out.unit_count, 2u);
	cr_assert_eq(out.unit[0].base, 0xfed90000u);
	cr_assert_eq(out.unit[1].base, 0xfed91000u);
	cr_assert_eq(out.ioapic_count, 1u, "neither the timer's scope nor the reserved region's");
	cr_assert_eq(out.ioapic[0].id, 2u);
	cr_assert_eq(out.ioapic[0].sid, 0xf0f8u);
	cr_assert_eq(out.reserved_regions, 1u);
	b.bytes[37] = 0xfe;
	b.bytes[48 + 6] = 3;
	table_finish(&b);
	cr_assert_eq(parse(&b), ACPI_OK);
	cr_assert_not(out.interrupt_remap);
	cr_assert_eq(out.unit[0].segment, 3u);
	dmar_begin(&b, 1);
	table_finish(&b);
	cr_assert_eq(parse(&b), ACPI_ABSENT, "no unit");
}

Test(machine_dmar, a_unit_at_an_address_that_cannot_be_is_refused)
{
	static const uint64_t wrong[] = {0, 0xfed90800, 1ull << 46, UINT64_MAX - 0xfff, 0xfed91000};

	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct acpi_table b;
		dmar_begin(&b, 1);
		dmar_unit(&b, 0, 0, 0xfed91000, 0);
		dmar_unit(&b, 1, 0, wrong[i], 0);
		table_finish(&b);
		cr_assert_eq(parse(&b), ACPI_ADDRESS, "%lx", wrong[i]);
	}
}

Test(machine_dmar, a_dmar_with_more_than_can_be_held_is_refused_whole)
{
	for (unsigned more = 0; more < 2; more++) {
		struct acpi_table b;
		dmar_begin(&b, 1);
		for (unsigned i = 0; i < BOOT_DMAR_UNITS + more; i++)
			dmar_unit(&b, 0, 0, 0xfed00000 + i * 0x1000, 0);
		table_finish(&b);
		cr_assert_eq(parse(&b), more ? ACPI_TOO_MANY : ACPI_OK);
		dmar_begin(&b, 1);
		dmar_unit(&b, 1, 0, 0xfed00000, (BOOT_IOAPIC_MAX + more) * 8);
		for (unsigned i = 0; i < BOOT_IOAPIC_MAX + more; i++)
			dmar_scope(&b, 3, i, i, 31, 7);
		table_finish(&b);
		cr_assert_eq(parse(&b), more ? ACPI_TOO_MANY : ACPI_OK);
	}
	cr_assert_neq(strcmp(acpi_error_text(ACPI_TOO_MANY), acpi_error_text(ACPI_LENGTH)), 0);
}

Test(machine_dmar, structures_and_scopes_of_a_dmar_stay_within_each_other)
{
	struct acpi_table good, b;

	dmar_desktop(&good);
	for (unsigned len = 0; len < 64; len++) { /* of the first unit, with one scope of 8 */
		b = good;
		b.bytes[50] = (uint8_t)len;
		table_finish(&b);
		cr_assert_eq(parse(&b) == ACPI_OK, len == 24, "unit of %u bytes", len);
	}
	for (unsigned len = 0; len < 256; len++) {
		b = good;
		b.bytes[48 + 16 + 1] = (uint8_t)len;
		table_finish(&b);
		cr_assert_eq(parse(&b), len == 8 ? ACPI_OK : ACPI_LENGTH, "scope of %u", len);
	}
	for (unsigned hops = 1; hops < 4; hops++) { /* an I/O APIC behind bridges is not told */
		dmar_begin(&b, 1);
		dmar_unit(&b, 1, 0, 0xfed00000, 6 + 2 * hops);
		dmar_scope(&b, 3, 9, 1, 2, 3);
		b.bytes[48 + 16 + 1] = (uint8_t)(6 + 2 * hops);
		table_zeros(&b, 48 + 16 + 6 + 2 * hops);
		table_finish(&b);
		cr_assert_eq(parse(&b), ACPI_OK);
		cr_assert_eq(out.ioapic_count, hops == 1);
	}
	for (unsigned i = 0; i < 2; i++) {
		b = good;
		b.bytes[48 + 24 + 16 + 6 + i] = i ? 8 : 32; /* the I/O APIC's function, its device */
		table_finish(&b);
		cr_assert_eq(parse(&b), ACPI_ADDRESS);
	}
}
