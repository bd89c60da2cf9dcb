/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables as machines have them. The ones in hexadecimal were read out of QEMU 7.2 (Debian 12) once its firmware had placed
 * them; the others are written by hand in the shape of real machines', with addresses and numbers of their own.
 */
#include "acpi_tables.h"

#include <stddef.h>
#include <string.h>

#define HEADER_BYTES 36u

void table_begin(struct acpi_table *t, const char *signature)
{
	memset(t, 0, sizeof *t);
	memcpy(t->bytes, signature, 4);
	t->len = HEADER_BYTES;
}

void table_put(struct acpi_table *t, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		t->bytes[t->len++] = (uint8_t)(value >> (8 * i));
}

void table_zeros(struct acpi_table *t, uint32_t upto)
{
	while (t->len < upto)
		table_put(t, 0, 1);
}

void table_checksum(uint8_t *bytes, uint32_t len, uint32_t at)
{
	uint8_t sum = 0;

	bytes[at] = 0;
	for (uint32_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + bytes[i]);
	bytes[at] = (uint8_t)-sum;
}

void table_finish(struct acpi_table *t)
{
	for (unsigned i = 0; i < 4; i++)
		t->bytes[4 + i] = (uint8_t)(t->len >> (8 * i));
	table_checksum(t->bytes, t->len, 9);
}

void dmar_begin(struct acpi_table *t, unsigned flags)
{
	table_begin(t, "DMAR");
	table_put(t, 45, 1); /* 46 bits of address */
	table_put(t, flags, 1);
	table_zeros(t, 48);
}

void dmar_unit(struct acpi_table *t, unsigned flags, unsigned segment, uint64_t base, unsigned scope_bytes)
{
	table_put(t, 0, 2);
	table_put(t, 16 + scope_bytes, 2);
	table_put(t, flags, 1);
	table_put(t, 0, 1);
	table_put(t, segment, 2);
	table_put(t, base, 8);
}

void dmar_scope(struct acpi_table *t, unsigned type, unsigned id, unsigned bus, unsigned device, unsigned function)
{
	table_put(t, type, 1);
	table_put(t, 8, 1);
	table_put(t, 0, 2);
	table_put(t, id, 1);
	table_put(t, bus, 1);
	table_put(t, device, 1);
	table_put(t, function, 1);
}

/* A device behind a bridge: a path of two hops. */
static void scope_behind(struct acpi_table *t, unsigned bus, unsigned port)
{
	table_put(t, 1, 1);
	table_put(t, 10, 1);
	table_put(t, 0, 3);
	table_put(t, bus, 1);
	table_put(t, port, 2);
	table_put(t, 0, 2);
}

static void reserved_region(struct acpi_table *t, uint64_t first, uint64_t last)
{
	table_put(t, 1, 2);
	table_put(t, 32, 2);
	table_put(t, 0, 4);
	table_put(t, first, 8);
	table_put(t, last, 8);
	dmar_scope(t, 1, 0, 0, 20, 0);
}

/* A desktop: the graphics' own unit, one for all else with the I/O APIC, a region reserved for USB. */
void dmar_desktop(struct acpi_table *t)
{
	dmar_begin(t, 1);
	dmar_unit(t, 0, 0, 0xfed90000, 8);
	dmar_scope(t, 1, 0, 0, 2, 0);
	dmar_unit(t, 1, 0, 0xfed91000, 16);
	dmar_scope(t, 3, 2, 0xf0, 31, 0);
	dmar_scope(t, 4, 0, 0, 31, 7);
	table_put(t, 1, 2);
	table_put(t, 32, 2);
	table_put(t, 0, 4);
	table_put(t, 0x7a000000, 8);
	table_put(t, 0x7a0fffff, 8);
	dmar_scope(t, 1, 0, 0, 20, 0);
	table_put(t, 9, 2); /* a structure of a kind that nobody knows */
	table_put(t, 4, 2);
	table_finish(t);
}

