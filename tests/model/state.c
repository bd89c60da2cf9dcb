/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A state as bytes, and back. One walk serves both ways, so that what is packed is what is restored. model.h says what is
 * left out; everything else that an operation reads has its byte here. A number that does not fit a byte is a violation:
 * no count of this world comes near.
 */
#include "codec.h"

#include <string.h>

/* Owners: the small ones as they are, images from 16, domains from 32 (all of generation 1). */
static void code_owner(struct codec *c, uint32_t *owner)
{
	uint32_t o = *owner;

	if (c->out && o >= 0x10000)
		o = o >> 16 == 1 && (o & 0xffff) < MODEL_SLOTS ? 32 + (o & 0xffff) : UINT32_MAX;
	else if (c->out && o >= OWNER_IMAGE)
		o = o - OWNER_IMAGE + 16;
	CODE(c, o);
	*owner = o >= 32 ? 0x10000 | (o - 32) : o >= 16 ? o - 16 + OWNER_IMAGE : o;
}

static mfn_t page_mfn(const struct model *m, const void *page)
{
	return page ? (mfn_t)((const uint8_t *)page - m->w.memory) >> PAGE_SHIFT : 0;
}

/* A page of the hypervisor's, made @kind by @prepare unless it is one already. */
static void code_page(struct codec *c, void **page, enum page_kind kind, void (*prepare)(void *page))
{
	struct model *m = c->m;
	mfn_t mfn = page_mfn(m, *page);

	CODE(c, mfn);
	if (c->out)
		return;
	*page = mfn ? world_page(&m->w, mfn) : NULL;
	if (mfn && m->live[mfn] != kind) {
		memset(*page, 0, PAGE_SIZE);
		if (prepare)
			prepare(*page);
		m->live[mfn] = (uint8_t)kind;
	}
}

/* All records but the last MODEL_MAPS are free for ever, in the order in which the core chains a new page. */
static void prepare_mappings(void *page)
{
	struct mapping *r = page;

	for (uint32_t i = 0; i < MAPPINGS_PER_PAGE; i++)
		r[i].next = i;
}

static void code_grants(struct codec *c, struct domain *d)
{
	code_page(c, (void **)&d->grants[0], PAGE_GRANTS, NULL);
	CODE(c, d->grant_count);
	if (!d->grants[0])
		return;
	for (unsigned ref = 1; ref < MODEL_REFS; ref++) {
		struct grant *g = &d->grants[0][ref];
		struct grant free = {0};

		if (c->out && g->peer == DOMID_NONE)
			g = &free;
		code_owner(c, &g->peer);
		CODE(c, g->flags);
		CODE(c, g->maps);
		CODE(c, g->mfn);
	}
	d->grant_hint = 1;
}

static void code_mapping(struct codec *c, struct mapping *r)
{
	uint32_t index = r->entry & 511;
	mfn_t table = r->entry >> 9;

	code_owner(c, &r->granter);
	CODE(c, r->ref);
	CODE(c, r->flags);
	CODE(c, table);
	CODE(c, index);
	CODE(c, r->mfn);
	r->entry = table << 9 | index;
}

