/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Devices, and the ghost IOTLB: for each domain that owns one, every way to a frame that its devices had at any moment
 * since the last invalidation, the moments within an operation included (world.dma_written). Tables have four entries here
 * (DMA_BITS), so that three levels reach all frames and some are missing on the way.
 */
#include <string.h>

#include <vmm/core/dma.h>
#include <vmm/core/frame.h>

#include "codec.h"
#include "count.h"

#define ENTRIES (1u << DMA_BITS)
#define BOTH (DMA_READ | DMA_WRITE)

static struct model *watched;

/* Calls @see for each table (@rights 0) and each leaf below @table. */
typedef void visit(void *with, const struct domain *d, mfn_t mfn, uint32_t rights);

static void walk(const struct model *m, const struct domain *d, mfn_t table, unsigned level, visit *see, void *with)
{
	const uint64_t *words = model_words(m, table);

	see(with, d, table, 0);
	for (unsigned i = 0; i < ENTRIES; i++)
		if (words[i] && level > 1)
			walk(m, d, words[i] >> PAGE_SHIFT, level - 1, see, with);
		else if (words[i])
			see(with, d, words[i] >> PAGE_SHIFT, words[i] & BOTH);
}

static void reach(const struct model *m, const struct domain *d, visit *see, void *with)
{
	if (d && d->dma_root)
		walk(m, d, d->dma_root, m->w.dma_levels, see, with);
}

static void look_at(void *with, const struct domain *d, mfn_t mfn, uint32_t rights)
{
	struct model *m = with;

	m->iotlb[DOMID_SLOT(d->id)][mfn] |= (uint8_t)((rights & DMA_READ ? KNOWN_READ : 0) |
						      (rights & DMA_WRITE ? KNOWN_WRITE : 0));
	if ((rights & DMA_WRITE) && m->frames[mfn].type != FRAME_WRITABLE)
		model_violation(m, "a device of %x can write frame %lu of type %u", d->id, mfn, m->frames[mfn].type);
}

/* Devices of a domain that ended have no way to its table any more. */
static void look(struct model *m)
{
	for (unsigned slot = 1; slot < MODEL_SLOTS; slot++)
		if (m->w.domains[slot] && m->w.domains[slot]->state != DOMAIN_DEAD)
			reach(m, m->w.domains[slot], look_at, m);
}

static void written(const void *at, uint64_t bytes)
{
	(void)at, (void)bytes;
	look(watched);
}

void devices_watch(struct model *m)
{
	watched = m;
	m->w.dma_levels = 3;
	m->w.dma_written = written;
}

void devices_flush(struct model *m)
{
	dma_flushed(&m->w);
	memset(m->iotlb, 0, sizeof m->iotlb);
	look(m);
}

void devices_cut(struct model *m, unsigned slot)
{
	memset(m->iotlb[slot], 0, sizeof m->iotlb[slot]);
}

bool devices_growth(struct model *m, const struct domain *d, mfn_t mfn, mfn_t takes)
{
	mfn_t table = d->dma_root;

	if (!table || mfn >> (DMA_BITS * m->w.dma_levels))
		return !takes;
	for (unsigned level = m->w.dma_levels; level > 1 && table; level--)
		table = model_words(m, table)[mfn >> (DMA_BITS * (level - 1)) & (ENTRIES - 1)] >> PAGE_SHIFT;
	if (table)
		return !takes;
	/* Further ones come in the order of their numbers. */
	state_lists(m);
	return free_first(m, takes, false);
}

enum abi_error devices_perform(struct model *m, struct domain *d, const struct op *o)
{
	bool own = frame_is_ram(&m->w, o->frame) && m->frames[o->frame].owner == d->id;

	if (!d->dma_root)
		return OP_DISABLED;
	if (o->kind == OP_DMA_ENTER && !devices_growth(m, d, o->frame, o->on))
		return OP_DISABLED;
	if (!own)
		return HC_EFRAME;
	if (o->kind == OP_DMA_ENTER)
		return dma_enter(&m->w, d, o->frame, o->how);
	if (!dma_leave(&m->w, d, o->frame))
		return HC_EINVAL;
	if (dma_rights(&m->w, d, o->frame))
		model_violation(m, "frame %u left and devices reach it", o->frame);
	if (o->at)
		devices_flush(m);
	return HC_OK;
}

