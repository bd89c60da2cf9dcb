/* SPDX-License-Identifier: BSD-2-Clause */
/* The small machine of the hypervisor's unit tests. Building a domain here is what a builder does, written out. */
#include "vmm_ghost.h"

#include <stdlib.h>
#include <string.h>

static uint64_t upper[256];
static unsigned wakes, flushes;

static void woken(struct vcpu *v)
{
	wakes++;
	if (v->state == VCPU_BLOCKED)
		v->state = VCPU_RUNNABLE;
}

static struct io {
	domid_t domid;
	mfn_t first;
	uint64_t count;
} io[TW_IO_RANGES];

static bool io_allowed(const struct domain *d, mfn_t mfn)
{
	for (unsigned i = 0; i < TW_IO_RANGES; i++)
		if (io[i].domid == d->id && mfn - io[i].first < io[i].count)
			return true;
	return false;
}

void tw_io(unsigned i, const struct domain *d, mfn_t first, uint64_t count)
{
	cr_assert(i < TW_IO_RANGES);
	io[i] = (struct io){d->id, first, count};
}

domid_t tw_peer(const struct domain *d, uint32_t ref)
{
	const struct grant *g = grant_find(d, ref);

	return g ? g->peer : DOMID_NONE;
}

unsigned tw_wakes(void)
{
	return wakes;
}

unsigned tw_flushes(void)
{
	return flushes;
}

void tw_flush_cpus(struct world *w)
{
	tw_ghost_clear();
	for (uint32_t i = 0; i < w->cpu_count; i++)
		frame_flushed(w, i);
}

void tw_flush(struct world *w)
{
	flushes++;
	if (w->dma_stale)
		tw_dma_flush(w);
	tw_flush_cpus(w);
}

uint64_t tw_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ull;
}

struct world *tw_new(unsigned frames)
{
	struct world *w = calloc(1, sizeof *w);

	cr_assert(frames <= TW_FRAMES_MAX && frames > TW_FIRST + TW_HOLE_FRAMES);
	w->memory = aligned_alloc(PAGE_SIZE, (size_t)frames * PAGE_SIZE);
	memset(w->memory, 0xa7, (size_t)frames * PAGE_SIZE);
	w->frames = calloc(frames, sizeof *w->frames);
	w->frame_limit = frames;
	w->runs = calloc(frames / RUN_FRAMES + 1, sizeof *w->runs);
	w->cpu_count = 2;
	frame_flushed(w, 0);
	frame_flushed(w, 1);
	w->stubs_mfn = TW_STUBS;
	w->wake = woken;
	w->io_allowed = io_allowed;
	memset(io, 0, sizeof io);
	w->upper_half = upper;
	for (unsigned i = 0; i < 256; i++)
		upper[i] = i % 3 ? 0xfee000ull + i * PAGE_SIZE + 3 : 0;
	frame_reserve_boot(w, 0, OWNER_HYPERVISOR);
	frame_reserve_boot(w, TW_STUBS, OWNER_STUBS);
	frame_reserve_boot(w, TW_BUNDLE, OWNER_BUNDLE);
	frame_reserve_boot(w, TW_BUNDLE + 1, OWNER_BUNDLE);
	for (mfn_t m = TW_FIRST; m < frames - TW_HOLE_FRAMES; m++)
		frame_release_boot(w, m);
	wakes = flushes = 0;
	tw_ghost_clear();
	tw_iotlb_start(w);
	return w;
}

void tw_free(struct world *w)
{
	free(w->memory);
	free(w->frames);
	free(w->runs);
	free(w);
}

struct domain *tw_domain(struct world *w, uint32_t slot, uint32_t max_pages, uint32_t capabilities)
{
	struct domain_create c = {.name = "test",
				  .slot = slot,
				  .max_pages = max_pages,
				  .capabilities = capabilities,
				  .weight = 256,
				  .vcpu_count = 1};
	struct domain *d = NULL;

	TW_OK(w, domain_create(w, &c, &d));
	return d;
}

mfn_t tw_frame(struct world *w, struct domain *d)
{
	mfn_t mfn = 0;

	TW_OK(w, frame_alloc(w, d, &mfn));
	return mfn;
}

