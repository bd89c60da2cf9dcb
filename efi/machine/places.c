/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables' registers are placed one after the other; of two that lie over each other the one stays that would be missed
 * more, and a table is believed whole or not at all: what was placed of one that is dropped stays listed, for something is
 * there that two claim.
 */
#include "places.h"

#include "notes.h"

#define BUS_BYTES (1u << 20)
#define IOAPIC_BYTES 0x20u
#define HPET_BYTES 0x400u
#define ADDRESS_BITS_MAX 52u

struct places {
	struct boot_info *info;
	struct windows *windows;
};

/* Lists the registers of @what. */
static void list(struct places *p, const char *what, uint64_t start, uint64_t bytes)
{
	struct boot_machine *m = &p->info->machine;
	struct boot_window *w = &m->window[m->window_count];

	if (m->window_count == BOOT_WINDOWS_MAX || !windows_add(p->windows, start, bytes, what))
		return;
	*w = (struct boot_window){.start = start, .bytes = bytes};
	for (unsigned i = 0; i < BOOT_WINDOW_NAME - 1 && what[i]; i++)
		w->name[i] = what[i];
	m->window_count++;
}

/* Takes the registers of @what that @table tells, unless something else is there. */
static bool place(struct places *p, const char *table, const char *what, uint64_t start, uint64_t bytes)
{
	const char *over = windows_over(p->windows, start, bytes, UINT32_MAX);
	char hex[NOTE_NUMBER_MAX];

	if (over)
		NOTE(p->info, "acpi: table ", table, " ignored: it puts ", what, " at ", note_number(hex, start, 16),
		     ", over ", over);
	else
		list(p, what, start, bytes);
	return !over;
}

static void place_all(struct places *p)
{
	struct boot_machine *m = &p->info->machine;

	for (uint32_t i = 0; m->has_madt && i < m->madt.ioapic_count; i++)
		m->has_madt = place(p, "MADT", "an I/O APIC", m->madt.ioapic[i].address, IOAPIC_BYTES);
	for (uint32_t i = 0; m->has_dmar && i < m->dmar.unit_count; i++)
		m->has_dmar = place(p, "DMAR", "a remapping unit", m->dmar.unit[i].base, PAGE_SIZE);
	m->has_hpet = m->has_hpet && place(p, "HPET", "the HPET", m->hpet.base, HPET_BYTES);
	for (uint32_t i = 0; m->has_mcfg && i < m->mcfg.count; i++) {
		const struct boot_ecam *e = &m->mcfg.ecam[i];

		m->has_mcfg = place(p, "MCFG", "configuration space", e->base + (uint64_t)e->start_bus * BUS_BYTES,
				    (e->end_bus - e->start_bus + 1ull) * BUS_BYTES);
	}
}

void places_judge(struct boot_info *info, uint64_t local_apic, uint32_t address_bits, struct windows *room)
{
	struct places p = {info, room};

	info->machine.address_end = room->end = 1ull << MIN(address_bits, ADDRESS_BITS_MAX);
	info->machine.window_count = room->count = 0;
	windows_add(room, 0, BOOT_LOW_END, "the first MiB");
	for (uint32_t i = 0; i < info->memory_count && i < BOOT_MEMORY_MAX; i++)
		if (info->memory[i].type != BOOT_MEMORY_RESERVED)
			windows_add(room, info->memory[i].start, info->memory[i].pages * PAGE_SIZE, "RAM");
	list(&p, "the local APIC", local_apic, PAGE_SIZE);
	place_all(&p);
}
