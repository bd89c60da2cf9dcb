/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Machines whose firmware lies: tables of the test's own, beside QEMU's or in their place. Each lie is told by one line, and
 * the machine serves all the same.
 */
#include "system.h"

#include <stdio.h>
#include <string.h>

#define SECTION_TIMEOUT 300
#define TABLES 3u
#define RAM 0x2000000ull
#define IO_APIC 0xfec00000ull
#define NOTHING 0xd0000000ull /* between the RAM and the devices of QEMU's machines */
#define TOO_FAR (1ull << 41)  /* -cpu max has 40 bits */
#define CARD 0xfebc0000ull    /* where SeaBIOS puts the card's first memory BAR */

struct table {
	const char *signature;
	uint32_t bytes;
	uint8_t body[128]; /* what follows the header */
};

static void put(struct table *t, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		t->body[t->bytes++] = (uint8_t)(v >> (8 * i));
}

static struct table hpet_at(uint64_t address)
{
	struct table t = {.signature = "HPET"};

	put(&t, 0x8086a201, 4);
	put(&t, 0x400000, 4); /* memory, 64 bits wide */
	put(&t, address, 8);
	put(&t, 0, 4);
	return t;
}

static struct table mcfg_at(uint64_t address)
{
	struct table t = {.signature = "MCFG"};

	put(&t, 0, 8);
	put(&t, address, 8);
	put(&t, 15 << 24, 8); /* segment 0, buses 0 to 15 */
	return t;
}

/* One remapping unit for all devices, in a structure that says to be @length long. */
static struct table dmar_at(uint64_t address, uint32_t length)
{
	struct table t = {.signature = "DMAR"};

	put(&t, 0x0126, 4);
	put(&t, 0, 8);
	put(&t, length << 16, 4);
	put(&t, 1, 4);
	put(&t, address, 8);
	return t;
}

/* Starts a machine with these @count tables behind QEMU's own, and the word @more for QEMU (NULL: none). */
static struct machine *lie(const char *log, const char *machine, const char *more, const struct table *tables,
			   unsigned count)
{
	static char words[TABLES][600];
	const char *extra[2 * TABLES + 2] = {NULL};
	struct machine_options options = {.log = log,
					  .config = "hello",
					  .door = MACHINE_PVH,
					  .append = "exit-when-done",
					  .machine = machine,
					  .extra = extra};
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++) {
		const char *path = build_path("tests/%s.%u.table", log, i);
		FILE *f = fopen(path, "wb");

		MUST(f && fwrite(tables[i].body, tables[i].bytes, 1, f) == 1 && !fclose(f));
		snprintf(words[i], sizeof words[i], "sig=%s,data=%s", tables[i].signature, path);
		extra[n++] = "-acpitable";
		extra[n++] = words[i];
	}
	if (more)
		extra[n++] = more;
	return machine_start(&options);
}

/* Every line of @lines (up to a NULL) comes once, then a domain runs to its end. */
static void serves(struct machine *m, const char *const *lines)
{
	MUST(m);
	MUST(machine_expect(m, "^control: hello died: exited, code 0$"));
	for (; *lines; lines++) {
		if (machine_count(m, 0, *lines) != 1)
			machine_show(m, *lines);
		cr_assert_eq(machine_count(m, 0, *lines), 1, "not once: %s", *lines);
	}
	MUST(machine_ends(m));
	machine_stop(m);
}

Test(acpi, registers_over_memory_are_not_believed, .timeout = SECTION_TIMEOUT)
{
	const struct table tables[] = {hpet_at(RAM), mcfg_at(RAM), dmar_at(RAM, 16)};

	serves(lie("acpi-ram", "pc", "-no-hpet", tables, 3),
	       (const char *const[]){
		       "^vmm: acpi: table HPET ignored: it puts the HPET at 2000000, over RAM$",
		       "^vmm: acpi: table MCFG ignored: it puts configuration space at 2000000, over RAM$",
		       "^vmm: acpi: table DMAR ignored: it puts a remapping unit at 2000000, over RAM$",
		       "^vmm: iommu: not used", NULL});
}

