/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The oracle: all books of the small world kept a second time from nothing but tables in memory, lists and records, and
 * what the TLBs may know held against the types.
 */
#include "count.h"

#include <string.h>

#include <vmm/core/domain.h>
#include <vmm/core/frame.h>

void count_ref(struct count *c, mfn_t f, enum frame_type type)
{
	struct book *b;

	HOLDS(c, frame_is_ram(&c->m->w, f), "something names frame %lu, which is no RAM", f);
	b = &c->book[f];
	b->refs++;
	if (type == FRAME_NONE)
		return;
	HOLDS(c, !b->types || b->type == type, "frame %lu is used as type %u and as type %u", f, b->type, type);
	b->types++;
	b->type = (uint8_t)type;
}

void count_own_page(struct count *c, const void *page)
{
	mfn_t f = (mfn_t)((const uint8_t *)page - c->m->w.memory) >> PAGE_SHIFT;

	if (!page)
		return;
	HOLDS(c, !c->book[f].own && c->m->frames[f].owner == OWNER_HYPERVISOR,
	      "frame %lu of owner %x serves the hypervisor, or serves it twice", f, c->m->frames[f].owner);
	c->book[f].own = true;
	c->own++;
	count_ref(c, f, FRAME_NONE);
}

static uint64_t list(struct count *c, uint32_t head, uint32_t owner)
{
	uint64_t n = 0;

	for (uint32_t f = head, prev = 0; f; prev = f, f = c->m->frames[f].next) {
		HOLDS(c, c->m->frames[f].owner == owner, "frame %u of owner %x is in the list of %x", f,
		      c->m->frames[f].owner, owner);
		HOLDS(c, c->m->frames[f].prev == prev && !c->book[f].listed, "the list of %x is broken at frame %u",
		      owner, f);
		c->book[f].listed = true;
		n++;
	}
	return n;
}

static void count_free(struct count *c)
{
	static const uint8_t zero[PAGE_SIZE];
	const struct world *w = &c->m->w;
	uint64_t n = list(c, w->free_list, OWNER_FREE), clean = list(c, w->clean_list, OWNER_FREE);

	HOLDS(c, n + clean == w->frames_free && clean == w->frames_clean,
	      "%lu + %lu frames are free, booked %lu, %lu clean", n, clean, w->frames_free, w->frames_clean);
	for (uint32_t f = w->free_list; f; f = c->m->frames[f].next)
		HOLDS(c, !(c->m->frames[f].flags & FRAME_CLEAN), "frame %u is not scrubbed and says it is", f);
	for (uint32_t f = w->clean_list; f; f = c->m->frames[f].next) {
		HOLDS(c, c->m->frames[f].flags & FRAME_CLEAN, "scrubbed frame %u does not say so", f);
		HOLDS(c, !memcmp(world_page(w, f), zero, PAGE_SIZE), "scrubbed frame %u is not zero", f);
		HOLDS(c, !ghost_known(c->m, f), "scrubbed frame %u is known to a TLB", f);
	}
}

static const struct mapping *mapping_of(const struct domain *d, mfn_t table, unsigned index)
{
	uint64_t entry = table << 9 | index;
	const struct mapping *r = NULL;

	for (uint32_t n = d->buckets ? d->buckets[(entry ^ entry >> 13) % MAPPING_BUCKETS] : 0; n; n = r->next) {
		r = &d->mappings[0][n - 1];
		if (r->entry == entry)
			return r;
	}
	return NULL;
}

static void count_leaf(struct count *c, const struct domain *d, mfn_t table, unsigned i, uint64_t e)
{
	mfn_t f = (e & PTE_FRAME) >> PAGE_SHIFT;
	bool writable = e & PTE_W, exec = !(e & PTE_NX);
	const struct world *w = &c->m->w;
	const struct frame *frame;

	HOLDS(c, !(e & (PTE_PS | PTE_PWT | PTE_PCD)) && frame_is_ram(w, f), "entry %#lx in table %lu", e, table);
	HOLDS(c, !(writable && exec), "entry %#lx in table %lu is writable and executable", e, table);
	frame = &c->m->frames[f];
	if (e & PTE_GRANT) {
		const struct mapping *r = mapping_of(d, table, i);

		HOLDS(c, r && r->mfn == f && !(r->flags & GRANT_READONLY) == writable && !exec,
		      "entry %#lx in table %lu is no grant mapping on record", e, table);
		return;
	}
	HOLDS(c, !mapping_of(d, table, i), "a grant mapping on record is not in table %lu", table);
	if (frame->owner == OWNER_STUBS)
		HOLDS(c, !writable, "the hypercall page is writable");
	else if (frame->owner != d->id)
		HOLDS(c,
		      d->image && frame->owner == d->image && !writable && (!exec || (frame->flags & FRAME_TEXT)) &&
			      w->images[0].state == IMAGE_SEALED,
		      "domain %x maps frame %lu of %x by %#lx", d->id, f, frame->owner, e);
	count_ref(c, f, f == MODEL_STUBS ? FRAME_NONE : writable ? FRAME_WRITABLE : exec ? FRAME_EXEC : FRAME_NONE);
}

