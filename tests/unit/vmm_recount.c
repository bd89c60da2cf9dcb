/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The oracle of the hypervisor's unit tests: all books of the world, kept a second time from nothing but what is there
 * (tables in memory, lists, records), and a TLB that has everything cached which could be cached.
 */
#include "vmm_ghost.h"

#include <string.h>

#include <vmm/core/dma.h>

static struct {
	uint32_t refs, types;
	uint8_t type;
	bool own; /* the hypervisor's, named by a domain's record */
	bool listed;
} book[TW_FRAMES_MAX];

/* Of the domain whose books are being kept: its DMA tables, leaves, and those among them that a grant mapping made. */
static struct {
	unsigned tables, leaves, granted;
} dma;

static void ref(mfn_t m, enum frame_type type)
{
	book[m].refs++;
	if (type == FRAME_NONE)
		return;
	cr_assert(!book[m].types || book[m].type == type, "frame %lu is used as %u and %u", m, book[m].type, type);
	book[m].types++;
	book[m].type = (uint8_t)type;
}

static void own_page(struct world *w, const void *page)
{
	mfn_t m = (mfn_t)((const uint8_t *)page - w->memory) >> PAGE_SHIFT;

	if (!page)
		return;
	cr_assert(!book[m].own, "frame %lu serves the hypervisor twice", m);
	cr_assert_eq(w->frames[m].owner, OWNER_HYPERVISOR);
	book[m].own = true;
	ref(m, FRAME_NONE);
}

static bool mapping_known(const struct domain *d, mfn_t table, unsigned index, uint64_t e)
{
	uint64_t entry = table << 9 | index;

	for (uint32_t n = d->buckets[(entry ^ entry >> 13) % MAPPING_BUCKETS]; n;) {
		const struct mapping *m = &d->mappings[(n - 1) / MAPPINGS_PER_PAGE][(n - 1) % MAPPINGS_PER_PAGE];

		if (m->entry == entry)
			return m->mfn == (e & PTE_FRAME) >> PAGE_SHIFT &&
			       !(m->flags & GRANT_READONLY) == !!(e & PTE_W) && (e & PTE_NX);
		n = m->next;
	}
	return false;
}

static void count_leaf(struct world *w, struct domain *d, mfn_t table, unsigned i, uint64_t e)
{
	mfn_t m = (e & PTE_FRAME) >> PAGE_SHIFT;
	bool writable = e & PTE_W, exec = !(e & PTE_NX);

	cr_assert((e & PTE_P) && (e & PTE_U) && !(e & (PTE_G | PTE_PS | PTE_PWT)), "entry %lx", e);
	cr_assert(!(writable && exec), "entry %lx is writable and executable", e);
	tw_ghost_see(w, m, writable ? SEEN_WRITE : exec ? SEEN_EXEC : SEEN_READ);
	if (e & PTE_GRANT) {
		cr_assert(mapping_known(d, table, i, e), "an entry says grant, no record does");
		return;
	}
	if (!frame_is_ram(w, m))
		return;
	if (m == TW_STUBS)
		cr_assert(!writable);
	else if (w->frames[m].owner == OWNER_BUNDLE)
		cr_assert(!writable && !exec && (d->capabilities & CAP_DOMAIN));
	else if (d->image && w->frames[m].owner == d->image)
		cr_assert(!writable && (!exec || (w->frames[m].flags & FRAME_TEXT)));
	else
		cr_assert_eq(w->frames[m].owner, d->id, "frame %lu of %x mapped by %x", m, w->frames[m].owner, d->id);
	ref(m, m == TW_STUBS ? FRAME_NONE : writable ? FRAME_WRITABLE : exec ? FRAME_EXEC : FRAME_NONE);
}

/* A 2 MiB entry. */
static void count_run(struct world *w, struct domain *d, uint64_t e)
{
	mfn_t first = (e & PTE_FRAME) >> PAGE_SHIFT;

	cr_assert((e & PTE_NX) && first % RUN_FRAMES == 0, "entry %lx", e);
	for (mfn_t m = first; m < first + RUN_FRAMES; m++) {
		cr_assert_eq(w->frames[m].owner, d->id);
		tw_ghost_see(w, m, e & PTE_W ? SEEN_WRITE : SEEN_READ);
		ref(m, e & PTE_W ? FRAME_WRITABLE : FRAME_NONE);
	}
}

