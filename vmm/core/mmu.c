/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Direct paging. Invariants, for every frame whose type is L1-L4: its owner is a domain; one of its typed references is the
 * pin; each entry is zero or obeys the rules of abi/hypercall.h; each present entry holds one typed reference on what it
 * names (a table one level down, FRAME_WRITABLE when W is set, FRAME_EXEC when NX is clear, else an untyped reference; a
 * 2 MiB entry one on each frame of its run). Since types exclude each other, no table is writable, nothing is writable and
 * executable, and a table cannot be below itself.
 *
 * A domain that is not running yet may have executable mappings made for it until it seals itself. Entries change under
 * us: the CPU sets accessed and dirty bits, so an old value is taken by an atomic exchange.
 */
#include "mmu.h"

#include <stdatomic.h>

#include "frame.h"

#define TABLE_BITS (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | PTE_NX | PTE_FRAME)
/* Work of one step of mmu_unpin: no less than one 2 MiB entry, whatever its table holds. */
#define UNPIN_WORK (4 * TABLE_ENTRIES)

static mfn_t entry_mfn(uint64_t e)
{
	return (e & PTE_FRAME) >> PAGE_SHIFT;
}

/* Frame @mfn, if it is one of RAM and the domain's own. */
static const struct frame *own_frame(const struct world *w, const struct domain *d, mfn_t mfn)
{
	return frame_is_ram(w, mfn) && frame_owner(w, mfn) == d->id ? &w->frames[mfn] : NULL;
}

/* Whether @d may map frame @mfn of RAM at all, apart from its type. */
static bool mappable(const struct world *w, const struct domain *d, mfn_t mfn, bool writable, bool exec)
{
	uint32_t owner = frame_owner(w, mfn);

	if (owner == d->id)
		return true;
	if (writable)
		return false;
	if (owner == OWNER_STUBS)
		return true;
	if (owner == OWNER_BUNDLE)
		return !exec && (d->capabilities & CAP_DOMAIN);
	return d->image && owner == d->image && (!exec || (w->frames[mfn].flags & FRAME_TEXT));
}

/* Takes the reference that level-1 entry @e of domain @d holds, or says why it may not exist. */
static enum abi_error leaf_get(struct world *w, struct domain *d, uint64_t e)
{
	mfn_t mfn = entry_mfn(e);
	bool writable = e & PTE_W, exec = !(e & PTE_NX);

	if (writable && exec)
		return HC_EENTRY;
	if (!frame_is_ram(w, mfn)) {
		if (!w->io_allowed(d, mfn))
			return HC_EFRAME;
		return !exec && (e & PTE_PCD) ? HC_OK : HC_EENTRY;
	}
	if (e & PTE_PCD)
		return HC_EENTRY;
	if (!mappable(w, d, mfn, writable, exec))
		return HC_EFRAME;
	if (frame_owner(w, mfn) == OWNER_STUBS)
		return frame_get(w, mfn);
	if (exec && d->sealed)
		return HC_ESEALED;
	if (writable || exec)
		return frame_get_type(w, mfn, writable ? FRAME_WRITABLE : FRAME_EXEC);
	return frame_get(w, mfn);
}

static void leaf_put(struct world *w, uint64_t e)
{
	mfn_t mfn = entry_mfn(e);
	bool typed = (e & PTE_W) || !(e & PTE_NX);

	if (!frame_is_ram(w, mfn))
		return;
	if (typed && frame_owner(w, mfn) != OWNER_STUBS)
		frame_put_type(w, mfn);
	else
		frame_put(w, mfn);
}

static void run_put(struct world *w, uint64_t e, mfn_t count)
{
	world_worked(w, count);
	for (mfn_t i = 0; i < count; i++)
		leaf_put(w, e + (i << PAGE_SHIFT));
}

/* Takes one reference on each frame of the run that 2 MiB entry @e maps. */
static enum abi_error run_get(struct world *w, const struct domain *d, uint64_t e)
{
	mfn_t first = entry_mfn(e);

	if ((e & ~(TABLE_BITS | PTE_PS)) || !(e & PTE_NX))
		return HC_EENTRY;
	if (first % RUN_FRAMES)
		return HC_ERUN;
	for (mfn_t i = 0; i < RUN_FRAMES; i++) {
		enum abi_error r = HC_ERUN;

		if (own_frame(w, d, first + i))
			r = e & PTE_W ? frame_get_type(w, first + i, FRAME_WRITABLE) : frame_get(w, first + i);
		if (r != HC_OK) {
			run_put(w, e, i);
			return r;
		}
	}
	world_worked(w, RUN_FRAMES);
	return HC_OK;
}

enum abi_error mmu_link(struct world *w, struct domain *d, mfn_t mfn, unsigned level)
{
	return own_frame(w, d, mfn) ? frame_get_type(w, mfn, (enum frame_type)level) : HC_EFRAME;
}

void mmu_unlink(struct world *w, mfn_t mfn)
{
	CHECK(w->frames[mfn].type_count > 1);
	frame_put_type(w, mfn);
}

/* Takes what entry @e in a table of @level holds. */
static enum abi_error entry_get(struct world *w, struct domain *d, unsigned level, uint64_t e)
{
	if (!e)
		return HC_OK;
	if (!(e & PTE_P) || !(e & PTE_U))
		return HC_EENTRY;
	if (level == 1)
		return e & ~(TABLE_BITS | PTE_PCD) ? HC_EENTRY : leaf_get(w, d, e);
	if (level == 2 && (e & PTE_PS))
		return run_get(w, d, e);
	return e & ~TABLE_BITS ? HC_EENTRY : mmu_link(w, d, entry_mfn(e), level - 1);
}