static void count_run(struct count *c, const struct domain *d, uint64_t e)
{
	mfn_t first = (e & PTE_FRAME) >> PAGE_SHIFT;

	HOLDS(c, first % RUN_FRAMES == 0 && (e & PTE_NX) && !(e & PTE_GRANT), "2 MiB entry %#lx", e);
	for (mfn_t f = first; f < first + RUN_FRAMES; f++) {
		HOLDS(c, frame_is_ram(&c->m->w, f) && c->m->frames[f].owner == d->id,
		      "2 MiB entry %#lx maps frame %lu of another", e, f);
		count_ref(c, f, e & PTE_W ? FRAME_WRITABLE : FRAME_NONE);
	}
}

static void count_table(struct count *c, mfn_t table, uint32_t tables[5])
{
	const struct frame *frame = &c->m->frames[table];
	const struct domain *d = domain_find(&c->m->w, frame->owner);
	const uint64_t *words = model_words(c->m, table);
	unsigned level = frame->type, guest = level == 4 ? TABLE_GUEST : TABLE_ENTRIES;

	HOLDS(c, d, "table %lu belongs to %x", table, frame->owner);
	tables[level]++;
	count_ref(c, table, (enum frame_type)level); /* the pin */
	for (unsigned i = 0; i < guest; i++) {
		uint64_t e = words[i];
		mfn_t below = (e & PTE_FRAME) >> PAGE_SHIFT;

		HOLDS(c, !e || ((e & PTE_P) && (e & PTE_U) && !(e & PTE_G)), "entry %#lx in table %lu", e, table);
		if (e && level == 1)
			count_leaf(c, d, table, i, e);
		else if (e && level == 2 && (e & PTE_PS))
			count_run(c, d, e);
		else if (e)
			count_ref(c, below, (enum frame_type)(level - 1));
		if (e && level > 1 && !(e & PTE_PS))
			HOLDS(c, c->m->frames[below].owner == d->id, "table %lu of %x links frame %lu", table, d->id,
			      below);
	}
	for (unsigned i = guest; i < TABLE_ENTRIES; i++)
		HOLDS(c, words[i] == (i < TABLE_UPPER ? 0 : c->m->w.upper_half[i - TABLE_UPPER]),
		      "the upper half of table %lu is not ours", table);
}

static uint32_t maps_of(const struct model *m, const struct domain *granter, uint32_t reference)
{
	uint32_t maps = 0;

	for (unsigned s = 1; s < MODEL_SLOTS; s++) {
		const struct domain *d = m->w.domains[s];

		for (uint32_t i = MAPPINGS_PER_PAGE - MODEL_MAPS; d && d->mapping_pages && i < MAPPINGS_PER_PAGE; i++)
			maps += d->mappings[0][i].entry && d->mappings[0][i].granter == granter->id &&
				d->mappings[0][i].ref == reference;
	}
	return maps;
}

static void count_grants(struct count *c, const struct domain *d)
{
	uint32_t used = 0;

	for (uint32_t r = 1; d->grants[0] && r < MODEL_REFS; r++) {
		const struct grant *g = &d->grants[0][r];
		uint32_t owner;

		if (g->peer == DOMID_NONE)
			continue;
		used++;
		count_ref(c, g->mfn, FRAME_NONE);
		owner = c->m->frames[g->mfn].owner;
		HOLDS(c, owner == d->id || (d->image && owner == d->image && g->flags == GRANT_READONLY),
		      "domain %x offers frame %lu of %x", d->id, g->mfn, owner);
		HOLDS(c, !(c->m->frames[g->mfn].flags & FRAME_TEXT), "domain %x offers frame %lu, text of its image",
		      d->id, g->mfn);
		HOLDS(c, g->maps == maps_of(c->m, d, r), "grant %u of %x says %u mappings", r, d->id, g->maps);
	}
	HOLDS(c, used == d->grant_count || d->release_step > 3, "domain %x has %u grants, booked %u", d->id, used,
	      d->grant_count);
}

