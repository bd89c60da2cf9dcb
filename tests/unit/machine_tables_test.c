/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables as machines have them (tests/lib/acpi_tables.c) give what is known of these machines. */
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include <base/bits.h>
#include <efi/machine/acpi_parse.h>

#include "../lib/acpi_tables.h"

static struct boot_machine out;

static unsigned read_samples; /* as bits */

static enum acpi_error parse(const char *signature, const uint8_t *bytes, uint32_t len)
{
	memset(&out, 0, sizeof out);
	return acpi_parse(acpi_kind_find(signature), bytes, len, &out);
}

/* Parses the sample so named, from an allocation of exactly its length; it has to be sound. */
static void read(const char *machine, const char *signature)
{
	struct acpi_table t;
	uint8_t *copy;
	unsigned i = 0;

	while (i < ACPI_SAMPLES &&
	       (strcmp(acpi_samples[i].machine, machine) != 0 || strcmp(acpi_samples[i].signature, signature) != 0))
		i++;
	cr_assert_lt(i, ACPI_SAMPLES, "no sample %s of %s", signature, machine);
	acpi_sample_get(i, &t);
	copy = malloc(t.len);
	memcpy(copy, t.bytes, t.len);
	cr_assert_eq(parse(signature, copy, t.len), ACPI_OK, "%s of %s", signature, machine);
	free(copy);
	read_samples |= 1u << i;
}

static void unit_is(unsigned i, uint64_t base, unsigned segment)
{
	cr_assert_eq(out.dmar.unit[i].base, base, "unit %u", i);
	cr_assert_eq(out.dmar.unit[i].segment, segment, "unit %u", i);
}

static void ioapic_is(unsigned i, unsigned id, unsigned sid)
{
	cr_assert_eq(out.dmar.ioapic[i].id, id, "I/O APIC %u", i);
	cr_assert_eq(out.dmar.ioapic[i].sid, sid, "I/O APIC %u", i);
}

static void qemus_remapping(void)
{
	static const char *const machines[] = {"intel-iommu,intremap=on", "intel-iommu,intremap=off,aw-bits=48",
					       "intel-iommu and a second root bus, pxb-pcie"};

	for (unsigned i = 0; i < ARRAY_SIZE(machines); i++) {
		read(machines[i], "DMAR");
		cr_assert_eq(out.dmar.interrupt_remap, i == 0 || i == 2, "%s", machines[i]);
		cr_assert_eq(out.dmar.unit_count, 1u);
		unit_is(0, 0xfed90000, 0);
		cr_assert_eq(out.dmar.ioapic_count, 1u);
		ioapic_is(0, 0, 0xff00);
		cr_assert_eq(out.dmar.reserved_regions, 0u);
	}
}

static void real_remapping(void)
{
	read("server", "DMAR");
	cr_assert(out.dmar.interrupt_remap);
	cr_assert_eq(out.dmar.unit_count, 8u);
	for (unsigned i = 0; i < 8; i++)
		unit_is(i, 0xd37fc000 + i * 0x1000000ull, 0);
	cr_assert_eq(out.dmar.ioapic_count, 9u);
	ioapic_is(0, 9, 0x172c);
	ioapic_is(6, 15, 0xd72c);
	ioapic_is(7, 8, 0xf0f8);
	ioapic_is(8, 16, 0x002c);
	cr_assert_eq(out.dmar.reserved_regions, 2u);
	read("laptop", "DMAR");
	cr_assert_eq(out.dmar.unit_count, 2u);
	cr_assert_eq(out.dmar.ioapic_count, 1u, "scopes that only ACPI knows are none");
	ioapic_is(0, 2, 0x00f7);
	read("segments", "DMAR");
	cr_assert_eq(out.dmar.unit_count, 20u);
	unit_is(9, 0x380000900000, 0);
	unit_is(10, 0x380000a00000, 1);
	cr_assert_eq(out.dmar.ioapic_count, 20u);
	ioapic_is(19, 19, 19 * 8 << 8 | 4);
}

