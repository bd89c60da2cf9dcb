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
#define ENTRIES (1u << DMA_BITS)
#define RELEASE_WORK 4096u

static unsigned index_at(mfn_t mfn, unsigned level)
{
	return mfn >> (DMA_BITS * (level - 1)) & (ENTRIES - 1);
}

/* The IOMMU may read memory past the caches. */
static void written(const struct world *w, const void *at, uint64_t bytes)
{
	if (w->dma_written)
		w->dma_written(at, bytes);
}

static void entry_write(const struct world *w, uint64_t *slot, uint64_t value)
{
	__atomic_store_n(slot, value, __ATOMIC_SEQ_CST);
	written(w, slot, sizeof *slot);
}

static mfn_t page_mfn(const struct world *w, const void *page)
{
	return (mfn_t)((const uint8_t *)page - w->memory) >> PAGE_SHIFT;
}

/*
 * Where the way to frame @mfn ends: at its leaf (*@level 1), or at an entry without a table below it. NULL: there is no
 * way, *@e says why.
 */
static uint64_t *way_end(const struct world *w, const struct domain *d, mfn_t mfn, unsigned *level, enum abi_error *e)
{
	mfn_t table = d->dma_root;

	*e = !table ? HC_EDEVICE : mfn >> (DMA_BITS * w->dma_levels) ? HC_EADDRESS : HC_OK;
	for (*level = w->dma_levels; *e == HC_OK; --*level) {
		uint64_t *slot = (uint64_t *)world_page(w, table) + index_at(mfn, *level);

		if (*level == 1 || !*slot)
			return slot;
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
	void *page;
	enum abi_error e = d->dma_root ? HC_OK : frame_alloc_table(w, d, &page);

	if (e != HC_OK || d->dma_root)
		return e;
	written(w, page, PAGE_SIZE);
	d->dma_root = page_mfn(w, page);
	return HC_OK;
}

enum abi_error dma_enter(struct world *w, struct domain *d, mfn_t mfn, uint32_t rights)
{
	uint64_t value = mfn << PAGE_SHIFT | rights;
	void *tables[DMA_LEVELS_MAX - 1]; /* that are missing, the lowest first */
	unsigned level, made = 0;
	enum abi_error e;
	uint64_t *slot = way_end(w, d, mfn, &level, &e);

	if (!slot)
		return e;
	if (*slot)
		return HC_EBUSY;
	while (e == HC_OK && made < level - 1) {
		e = frame_alloc_table(w, d, &tables[made]);
		made += e == HC_OK;
	}
	if (e == HC_OK)
		e = rights & DMA_WRITE ? frame_get_type(w, mfn, FRAME_WRITABLE) : frame_get(w, mfn);
	if (e != HC_OK) {
		while (made)
			frame_free_table(w, d, tables[--made]);
		return e;
	}
	/* From the leaf up: the IOMMU finds a table only when all of it is written. */
	for (unsigned i = 0; i < made; i++) {
		((uint64_t *)tables[i])[index_at(mfn, i + 1)] = value;
		written(w, tables[i], PAGE_SIZE);
		value = page_mfn(w, tables[i]) << PAGE_SHIFT | ENTRY_BITS;
	}
	entry_write(w, slot, value);
	d->dma_count++;
	return HC_OK;
}

bool dma_leave(struct world *w, struct domain *d, mfn_t mfn)
{
	unsigned level;
	enum abi_error e;
	uint64_t *slot = way_end(w, d, mfn, &level, &e);

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
	unsigned level;
	enum abi_error e;
	const uint64_t *slot = way_end(w, d, mfn, &level, &e);

	return slot ? *slot & ENTRY_BITS : 0;
}

bool dma_release(struct world *w, struct domain *d)
{
	uint64_t start = world_work(w);

	while (d->dma_root) {
		uint64_t *table = world_page(w, d->dma_root), *parent = NULL;
		unsigned level = w->dma_levels, i = 0;

		/* Down to a table with leaves, or one without entries. */
		for (;;) {
			for (i = 0; i < ENTRIES && !table[i]; i++)
				;
			world_worked(w, i);
			if (i == ENTRIES || level == 1)
				break;
			parent = &table[i];
			table = world_page(w, table[i] >> PAGE_SHIFT);
			level--;
		}
		for (; i < ENTRIES; i++)
			if (table[i])
				leaf_drop(w, d, &table[i]);
		if (parent)
			*parent = 0;
		else
			d->dma_root = 0;
		frame_free_table(w, d, table);
		world_worked(w, ENTRIES);
		if (world_work(w) - start > RELEASE_WORK)
			return !d->dma_root;
	}
	return true;
}
