/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grants. Invariants: grant.maps of a live granter is the number of live mappings that name it; each mapping holds one
 * reference on the frame (typed FRAME_WRITABLE when it is writable) and one on its level-1 table (typed FRAME_L1), so
 * both stay what they are until it goes; one with GRANT_DMA has its own entry among what the mapper's devices reach; a
 * mapping is found by the page-table entry that it occupies, and that entry alone carries PTE_GRANT. A frame outlives its
 * granter while it is mapped. Offers change under their domain's grants_lock, but that mappings are counted down without it:
 * one that is counted keeps its offer.
 */
#include "grant.h"

#include "dma.h"
#include "domain.h"
#include "frame.h"
#include "mmu.h"

static struct grant *grant_at(const struct domain *d, uint32_t ref)
{
	if (ref >= GRANT_MAX || !d->grants[ref / GRANTS_PER_PAGE])
		return NULL;
	return &d->grants[ref / GRANTS_PER_PAGE][ref % GRANTS_PER_PAGE];
}

struct grant *grant_find(const struct domain *d, uint32_t ref)
{
	struct grant *g = grant_at(d, ref);

	return g && g->peer != DOMID_NONE ? g : NULL;
}

/* Finds the run from @from on. Bits of *@fresh: the pages of the table that this took. */
static enum abi_error reserve_from(struct world *w, struct domain *d, uint32_t from, uint32_t count, uint32_t *first,
				   uint64_t *fresh)
{
	uint32_t run = 0;

	for (uint32_t ref = from; ref < GRANT_MAX; ref++) {
		uint32_t page = ref / GRANTS_PER_PAGE;

		if (!d->grants[page]) {
			enum abi_error e = frame_alloc_table(w, d, (void **)&d->grants[page]);
			if (e != HC_OK)
				return e;
			*fresh |= 1ull << page;
		}
		run = grant_at(d, ref)->peer == DOMID_NONE ? run + 1 : 0;
		if (run == count) {
			*first = ref + 1 - count;
			return HC_OK;
		}
	}
	return HC_ENOGRANT;
}

enum abi_error grant_reserve(struct world *w, struct domain *d, uint32_t count, uint32_t *first)
{
	uint64_t fresh = 0;
	enum abi_error e;

	short_take(&d->grants_lock);
	/* Reference 0 is never given out. */
	e = reserve_from(w, d, MAX(d->grant_hint, 1u), count, first, &fresh);
	if (e == HC_ENOGRANT && d->grant_hint > 1)
		e = reserve_from(w, d, 1, count, first, &fresh);
	for (uint32_t page = 0; e != HC_OK && page < GRANT_PAGES; page++)
		if (fresh >> page & 1) {
			frame_free_table(w, d, d->grants[page]);
			d->grants[page] = NULL;
		}
	short_drop(&d->grants_lock);
	return e;
}

enum abi_error grant_may_offer(const struct world *w, const struct domain *d, uint32_t flags, mfn_t mfn)
{
	if (!frame_is_ram(w, mfn))
		return HC_EFRAME;
	if (frame_owner(w, mfn) == d->id)
		return HC_OK;
	if (!d->image || frame_owner(w, mfn) != d->image || (w->frames[mfn].flags & FRAME_TEXT))
		return HC_EFRAME;
	return flags == GRANT_READONLY ? HC_OK : HC_EREADONLY;
}

enum abi_error grant_offer(struct world *w, struct domain *d, uint32_t ref, domid_t peer, uint32_t flags, mfn_t mfn)
{
	struct grant *g = grant_at(d, ref);
	enum abi_error e;

	CHECK(g && g->peer == DOMID_NONE);
	e = grant_may_offer(w, d, flags, mfn);
	if (e != HC_OK)
		return e;
	/* The offer holds a reference, so the frame cannot become another's while it stands. */
	e = frame_get(w, mfn);
	if (e != HC_OK)
		return e;
	short_take(&d->grants_lock);
	*g = (struct grant){.peer = peer, .flags = flags, .mfn = mfn};
	short_drop(&d->grants_lock);
	d->grant_count++;
	d->grant_hint = ref + 1 < GRANT_MAX ? ref + 1 : 1;
	return HC_OK;
}

