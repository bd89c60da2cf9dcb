/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invariants, for every domain with a table: each present leaf holds one reference on its frame, typed FRAME_WRITABLE when
 * the device may write; dma_count is the number of leaves; a leaf of a frame that is not the domain's own belongs to one
 * grant mapping with GRANT_DMA. Since types exclude each other, no device can write a page table or text.
 *
 * A table is never made smaller while its domain lives, so a walk by the IOMMU always meets memory that is a table.
 */
#include "dma.h"

#include "frame.h"

#define ENTRY_BITS (DMA_READ | DMA_WRITE) /* VT-d: bits 0 and 1 of an entry, at every level */
#define RELEASE_WORK 4096u

static unsigned index_at(mfn_t mfn, unsigned level)
{
	return mfn >> (9 * (level - 1)) & (TABLE_ENTRIES - 1);
}

/* The IOMMU may read memory past the caches. */
static void entry_write(const struct world *w, uint64_t *slot, uint64_t value)
{
	__atomic_store_n(slot, value, __ATOMIC_SEQ_CST);
	if (w->dma_written)
		w->dma_written(slot, sizeof *slot);
}

static enum abi_error table_new(struct world *w, struct domain *d, mfn_t *mfn)
{
	void *page;
	enum abi_error e = frame_alloc_table(w, d, &page);

	if (e != HC_OK)
		return e;
	if (w->dma_written)
		w->dma_written(page, PAGE_SIZE);
	*mfn = (mfn_t)((uint8_t *)page - w->memory) >> PAGE_SHIFT;
	return HC_OK;
}

/* The leaf of frame @mfn; with @grow, tables are made on the way. NULL: there is none, *@e says why. */
static uint64_t *leaf_of(struct world *w, struct domain *d, mfn_t mfn, bool grow, enum abi_error *e)
{
	mfn_t table = d->dma_root;

	*e = !table ? HC_EDEVICE : mfn >> (9 * w->dma_levels) ? HC_EADDRESS : HC_OK;
	for (unsigned level = w->dma_levels; *e == HC_OK; level--) {
		uint64_t *slot = (uint64_t *)world_page(w, table) + index_at(mfn, level);
		mfn_t next = 0;

		if (level == 1)
			return slot;
		if (!*slot) {
			*e = grow ? table_new(w, d, &next) : HC_EFRAME;
			if (*e == HC_OK)
				entry_write(w, slot, next << PAGE_SHIFT | ENTRY_BITS);
		}
		table = *slot >> PAGE_SHIFT;
	}
	return NULL;
}

static void leaf_drop(struct world *w, struct domain *d, uint64_t *slot)
{
	uint64_t old = *slot;

	entry_write(w, slot, 0);
	d->dma_count--;
	w->dma_stale = true;
	if (old & DMA_WRITE)
		frame_put_type(w, old >> PAGE_SHIFT);
	else
		frame_put(w, old >> PAGE_SHIFT);
}

enum abi_error dma_open(struct world *w, struct domain *d)
{
	return d->dma_root ? HC_OK : table_new(w, d, &d->dma_root);
}

enum abi_error dma_enter(struct world *w, struct domain *d, mfn_t mfn, uint32_t rights)
{
	enum abi_error e;
	uint64_t *slot = leaf_of(w, d, mfn, true, &e);

	if (!slot)
		return e;
	if (*slot)
		return HC_EBUSY;
	e = rights & DMA_WRITE ? frame_get_type(w, mfn, FRAME_WRITABLE) : frame_get(w, mfn);
	if (e != HC_OK)
		return e;
	entry_write(w, slot, mfn << PAGE_SHIFT | rights);
	d->dma_count++;
	return HC_OK;
}

bool dma_leave(struct world *w, struct domain *d, mfn_t mfn)
{
	enum abi_error e;
	uint64_t *slot = leaf_of(w, d, mfn, false, &e);

	if (!slot || !*slot)
		return false;
	leaf_drop(w, d, slot);
	return true;
}

void dma_flushed(struct world *w)
{
	w->dma_flushed = ++w->flush_clock;
	w->dma_stale = false;
}

uint32_t dma_rights(const struct world *w, const struct domain *d, mfn_t mfn)
{
	enum abi_error e;
	/* Nothing is changed without @grow. */
	const uint64_t *slot = leaf_of((struct world *)(uintptr_t)w, (struct domain *)(uintptr_t)d, mfn, false, &e);

	return slot ? *slot & ENTRY_BITS : 0;
}

bool dma_release(struct world *w, struct domain *d)
{
	uint64_t start = w->work;

	while (d->dma_root) {
		uint64_t *table = world_page(w, d->dma_root), *parent = NULL;
		unsigned level = w->dma_levels, i = 0;

		/* Down to a table with leaves, or one without entries. */
		for (;;) {
			for (i = 0; i < TABLE_ENTRIES && !table[i]; i++)
				;
			w->work += i;
			if (i == TABLE_ENTRIES || level == 1)
				break;
			parent = &table[i];
			table = world_page(w, table[i] >> PAGE_SHIFT);
			level--;
		}
		for (; i < TABLE_ENTRIES; i++)
			if (table[i])
				leaf_drop(w, d, &table[i]);
		if (parent)
			*parent = 0;
		else
			d->dma_root = 0;
		frame_free_table(w, d, table);
		w->work += TABLE_ENTRIES;
		if (w->work - start > RELEASE_WORK)
			return !d->dma_root;
	}
	return true;
}