/* What a mapping on record was allowed by, as long as its granter has its table. */
static void check_offer(struct count *c, const struct domain *d, const struct mapping *r)
{
	const struct domain *granter = domain_find(&c->m->w, r->granter);
	const struct grant *g;

	if (!granter || granter->release_step > 3)
		return;
	g = &granter->grants[0][r->ref];
	HOLDS(c, g->peer == d->id && g->mfn == r->mfn, "domain %x maps frame %lu, which nobody offers to it", d->id,
	      r->mfn);
	HOLDS(c, !(g->flags & GRANT_TRANSFER) && (!g->flags || (r->flags & GRANT_READONLY)),
	      "domain %x maps frame %lu otherwise than it was offered", d->id, r->mfn);
}

static void count_mappings(struct count *c, const struct domain *d)
{
	uint32_t live = 0, spare = 0;

	if (!d->mapping_pages)
		return;
	for (uint32_t i = 0; i < MAPPINGS_PER_PAGE; i++) {
		const struct mapping *r = &d->mappings[0][i];

		if (!r->entry)
			continue;
		live++;
		check_offer(c, d, r);
		count_ref(c, r->mfn, r->flags & GRANT_READONLY ? FRAME_NONE : FRAME_WRITABLE);
		count_ref(c, r->entry >> 9, FRAME_L1);
		HOLDS(c, model_words(c->m, r->entry >> 9)[r->entry & 511] & PTE_GRANT,
		      "a mapping of frame %lu is on record and not in its table", r->mfn);
	}
	for (uint32_t n = d->mapping_free; n && spare <= MAPPINGS_PER_PAGE; n = d->mappings[0][n - 1].next)
		spare++;
	HOLDS(c, live == d->mapping_count && live + spare == MAPPINGS_PER_PAGE,
	      "domain %x: %u mappings, booked %u, %u spare", d->id, live, d->mapping_count, spare);
}

static void count_domain(struct count *c, const struct domain *d)
{
	uint64_t charge = d->frame_count + d->table_count, before;

	count_own_page(c, d);
	count_own_page(c, d->vcpu.fpu);
	before = c->own;
	count_own_page(c, d->grants[0]);
	count_own_page(c, d->buckets);
	count_own_page(c, d->mapping_pages ? d->mappings[0] : NULL);
	devices_count(c, d);
	HOLDS(c, c->own - before == d->table_count, "domain %x has %lu pages of tables, booked %lu", d->id,
	      c->own - before, d->table_count);
	HOLDS(c, list(c, d->frame_list, d->id) == d->frame_count, "domain %x: %lu frames booked", d->id,
	      d->frame_count);
	for (uint32_t f = d->frame_list; f; f = c->m->frames[f].next)
		count_ref(c, f, FRAME_NONE);
	HOLDS(c, charge <= d->frame_max && d->frame_target <= d->frame_max && d->frame_reserve <= d->frame_target,
	      "domain %x: %lu frames, target %lu, reserve %lu", d->id, charge, d->frame_target, d->frame_reserve);
	HOLDS(c, d->state != DOMAIN_DEAD || !d->frame_reserve, "dead domain %x keeps a reserve", d->id);
	c->promised += d->frame_reserve > charge ? d->frame_reserve - charge : 0;
	if (d->vcpu.root)
		count_ref(c, d->vcpu.root, FRAME_L4);
	if (d->release_step < 4)
		count_ref(c, d->shared_mfn, FRAME_WRITABLE);
	count_grants(c, d);
	count_mappings(c, d);
}

static void count_image(struct count *c)
{
	const struct image *image = &c->m->w.images[0];
	uint32_t users = 0;

	for (unsigned s = 1; s < MODEL_SLOTS; s++)
		users += c->m->w.domains[s] && c->m->w.domains[s]->image == OWNER_IMAGE;
	HOLDS(c, users == image->users && list(c, image->frame_list, OWNER_IMAGE) == image->frame_count,
	      "the image: %u users, booked %u, %u frames booked", users, image->users, image->frame_count);
	HOLDS(c, !users || image->state == IMAGE_SEALED, "an image with users is in state %u", image->state);
	HOLDS(c, image->held || users || !image->frame_count, "nobody holds or uses the image and it has frames");
	for (uint32_t f = image->frame_list; f; f = c->m->frames[f].next) {
		count_ref(c, f, FRAME_NONE);
		HOLDS(c, c->m->frames[f].type == FRAME_NONE || c->m->frames[f].type == FRAME_EXEC,
		      "frame %u of the image is type %u", f, c->m->frames[f].type);
		HOLDS(c, !(ghost_known(c->m, f) & ~(KNOWN_READ | KNOWN_EXEC)),
		      "a TLB knows frame %u of the image as %x", f, ghost_known(c->m, f));
	}
}