/*
 * Two sockets with four units and four I/O APICs each and one more of the chipset's. The last unit covers what no other
 * does. Behind them reserved regions, root ports with address services (ATSR), affinities (RHSA).
 */
static void dmar_server(struct acpi_table *t)
{
	dmar_begin(t, 1);
	for (unsigned i = 0; i < 7; i++) {
		unsigned bus = 0x17 + 0x20 * i;

		dmar_unit(t, 0, 0, 0xd37fc000 + 0x1000000ull * i, 8 + 8 + 10);
		dmar_scope(t, 3, 9 + i, bus, 5, 4);
		dmar_scope(t, 2, 0, bus, 0, 0);
		scope_behind(t, bus, 2);
	}
	dmar_unit(t, 1, 0, 0xda7fc000, 24);
	dmar_scope(t, 3, 8, 0xf0, 31, 0);
	dmar_scope(t, 3, 16, 0, 5, 4);
	dmar_scope(t, 4, 0, 0, 31, 0);
	reserved_region(t, 0x6d000000, 0x6d7fffff);
	reserved_region(t, 0x6f000000, 0x6f00ffff);
	table_put(t, 2, 2); /* ATSR with one root port */
	table_put(t, 16, 2);
	table_put(t, 0, 4);
	dmar_scope(t, 2, 0, 0x17, 0, 0);
	for (unsigned i = 0; i < 8; i++) { /* RHSA */
		table_put(t, 3, 2);
		table_put(t, 20, 2);
		table_put(t, 0, 4);
		table_put(t, 0xd37fc000 + 0x1000000ull * i, 8);
		table_put(t, i / 4, 4);
	}
	table_finish(t);
}

/* A laptop: graphics, all else with devices that only ACPI knows (scope type 5, ANDD), no reserved region. */
static void dmar_laptop(struct acpi_table *t)
{
	dmar_begin(t, 5);
	dmar_unit(t, 0, 0, 0xfed90000, 8);
	dmar_scope(t, 1, 0, 0, 2, 0);
	dmar_unit(t, 1, 0, 0xfed91000, 32);
	dmar_scope(t, 3, 2, 0, 30, 7);
	dmar_scope(t, 4, 0, 0, 30, 6);
	dmar_scope(t, 5, 1, 0, 21, 0);
	dmar_scope(t, 5, 2, 0, 21, 1);
	for (unsigned i = 1; i <= 2; i++) {
		uint32_t start = t->len;

		table_put(t, 4, 2);
		table_put(t, 32, 2);
		table_put(t, i << 24, 4);
		memcpy(t->bytes + t->len, "\\_SB.PCI0.I2C0", 15);
		table_zeros(t, start + 32);
	}
	table_finish(t);
}

/* Units of two segments of a large machine, with the structures of later revisions (SATC, SIDP). */
static void dmar_segments(struct acpi_table *t)
{
	dmar_begin(t, 3);
	for (unsigned i = 0; i < 20; i++) {
		dmar_unit(t, i % 10 == 9, i / 10, 0x380000000000 + 0x100000ull * i, 8);
		dmar_scope(t, 3, i, i * 8, 0, 4);
	}
	for (unsigned type = 5; type <= 6; type++) {
		table_put(t, type, 2);
		table_put(t, 16, 2);
		table_put(t, 0, 4);
		dmar_scope(t, 1, 0, 0x6a, 1, 0);
	}
	table_finish(t);
}

static void cpu(struct acpi_table *t, unsigned id, unsigned flags)
{
	table_put(t, id < 255 ? 0x0800 : 0x1009, 2);
	table_put(t, id < 255 ? id << 8 | (id & 0xff) : 0, 2);
	if (id >= 255)
		table_put(t, id, 4);
	table_put(t, flags, 4);
	if (id >= 255)
		table_put(t, id, 4);
}

static void ioapic(struct acpi_table *t, unsigned id, uint32_t address, unsigned first)
{
	table_put(t, 0x0c01, 2);
	table_put(t, id, 2);
	table_put(t, address, 4);
	table_put(t, first, 4);
}