/* Whether references @first on are all offers that nobody maps. HC_EAGAIN: somebody copies by one at this moment. */
static enum abi_error all_idle(const struct domain *d, uint32_t first, uint32_t count)
{
	if (!range_within(first, count, GRANT_MAX))
		return HC_EGRANT;
	for (uint32_t i = 0; i < count; i++) {
		const struct grant *g = grant_find(d, first + i);
		if (!g)
			return HC_EGRANT;
		if (__atomic_load_n(&g->maps, __ATOMIC_ACQUIRE))
			return HC_EBUSY;
		if (__atomic_load_n(&g->copies, __ATOMIC_ACQUIRE))
			return HC_EAGAIN;
	}
	return HC_OK;
}

enum abi_error grant_revoke(struct world *w, struct domain *d, uint32_t first, uint32_t count)
{
	enum abi_error e;

	short_take(&d->grants_lock);
	/* Whoever copies ends without waiting for anybody but this lock; afterwards no byte comes or goes by the offer. */
	while ((e = all_idle(d, first, count)) == HC_EAGAIN) {
		short_drop(&d->grants_lock);
		short_take(&d->grants_lock);
	}
	for (uint32_t i = 0; i < count && e == HC_OK; i++) {
		struct grant *g = grant_at(d, first + i);
		g->peer = DOMID_NONE;
		frame_put(w, g->mfn);
	}
	short_drop(&d->grants_lock);
	if (e != HC_OK)
		return e;
	d->grant_count -= count;
	d->grant_hint = MIN(d->grant_hint, first);
	return HC_OK;
}

enum abi_error grant_retarget(struct domain *d, uint32_t first, uint32_t count, domid_t peer)
{
	enum abi_error e = all_idle(d, first, count);

	if (e != HC_OK)
		return e;
	for (uint32_t i = 0; i < count; i++)
		grant_at(d, first + i)->peer = peer;
	return HC_OK;
}

bool grant_any_mapped(const struct domain *d)
{
	for (uint32_t ref = 1; ref < GRANT_MAX; ref++) {
		const struct grant *g;

		if (!d->grants[ref / GRANTS_PER_PAGE]) {
			ref |= GRANTS_PER_PAGE - 1; /* the whole page is not there */
			continue;
		}
		g = grant_find(d, ref);
		if (g && g->maps)
			return true;
	}
	return false;
}

enum abi_error grant_access(const struct domain *granter, domid_t peer, uint32_t ref, bool write, mfn_t *mfn)
{
	const struct grant *g = grant_find(granter, ref);

	if (!g || g->peer != peer || (g->flags & GRANT_TRANSFER))
		return HC_EGRANT;
	if (write && (g->flags & GRANT_READONLY))
		return HC_EREADONLY;
	*mfn = g->mfn;
	return HC_OK;
}

enum abi_error grant_hold(struct world *w, struct domain *granter, domid_t peer, uint32_t ref, bool write, bool map,
			  mfn_t *mfn)
{
	enum abi_error e;

	short_take(&granter->grants_lock);
	e = grant_access(granter, peer, ref, write, mfn);
	if (e == HC_OK)
		e = frame_hold(w, *mfn, write);
	if (e == HC_OK) {
		struct grant *g = grant_at(granter, ref);
		__atomic_add_fetch(map ? &g->maps : &g->copies, 1, __ATOMIC_RELAXED);
	}
	short_drop(&granter->grants_lock);
	return e;
}

void grant_copied(struct world *w, struct domain *granter, uint32_t ref, mfn_t mfn, bool write)
{
	frame_unhold(w, mfn, write);
	if (granter)
		__atomic_sub_fetch(&grant_at(granter, ref)->copies, 1, __ATOMIC_RELEASE);
}

enum abi_error grant_accept(struct world *w, struct domain *taker, struct domain *granter, uint32_t ref, mfn_t *mfn)
{
	struct grant *g = grant_find(granter, ref);
	enum abi_error e;