static void count_table(struct world *w, mfn_t m)
{
	const struct frame *f = &w->frames[m];
	struct domain *d = domain_find(w, f->owner);
	const uint64_t *t = world_page(w, m);
	unsigned entries = f->type == FRAME_L4 ? 255 : 512;

	cr_assert_not_null(d, "table %lu has no domain", m);
	tw_ghost_see(w, m, 1u << f->type);
	ref(m, (enum frame_type)f->type); /* the pin */
	for (unsigned i = 0; i < entries; i++) {
		if (!t[i])
			continue;
		if (f->type == FRAME_L1) {
			count_leaf(w, d, m, i, t[i]);
			continue;
		}
		if (f->type == FRAME_L2 && (t[i] & PTE_PS)) {
			count_run(w, d, t[i]);
			continue;
		}
		cr_assert(!(t[i] & ~(PTE_P | PTE_W | PTE_U | PTE_A | PTE_D | PTE_NX | PTE_FRAME)));
		ref((t[i] & PTE_FRAME) >> PAGE_SHIFT, (enum frame_type)(f->type - 1));
	}
	if (f->type != FRAME_L4)
		return;
	cr_assert_eq(t[255], 0);
	cr_assert_eq(memcmp(t + 256, w->upper_half, 256 * 8), 0, "the upper half of table %lu is not ours", m);
}

static void count_ports(struct world *w, const struct domain *d)
{
	uint32_t used = 0;

	for (uint32_t n = 0; n < EVENT_PORT_MAX; n++) {
		const struct port *p = event_port(d, n), *q;
		struct domain *peer;

		if (!p)
			continue;
		used++;
		cr_assert_neq(n, 0);
		cr_assert_neq(d->state, DOMAIN_DEAD);
		if (p->state == PORT_VIRQ)
			cr_assert_eq(d->vcpu.virq_port[p->peer_port], n);
		if (p->state != PORT_CONNECTED)
			continue;
		peer = domain_find(w, p->peer);
		cr_assert_not_null(peer);
		q = event_port(peer, p->peer_port);
		cr_assert(q && q->state == PORT_CONNECTED && q->peer == d->id && q->peer_port == n);
	}
	cr_assert_eq(used, d->port_count);
}

static uint32_t count_maps(const struct world *w, const struct domain *granter, uint32_t r)
{
	uint32_t maps = 0;

	for (unsigned s = 0; s < DOMAIN_SLOTS; s++) {
		const struct domain *d = w->domains[s];

		for (uint32_t i = 0; d && d->mapping_count && i < d->mapping_pages * MAPPINGS_PER_PAGE; i++) {
			const struct mapping *m = &d->mappings[i / MAPPINGS_PER_PAGE][i % MAPPINGS_PER_PAGE];
			maps += m->entry && m->granter == granter->id && m->ref == r;
		}
	}
	return maps;
}

/* A frame that the devices of @d may reach, or (@rights 0) a table of which. */
static void count_dma(struct world *w, const struct domain *d, mfn_t mfn, uint32_t rights)
{
	if (!rights) {
		own_page(w, world_page(w, mfn));
		dma.tables++;
		return;
	}
	dma.leaves++;
	dma.granted += w->frames[mfn].owner != d->id;
	ref(mfn, rights & DMA_WRITE ? FRAME_WRITABLE : FRAME_NONE);
}

/* Each mapping with GRANT_DMA has its leaf; that each leaf of another's frame has its mapping shows in the counts. */
static void count_granted(struct world *w, const struct domain *d, const struct mapping *m)
{
	if (!(m->flags & GRANT_DMA))
		return;
	dma.granted--;
	cr_assert_neq(w->frames[m->mfn].owner, d->id);
	cr_assert_eq(dma_rights(w, d, m->mfn), m->flags & GRANT_READONLY ? DMA_READ : DMA_READ | DMA_WRITE);
}