static void override(struct acpi_table *t, unsigned irq, unsigned gsi, unsigned flags)
{
	table_put(t, 0x0a02, 2);
	table_put(t, irq << 8, 2);
	table_put(t, gsi, 4);
	table_put(t, flags, 2);
}

/* 112 threads of two sockets, ids with gaps, the second socket's beyond 255, and empty slots; nine I/O APICs. */
static void madt_server(struct acpi_table *t)
{
	table_begin(t, "APIC");
	table_put(t, 0xfee00000, 4);
	table_put(t, 1, 4);
	for (unsigned i = 0; i < 56; i++)
		cpu(t, i / 28 * 64 + i % 28 * 2 + (i >= 28), 1);
	for (unsigned i = 0; i < 56; i++)
		cpu(t, 256 + i, 1);
	for (unsigned i = 0; i < 16; i++)
		cpu(t, 0xff - i - 1, 0); /* nothing there, nothing to come */
	table_put(t, 0x0604, 2);         /* NMI pins, old and new */
	table_put(t, 0x010005ff, 4);
	table_put(t, 0x0c0a, 2);
	table_put(t, 0x0005, 2);
	table_put(t, 0xffffffff, 4);
	table_put(t, 1, 4);
	ioapic(t, 8, 0xfec00000, 0);
	for (unsigned i = 0; i < 8; i++)
		ioapic(t, 9 + i, 0xfec01000 + (i << 12), 24 + 8 * i);
	override(t, 0, 2, 0);
	override(t, 9, 9, 13);
	table_put(t, 0x0c05, 2); /* the local APIC's address again, in 64 bits */
	table_put(t, 0, 2);
	table_put(t, 0xfee00000, 8);
	table_finish(t);
}

/* 80 cores of an old machine, more than are taken, and records of the maker's own. */
static void madt_many(struct acpi_table *t)
{
	table_begin(t, "APIC");
	table_put(t, 0xfee00000, 4);
	table_put(t, 1, 4);
	for (unsigned i = 0; i < 80; i++)
		cpu(t, i, i % 2 ? 1 : 2); /* every other can be brought online */
	table_put(t, 0x0480, 2);
	table_put(t, 0xffff, 2);
	ioapic(t, 0x80, 0xfec80000, 24);
	ioapic(t, 0x81, 0xfec80400, 48);
	table_finish(t);
}

static void window(struct acpi_table *t, uint64_t base, unsigned segment, unsigned first, unsigned last)
{
	table_put(t, base, 8);
	table_put(t, segment, 2);
	table_put(t, first, 1);
	table_put(t, last, 1);
	table_put(t, 0, 4);
}

/* A segment for each of six root complexes, the first below 4 GiB. */
static void mcfg_segments(struct acpi_table *t)
{
	table_begin(t, "MCFG");
	table_put(t, 0, 8);
	window(t, 0xe0000000, 0, 0, 255);
	for (unsigned i = 1; i < 6; i++)
		window(t, 0x380000000000 + (uint64_t)i * 0x10000000, i, i * 16, i * 16 + 15);
	table_finish(t);
}

/* A small machine with room for 64 buses. */
static void mcfg_small(struct acpi_table *t)
{
	table_begin(t, "MCFG");
	table_put(t, 0, 8);
	window(t, 0xf8000000, 0, 0, 63);
	table_finish(t);
}