static void mark(void *with, const struct domain *d, mfn_t mfn, uint32_t rights)
{
	(void)d;
	if (!rights)
		((uint8_t *)with)[mfn] = PAGE_DMA;
}

void devices_kinds(const struct model *m, const struct domain *d, uint8_t kinds[MODEL_FRAMES])
{
	reach(m, d, mark, kinds);
}

static void code_table(struct codec *c, mfn_t table, unsigned level)
{
	uint64_t *words = model_words(c->m, table);

	if (!c->out && c->m->live[table] != PAGE_DMA) {
		memset(words, 0, PAGE_SIZE);
		c->m->live[table] = PAGE_DMA;
	}
	for (unsigned i = 0; i < ENTRIES; i++) {
		uint64_t v = words[i] >> PAGE_SHIFT << 2 | (words[i] & BOTH);

		CODE(c, v);
		words[i] = v >> 2 << PAGE_SHIFT | (v & BOTH);
		if (v && level > 1)
			code_table(c, v >> 2, level - 1);
	}
}

void devices_code(struct codec *c, struct domain *d)
{
	CODE(c, d->dma_root);
	CODE(c, d->dma_count);
	if (d->dma_root)
		code_table(c, d->dma_root, c->m->w.dma_levels);
}

void devices_code_caution(struct codec *c)
{
	struct model *m = c->m;

	CODE(c, m->w.dma_stale);
	for (unsigned slot = 1; slot < MODEL_SLOTS; slot++) {
		const struct domain *d = m->w.domains[slot];

		for (mfn_t f = 0; f < m->w.frame_limit; f++)
			if (d && d->dma_root && d->state != DOMAIN_DEAD)
				CODE(c, m->iotlb[slot][f]);
			else
				m->iotlb[slot][f] = 0;
	}
}

static struct {
	struct count *c;
	uint64_t leaves, granted;
} counted;

static void count_one(void *with, const struct domain *d, mfn_t mfn, uint32_t rights)
{
	struct count *c = with;

	if (!rights) {
		count_own_page(c, world_page(&c->m->w, mfn));
		return;
	}
	HOLDS(c, frame_is_ram(&c->m->w, mfn), "devices of %x reach frame %lu, which is no RAM", d->id, mfn);
	counted.leaves++;
	counted.granted += c->m->frames[mfn].owner != d->id;
	count_ref(c, mfn, rights & DMA_WRITE ? FRAME_WRITABLE : FRAME_NONE);
}

void devices_count(struct count *c, const struct domain *d)
{
	counted.leaves = counted.granted = 0;
	reach(c->m, d, count_one, c);
	HOLDS(c, counted.leaves == d->dma_count, "devices of %x reach %lu frames, booked %lu", d->id, counted.leaves,
	      d->dma_count);
	for (uint32_t i = MAPPINGS_PER_PAGE - MODEL_MAPS; d->mapping_pages && i < MAPPINGS_PER_PAGE; i++) {
		const struct mapping *r = &d->mappings[0][i];

		if (!r->entry || !(r->flags & GRANT_DMA))
			continue;
		counted.granted--;
		HOLDS(c, dma_rights(&c->m->w, d, r->mfn) == (r->flags & GRANT_READONLY ? DMA_READ : BOTH),
		      "devices of %x reach frame %lu otherwise than its mapping says", d->id, r->mfn);
	}
	HOLDS(c, !counted.granted, "devices of %x reach frames of others that it does not map for them", d->id);
}

void devices_check(struct count *c)
{
	uint8_t known[MODEL_SLOTS][MODEL_FRAMES];

	look(c->m);
	if (c->m->w.dma_stale)
		return;
	memcpy(known, c->m->iotlb, sizeof known);
	memset(c->m->iotlb, 0, sizeof known);
	look(c->m);
	HOLDS(c, !memcmp(known, c->m->iotlb, sizeof known), "the IOTLB is called fresh and knows what left");
}