Test(acpi, registers_that_the_cpu_cannot_reach_are_not_believed, .timeout = SECTION_TIMEOUT)
{
	const struct table tables[] = {hpet_at(TOO_FAR), mcfg_at(TOO_FAR), dmar_at(TOO_FAR, 16)};

	serves(lie("acpi-far", "pc", "-no-hpet", tables, 3),
	       (const char *const[]){"^vmm: acpi: table HPET ignored: it puts the HPET at 20000000000, over the end of",
				     "^vmm: acpi: table MCFG ignored: ", "^vmm: acpi: table DMAR ignored: ", NULL});
}

Test(acpi, registers_over_others_and_second_tables_are_not_believed, .timeout = SECTION_TIMEOUT)
{
	const struct table tables[] = {hpet_at(RAM), mcfg_at(RAM), dmar_at(IO_APIC, 16)};

	serves(lie("acpi-twice", "q35", NULL, tables, 3),
	       (const char *const[]){
		       "^vmm: acpi: a second table HPET ignored: the first one counts$", " kHz, by HPET$",
		       "^vmm: acpi: a second table MCFG ignored: the first one counts$",
		       "^vmm: acpi: table DMAR ignored: it puts a remapping unit at fec00000, over an I/O APIC$",
		       NULL});
}

Test(acpi, registers_where_nothing_answers_are_done_without, .timeout = SECTION_TIMEOUT)
{
	const struct table tables[] = {hpet_at(NOTHING), mcfg_at(NOTHING + 0x100000), dmar_at(NOTHING + 0x1000, 16)};

	serves(lie("acpi-nothing", "pc", "-no-hpet", tables, 3),
	       (const char *const[]){
		       "^vmm: pci: no configuration space at d0100000, where the table MCFG puts it: by ports$",
		       "^vmm: iommu: not used", "^control: pci: 00:00.0 8086:1237 ", " kHz, by PM timer$", NULL});
}

Test(acpi, damaged_tables_are_not_believed, .timeout = SECTION_TIMEOUT)
{
	const struct table tables[] = {hpet_at(0), mcfg_at(RAM + 1), dmar_at(NOTHING, 0)};

	serves(lie("acpi-damaged", "pc", "-no-hpet", tables, 3),
	       (const char *const[]){"^vmm: acpi: table HPET ignored: absent$",
				     "^vmm: acpi: table MCFG ignored: impossible",
				     "^vmm: acpi: table DMAR ignored: impossible length$", NULL});
}

Test(acpi, a_card_at_an_address_that_a_table_claims_is_kept_back, .timeout = SECTION_TIMEOUT)
{
	const struct table table = hpet_at(CARD);

	serves(lie("acpi-card", "pc", "-no-hpet", &table, 1),
	       (const char *const[]){" is withheld: its BAR 1 at febc0000 lies over the HPET$",
				     " 1af4:1041 class 0200, 0 interrupts$", NULL});
}

/* What such a root lists would be told as impossible if anybody looked. */
Test(acpi, a_root_that_the_root_lists_is_not_followed, .timeout = SECTION_TIMEOUT)
{
	struct table tables[] = {{.signature = "XSDT"}, {.signature = "RSDT"}};
	struct machine *m;

	put(&tables[0], TOO_FAR, 8);
	put(&tables[1], 1, 4);
	m = lie("acpi-roots", "pc", NULL, tables, 2);
	MUST(m);
	MUST(machine_expect_from(m, 0, "^control: hello died: exited, code 0$"));
	cr_assert_eq(machine_count(m, 0, "^vmm: acpi: table at "), 0, "a root was followed");
	serves(m, (const char *const[]){"^vmm: acpi: table XSDT ignored: the root lists it, ",
					"^vmm: acpi: table RSDT ignored: the root lists it, ", " kHz, by HPET$", NULL});
}
