/* SPDX-License-Identifier: BSD-2-Clause */
/* Grant mappings that devices use too (GRANT_DMA): what they hold, what a refusal undoes, and every order of death. */
#include "vmm_ghost.h"

#include <vmm/core/dma.h>

#define BOTH (DMA_READ | DMA_WRITE)

struct pair {
	struct world *w;
	struct domain *g, *m; /* granter, mapper, who owns a device */
	struct tw_space gs, ms;
	uint32_t ref; /* of gs.data[0], offered writable to m */
	mfn_t mfn;
};

static uint32_t offer(struct pair *p, uint32_t flags, mfn_t mfn)
{
	uint32_t ref = 0;

	TW_OK(p->w, grant_reserve(p->w, p->g, 1, &ref));
	TW_OK(p->w, grant_offer(p->w, p->g, ref, p->m->id, flags, mfn));
	return ref;
}

static struct pair make(void)
{
	struct pair p = {.w = tw_new(256)};

	p.g = tw_run(p.w, 1, &p.gs);
	p.m = tw_run(p.w, 2, &p.ms);
	p.ref = offer(&p, 0, p.gs.data[0]);
	TW_OK(p.w, dma_open(p.w, p.m));
	return p;
}

static enum abi_error map(struct pair *p, uint32_t ref, uint32_t flags, unsigned index)
{
	return grant_map(p->w, p->m, p->g, ref, flags, p->ms.window, index, &p->mfn);
}

Test(dma_grant, mapping_lets_devices_in_with_its_rights_until_it_goes)
{
	struct pair p = make();
	uint32_t ro = offer(&p, GRANT_READONLY, p.gs.data[1]);

	TW_OK(p.w, map(&p, p.ref, GRANT_DMA, 0));
	TW_OK(p.w, map(&p, ro, GRANT_DMA | GRANT_READONLY, 1));
	tw_recount(p.w);
	cr_assert_eq(dma_rights(p.w, p.m, p.gs.data[0]), BOTH);
	cr_assert_eq(dma_rights(p.w, p.m, p.gs.data[1]), DMA_READ);
	cr_assert_eq(p.w->frames[p.gs.data[0]].refs, 1 + 1 + 1 + 2, "owner, its entry, offer, mapping, devices");
	cr_assert_eq(p.w->frames[p.gs.data[0]].type_count, 1 + 2);
	/* A second mapping for devices there is not; one for the CPU alone there is. */
	TW_REFUSED(p.w, HC_EBUSY, map(&p, p.ref, GRANT_DMA, 2));
	TW_OK(p.w, map(&p, p.ref, 0, 2));
	TW_OK(p.w, grant_unmap(p.w, p.m, p.ms.window, 2));
	cr_assert_eq(dma_rights(p.w, p.m, p.gs.data[0]), BOTH);
	tw_flush(p.w);
	TW_OK(p.w, grant_unmap(p.w, p.m, p.ms.window, 0));
	cr_assert(p.w->dma_stale);
	cr_assert_eq(dma_rights(p.w, p.m, p.gs.data[0]), 0);
	TW_OK(p.w, grant_unmap(p.w, p.m, p.ms.window, 1));
	cr_assert_eq(dma_rights(p.w, p.m, p.gs.data[1]), 0);
	tw_recount(p.w);
	tw_free(p.w);
}

Test(dma_grant, unmapped_frame_is_its_owners_table_only_behind_the_invalidation)
{
	struct pair p = make();

	TW_OK(p.w, tw_set(p.w, p.g, p.gs.l1, 1, 0));
	TW_OK(p.w, map(&p, p.ref, GRANT_DMA, 0));
	TW_REFUSED(p.w, HC_ETYPE, mmu_pin(p.w, p.g, p.gs.data[0], 1));
	TW_REFUSED(p.w, HC_EBUSY, grant_revoke(p.w, p.g, p.ref, 1));
	tw_recount(p.w);
	TW_OK(p.w, grant_unmap(p.w, p.m, p.ms.window, 0));
	tw_flush_cpus(p.w);
	cr_assert_eq(mmu_pin(p.w, p.g, p.gs.data[0], 1), CORE_FLUSH_FIRST);
	tw_recount(p.w);
	TW_OK(p.w, mmu_pin(p.w, p.g, p.gs.data[0], 1));
	tw_recount(p.w);
	tw_free(p.w);
}

