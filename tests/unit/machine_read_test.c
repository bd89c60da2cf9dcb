/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All of a machine's tables, from the root pointer on, in a memory of the test's own. What the reader asks for it gets in an
 * allocation of exactly that length.
 */
#include <stdlib.h>
#include <string.h>
#include <criterion/criterion.h>

#include <base/bits.h>
#include <efi/machine/acpi_parse.h>
#include <efi/machine/tables.h>

#include "../lib/acpi_tables.h"

#define RSDP 0x7fe0000u
#define ROOT 0x7fe1000u
#define TABLES 0x7fe8000u /* one in every second page */
#define STEP 0x2000u
#define DSDT 0x07fe0040u /* where q35's FADT says, with nothing there */
#define NOWHERE 0x9000000u
#define BIOS 0xe0000u
#define PIECES 40u

static struct {
	uint64_t start, bytes;
	uint8_t *content;
} pieces[PIECES];
static unsigned piece_count;
static void *lent[400];
static unsigned lent_count;

static struct boot_info info;
static struct acpi_table root;

static void add(uint64_t start, const uint8_t *bytes, uint64_t len)
{
	cr_assert_lt(piece_count, PIECES);
	pieces[piece_count].start = start;
	pieces[piece_count].bytes = len;
	pieces[piece_count].content = malloc(len);
	memcpy(pieces[piece_count++].content, bytes, len);
}

static const uint8_t *lend(const struct table_memory *memory, uint64_t start, uint64_t bytes)
{
	(void)memory;
	for (unsigned i = 0; i < piece_count; i++) {
		if (start < pieces[i].start || !range_within(start - pieces[i].start, bytes, pieces[i].bytes))
			continue;
		cr_assert_lt(lent_count, ARRAY_SIZE(lent));
		lent[lent_count] = malloc(bytes);
		memcpy(lent[lent_count], pieces[i].content + (start - pieces[i].start), bytes);
		return lent[lent_count++];
	}
	return NULL;
}

static void teardown(void)
{
	while (lent_count)
		free(lent[--lent_count]);
	while (piece_count)
		free(pieces[--piece_count].content);
}

static void make_rsdp(uint8_t *r)
{
	uint64_t at = ROOT;

	memset(r, 0, ACPI_RSDP_BYTES);
	memcpy(r, "RSD PTR ", 8);
	r[15] = 2;
	r[20] = ACPI_RSDP_BYTES;
	memcpy(r + 24, &at, 8);
	table_checksum(r, 20, 8);
	table_checksum(r, ACPI_RSDP_BYTES, 32);
}

/* Puts the table at the next place and names it in the root table. */
static void add_table(const struct acpi_table *t)
{
	uint64_t at = TABLES + (root.len - ACPI_HEADER_BYTES) / 8 * STEP;

	table_put(&root, at, 8);
	add(at, t->bytes, t->len);
}

static struct acpi_table sample(const char *machine, const char *signature)
{
	struct acpi_table t;
	unsigned i = 0;

	while (strcmp(acpi_samples[i].machine, machine) != 0 || strcmp(acpi_samples[i].signature, signature) != 0)
		cr_assert_lt(++i, ACPI_SAMPLES);
	acpi_sample_get(i, &t);
	return t;
}

/* Adds the root table, padded to a page, as firmware's memory is, and reads all. */
static void read_all(uint64_t rsdp)
{
	uint8_t pointer[ACPI_RSDP_BYTES];

	make_rsdp(pointer);
	if (rsdp)
		add(RSDP, pointer, sizeof pointer);
	table_finish(&root);
	add(ROOT, root.bytes, sizeof root.bytes);
	memset(&info, 0xa5, sizeof info);
	tables_read(&info, rsdp, &(struct table_memory){lend});
}

