/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Direct paging. Invariants, for every frame whose type is L1-L4: its owner is a domain; each entry is zero or obeys
 * the rules of abi/hypercall.h; each present entry holds one typed reference on what it names (a table one level down, FRAME_WRITABLE
 * when W is set, FRAME_EXEC when NX is clear, else an untyped reference). Since types exclude each other, no table is
 * writable, nothing is writable and executable, and a table cannot be below itself.
 *
 * A domain that is not running yet may have executable mappings made for it until it seals itself. Entries change under
 * us: the CPU sets accessed and dirty bits, so an old value is taken by an atomic exchange.
 */
#include "mmu.h"

#include <stdatomic.h>

#include "frame.h"

#define ENTRIES 512u
#define L4_GUEST_ENTRIES 255u
#define TABLE_BITS (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | PTE_NX | PTE_FRAME)

static mfn_t entry_mfn(uint64_t e)
{
	return (e & PTE_FRAME) >> PAGE_SHIFT;
}

static bool io_allowed(const struct domain *d, mfn_t mfn)
{
	for (unsigned i = 0; i < IO_RANGES; i++)
		if (d->io[i].count && mfn - d->io[i].first < d->io[i].count)
			return true;
	return false;
}

/* Takes the reference that level-1 entry @e of domain @d holds, or says why it may not exist. */
static enum abi_error leaf_get(struct world *w, struct domain *d, uint64_t e)
{
	mfn_t mfn = entry_mfn(e);
	const struct frame *f;
	bool writable = e & PTE_W, exec = !(e & PTE_NX);

	if (writable && exec)
		return HC_EENTRY;
	if (!frame_is_ram(w, mfn)) {
		if (!io_allowed(d, mfn))
			return HC_EFRAME;
		return !exec && (e & PTE_PCD) ? HC_OK : HC_EENTRY;
	}
	f = &w->frames[mfn];
	if (e & PTE_PCD)
		return HC_EENTRY;
	if (f->owner == OWNER_STUBS)
		return writable ? HC_EFRAME : frame_get(w, mfn);
	if (f->owner == OWNER_BUNDLE && (d->capabilities & CAP_DOMAIN))
		return writable || exec ? HC_EFRAME : frame_get(w, mfn);
	if (f->owner != d->id)
		return HC_EFRAME;
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
	if (typed && w->frames[mfn].owner != OWNER_STUBS)
		frame_put_type(w, mfn);
	else
		frame_put(w, mfn);
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
	if (e & ~TABLE_BITS)
		return HC_EENTRY;
	return mmu_get_table(w, d, entry_mfn(e), level - 1);
}

static void entry_put(struct world *w, struct domain *d, unsigned level, uint64_t e)
{
	if (!e)
		return;
	if (level == 1)
		leaf_put(w, e);
	else
		mmu_put_table(w, d, entry_mfn(e));
}

static unsigned guest_entries(unsigned level)
{
	return level == 4 ? L4_GUEST_ENTRIES : ENTRIES;
}

static void table_release(struct world *w, struct domain *d, mfn_t mfn, unsigned level, unsigned count)
{
	uint64_t *table = world_page(w, mfn);

	w->work += count;
	for (unsigned i = 0; i < count; i++)
		entry_put(w, d, level, table[i]);
	if (level == 4)
		for (unsigned i = 256; i < ENTRIES; i++)
			table[i] = 0;
}

static enum abi_error table_validate(struct world *w, struct domain *d, mfn_t mfn, unsigned level)
{
	uint64_t *table = world_page(w, mfn);
	unsigned count = guest_entries(level);

	w->work += count;
	for (unsigned i = count; i < ENTRIES; i++)
		if (table[i])
			return HC_EENTRY;
	for (unsigned i = 0; i < count; i++) {
		enum abi_error e = entry_get(w, d, level, table[i]);

		if (e != HC_OK) {
			table_release(w, d, mfn, level, i);
			return e;
		}
	}
	if (level == 4)
		for (unsigned i = 256; i < ENTRIES; i++)
			table[i] = w->upper_half[i - 256];
	return HC_OK;
}

enum abi_error mmu_get_table(struct world *w, struct domain *d, mfn_t mfn, unsigned level)
{
	struct frame *f;
	enum abi_error e;