Test(dma_grant, is_refused_for_own_frames_and_without_effect_where_no_device_is)
{
	struct pair p = make();
	uint32_t own = 0;

	TW_OK(p.w, grant_reserve(p.w, p.m, 1, &own));
	TW_OK(p.w, grant_offer(p.w, p.m, own, p.m->id, 0, p.ms.data[0]));
	TW_REFUSED(p.w, HC_EINVAL, grant_map(p.w, p.m, p.m, own, GRANT_DMA, p.ms.window, 0, &p.mfn));
	TW_OK(p.w, grant_map(p.w, p.m, p.m, own, 0, p.ms.window, 0, &p.mfn));
	TW_OK(p.w, grant_reserve(p.w, p.m, 1, &own));
	TW_OK(p.w, grant_offer(p.w, p.m, own, p.g->id, 0, p.ms.data[1]));
	TW_OK(p.w, grant_map(p.w, p.g, p.m, own, GRANT_DMA, p.gs.window, 0, &p.mfn));
	cr_assert_eq(p.g->dma_root, 0);
	tw_recount(p.w);
	TW_OK(p.w, grant_unmap(p.w, p.g, p.gs.window, 0));
	cr_assert_not(p.w->dma_stale);
	/* The rights of the offer bound those of devices. */
	own = offer(&p, GRANT_READONLY, p.gs.data[1]);
	TW_REFUSED(p.w, HC_EREADONLY, map(&p, own, GRANT_DMA, 1));
	own = offer(&p, 0, p.gs.l1);
	TW_REFUSED(p.w, HC_ETYPE, map(&p, own, GRANT_DMA, 1));
	TW_OK(p.w, map(&p, own, GRANT_DMA | GRANT_READONLY, 1));
	tw_recount(p.w);
	tw_free(p.w);
}

/* Two pages for the records, three tables on the way: with so many frames, and with one of them known to a TLB. */
Test(dma_grant, map_that_finds_no_memory_at_any_place_changes_nothing)
{
	mfn_t kept[5];

	for (unsigned left = 0; left < 5; left++) {
		struct pair p = make();

		tw_exhaust(p.w, left, kept);
		TW_REFUSED(p.w, HC_ENOMEM, map(&p, p.ref, GRANT_DMA, 0));
		cr_assert_eq(p.w->frames_free, left);
		cr_assert(!p.m->buckets && !p.m->mapping_pages && !p.m->mapping_free);
		tw_free(p.w);
	}
	for (unsigned young = 0; young < 5; young++) {
		struct pair p = make();
		uint64_t before;

		tw_exhaust(p.w, 5, kept);
		p.w->frames[kept[young]].stamp = p.w->flush_clock;
		before = tw_hash(p.w);
		cr_assert_eq(map(&p, p.ref, GRANT_DMA, 0), CORE_FLUSH_FIRST);
		cr_assert_eq(tw_hash(p.w), before);
		cr_assert_eq(p.w->frames_free, 5);
		tw_flush(p.w);
		cr_assert_eq(map(&p, p.ref, GRANT_DMA, 0), HC_OK);
		cr_assert_eq(p.w->frames_free, 0);
		tw_free(p.w);
	}
}

Test(dma_grant, map_without_a_record_or_a_table_reference_lets_no_device_in)
{
	struct pair p = make();
	uint32_t other = offer(&p, 0, p.gs.data[1]), pages, refs;
	uint32_t free;

	TW_OK(p.w, map(&p, other, GRANT_DMA, 5));
	pages = p.m->mapping_pages;
	free = p.m->mapping_free;
	p.m->mapping_pages = MAPPING_PAGES;
	p.m->mapping_free = 0;
	TW_REFUSED(p.w, HC_ENOGRANT, map(&p, p.ref, GRANT_DMA, 0));
	p.m->mapping_pages = pages;
	p.m->mapping_free = free;
	refs = p.w->frames[p.ms.window].refs;
	p.w->frames[p.ms.window].refs = UINT32_MAX;
	TW_REFUSED(p.w, HC_EFRAMEREF, map(&p, p.ref, GRANT_DMA, 0));
	p.w->frames[p.ms.window].refs = refs;
	cr_assert_eq(dma_rights(p.w, p.m, p.gs.data[0]), 0);
	tw_recount(p.w);
	TW_REFUSED(p.w, HC_EBUSY, map(&p, p.ref, GRANT_DMA, 5));
	tw_recount(p.w);
	tw_free(p.w);
}