	if (!g || g->peer != taker->id || !(g->flags & GRANT_TRANSFER))
		return HC_EGRANT;
	e = frame_move(w, granter, taker, g->mfn, 1);
	if (e != HC_OK)
		return e;
	*mfn = g->mfn;
	return grant_revoke(w, granter, ref, 1);
}

static struct mapping *mapping_at(const struct domain *d, uint32_t i)
{
	return &d->mappings[i / MAPPINGS_PER_PAGE][i % MAPPINGS_PER_PAGE];
}

static uint32_t *bucket_of(const struct domain *d, uint64_t entry)
{
	return &d->buckets[(entry ^ entry >> 13) % MAPPING_BUCKETS];
}

/* A free record, index + 1 into *@out; grows the table by a page. */
static enum abi_error mapping_new(struct world *w, struct domain *d, uint32_t *out)
{
	enum abi_error e;

	if (!d->buckets && (e = frame_alloc_table(w, d, (void **)&d->buckets)) != HC_OK)
		return e;
	if (!d->mapping_free) {
		if (d->mapping_pages == MAPPING_PAGES)
			return HC_ENOGRANT;
		e = frame_alloc_table(w, d, (void **)&d->mappings[d->mapping_pages]);
		if (e != HC_OK && !d->mapping_pages) {
			frame_free_table(w, d, d->buckets);
			d->buckets = NULL;
		}
		if (e != HC_OK)
			return e;
		for (uint32_t i = 0; i < MAPPINGS_PER_PAGE; i++) {
			uint32_t n = d->mapping_pages * MAPPINGS_PER_PAGE + i;
			d->mappings[d->mapping_pages][i].next = d->mapping_free;
			d->mapping_free = n + 1;
		}
		d->mapping_pages++;
	}
	*out = d->mapping_free;
	d->mapping_free = mapping_at(d, *out - 1)->next;
	return HC_OK;
}

static void mapping_give_back(struct domain *d, uint32_t n)
{
	struct mapping *m = mapping_at(d, n - 1);

	*m = (struct mapping){.next = d->mapping_free};
	d->mapping_free = n;
}

/* Undoes mapping_new() of record @n, which found a table of @pages. */
static void mapping_undo(struct world *w, struct domain *d, uint32_t n, uint32_t pages)
{
	if (d->mapping_pages == pages) {
		mapping_give_back(d, n);
		return;
	}
	/* It grew because no record was free. */
	frame_free_table(w, d, d->mappings[--d->mapping_pages]);
	d->mapping_free = 0;
	if (pages)
		return;
	frame_free_table(w, d, d->buckets);
	d->buckets = NULL;
}

/* Writes level-1 entry @value, and with @dma the entry among what the mapper's devices reach: both or none. */
static enum abi_error entries_set(struct world *w, struct domain *mapper, mfn_t table, unsigned index, uint64_t value,
				  bool dma)
{
	mfn_t mfn = (value & PTE_FRAME) >> PAGE_SHIFT;
	enum abi_error e = HC_OK;

	if (dma)
		e = dma_enter(w, mapper, mfn, value & PTE_W ? DMA_READ | DMA_WRITE : DMA_READ);
	if (e == HC_OK) {
		e = mmu_grant_set(w, table, index, value);
		if (e != HC_OK && dma)
			CHECK(dma_leave(w, mapper, mfn));
	}
	return e;
}

/* The frame of a mapping is used no more; the last that its granter hears of it. */
static void release(struct world *w, domid_t granter, uint32_t ref, mfn_t mfn, bool write)
{
	/* A granter that is being released has no table any more; one that is gone has no record. */
	const struct domain *d = domain_find(w, granter);
	struct grant *g = d ? grant_find(d, ref) : NULL;

	frame_unhold(w, mfn, write);
	if (g)
		__atomic_sub_fetch(&g->maps, 1, __ATOMIC_RELEASE);
}