const struct acpi_sample acpi_samples[ACPI_SAMPLES] = {
	{"q35, one CPU", "APIC", NULL,
	 "4150494378000000018a424f4348532042585043202020200100000042585043010000000000e0fe01000000000800000100"
	 "0000010c00000000c0fe00000000020a0000020000000000020a0005050000000d00020a0009090000000d00020a000a0a00"
	 "00000d00020a000b0b0000000d000406ff000001"},
	{"q35, four CPUs, OVMF", "APIC", NULL,
	 "4150494390000000014b424f4348532042585043202020200100000042585043010000000000e0fe01000000000800000100"
	 "0000000801010100000000080202010000000008030301000000010c00000000c0fe00000000020a0000020000000000020a"
	 "0005050000000d00020a0009090000000d00020a000a0a0000000d00020a000b0b0000000d000406ff000001"},
	{"pc, two CPUs", "APIC", NULL,
	 "41504943800000000177424f4348532042585043202020200100000042585043010000000000e0fe01000000000800000100"
	 "00000008010101000000010c00000000c0fe00000000020a0000020000000000020a0005050000000d00020a000909000000"
	 "0d00020a000a0a0000000d00020a000b0b0000000d000406ff000001"},
	{"intel-iommu,intremap=on", "DMAR", NULL,
	 "444d4152680000000142424f4348532042585043202020200100000042585043010000002601000000000000000000000000"
	 "3800000000000000d9fe000000000308000000ff000001080000000000000108000000001f000108000000001f0201080000"
	 "00001f03"},
	{"intel-iommu,intremap=off,aw-bits=48", "DMAR", NULL,
	 "444d415268000000013a424f4348532042585043202020200100000042585043010000002f00000000000000000000000000"
	 "3800000000000000d9fe000000000308000000ff000001080000000000000108000000001f000108000000001f0201080000"
	 "00001f03"},
	{"intel-iommu and a second root bus, pxb-pcie", "DMAR", NULL,
	 "444d415278000000018e424f4348532042585043202020200100000042585043010000002601000000000000000000000000"
	 "4800000000000000d9fe000000000308000000ff0000010800000000000001080000000001000108000000001f0001080000"
	 "00001f020108000000001f030208000000800000"},
	{"q35", "MCFG", NULL,
	 "4d4346473c000000018c424f4348532042585043202020200100000042585043010000000000000000000000000000b00000"
	 "0000000000ff00000000"},
	{"q35", "HPET", NULL,
	 "485045543800000001b4424f43485320425850432020202001000000425850430100000001a28680000000000000d0fe0000"
	 "000000000000"},
	{"pc", "FACP", NULL,
	 "464143507400000001f1424f4348532042585043202020200100000042585043010000000000fe074000fe0701000900b200"
	 "0000f1f00000000600000000000004060000000000000000000008060000e0af0000000000000402000404000000ff0fff0f"
	 "000000000000000032000000a5800000"},
	{"q35", "FACP", NULL,
	 "46414350f40000000328424f4348532042585043202020200100000042585043010000000000fe074000fe0701000900b200"
	 "00000203000000060000000000000406000000000000000000000806000020060000000000000402000410000000ff0fff0f"
	 "000000000000000032020000a584000001080000f90c0000000000000f00000000000000000000004000fe07000000000120"
	 "0000000600000000000000000000000000000000000001100000040600000000000000000000000000000000000000000000"
	 "0000000000000000012000000806000000000000018000002006000000000000000000000000000000000000"},
	{"q35, OVMF", "FACP", NULL,
	 "46414350f4000000030f424f43485320425850432020202001000000425850430100000000c07d1f0090771f01000900b200"
	 "00000203000000060000000000000406000000000000000000000806000020060000000000000402000410000000ff0fff0f"
	 "000000000000000032020000a584000001080000f90c0000000000000f00000000000000000000000090771f000000000120"
	 "0000000600000000000000000000000000000000000001100000040600000000000000000000000000000000000000000000"
	 "0000000000000000012000000806000000000000018000002006000000000000000000000000000000000000"},
	{"server", "DMAR", dmar_server, NULL},
	{"laptop", "DMAR", dmar_laptop, NULL},
	{"segments", "DMAR", dmar_segments, NULL},
	{"server", "APIC", madt_server, NULL},
	{"many", "APIC", madt_many, NULL},
	{"segments", "MCFG", mcfg_segments, NULL},
	{"small", "MCFG", mcfg_small, NULL},
};

static uint8_t digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

void acpi_sample_get(unsigned i, struct acpi_table *t)
{
	const char *hex = acpi_samples[i].hex;

	memset(t, 0, sizeof *t);
	if (!hex) {
		acpi_samples[i].build(t);
		return;
	}
	for (; *hex; hex += 2)
		t->bytes[t->len++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
}