enum abi_error tw_set(struct world *w, struct domain *d, mfn_t table, unsigned index, uint64_t value)
{
	bool flush = false;
	uint64_t old = frame_is_ram(w, table) && index < TABLE_ENTRIES ? tw_table(w, table)[index] : 0;
	enum abi_error e = mmu_set_entry(w, d, table, index, value, &flush);

	cr_assert_eq(flush, e == HC_OK && old, "a flush is owed exactly where a translation was replaced");
	if (flush)
		tw_flush(w);
	return e;
}

void tw_pin_tree(struct world *w, struct domain *d, mfn_t table, unsigned level)
{
	for (unsigned i = 0; level > 1 && i < TABLE_ENTRIES; i++)
		if (tw_table(w, table)[i])
			tw_pin_tree(w, d, (tw_table(w, table)[i] & PTE_FRAME) >> PAGE_SHIFT, level - 1);
	TW_OK(w, mmu_pin(w, d, table, level));
}

uint32_t tw_image(struct world *w, mfn_t *text, mfn_t *data)
{
	uint32_t id = 0;

	TW_OK(w, image_create(w, &id));
	TW_OK(w, image_populate(w, id, true, text));
	TW_OK(w, image_populate(w, id, false, data));
	TW_OK(w, image_seal(w, id));
	return id;
}

struct domain *tw_run(struct world *w, uint32_t slot, struct tw_space *s)
{
	struct domain *d = tw_domain(w, slot, 120, slot == 0 ? CAP_ALL : 0);
	mfn_t fixed;

	s->root = tw_frame(w, d);
	s->l3 = tw_frame(w, d);
	s->l2 = tw_frame(w, d);
	s->l1 = tw_frame(w, d);
	s->window = tw_frame(w, d);
	s->text = tw_frame(w, d);
	fixed = tw_frame(w, d);
	tw_table(w, s->root)[0] = tw_pte(s->l3, TW_TABLE);
	tw_table(w, s->l3)[0] = tw_pte(s->l2, TW_TABLE);
	tw_table(w, s->l2)[TW_VA >> 21] = tw_pte(s->l1, TW_TABLE);
	tw_table(w, s->l2)[TW_WINDOW >> 21] = tw_pte(s->window, TW_TABLE);
	tw_table(w, s->l2)[HYPERCALL_VA >> 21] = tw_pte(fixed, TW_TABLE);
	tw_table(w, fixed)[0] = tw_pte(TW_STUBS, TW_TEXT);
	tw_table(w, fixed)[1] = tw_pte(d->shared_mfn, TW_DATA);
	tw_table(w, s->l1)[0] = tw_pte(s->text, TW_TEXT);
	for (unsigned i = 0; i < ARRAY_SIZE(s->data); i++) {
		s->data[i] = tw_frame(w, d);
		tw_table(w, s->l1)[1 + i] = tw_pte(s->data[i], TW_DATA);
	}
	tw_pin_tree(w, d, s->root, 4);
	TW_OK(w, mmu_link(w, d, s->root, 4));
	d->vcpu.root = s->root;
	d->vcpu.state = VCPU_RUNNABLE;
	d->state = DOMAIN_RUNNING;
	return d;
}

unsigned tw_release(struct world *w, struct domain *d)
{
	enum abi_error e;
	unsigned calls = 0;

	if (d->state != DOMAIN_DEAD) {
		tw_dma_detach(d);
		domain_end(w, d, REASON_KILLED, 0);
	}
	do {
		e = domain_release(w, d);
		cr_assert(e == HC_OK || e == HC_EAGAIN);
		cr_assert(++calls < 10000, "a release never ends");
	} while (e == HC_EAGAIN);
	return calls;
}

void tw_exhaust(struct world *w, unsigned left, mfn_t *kept)
{
	mfn_t m;

	for (unsigned i = 0; i < left; i++)
		TW_OK(w, frame_alloc_own(w, &kept[i]));
	while (w->frames_free)
		TW_OK(w, frame_alloc_own(w, &m));
	while (left)
		frame_free_own(w, kept[--left]);
}