/* The notes are these lines, up to a NULL, and no others. */
static void notes_are(const char *const *lines)
{
	const char *p = info.notes;

	for (; *lines; lines++, p += strlen(p) + 1)
		cr_assert_str_eq(p, *lines);
	cr_assert_str_eq(p, "");
}

static void setup(void)
{
	table_begin(&root, "XSDT");
}

TestSuite(machine_read, .init = setup, .fini = teardown);

Test(machine_read, every_table_is_found_and_nothing_is_to_be_said)
{
	static const uint8_t code[] = {8, '_', 'S', '5', '_', 0x12, 6, 4, 10, 5, 10, 0, 0, 0};
	static const char *const names[] = {"MCFG", "HPET", "FACP"};
	struct acpi_table t = sample("q35, one CPU", "APIC");

	add_table(&t);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		t = sample("q35", names[i]);
		add_table(&t);
	}
	dmar_desktop(&t);
	add_table(&t);
	table_begin(&t, "DSDT");
	memcpy(t.bytes + t.len, code, sizeof code);
	t.len += sizeof code;
	table_finish(&t);
	add(DSDT, t.bytes, t.len);
	read_all(RSDP);
	notes_are((const char *const[]){NULL});
	cr_assert(info.machine.has_madt && info.machine.has_mcfg && info.machine.has_hpet && info.machine.has_fadt);
	cr_assert(info.machine.has_dmar && info.machine.has_s5);
	cr_assert_eq(info.machine.madt.ioapic[0].address, 0xfec00000u);
	cr_assert_eq(info.machine.hpet.base, 0xfed00000u);
	cr_assert_eq(info.machine.fadt.pm1a_control, 0x604u);
	cr_assert_eq(info.machine.dmar.unit_count, 2u);
	cr_assert_eq(info.machine.s5.typ_a, 5u);
}

Test(machine_read, a_root_pointer_that_a_bios_left_is_found)
{
	static uint8_t bios[0x20000];
	struct acpi_table t = sample("q35", "HPET");

	make_rsdp(bios + 0x15a60);
	add(BIOS, bios, sizeof bios);
	add_table(&t);
	read_all(0);
	notes_are((const char *const[]){NULL});
	cr_assert(info.machine.has_hpet && !info.machine.has_madt);
}

Test(machine_read, a_machine_without_a_root_pointer_has_no_tables)
{
	read_all(0);
	notes_are((const char *const[]){"acpi: no root pointer", NULL});
	tables_read(&info, NOWHERE, &(struct table_memory){lend});
	notes_are((const char *const[]){"acpi: no root pointer", NULL});
	cr_assert(!info.machine.has_madt && !info.machine.has_fadt);
}

Test(machine_read, what_cannot_be_read_or_is_damaged_is_told_and_done_without)
{
	struct acpi_table t = sample("q35", "FACP");

	add_table(&t); /* its byte code is nowhere */
	t = sample("q35, one CPU", "APIC");
	t.bytes[t.len - 1] ^= 1;
	add_table(&t);
	t = sample("q35", "MCFG");
	add_table(&t);
	pieces[piece_count - 1].bytes--; /* its last byte cannot be read */
	t = sample("q35", "HPET");
	memset(t.bytes + 4, 0xff, 4);
	add_table(&t);
	t = sample("q35", "HPET");
	add(0xfff, t.bytes, t.len); /* sound, but nothing has a table there */
	table_put(&root, 0xfff, 8);
	table_put(&root, UINT64_MAX - 7, 8);
	read_all(RSDP);
	notes_are((const char *const[]){
		"acpi: table MADT ignored: wrong checksum", "acpi: table at 7fec000 ignored: impossible address",
		"acpi: table at 7fee000 ignored: impossible length", "acpi: table at fff ignored: impossible address",
		"acpi: table at fffffffffffffff8 ignored: impossible address",
		"acpi: table at 7fe0040 ignored: impossible address", NULL});
	cr_assert(info.machine.has_fadt && !info.machine.has_s5 && !info.machine.has_madt);
	cr_assert(!info.machine.has_mcfg && !info.machine.has_hpet);
}