	CHECK(level >= 1 && level <= 4);
	if (!frame_is_ram(w, mfn))
		return HC_EFRAME;
	f = &w->frames[mfn];
	if (f->owner != d->id)
		return HC_EFRAME;
	if (f->type_count && f->type != level)
		return HC_ETYPE;
	if (!f->type_count && frame_type_needs_flush(w, mfn, (enum frame_type)level))
		return CORE_FLUSH_FIRST;
	e = frame_get(w, mfn);
	if (e != HC_OK)
		return e;
	if (!f->type_count++) {
		f->type = (uint8_t)level;
		e = table_validate(w, d, mfn, level);
		if (e != HC_OK) {
			f->type_count = 0;
			f->type = FRAME_NONE;
			frame_put(w, mfn);
		}
	}
	return e;
}

void mmu_put_table(struct world *w, struct domain *d, mfn_t mfn)
{
	struct frame *f = &w->frames[mfn];

	CHECK(f->type_count && f->type >= FRAME_L1 && f->type <= FRAME_L4);
	if (f->type_count == 1) {
		table_release(w, d, mfn, f->type, guest_entries(f->type));
		f->type_count = 0;
		frame_type_dropped(w, mfn);
	} else {
		f->type_count--;
	}
	frame_put(w, mfn);
}

enum abi_error mmu_set_entry(struct world *w, struct domain *d, mfn_t table, unsigned index, uint64_t value,
			     bool *flush)
{
	_Atomic uint64_t *slot;
	const struct frame *f;
	enum abi_error e;
	uint64_t old;

	if (!frame_is_ram(w, table))
		return HC_ENOTABLE;
	f = &w->frames[table];
	if (f->owner != d->id || f->type < FRAME_L1 || f->type > FRAME_L4)
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
		entry_put(w, d, f->type, old);
		*flush = true;
	}
	return HC_OK;
}

enum abi_error mmu_walk(const struct world *w, mfn_t root, uint64_t va, mfn_t *table, unsigned *index)
{
	mfn_t t = root;

	if (va >= GUEST_TOP || (va & PAGE_MASK))
		return HC_EADDRESS;
	for (unsigned level = 4; level > 1; level--) {
		const uint64_t *entries = world_page(w, t);
		uint64_t e = entries[va >> (PAGE_SHIFT + 9 * (level - 1)) & 511];

		if (!(e & PTE_P))
			return HC_ENOTABLE;
		t = entry_mfn(e);
	}
	*table = t;
	*index = va >> PAGE_SHIFT & 511;
	return HC_OK;
}

enum abi_error mmu_pin(struct world *w, struct domain *d, mfn_t mfn, unsigned level)
{
	enum abi_error e;

	if (frame_is_ram(w, mfn) && w->frames[mfn].owner == d->id && (w->frames[mfn].flags & FRAME_PINNED))
		return HC_ESTATE;
	e = mmu_get_table(w, d, mfn, level);
	if (e == HC_OK)
		w->frames[mfn].flags |= FRAME_PINNED;
	return e;
}

enum abi_error mmu_unpin(struct world *w, struct domain *d, mfn_t mfn)
{
	if (!frame_is_ram(w, mfn) || w->frames[mfn].owner != d->id)
		return HC_EFRAME;
	if (!(w->frames[mfn].flags & FRAME_PINNED))
		return HC_ESTATE;
	w->frames[mfn].flags &= (uint8_t)~FRAME_PINNED;
	mmu_put_table(w, d, mfn);
	return HC_OK;
}

enum abi_error mmu_grant_set(struct world *w, mfn_t table, unsigned index, uint64_t value)
{
	struct frame *f = &w->frames[table];
	_Atomic uint64_t *slot = (_Atomic uint64_t *)world_page(w, table) + index;
	enum abi_error e;

	CHECK(f->type == FRAME_L1 && f->type_count && (value & PTE_GRANT));
	if (atomic_load(slot))
		return HC_EBUSY;
	e = frame_get(w, table);
	if (e != HC_OK)
		return e;
	f->type_count++;
	atomic_store(slot, value);
	return HC_OK;
}

void mmu_grant_clear(struct world *w, struct domain *d, mfn_t table, unsigned index)
{
	_Atomic uint64_t *slot = (_Atomic uint64_t *)world_page(w, table) + index;

	CHECK(atomic_load(slot) & PTE_GRANT);
	atomic_store(slot, 0);
	mmu_put_table(w, d, table);
}