/* What is known of one frame, against its type, and against the promise of its owner's seal. */
static void check_known(struct count *c, mfn_t f)
{
	const struct frame *frame = &c->m->frames[f];
	const struct domain *d = domain_find(&c->m->w, frame->owner);
	unsigned known = ghost_known(c->m, f) & ~KNOWN_READ, as = 0;

	if (frame->type >= FRAME_L1 && frame->type <= FRAME_L4)
		as = KNOWN_TABLE(frame->type);
	else if (frame->type)
		as = frame->type == FRAME_WRITABLE ? KNOWN_WRITE : KNOWN_EXEC;
	HOLDS(c, !(known & (known - 1)), "TLBs know frame %lu in ways that exclude each other: %x", f, known);
	HOLDS(c, !known || !as || known == as, "frame %lu became type %u while a TLB knows it as %x", f, frame->type,
	      known);
	if (!d || !d->sealed)
		return;
	HOLDS(c, !c->m->text[f] || ((!frame->type || frame->type == FRAME_EXEC) && !(known & ~KNOWN_EXEC)),
	      "frame %lu, text of sealed domain %x, is type %u", f, d->id, frame->type);
	HOLDS(c, c->m->text[f] || (frame->type != FRAME_EXEC && known != KNOWN_EXEC),
	      "frame %lu became executable after domain %x sealed itself", f, d->id);
}

static void check_frame(struct count *c, mfn_t f)
{
	const struct frame *frame = &c->m->frames[f];
	const struct book *b = &c->book[f];
	uint32_t boot = f <= MODEL_STUBS;

	HOLDS(c, frame->refs == b->refs + boot, "frame %lu: %u references, counted %u", f, frame->refs, b->refs + boot);
	HOLDS(c, frame->type_count == b->types && frame->type == (b->types ? b->type : FRAME_NONE),
	      "frame %lu: type %u, %u typed references, counted %u of type %u", f, frame->type, frame->type_count,
	      b->types, b->type);
	HOLDS(c, b->listed == (frame->owner == OWNER_FREE || frame->owner >= OWNER_IMAGE),
	      "frame %lu of %x is in no list, or in one that is not its own", f, frame->owner);
	HOLDS(c, frame->owner < 0x10000 || domain_find(&c->m->w, frame->owner), "frame %lu belongs to %x, who is gone",
	      f, frame->owner);
	check_known(c, f);
}

static void check_world(struct count *c)
{
	const struct world *w = &c->m->w;
	uint32_t domains = 0;

	for (unsigned s = 1; s < MODEL_SLOTS; s++)
		domains += w->domains[s] != NULL;
	for (mfn_t r = 0; r < w->frame_limit; r += RUN_FRAMES) {
		unsigned n = 0;

		for (mfn_t f = r; f < r + RUN_FRAMES; f++)
			n += w->frames[f].owner == OWNER_FREE;
		HOLDS(c, n == w->runs[r / RUN_FRAMES], "run %lu has %u free frames, booked %u", r, n,
		      w->runs[r / RUN_FRAMES]);
	}
	HOLDS(c, domains == w->domain_count, "%u domains, booked %u", domains, w->domain_count);
	HOLDS(c, c->own + 2 == w->frames_hypervisor, "%lu frames are the hypervisor's, booked %lu", c->own + 2,
	      w->frames_hypervisor);
	HOLDS(c, c->promised == w->frames_promised && c->promised <= w->frames_free,
	      "%lu frames are promised, booked %lu, free %lu", c->promised, w->frames_promised, w->frames_free);
}

void recount(struct model *m)
{
	struct count c = {.m = m};
	uint32_t tables[MODEL_SLOTS][5] = {{0}};

	count_free(&c);
	for (unsigned s = 1; s < MODEL_SLOTS; s++)
		if (m->w.domains[s])
			count_domain(&c, m->w.domains[s]);
	count_image(&c);
	for (mfn_t f = 0; f < m->w.frame_limit; f++)
		if (m->frames[f].type >= FRAME_L1 && m->frames[f].type <= FRAME_L4) {
			unsigned slot = DOMID_SLOT(m->frames[f].owner);

			count_table(&c, f, tables[slot < MODEL_SLOTS ? slot : 0]);
		}
	for (unsigned s = 1; s < MODEL_SLOTS; s++)
		for (unsigned level = 1; m->w.domains[s] && level <= 4; level++)
			HOLDS(&c, tables[s][level] == m->w.domains[s]->tables[level],
			      "domain %u: %u tables of level %u, booked %u", s, tables[s][level], level,
			      m->w.domains[s]->tables[level]);
	for (mfn_t f = 0; f < m->w.frame_limit; f++)
		check_frame(&c, f);
	check_world(&c);
	devices_check(&c);
}
