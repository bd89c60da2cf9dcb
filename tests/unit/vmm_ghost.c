/* SPDX-License-Identifier: BSD-2-Clause */
#include "vmm_ghost.h"

#include <string.h>

#include <vmm/core/dma.h>

static struct tw_seen tlb[TW_FRAMES_MAX], iotlb[TW_DEVICE_SLOTS][TW_FRAMES_MAX];

/* Memory as the IOMMU finds it: pages and words of which it was told. */
static uint8_t shadow[TW_FRAMES_MAX][PAGE_SIZE];
static bool told[TW_FRAMES_MAX];
static struct world *machine;

static void each(struct world *w, const struct domain *d, const uint8_t *base, mfn_t table, unsigned level,
		 tw_dma_see *see)
{
	const uint64_t *words = (const uint64_t *)(base + table * PAGE_SIZE);

	cr_assert(table && table < w->frame_limit, "an entry names table %lu", table);
	if (see)
		see(w, d, table, 0);
	for (unsigned i = 0; i < 512; i++) {
		uint64_t e = words[i];

		if (!e)
			continue;
		cr_assert(!(e & ~(PTE_FRAME | DMA_READ | DMA_WRITE)) && (e & (DMA_READ | DMA_WRITE)), "DMA entry %lx",
			  e);
		if (level > 1)
			each(w, d, base, e >> PAGE_SHIFT, level - 1, see);
		else if (see)
			see(w, d, e >> PAGE_SHIFT, e & (DMA_READ | DMA_WRITE));
	}
}

void tw_dma_each(struct world *w, const struct domain *d, tw_dma_see *see)
{
	if (d->dma_root)
		each(w, d, w->memory, d->dma_root, w->dma_levels, see);
}

static void look(struct world *w, const struct domain *d, mfn_t mfn, uint32_t rights)
{
	struct tw_seen *s = &iotlb[DOMID_SLOT(d->id)][mfn];

	if (!rights) {
		cr_assert(told[mfn], "the IOMMU finds table %lu as it was before it was one", mfn);
		cr_assert_eq(memcmp(shadow[mfn], world_page(w, mfn), PAGE_SIZE), 0,
			     "the IOMMU was not told all of table %lu", mfn);
		return;
	}
	cr_assert(mfn < w->frame_limit);
	cr_assert(!(rights & DMA_WRITE) || w->frames[mfn].type == FRAME_WRITABLE,
		  "a device can write frame %lu of type %u", mfn, w->frames[mfn].type);
	if (!s->seen)
		s->owner = w->frames[mfn].owner;
	s->seen |= (rights & DMA_READ ? SEEN_READ : 0) | (rights & DMA_WRITE ? SEEN_WRITE : 0);
}

void tw_iotlb_look(struct world *w)
{
	for (mfn_t m = 0; m < w->frame_limit; m++)
		told[m] &= w->frames[m].owner == OWNER_HYPERVISOR;
	for (unsigned s = 0; s < TW_DEVICE_SLOTS; s++) {
		const struct domain *d = w->domains[s];

		if (d && d->state != DOMAIN_DEAD && d->dma_root)
			each(w, d, shadow[0], d->dma_root, w->dma_levels, look);
	}
}

static void written(const void *at, uint64_t bytes)
{
	uint64_t offset = (uint64_t)((const uint8_t *)at - machine->memory);

	cr_assert(offset % 8 == 0 && bytes <= PAGE_SIZE - offset % PAGE_SIZE);
	memcpy(shadow[0] + offset, at, bytes);
	told[offset >> PAGE_SHIFT] |= bytes == PAGE_SIZE;
	tw_iotlb_look(machine);
}

void tw_iotlb_start(struct world *w)
{
	memset(iotlb, 0, sizeof iotlb);
	memset(told, 0, sizeof told);
	machine = w;
	w->dma_levels = 4;
	w->dma_written = written;
}

void tw_dma_flush(struct world *w)
{
	dma_flushed(w);
	memset(iotlb, 0, sizeof iotlb);
	tw_iotlb_look(w);
}

void tw_dma_detach(const struct domain *d)
{
	if (d->dma_root)
		memset(iotlb[DOMID_SLOT(d->id)], 0, sizeof iotlb[0]);
}

void tw_ghost_clear(void)
{
	memset(tlb, 0, sizeof tlb);
}

void tw_ghost_scribble(struct world *w)
{
	for (mfn_t m = 0; m < w->frame_limit; m++) {
		uint32_t seen = tlb[m].seen;

		for (unsigned s = 0; s < TW_DEVICE_SLOTS; s++)
			seen |= iotlb[s][m].seen;
		if ((seen & SEEN_WRITE) && w->frames[m].owner == OWNER_FREE)
			memset(world_page(w, m), 0x5c, PAGE_SIZE);
	}
}

void tw_ghost_see(struct world *w, mfn_t m, uint32_t what)
{
	if (m >= w->frame_limit || w->frames[m].owner == OWNER_NONE)
		return;
	if (!tlb[m].seen)
		tlb[m].owner = w->frames[m].owner;
	tlb[m].seen |= what;
}

static void seen_check(const struct world *w, mfn_t m, const struct tw_seen *s, const char *who, bool own)
{
	const struct frame *f = &w->frames[m];
	uint32_t typed = s->seen & ~(uint32_t)SEEN_READ;

	if (!s->seen)
		return;
	cr_assert(!typed || f->type == FRAME_NONE || typed == 1u << f->type,
		  "frame %lu became type %u while %s knows it as %x", m, f->type, who, typed);
	cr_assert(f->owner == s->owner || f->owner == OWNER_FREE || (f->owner == OWNER_HYPERVISOR && !own),
		  "frame %lu went from %x to %x while %s knows it", m, s->owner, f->owner, who);
}

void tw_ghost_check(struct world *w, bool (*own)(mfn_t))
{
	static struct tw_seen before[TW_DEVICE_SLOTS][TW_FRAMES_MAX];
	size_t row = w->frame_limit * sizeof before[0][0];

	tw_iotlb_look(w);
	for (mfn_t m = 0; m < w->frame_limit; m++) {
		seen_check(w, m, &tlb[m], "a TLB", own(m));
		for (unsigned s = 0; s < TW_DEVICE_SLOTS; s++)
			seen_check(w, m, &iotlb[s][m], "the IOTLB", own(m));
	}
	if (w->dma_stale)
		return;
	/* It has nothing then that is not in the tables. */
	for (unsigned s = 0; s < TW_DEVICE_SLOTS; s++) {
		memcpy(before[s], iotlb[s], row);
		memset(iotlb[s], 0, row);
	}
	tw_iotlb_look(w);
	for (unsigned s = 0; s < TW_DEVICE_SLOTS; s++)
		for (mfn_t m = 0; m < w->frame_limit; m++)
			cr_assert_eq(before[s][m].seen, iotlb[s][m].seen,
				     "the IOTLB is called fresh and knows frame %lu, which left", m);
}