static void count_grants(struct world *w, const struct domain *d)
{
	uint32_t used = 0, mapped = 0, spare = 0;

	for (uint32_t r = 0; r < GRANT_MAX; r++) {
		const struct grant *g = d->grants[r / GRANTS_PER_PAGE];

		if (!g || (g += r % GRANTS_PER_PAGE)->peer == DOMID_NONE)
			continue;
		used++;
		cr_assert(w->frames[g->mfn].owner == d->id ||
			  (d->image && w->frames[g->mfn].owner == d->image && g->flags == GRANT_READONLY &&
			   !(w->frames[g->mfn].flags & FRAME_TEXT)));
		cr_assert(!g->maps || !(g->flags & GRANT_TRANSFER));
		cr_assert_eq(g->maps, count_maps(w, d, r));
		ref(g->mfn, FRAME_NONE);
	}
	cr_assert(used == d->grant_count || d->release_step > 3);
	for (uint32_t i = 0; i < d->mapping_pages * MAPPINGS_PER_PAGE; i++) {
		const struct mapping *m = &d->mappings[i / MAPPINGS_PER_PAGE][i % MAPPINGS_PER_PAGE];

		if (!m->entry)
			continue;
		mapped++;
		ref(m->mfn, m->flags & GRANT_READONLY ? FRAME_NONE : FRAME_WRITABLE);
		ref(m->entry >> 9, FRAME_L1);
		count_granted(w, d, m);
		cr_assert(tw_table(w, m->entry >> 9)[m->entry & 511] & PTE_GRANT);
	}
	cr_assert_eq(mapped, d->mapping_count);
	for (uint32_t n = d->mapping_pages ? d->mapping_free : 0; n;
	     n = d->mappings[(n - 1) / MAPPINGS_PER_PAGE][(n - 1) % MAPPINGS_PER_PAGE].next)
		spare++;
	cr_assert_eq(mapped + spare, d->mapping_pages * MAPPINGS_PER_PAGE);
}

/* Pages that the hypervisor keeps for @d. */
static void count_tables_of(struct world *w, const struct domain *d)
{
	unsigned n = d->mapping_pages + !!d->buckets;

	memset(&dma, 0, sizeof dma);
	tw_dma_each(w, d, count_dma);
	cr_assert_eq(dma.leaves, d->dma_count);
	own_page(w, d);
	own_page(w, d->vcpu.fpu);
	for (unsigned i = 0; i < PORT_PAGES; n += !!d->ports[i++])
		own_page(w, d->ports[i]);
	for (unsigned i = 0; i < GRANT_PAGES; n += !!d->grants[i++])
		own_page(w, d->grants[i]);
	for (unsigned i = 0; i < d->mapping_pages; i++)
		own_page(w, d->mappings[i]);
	own_page(w, d->buckets);
	cr_assert_eq(d->table_count, n + dma.tables);
}

static void count_domain(struct world *w, struct domain *d, uint64_t *promised, uint32_t *users)
{
	uint32_t tables[5] = {0};
	uint64_t frames = 0;

	count_tables_of(w, d);
	for (uint32_t m = d->frame_list, prev = 0; m; prev = m, m = w->frames[m].next) {
		cr_assert_eq(w->frames[m].owner, d->id);
		cr_assert_eq(w->frames[m].prev, prev);
		cr_assert(!book[m].listed);
		book[m].listed = true;
		frames++;
		ref(m, FRAME_NONE);
		if (w->frames[m].type >= FRAME_L1 && w->frames[m].type <= FRAME_L4)
			tables[w->frames[m].type]++;
	}
	cr_assert_eq(frames, d->frame_count);
	cr_assert_eq(memcmp(tables, d->tables, sizeof tables), 0);
	cr_assert(d->frame_target <= d->frame_max && d->frame_reserve <= d->frame_target);
	*promised += MAX(d->frame_reserve, frame_charge(d)) - frame_charge(d);
	users[d->image ? d->image - OWNER_IMAGE : IMAGE_MAX]++;
	if (d->vcpu.root)
		ref(d->vcpu.root, FRAME_L4);
	if (d->release_step < 4)
		ref(d->shared_mfn, FRAME_WRITABLE);
	count_ports(w, d);
	count_grants(w, d);
	cr_assert_eq(dma.granted, 0, "devices of %x reach %u frames of others without a mapping", d->id, dma.granted);
}