enum abi_error grant_map(struct world *w, struct domain *mapper, struct domain *granter, uint32_t ref, uint32_t flags,
			 mfn_t table, unsigned index, mfn_t *mfn)
{
	bool write = !(flags & GRANT_READONLY), dma = (flags & GRANT_DMA) && mapper->dma_root;
	uint64_t rights = write ? PTE_W | PTE_D : 0, entry = table << 9 | index;
	uint32_t n, pages = mapper->mapping_pages;
	enum abi_error e;

	/* Own frames are entered by device_dma, so that it is known whose an entry is. */
	if (dma && granter == mapper)
		return HC_EINVAL;
	if (((const uint64_t *)world_page(w, table))[index])
		return HC_EBUSY;
	e = grant_hold(w, granter, mapper->id, ref, write, true, mfn);
	if (e != HC_OK)
		return e;
	e = mapping_new(w, mapper, &n);
	if (e == HC_OK) {
		/* Last, since the table of what devices reach does not become smaller again. */
		e = entries_set(w, mapper, table, index,
				*mfn << PAGE_SHIFT | rights | PTE_P | PTE_U | PTE_A | PTE_NX | PTE_GRANT, dma);
		if (e != HC_OK)
			mapping_undo(w, mapper, n, pages);
	}
	if (e != HC_OK) {
		release(w, granter->id, ref, *mfn, write);
		return e;
	}
	*mapping_at(mapper, n - 1) = (struct mapping){.next = *bucket_of(mapper, entry),
						      .granter = granter->id,
						      .ref = ref,
						      .flags = (write ? 0 : GRANT_READONLY) | (dma ? GRANT_DMA : 0),
						      .entry = entry,
						      .mfn = *mfn};
	*bucket_of(mapper, entry) = n;
	mapper->mapping_count++;
	return HC_OK;
}

enum abi_error grant_unmap(struct world *w, struct domain *mapper, mfn_t table, unsigned index)
{
	uint64_t entry = table << 9 | index;
	struct mapping *m = NULL;
	uint32_t *link, n;

	if (!mapper->buckets)
		return HC_EGRANT;
	for (link = bucket_of(mapper, entry); *link; link = &m->next) {
		m = mapping_at(mapper, *link - 1);
		if (m->entry == entry)
			break;
	}
	if (!*link)
		return HC_EGRANT;
	n = *link;
	*link = m->next;
	if (m->flags & GRANT_DMA)
		CHECK(dma_leave(w, mapper, m->mfn));
	mmu_grant_clear(w, table, index);
	release(w, m->granter, m->ref, m->mfn, !(m->flags & GRANT_READONLY));
	mapping_give_back(mapper, n);
	mapper->mapping_count--;
	return HC_OK;
}

bool grant_is_mapping(const struct world *w, mfn_t table, unsigned index)
{
	return ((const uint64_t *)world_page(w, table))[index] & PTE_GRANT;
}

bool grant_unmap_all(struct world *w, struct domain *mapper, unsigned budget)
{
	for (uint32_t i = 0; mapper->mapping_count && i < mapper->mapping_pages * MAPPINGS_PER_PAGE; i++) {
		uint64_t entry = mapping_at(mapper, i)->entry;

		if (!entry)
			continue;
		if (!budget--)
			return false;
		CHECK(grant_unmap(w, mapper, entry >> 9, entry & 511) == HC_OK);
	}
	return true;
}

void grant_free_tables(struct world *w, struct domain *d)
{
	CHECK(!d->mapping_count);
	for (uint32_t i = 0; i < d->mapping_pages; i++)
		frame_free_table(w, d, d->mappings[i]);
	frame_free_table(w, d, d->buckets);
	for (uint32_t ref = 0; ref < GRANT_MAX; ref++) {
		struct grant *g = grant_find(d, ref);
		if (g)
			frame_put(w, g->mfn);
	}
	for (uint32_t i = 0; i < GRANT_PAGES; i++) {
		frame_free_table(w, d, d->grants[i]);
		d->grants[i] = NULL;
	}
	d->mapping_pages = 0;
	d->buckets = NULL;
}