Test(machine_read, of_two_tables_of_a_kind_the_first_sound_one_counts)
{
	struct acpi_table good = sample("q35", "HPET"), other = good, damaged = good;

	damaged.bytes[9] ^= 1;
	other.bytes[44] ^= 0x80;
	table_finish(&other);
	add_table(&damaged);
	add_table(&good);
	add_table(&other);
	read_all(RSDP);
	notes_are((const char *const[]){"acpi: table HPET ignored: wrong checksum",
					"acpi: a second table HPET ignored: the first one counts", NULL});
	cr_assert_eq(info.machine.hpet.base, 0xfed00000u);
}

/* Whoever followed them would come to NOWHERE, or to no end. */
Test(machine_read, a_root_that_lists_itself_or_roots_that_list_it_is_read_once)
{
	static const char xsdt[] = "acpi: table XSDT ignored: the root lists it, and is not followed to another",
			  rsdt[] = "acpi: table RSDT ignored: the root lists it, and is not followed to another";
	struct acpi_table t;

	table_put(&root, ROOT, 8);
	table_begin(&t, "XSDT");
	table_put(&t, NOWHERE, 8);
	table_put(&t, ROOT, 8);
	table_put(&t, TABLES + STEP, 8); /* itself */
	table_finish(&t);
	add_table(&t);
	table_begin(&t, "RSDT");
	table_put(&t, NOWHERE, 4);
	table_put(&t, TABLES + STEP, 4);
	table_finish(&t);
	add_table(&t);
	t = sample("q35", "HPET");
	add_table(&t);
	table_put(&root, ROOT, 8);
	read_all(RSDP);
	notes_are((const char *const[]){xsdt, xsdt, rsdt, xsdt, NULL});
	cr_assert(info.machine.has_hpet);
}

Test(machine_read, of_very_many_tables_the_first_ones_are_read)
{
	struct acpi_table t = sample("q35", "HPET");

	add(NOWHERE, t.bytes, t.len);
	for (unsigned i = 0; i < 127; i++)
		table_put(&root, NOWHERE, 8);
	add_table(&t);
	t = sample("q35", "MCFG");
	add_table(&t);
	pieces[0].content[0] = 'X'; /* of no interest */
	read_all(RSDP);
	notes_are((const char *const[]){"acpi: of 129 tables only the first 128 are read", NULL});
	cr_assert(info.machine.has_hpet && !info.machine.has_mcfg);
}

Test(machine_read, a_damaged_root_table_ends_it)
{
	struct acpi_table t = sample("q35", "HPET");

	add_table(&t);
	read_all(RSDP);
	pieces[piece_count - 1].content[root.len - 1] ^= 1;
	tables_read(&info, RSDP, &(struct table_memory){lend});
	notes_are((const char *const[]){"acpi: table XSDT ignored: wrong checksum", NULL});
	cr_assert_not(info.machine.has_hpet);
}

Test(machine_read, more_lies_than_there_is_room_to_tell_are_counted_as_such)
{
	static const char last[] = "acpi: there is more to say than room for it";
	const char *p = info.notes;
	unsigned lines = 0;

	for (unsigned i = 0; i < 400; i++)
		table_put(&root, NOWHERE + i, 8);
	read_all(RSDP);
	cr_assert_str_eq(p, "acpi: of 400 tables only the first 128 are read");
	cr_assert_eq(info.notes[BOOT_NOTES_MAX - 1] | info.notes[BOOT_NOTES_MAX - 2], 0);
	for (p += strlen(p) + 1; p[strlen(p) + 1]; p += strlen(p) + 1) {
		cr_assert_eq(strncmp(p, "acpi: table at 9000", 19), 0);
		lines++;
	}
	cr_assert_gt(lines, 60u);
	cr_assert_str_eq(p, last);
}