static uint64_t count_list(struct world *w, uint32_t head, uint32_t owner, unsigned flags)
{
	uint64_t n = 0;

	for (uint32_t m = head, prev = 0; m; prev = m, m = w->frames[m].next) {
		cr_assert_eq(w->frames[m].owner, owner);
		cr_assert_eq(w->frames[m].prev, prev);
		cr_assert(!book[m].listed);
		cr_assert(flags == FRAME_TEXT || w->frames[m].flags == flags);
		book[m].listed = true;
		n++;
	}
	return n;
}

static void count_free(struct world *w)
{
	static const uint8_t zero[PAGE_SIZE];
	uint64_t clean = count_list(w, w->clean_list, OWNER_FREE, FRAME_CLEAN), run = 0;

	cr_assert_eq(clean, w->frames_clean);
	cr_assert_eq(clean + count_list(w, w->free_list, OWNER_FREE, 0), w->frames_free);
	for (uint32_t m = w->clean_list; m; m = w->frames[m].next)
		cr_assert_eq(memcmp(world_page(w, m), zero, PAGE_SIZE), 0, "frame %u is said to be clean", m);
	for (mfn_t m = 0; m < w->frame_limit; m++) {
		run = (m % RUN_FRAMES ? run : 0) + (w->frames[m].owner == OWNER_FREE);
		if (m % RUN_FRAMES == RUN_FRAMES - 1 || m == w->frame_limit - 1)
			cr_assert_eq(w->runs[m / RUN_FRAMES], run);
	}
}

static void count_images(struct world *w, const uint32_t *users)
{
	for (uint32_t i = 0; i < IMAGE_MAX; i++) {
		const struct image *image = &w->images[i];

		cr_assert_eq(count_list(w, image->frame_list, OWNER_IMAGE + i, FRAME_TEXT), image->frame_count);
		cr_assert_eq(image->users, users[i]);
		cr_assert(!image->users || image->state == IMAGE_SEALED);
		cr_assert(image->state != IMAGE_FREE || (!image->frame_list && !image->held));
		for (uint32_t m = image->frame_list; m; m = w->frames[m].next) {
			ref(m, FRAME_NONE);
			cr_assert(w->frames[m].type != FRAME_WRITABLE && w->frames[m].type < FRAME_WRITABLE + 2);
		}
	}
}

static bool is_own(mfn_t m)
{
	return book[m].own;
}

void tw_recount(struct world *w)
{
	uint32_t domains = 0, users[IMAGE_MAX + 1] = {0};
	uint64_t hypervisor = 0, promised = 0;

	memset(book, 0, sizeof book);
	count_free(w);
	for (unsigned s = 0; s < DOMAIN_SLOTS; s++)
		if (w->domains[s]) {
			count_domain(w, w->domains[s], &promised, users);
			domains++;
		}
	count_images(w, users);
	cr_assert_eq(promised, w->frames_promised);
	cr_assert(promised <= w->frames_free);
	for (mfn_t m = 0; m < w->frame_limit; m++)
		if (w->frames[m].type >= FRAME_L1 && w->frames[m].type <= FRAME_L4)
			count_table(w, m);
	for (mfn_t m = 0; m < w->frame_limit; m++) {
		const struct frame *f = &w->frames[m];
		uint32_t boot = m < TW_FIRST;

		cr_assert_eq(f->refs, book[m].refs + boot, "frame %lu: %u references, counted %u", m, f->refs,
			     book[m].refs + boot);
		cr_assert_eq(f->type_count, book[m].types, "frame %lu: %u typed, counted %u", m, f->type_count,
			     book[m].types);
		cr_assert_eq(f->type, book[m].types ? book[m].type : FRAME_NONE, "frame %lu is type %u", m, f->type);
		if (f->owner >= OWNER_IMAGE || f->owner == OWNER_FREE)
			cr_assert(book[m].listed, "frame %lu of %x is in no list", m, f->owner);
		hypervisor += book[m].own || m == 0 || m == TW_STUBS;
	}
	cr_assert_eq(domains, w->domain_count);
	cr_assert_eq(hypervisor, w->frames_hypervisor);
	tw_ghost_check(w, is_own);
}

unsigned tw_orphans(const struct world *w)
{
	unsigned n = 0;

	for (mfn_t m = TW_FIRST; m < w->frame_limit; m++)
		n += w->frames[m].owner == OWNER_HYPERVISOR && !book[m].own;
	return n;
}