/* Records whose page came for a mapping that is refused: the page goes, the others stay. */
Test(dma_grant, table_of_mappings_that_grew_for_a_refused_one_is_as_before)
{
	struct pair p = make();
	mfn_t kept[1];
	unsigned i = 0;

	for (; i < MAPPINGS_PER_PAGE; i++)
		TW_OK(p.w, map(&p, p.ref, 0, 10 + i));
	cr_assert(p.m->mapping_pages == 1 && !p.m->mapping_free);
	tw_exhaust(p.w, 1, kept);
	TW_REFUSED(p.w, HC_ENOMEM, map(&p, p.ref, GRANT_DMA, 0));
	cr_assert(p.m->mapping_pages == 1 && !p.m->mapping_free && p.w->frames_free == 1);
	TW_OK(p.w, map(&p, p.ref, 0, 0));
	cr_assert_eq(p.m->mapping_pages, 2);
	while (i)
		TW_OK(p.w, grant_unmap(p.w, p.m, p.ms.window, 10 + --i));
	tw_free(p.w);
}

/* One step of the way out of a domain. */
static void step(struct pair *p, unsigned slot)
{
	struct domain *d = p->w->domains[slot];

	if (!d)
		return;
	if (d->state == DOMAIN_DEAD) {
		domain_release(p->w, d);
	} else {
		tw_dma_detach(d);
		domain_end(p->w, d, REASON_KILLED, 0);
	}
	tw_recount(p->w);
	tw_ghost_scribble(p->w);
}

Test(dma_grant, granter_and_mapper_die_in_any_order_and_nothing_is_left, .timeout = 60)
{
	/* Bit i: who takes step i; both have ended after some ten steps each. */
	for (unsigned way = 0; way < 1u << 12; way += 1 + way / 64) {
		struct pair p = make();
		uint32_t ro = offer(&p, GRANT_READONLY, p.gs.data[1]);

		TW_OK(p.w, map(&p, p.ref, GRANT_DMA, 0));
		TW_OK(p.w, map(&p, ro, GRANT_DMA | GRANT_READONLY, 1));
		TW_OK(p.w, dma_enter(p.w, p.m, p.ms.data[0], BOTH));
		tw_recount(p.w);
		for (unsigned i = 0; i < 12; i++)
			step(&p, 1 + (way >> i & 1));
		/* Devices of a live mapper go on with the frame of a dead granter, which nobody else gets. */
		if (p.w->domains[2] && p.w->domains[2]->state != DOMAIN_DEAD) {
			cr_assert_eq(dma_rights(p.w, p.m, p.gs.data[0]), BOTH);
			cr_assert_eq(p.w->frames[p.gs.data[0]].type, FRAME_WRITABLE);
		}
		for (unsigned slot = 1; slot <= 2; slot++)
			if (p.w->domains[slot])
				tw_release(p.w, p.w->domains[slot]);
		tw_recount(p.w);
		cr_assert_eq(p.w->frames_free, 256 - TW_FIRST - TW_HOLE_FRAMES);
		tw_free(p.w);
	}
}

Test(dma_grant, unmapped_while_its_granter_is_half_released_frees_the_frame_behind_the_invalidation)
{
	for (unsigned calls = 0; calls < 8; calls++) {
		struct pair p = make();
		mfn_t frame = p.gs.data[0];

		TW_OK(p.w, map(&p, p.ref, GRANT_DMA, 0));
		domain_end(p.w, p.g, REASON_KILLED, 0);
		for (unsigned i = 0; i < calls && p.w->domains[1]; i++)
			domain_release(p.w, p.g);
		tw_recount(p.w);
		TW_OK(p.w, grant_unmap(p.w, p.m, p.ms.window, 0));
		tw_recount(p.w);
		tw_flush_cpus(p.w);
		cr_assert(frame_needs_flush(p.w, frame));
		tw_ghost_scribble(p.w);
		if (p.w->domains[1])
			tw_release(p.w, p.g);
		tw_recount(p.w);
		tw_flush(p.w);
		cr_assert_not(frame_needs_flush(p.w, frame));
		tw_free(p.w);
	}
}