/* Live records into @sorted by the entry that they occupy. */
static unsigned mappings_sorted(const struct domain *d, struct mapping *sorted)
{
	unsigned n = 0;

	for (uint32_t i = MAPPINGS_PER_PAGE - MODEL_MAPS; i < MAPPINGS_PER_PAGE; i++) {
		const struct mapping *r = &d->mappings[0][i];
		unsigned at;

		if (!r->entry)
			continue;
		for (at = n++; at && sorted[at - 1].entry > r->entry; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = *r;
	}
	return n;
}

/* Lays @n records into the page as mapping one after the other into a fresh page would. */
static void mappings_restore(struct domain *d, const struct mapping *records, unsigned n)
{
	for (uint32_t at = 0; at < MAPPING_BUCKETS; at += MAPPING_BUCKETS / 2)
		memset(&d->buckets[at], 0, 4 * sizeof d->buckets[0]);
	for (uint32_t i = MAPPINGS_PER_PAGE - MODEL_MAPS; i < MAPPINGS_PER_PAGE; i++)
		d->mappings[0][i] = (struct mapping){.next = i};
	d->mapping_free = MAPPINGS_PER_PAGE - n;
	for (unsigned i = 0; i < n; i++) {
		uint32_t number = MAPPINGS_PER_PAGE - i;
		uint32_t *bucket = &d->buckets[(records[i].entry ^ records[i].entry >> 13) % MAPPING_BUCKETS];

		d->mappings[0][number - 1] = records[i];
		d->mappings[0][number - 1].next = *bucket;
		*bucket = number;
	}
}

static void code_mappings(struct codec *c, struct domain *d)
{
	struct mapping records[MODEL_MAPS] = {{0}};
	unsigned n = 0;

	code_page(c, (void **)&d->buckets, PAGE_BUCKETS, NULL);
	code_page(c, (void **)&d->mappings[0], PAGE_MAPPINGS, prepare_mappings);
	CODE(c, d->mapping_pages);
	CODE(c, d->mapping_count);
	if (!d->mapping_pages) {
		d->mapping_free = 0;
		return;
	}
	if (c->out)
		n = mappings_sorted(d, records);
	CODE(c, n);
	for (unsigned i = 0; i < n; i++)
		code_mapping(c, &records[i]);
	if (!c->out)
		mappings_restore(d, records, n);
}

static void code_domain(struct codec *c, unsigned slot)
{
	struct model *m = c->m;
	struct domain *d = m->w.domains[slot];
	bool present = d;

	CODE(c, present);
	if (!c->out) {
		mfn_t home = m->home[slot];

		d = present ? world_page(&m->w, home) : NULL;
		if (d && m->live[home] != PAGE_DOMAIN)
			*d = m->template[slot];
		if (d)
			m->live[home] = PAGE_DOMAIN;
		m->w.domains[slot] = d;
	}
	if (!d)
		return;
	CODE(c, d->state);
	CODE(c, d->sealed);
	CODE(c, d->release_step);
	CODE(c, d->release_at);
	CODE(c, d->vcpu.root);
	code_owner(c, &d->image);
	CODE(c, d->frame_count);
	CODE(c, d->table_count);
	CODE(c, d->frame_max);
	CODE(c, d->frame_target);
	CODE(c, d->frame_reserve);
	for (unsigned level = 1; level <= 4; level++)
		CODE(c, d->tables[level]);
	code_grants(c, d);
	code_mappings(c, d);
	devices_code(c, d);
}

void state_kinds(const struct model *m, uint8_t kinds[MODEL_FRAMES])
{
	memset(kinds, PAGE_PLAIN, MODEL_FRAMES);
	kinds[0] = kinds[MODEL_STUBS] = PAGE_OPAQUE;
	for (unsigned slot = 1; slot < MODEL_SLOTS; slot++) {
		const struct domain *d = m->w.domains[slot];

		if (!d)
			continue;
		kinds[d->self_mfn] = PAGE_DOMAIN;
		kinds[page_mfn(m, d->vcpu.fpu)] = PAGE_OPAQUE;
		if (m->frames[d->shared_mfn].owner == d->id)
			kinds[d->shared_mfn] = PAGE_OPAQUE;
		if (d->grants[0])
			kinds[page_mfn(m, d->grants[0])] = PAGE_GRANTS;
		if (d->buckets)
			kinds[page_mfn(m, d->buckets)] = PAGE_BUCKETS;
		if (d->mapping_pages)
			kinds[page_mfn(m, d->mappings[0])] = PAGE_MAPPINGS;
		devices_kinds(m, d, kinds);
	}
}

/* A word of a plain frame: zero, or an entry of op_entry(), or what the core makes of one. */
static void code_word(struct codec *c, uint64_t *word)
{
	uint32_t low = (uint32_t)(*word & 0xff), high = (uint32_t)(*word >> 8 & 0xf);
	mfn_t mfn = (*word & PTE_FRAME) >> PAGE_SHIFT;

	high |= *word & PTE_NX ? 0x10 : 0;
	CODE(c, low);
	CODE(c, high);
	CODE(c, mfn);
	*word = low | (uint64_t)(high & 0xf) << 8 | mfn << PAGE_SHIFT | (high & 0x10 ? PTE_NX : 0);
}

static void code_contents(struct codec *c, mfn_t mfn, enum page_kind kind)
{
	struct model *m = c->m;
	const struct frame *f = &m->frames[mfn];
	uint64_t *words = model_words(m, mfn);

	if (!c->out && kind == PAGE_PLAIN && m->live[mfn] != PAGE_PLAIN)
		memset(words, 0, PAGE_SIZE);
	if (!c->out)
		m->live[mfn] = (uint8_t)kind;
	if (kind != PAGE_PLAIN)
		return;
	if (f->owner == OWNER_FREE && !(f->flags & FRAME_CLEAN)) {
		if (!c->out)
			memset(words, 0x5c, TABLE_ENTRIES * sizeof *words);
		return;
	}
	for (unsigned i = 0; i < TABLE_ENTRIES; i++)
		code_word(c, &words[i]);
}

/*
 * Clocks by what the core asks of them: whether a stamp is younger than a flush (of a CPU, the oldest of those, of the
 * IOTLB). Flushes that no stamp parts are one; each is as many as there are kinds of stamps before it.
 */
static void code_clocks(struct codec *c)
{
	struct world *w = &c->m->w;
	uint64_t *values[4 + MODEL_FRAMES] = {&w->cpu_flushed[0], &w->cpu_flushed[1], &w->flushed, &w->dma_flushed};
	uint8_t ranks[4 + MODEL_FRAMES] = {0}, before[6] = {0};
	unsigned n = 4;

	for (mfn_t f = 0; f < w->frame_limit; f++)
		values[n++] = &w->frames[f].stamp;
	for (unsigned i = 0; c->out && i < n; i++)
		for (unsigned flush = 0; flush < 4; flush++)
			ranks[i] += *values[i] >= *values[flush];
	for (unsigned rank = 0; c->out && rank < 5; rank++) {
		before[rank + 1] = before[rank];
		for (unsigned i = 4; i < n && before[rank + 1] == before[rank]; i++)
			before[rank + 1] += ranks[i] == rank;
	}
	CODE(c, before[5]);
	for (unsigned i = 0; i < n; i++) {
		CODE(c, before[ranks[i]]);
		if (!c->out)
			*values[i] = before[0];
	}
	if (!c->out)
		w->flush_clock = before[5];
}

static void code_frame(struct codec *c, mfn_t mfn)
{
	struct frame *f = &c->m->frames[mfn];
	uint8_t flags = f->flags & (uint8_t)~FRAME_CLEAN;

	code_owner(c, &f->owner);
	CODE(c, f->refs);
	CODE(c, f->type_count);
	CODE(c, f->type);
	CODE(c, flags);
	if (!c->out)
		f->flags = flags;
	CODE(c, c->m->text[mfn]);
}

static void code_world(struct codec *c)
{
	struct world *w = &c->m->w;

	CODE(c, w->frames_free);
	CODE(c, w->frames_promised);
	CODE(c, w->frames_hypervisor);
	CODE(c, w->domain_count);
	for (unsigned i = 0; i < w->frame_limit / RUN_FRAMES; i++)
		CODE(c, w->runs[i]);
	CODE(c, w->images[0].generation);
	CODE(c, w->images[0].state);
	CODE(c, w->images[0].held);
	CODE(c, w->images[0].users);
	CODE(c, w->images[0].frame_count);
	for (unsigned i = 0; i < MODEL_CPUS; i++) {
		CODE(c, c->m->cpus[i].runs);
		for (mfn_t f = 0; f < w->frame_limit; f++)
			CODE(c, c->m->cpus[i].known[f]);
	}
}

/* What costs a flush or a scrub and nothing else: which free frames are clean, the last type of each frame, its stamp. */
static void code_caution(struct codec *c, const uint8_t *kinds)
{
	struct world *w = &c->m->w;

	devices_code_caution(c);
	CODE(c, w->frames_clean);
	for (mfn_t f = 0; f < w->frame_limit; f++) {
		CODE(c, w->frames[f].last_type);
		if (w->frames[f].owner != OWNER_FREE)
			continue;
		CODE(c, w->frames[f].flags);
		code_contents(c, f, (enum page_kind)kinds[f]);
	}
	code_clocks(c);
}

static void code_state(struct codec *c)
{
	struct model *m = c->m;
	uint8_t kinds[MODEL_FRAMES];

	for (unsigned slot = 1; slot < MODEL_SLOTS; slot++)
		code_domain(c, slot);
	for (mfn_t f = 0; f < m->w.frame_limit; f++)
		code_frame(c, f);
	state_kinds(m, kinds);
	for (mfn_t f = 0; f < m->w.frame_limit; f++)
		if (m->frames[f].owner != OWNER_FREE)
			code_contents(c, f, (enum page_kind)kinds[f]);
	code_world(c);
	c->caution = c->at;
	code_caution(c, kinds);
}

void state_pack(struct model *m, struct packed *p)
{
	struct codec c = {.m = m, .at = p->bytes, .out = true};

	code_state(&c);
	p->len = (uint32_t)(c.at - p->bytes);
	p->caution = (uint32_t)(c.caution - p->bytes);
}

void state_unpack(struct model *m, const struct packed *p)
{
	struct codec c = {.m = m, .at = (uint8_t *)p->bytes, .out = false};
	uint8_t kinds[MODEL_FRAMES];

	/* An operation since the last time may have made something else of a page. */
	state_kinds(m, kinds);
	for (mfn_t f = 0; f < m->w.frame_limit; f++)
		if (m->live[f] != kinds[f])
			m->live[f] = PAGE_UNKNOWN;
	code_state(&c);
	state_lists(m);
}