static void entry_put(struct world *w, unsigned level, uint64_t e)
{
	if (!e)
		return;
	if (level == 1)
		leaf_put(w, e);
	else if (e & PTE_PS)
		run_put(w, e, RUN_FRAMES);
	else
		mmu_unlink(w, entry_mfn(e));
}

static unsigned guest_entries(unsigned level)
{
	return level == 4 ? TABLE_GUEST : TABLE_ENTRIES;
}

/* Takes what all entries hold, or nothing. */
static enum abi_error table_validate(struct world *w, struct domain *d, mfn_t mfn, unsigned level)
{
	uint64_t *table = world_page(w, mfn);
	unsigned count = guest_entries(level);
	enum abi_error e = HC_OK;
	unsigned i;

	world_worked(w, count);
	for (i = count; i < TABLE_ENTRIES; i++)
		if (table[i])
			return HC_EENTRY;
	for (i = 0; i < count && e == HC_OK; i++)
		e = level == 2 && (table[i] & PTE_PS) ? HC_EENTRY : entry_get(w, d, level, table[i]);
	if (e == HC_OK)
		return e;
	for (i--; i; i--)
		entry_put(w, level, table[i - 1]);
	return e;
}

enum abi_error mmu_pin(struct world *w, struct domain *d, mfn_t mfn, unsigned level)
{
	uint64_t *table;
	enum abi_error e;

	CHECK(level >= 1 && level <= 4);
	if (!own_frame(w, d, mfn))
		return HC_EFRAME;
	table = world_page(w, mfn);
	/* A table from here on, so that no entry of its own can make it something else. */
	e = frame_begin_table(w, mfn, level);
	if (e != HC_OK)
		return e;
	e = table_validate(w, d, mfn, level);
	if (e != HC_OK) {
		frame_never_table(w, mfn);
		return e;
	}
	if (level == 4)
		for (unsigned i = TABLE_UPPER; i < TABLE_ENTRIES; i++)
			table[i] = w->upper_half[i - TABLE_UPPER];
	d->tables[level]++;
	return HC_OK;
}

enum abi_error mmu_unpin(struct world *w, struct domain *d, mfn_t mfn)
{
	const struct frame *f = own_frame(w, d, mfn);
	uint64_t *table, start = world_work(w);
	unsigned level;

	if (!f)
		return HC_EFRAME;
	table = world_page(w, mfn);
	level = f->type;
	if (level < FRAME_L1 || level > FRAME_L4)
		return HC_ESTATE;
	if (f->type_count > 1)
		return HC_ELINKED;
	world_worked(w, guest_entries(level));
	for (unsigned i = 0; i < guest_entries(level); i++) {
		if (world_work(w) - start > UNPIN_WORK)
			return HC_EAGAIN;
		entry_put(w, level, atomic_exchange((_Atomic uint64_t *)table + i, 0));
	}
	for (unsigned i = TABLE_GUEST; level == 4 && i < TABLE_ENTRIES; i++)
		table[i] = 0;
	d->tables[level]--;
	frame_put_type(w, mfn);
	return HC_OK;
}

enum abi_error mmu_set_entry(struct world *w, struct domain *d, mfn_t table, unsigned index, uint64_t value,
			     bool *flush)
{
	_Atomic uint64_t *slot;
	const struct frame *f = own_frame(w, d, table);
	enum abi_error e;
	uint64_t old;

	if (!f || f->type < FRAME_L1 || f->type > FRAME_L4)
		return HC_ENOTABLE;
	if (index >= guest_entries(f->type))
		return HC_EADDRESS;
	slot = (_Atomic uint64_t *)world_page(w, table) + index;
	if (atomic_load(slot) & PTE_GRANT)
		return HC_EGRANTED;
	e = entry_get(w, d, f->type, value);
	if (e != HC_OK)
		return e;
	old = atomic_exchange(slot, value);
	if (old) {
		entry_put(w, f->type, old);
		*flush = true;
	}
	return HC_OK;
}

enum abi_error mmu_walk(const struct world *w, mfn_t root, uint64_t va, unsigned level, mfn_t *table, unsigned *index)
{
	mfn_t t = root;
	unsigned at = 4;

	CHECK(level >= 1 && level <= 4);
	if (va >= GUEST_TOP || (va & PAGE_MASK))
		return HC_EADDRESS;
	for (; at > level; at--) {
		const uint64_t *entries = world_page(w, t);
		uint64_t e = entries[va >> (PAGE_SHIFT + 9 * (at - 1)) & 511];

		if (!(e & PTE_P) || (e & PTE_PS))
			return HC_ENOTABLE;
		t = entry_mfn(e);
	}
	*table = t;
	*index = va >> (PAGE_SHIFT + 9 * (at - 1)) & 511;
	return HC_OK;
}

enum abi_error mmu_grant_set(struct world *w, mfn_t table, unsigned index, uint64_t value)
{
	_Atomic uint64_t *slot = (_Atomic uint64_t *)world_page(w, table) + index;
	enum abi_error e;

	CHECK(w->frames[table].type == FRAME_L1 && (value & PTE_GRANT));
	if (atomic_load(slot))
		return HC_EBUSY;
	e = frame_get_type(w, table, FRAME_L1);
	if (e == HC_OK)
		atomic_store(slot, value);
	return e;
}

void mmu_grant_hide(struct world *w, mfn_t table, unsigned index)
{
	atomic_fetch_and((_Atomic uint64_t *)world_page(w, table) + index, ~PTE_P);
}

void mmu_grant_clear(struct world *w, mfn_t table, unsigned index)
{
	_Atomic uint64_t *slot = (_Atomic uint64_t *)world_page(w, table) + index;

	CHECK(atomic_load(slot) & PTE_GRANT);
	atomic_store(slot, 0);
	mmu_unlink(w, table);
}
