/* SPDX-License-Identifier: BSD-2-Clause */
/* proves: vmm/core/mmu.c vmm/core/frame.c */
/*
 * Frame 0 is the table, and the only memory there is. Whatever its entries hold, and whatever state the other frames are in, each reference that an
 * entry holds is taken once, or nothing is. No frame is ever freed here: each has its owner's reference.
 */
#include <vmm/core/mmu.h>

#include "world.h"

static uint64_t table[TABLE_ENTRIES];
static const uint64_t upper[TABLE_ENTRIES - TABLE_UPPER] = {0x1003};

void frame_free(struct world *world, mfn_t mfn)
{
	(void)world, (void)mfn;
	PROVE(!"a frame that has an owner is freed");
}

static unsigned entries_of(unsigned level)
{
	return level == 4 ? TABLE_GUEST : TABLE_ENTRIES;
}

/* Whether entry @e holds a reference on frame @m. */
static _Bool names(uint64_t e, mfn_t m, unsigned level)
{
	uint64_t at = (e & PTE_FRAME) >> PAGE_SHIFT;

	return e && (level == 2 && (e & PTE_PS) ? at == m / RUN_FRAMES * RUN_FRAMES : at == m);
}

static uint32_t named(mfn_t m, unsigned level)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < entries_of(level); i++)
		n += names(table[i], m, level);
	return n;
}

static void any_table(void)
{
	any_world();
	w.memory = (uint8_t *)table;
	w.upper_half = upper;
	for (unsigned i = 0; i < TABLE_ENTRIES; i++)
		table[i] = nondet_u64();
}

/* What the rules of abi/hypercall.h say of an entry, apart from what it names. */
static _Bool entry_right(unsigned level, uint64_t e)
{
	if (!e)
		return 1;
	if (!(e & PTE_P) || !(e & PTE_U) || (e & PTE_G))
		return 0;
	return level > 1 || !(e & PTE_W) || (e & PTE_NX);
}

static void pin(unsigned level)
{
	enum abi_error e;

	any_table();
	e = mmu_pin(&w, &a, 0, level);
	REACH(e == HC_OK && table[0]);
	REACH(e == HC_EUNPINNED || (level == 1 && e == HC_ETYPE));
	if (e != HC_OK) {
		for (unsigned i = 0; i < FRAMES; i++)
			PROVE(counts_unchanged(i));
		return;
	}
	PROVE(frames[0].owner == a.id && frames[0].type == level && frames[0].type_count == 1);
	PROVE(a.tables[level] == 1);
	for (unsigned i = 0; i < entries_of(level); i++)
		PROVE(entry_right(level, table[i]));
	for (unsigned i = 0; i < FRAMES; i++)
		PROVE(frames[i].refs == before[i].refs + named(i, level) + (i == 0));
	PROVE(frames_right());
}

/* with: -DFRAMES=3u -DTABLE_ENTRIES=2u -DTABLE_UPPER=1u */
void proof_pin_l1(void)
{
	pin(1);
}

/* with: -DFRAMES=3u -DTABLE_ENTRIES=2u -DTABLE_UPPER=1u */
void proof_pin_l2(void)
{
	pin(2);
}

void proof_pin_l4(void)
{
	pin(4);
}

/*
 * Two updates of one entry: the second takes what the new value names and gives back what the old one named, or changes
 * nothing. The first makes the old value one that the core itself let in.
 */
static void set(unsigned level)
{
	uint64_t was, value = nondet_u64();
	unsigned index = nondet_u32();
	_Bool flush = 0;
	enum abi_error e;

	any_world();
	w.memory = (uint8_t *)table;
	ASSUME(frames[0].type == level && frames[0].owner == a.id);
	ASSUME(index >= entries_of(level));
	mmu_set_entry(&w, &a, 0, 0, nondet_u64(), &flush);
	for (unsigned i = 0; i < FRAMES; i++)
		before[i] = frames[i];
	was = table[0];
	e = mmu_set_entry(&w, &a, 0, 0, value, &flush);
	REACH(e == HC_OK && value && was);
	REACH(e != HC_OK && was);
	if (e == HC_OK) {
		PROVE(table[0] == value && entry_right(level, value) && (!was || flush));
		for (unsigned i = 0; i < FRAMES; i++)
			PROVE(frames[i].refs == before[i].refs + names(value, i, level) - names(was, i, level));
	} else {
		PROVE(table[0] == was);
		for (unsigned i = 0; i < FRAMES; i++)
			PROVE(counts_unchanged(i));
	}
	PROVE(frames_right());
	e = mmu_set_entry(&w, &a, 0, index, 0, &flush);
	PROVE(e == HC_EADDRESS);
}

/* with: -DFRAMES=2u -DTABLE_ENTRIES=2u -DTABLE_UPPER=1u */
void proof_set_l1(void)
{
	set(1);
}

/* with: -DFRAMES=2u -DTABLE_ENTRIES=2u -DTABLE_UPPER=1u */
void proof_set_l2(void)
{
	set(2);
}

/* What was pinned comes back to the last reference, and the table is all zero. */
static void unpin(unsigned level)
{
	enum abi_error e;

	any_table();
	e = mmu_pin(&w, &a, 0, level);
	ASSUME(e == HC_OK);
	REACH(table[0] && table[entries_of(level) - 1]);
	e = mmu_link(&w, &a, 0, level);
	ASSUME(e == HC_OK);
	e = mmu_unpin(&w, &a, 0);
	PROVE(e == HC_ELINKED);
	mmu_unlink(&w, 0);
	e = mmu_unpin(&w, &a, 0);
	PROVE(e == HC_OK && a.tables[level] == 0);
	for (unsigned i = 0; i < TABLE_ENTRIES; i++)
		PROVE(table[i] == 0);
	for (unsigned i = 0; i < FRAMES; i++)
		PROVE(counts_unchanged(i));
	PROVE(frames[0].last_type == level && frame_needs_flush(&w, 0));
}

/* with: -DFRAMES=2u -DTABLE_ENTRIES=2u -DTABLE_UPPER=1u */
void proof_unpin_l1(void)
{
	unpin(1);
}

/* with: -DFRAMES=2u */
void proof_unpin_l4(void)
{
	unpin(4);
}