static void qemus_cpus(void)
{
	static const struct {
		const char *machine;
		unsigned cpus;
	} rows[] = {{"q35, one CPU", 1}, {"q35, four CPUs, OVMF", 4}, {"pc, two CPUs", 2}};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		read(rows[i].machine, "APIC");
		cr_assert_eq(out.madt.cpu_count, rows[i].cpus);
		cr_assert_eq(out.madt.cpus_left_out, 0u);
		cr_assert_eq(out.madt.cpu_apic_id[rows[i].cpus - 1], rows[i].cpus - 1);
		cr_assert_eq(out.madt.ioapic_count, 1u);
		cr_assert(out.madt.ioapic[0].address == 0xfec00000 && out.madt.ioapic[0].gsi_base == 0);
		cr_assert_eq(out.madt.isa[0].gsi, 2u);
		cr_assert(out.madt.isa[9].level && !out.madt.isa[9].active_low);
		cr_assert(!out.madt.isa[4].level && out.madt.isa[4].gsi == 4);
	}
}

static void real_cpus(void)
{
	read("server", "APIC");
	cr_assert_eq(out.madt.cpu_count, 56u);
	cr_assert_eq(out.madt.cpu_apic_id[55], 64u + 27 * 2 + 1);
	cr_assert_eq(out.madt.cpus_left_out, 56u, "those that need x2APIC; empty slots are none");
	cr_assert_eq(out.madt.ioapic_count, 9u);
	cr_assert(out.madt.ioapic[8].address == 0xfec08000 && out.madt.ioapic[8].gsi_base == 80);
	cr_assert(out.madt.isa[9].level && !out.madt.isa[9].active_low && out.madt.isa[0].gsi == 2);
	read("many", "APIC");
	cr_assert_eq(out.madt.cpu_count, BOOT_CPU_MAX);
	cr_assert_eq(out.madt.cpus_left_out, 80u - BOOT_CPU_MAX);
	cr_assert_eq(out.madt.ioapic[1].address, 0xfec80400u);
}

static void window_is(unsigned i, uint64_t base, unsigned segment, unsigned first, unsigned last)
{
	const struct boot_ecam *e = &out.mcfg.ecam[i];

	cr_assert(e->base == base && e->segment == segment && e->start_bus == first && e->end_bus == last, "window %u",
		  i);
}

static void windows(void)
{
	read("q35", "MCFG");
	cr_assert_eq(out.mcfg.count, 1u);
	window_is(0, 0xb0000000, 0, 0, 255);
	read("small", "MCFG");
	window_is(0, 0xf8000000, 0, 0, 63);
	read("segments", "MCFG");
	cr_assert_eq(out.mcfg.count, BOOT_ECAM_MAX);
	window_is(3, 0x380030000000, 3, 48, 63);
}

static void power(const char *machine, uint64_t dsdt, uint64_t reset)
{
	read(machine, "FACP");
	cr_assert_eq(out.fadt.dsdt, dsdt, "%lx", out.fadt.dsdt);
	cr_assert(out.fadt.pm_timer_port == 0x608 && !out.fadt.pm_timer_32);
	cr_assert(out.fadt.pm1a_control == 0x604 && !out.fadt.pm1b_control);
	cr_assert(out.fadt.smi_command == 0xb2);
	cr_assert_eq(out.fadt.reset.address, reset);
	cr_assert_eq(out.fadt.reset.io, reset != 0);
}

Test(machine_tables, every_sample_gives_what_its_machine_has)
{
	qemus_remapping();
	real_remapping();
	qemus_cpus();
	real_cpus();
	windows();
	read("q35", "HPET");
	cr_assert_eq(out.hpet.base, 0xfed00000u);
	power("pc", 0x07fe0040, 0);
	power("q35", 0x07fe0040, 0xcf9);
	power("q35, OVMF", 0x1f779000, 0xcf9);
	cr_assert_eq(read_samples, (1u << ACPI_SAMPLES) - 1, "a sample that nobody looks at");
}

Test(machine_tables, a_sample_cut_short_is_refused_at_every_length)
{
	for (unsigned i = 0; i < ACPI_SAMPLES; i++) {
		struct acpi_table t;

		acpi_sample_get(i, &t);
		for (uint32_t len = 0; len < t.len; len++) {
			uint8_t *copy = malloc(len ? len : 1);
			memcpy(copy, t.bytes, len);
			cr_assert_neq(parse(acpi_samples[i].signature, copy, len), ACPI_OK, "%s of %s cut to %u",
				      acpi_samples[i].signature, acpi_samples[i].machine, len);
			free(copy);
		}
	}
}
