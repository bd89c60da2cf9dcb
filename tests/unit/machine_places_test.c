/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers that the tables put where something else is: the table counts as absent, one line says so, and what stays is listed. */
#include <string.h>
#include <criterion/criterion.h>

#include <base/bits.h>
#include <efi/machine/notes.h>
#include <efi/machine/places.h>

#define LOCAL_APIC 0xfee00000u
#define BITS 40u

static struct boot_info info;
static struct windows room;

/* A PC with 512 MiB: nothing of it lies over anything. */
static void setup(void)
{
	struct boot_machine *m = &info.machine;

	memset(&info, 0, sizeof info);
	memset(&room, 0xdd, sizeof room);
	info.memory[0] = (struct boot_memory){0, 0x100, BOOT_MEMORY_RESERVED, 0};
	info.memory[1] = (struct boot_memory){0x100000, 0x1ff00, BOOT_MEMORY_USABLE, 0};
	info.memory[2] = (struct boot_memory){0x20000000, 0x10, BOOT_MEMORY_FIRMWARE, 0};
	info.memory[3] = (struct boot_memory){0xb0000000, 0x10000, BOOT_MEMORY_RESERVED, 0};
	info.memory_count = 4;
	m->has_madt = m->has_dmar = m->has_hpet = m->has_mcfg = 1;
	m->madt.ioapic_count = 2;
	m->madt.ioapic[0].address = 0xfec00000;
	m->madt.ioapic[1].address = 0xfec00020;
	m->dmar.unit_count = 1;
	m->dmar.unit[0].base = 0xfed90000;
	m->hpet.base = 0xfed00000;
	m->mcfg.count = 1;
	m->mcfg.ecam[0] = (struct boot_ecam){.base = 0xb0000000, .start_bus = 1, .end_bus = 255};
}

TestSuite(machine_places, .init = setup);

static void judge(void)
{
	places_judge(&info, LOCAL_APIC, BITS, &room);
}

Test(machine_places, a_truthful_machine_is_believed_and_listed)
{
	static const struct boot_window want[] = {
		{LOCAL_APIC, 0x1000, "the local APIC"}, {0xfec00000, 0x20, "an I/O APIC"},
		{0xfec00020, 0x20, "an I/O APIC"},      {0xfed90000, 0x1000, "a remapping unit"},
		{0xfed00000, 0x400, "the HPET"},        {0xb0100000, 0xff00000, "configuration space"}};

	judge();
	cr_assert_str_eq(info.notes, "");
	cr_assert_eq(info.machine.address_end, 1ull << BITS);
	cr_assert_eq(info.machine.window_count, ARRAY_SIZE(want));
	cr_assert_arr_eq(info.machine.window, want, sizeof want);
	cr_assert(info.machine.has_madt && info.machine.has_dmar && info.machine.has_hpet && info.machine.has_mcfg);
}

#define IGNORES(name, change, has, line)                                                                               \
	Test(machine_places, name)                                                                                     \
	{                                                                                                              \
		change;                                                                                                \
		judge();                                                                                               \
		cr_assert_not(info.machine.has);                                                                       \
		cr_assert_str_eq(info.notes, line);                                                                    \
		cr_assert_eq(info.notes[sizeof line], 0, "another line");                                              \
	}

IGNORES(an_hpet_over_ram_is_ignored, info.machine.hpet.base = 0x2000000, has_hpet,
	"acpi: table HPET ignored: it puts the HPET at 2000000, over RAM")
IGNORES(an_hpet_over_the_last_byte_of_firmwares_tables_is_ignored, info.machine.hpet.base = 0x2000fc01, has_hpet,
	"acpi: table HPET ignored: it puts the HPET at 2000fc01, over RAM")
IGNORES(an_hpet_in_the_first_mib_is_ignored, info.machine.hpet.base = 0xfffff, has_hpet,
	"acpi: table HPET ignored: it puts the HPET at fffff, over the first MiB")
IGNORES(an_hpet_where_the_cpu_has_no_address_is_ignored, info.machine.hpet.base = (1ull << BITS) - 0x3ff, has_hpet,
	"acpi: table HPET ignored: it puts the HPET at fffffffc01, over the end of the CPU's addresses")
IGNORES(an_io_apic_over_the_local_one_is_ignored, info.machine.madt.ioapic[1].address = LOCAL_APIC, has_madt,
	"acpi: table MADT ignored: it puts an I/O APIC at fee00000, over the local APIC")
IGNORES(a_remapping_unit_over_an_io_apic_is_ignored, info.machine.dmar.unit[0].base = 0xfec00000, has_dmar,
	"acpi: table DMAR ignored: it puts a remapping unit at fec00000, over an I/O APIC")
IGNORES(configuration_space_over_the_local_apic_is_ignored, info.machine.mcfg.ecam[0].base = 0xf0000000, has_mcfg,
	"acpi: table MCFG ignored: it puts configuration space at f0100000, over the local APIC")
IGNORES(configuration_space_that_wraps_is_ignored, info.machine.mcfg.ecam[0].base = UINT64_MAX - 0xfffff, has_mcfg,
	"acpi: table MCFG ignored: it puts configuration space at 0, over the first MiB")

Test(machine_places, of_a_table_that_is_not_there_nothing_is_looked_at)
{
	info.machine.has_madt = info.machine.has_dmar = info.machine.has_hpet = info.machine.has_mcfg = 0;
	info.machine.hpet.base = 0x2000000;
	judge();
	cr_assert_str_eq(info.notes, "");
	cr_assert_eq(info.machine.window_count, 1u);
}

Test(machine_places, a_machine_with_all_that_there_is_room_for_is_listed_whole)
{
	struct boot_machine *m = &info.machine;

	m->madt.ioapic_count = BOOT_IOAPIC_MAX;
	for (unsigned i = 0; i < BOOT_IOAPIC_MAX; i++)
		m->madt.ioapic[i].address = 0xfec00000 + i * 0x20;
	m->dmar.unit_count = BOOT_DMAR_UNITS;
	for (unsigned i = 0; i < BOOT_DMAR_UNITS; i++)
		m->dmar.unit[i].base = 0xfe000000 + i * PAGE_SIZE;
	m->mcfg.count = BOOT_ECAM_MAX;
	for (unsigned i = 0; i < BOOT_ECAM_MAX; i++)
		m->mcfg.ecam[i] = (struct boot_ecam){.base = 0x100000000 + i * 0x10000000ull, .end_bus = 255};
	judge();
	cr_assert_str_eq(info.notes, "");
	cr_assert_eq(m->window_count, BOOT_WINDOWS_MAX);
	cr_assert_str_eq(m->window[BOOT_WINDOWS_MAX - 1].name, "configuration space");
}

Test(machine_places, lines_behind_the_last_for_which_there_is_room_are_told_of_once)
{
	char number[NOTE_NUMBER_MAX];
	unsigned lines = 0;
	const char *p = info.notes, *last = p;

	for (unsigned i = 0; i < 600; i++)
		NOTE(&info, "line ", note_number(number, i, 10));
	for (; *p; p += strlen(p) + 1, lines++)
		last = p;
	cr_assert_str_eq(last, "acpi: there is more to say than room for it");
	cr_assert_lt(p - info.notes, BOOT_NOTES_MAX - 1, "an empty line ends them");
	cr_assert_gt(lines, 300u);
}
