/* SPDX-License-Identifier: BSD-2-Clause */
/* What devices reach of their owner's frames: rights, types, bounds, memory that runs out, and the flush behind a leave. */
#include "vmm_ghost.h"

#include <vmm/core/dma.h>

#define BOTH (DMA_READ | DMA_WRITE)

struct owner {
	struct world *w;
	struct domain *d;
	struct tw_space s;
	mfn_t spare; /* an own frame that nothing maps */
};

static struct owner make(uint32_t levels)
{
	struct owner o = {.w = tw_new(256)};

	o.w->dma_levels = levels;
	o.d = tw_run(o.w, 1, &o.s);
	o.spare = tw_frame(o.w, o.d);
	TW_OK(o.w, dma_open(o.w, o.d));
	return o;
}

Test(dma_table, frame_enters_once_with_its_rights_and_leaves_once)
{
	static const uint32_t rights[] = {DMA_READ, DMA_WRITE, BOTH};

	for (unsigned i = 0; i < ARRAY_SIZE(rights); i++) {
		struct owner o = make(3 + i % 2);
		struct frame before = o.w->frames[o.spare];

		TW_OK(o.w, dma_open(o.w, o.d)); /* again, and it is the same */
		cr_assert_eq(dma_rights(o.w, o.d, o.spare), 0);
		cr_assert_not(dma_leave(o.w, o.d, o.spare));
		TW_OK(o.w, dma_enter(o.w, o.d, o.spare, rights[i]));
		tw_recount(o.w);
		cr_assert_eq(dma_rights(o.w, o.d, o.spare), rights[i]);
		cr_assert_eq(dma_rights(o.w, o.d, o.spare + 1), 0, "nor any other");
		cr_assert_eq(o.w->frames[o.spare].refs, before.refs + 1);
		for (unsigned k = 0; k < ARRAY_SIZE(rights); k++)
			TW_REFUSED(o.w, HC_EBUSY, dma_enter(o.w, o.d, o.spare, rights[k]));
		cr_assert(dma_leave(o.w, o.d, o.spare));
		cr_assert(o.w->dma_stale);
		tw_recount(o.w);
		cr_assert_not(dma_leave(o.w, o.d, o.spare));
		cr_assert_eq(dma_rights(o.w, o.d, o.spare), 0);
		cr_assert_eq(o.w->frames[o.spare].refs, before.refs);
		cr_assert_eq(o.w->frames[o.spare].type, FRAME_NONE);
		tw_free(o.w);
	}
}

Test(dma_table, nothing_enters_without_a_device_or_beyond_the_table)
{
	for (uint32_t levels = 3; levels <= 4; levels++) {
		struct owner o = make(levels);
		struct domain *other = tw_domain(o.w, 2, 20, 0);
		mfn_t mfn = tw_frame(o.w, other), end = 1ull << (9 * levels);

		TW_REFUSED(o.w, HC_EDEVICE, dma_enter(o.w, other, mfn, BOTH));
		cr_assert_not(dma_leave(o.w, other, mfn));
		cr_assert_eq(dma_rights(o.w, other, mfn), 0);
		TW_OK(o.w, dma_enter(o.w, o.d, o.spare, BOTH));
		for (unsigned i = 0; i < 3; i++) {
			const mfn_t beyond[] = {end, end + o.spare, UINT64_MAX};

			TW_REFUSED(o.w, HC_EADDRESS, dma_enter(o.w, o.d, beyond[i], DMA_READ));
			cr_assert_not(dma_leave(o.w, o.d, beyond[i]));
			cr_assert_eq(dma_rights(o.w, o.d, beyond[i]), 0);
		}
		cr_assert_eq(dma_rights(o.w, o.d, end - 1), 0);
		tw_recount(o.w);
		tw_free(o.w);
	}
}

Test(dma_table, frame_that_devices_write_is_no_table_no_text_and_does_not_leave)
{
	struct owner o = make(4);
	struct domain *other = tw_domain(o.w, 2, 20, 0);
	uint32_t ref = 0;
	mfn_t mfn;

	TW_OK(o.w, dma_enter(o.w, o.d, o.spare, DMA_WRITE));
	for (unsigned level = 1; level <= 4; level++)
		TW_REFUSED(o.w, HC_ETYPE, mmu_pin(o.w, o.d, o.spare, level));
	TW_REFUSED(o.w, HC_ETYPE, mmu_set_entry(o.w, o.d, o.s.l1, 9, tw_pte(o.spare, TW_TEXT), &(bool){false}));
	TW_REFUSED(o.w, HC_EBUSY, frame_give_back(o.w, o.d, o.spare));
	TW_OK(o.w, grant_reserve(o.w, o.d, 1, &ref));
	TW_OK(o.w, grant_offer(o.w, o.d, ref, other->id, GRANT_TRANSFER, o.spare));
	TW_REFUSED(o.w, HC_EBUSY, grant_accept(o.w, other, o.d, ref, &mfn));
	/* Other writers are no matter. */
	TW_OK(o.w, tw_set(o.w, o.d, o.s.l1, 9, tw_pte(o.spare, TW_DATA)));
	tw_recount(o.w);
	tw_release(o.w, o.d);
	tw_free(o.w);
}

Test(dma_table, table_and_text_are_never_written_by_a_device)
{
	struct owner o = make(4);
	const mfn_t tables[] = {o.s.root, o.s.l3, o.s.l2, o.s.l1};

	for (unsigned i = 0; i < ARRAY_SIZE(tables); i++) {
		TW_REFUSED(o.w, HC_ETYPE, dma_enter(o.w, o.d, tables[i], DMA_WRITE));
		TW_REFUSED(o.w, HC_ETYPE, dma_enter(o.w, o.d, tables[i], BOTH));
	}
	TW_REFUSED(o.w, HC_ETYPE, dma_enter(o.w, o.d, o.s.text, BOTH));
	o.d->sealed = 1;
	TW_OK(o.w, tw_set(o.w, o.d, o.s.l1, 0, 0));
	TW_REFUSED(o.w, HC_ETEXT, dma_enter(o.w, o.d, o.s.text, BOTH));
	tw_recount(o.w);
	/* Every type may be read. */
	TW_OK(o.w, dma_enter(o.w, o.d, o.s.text, DMA_READ));
	TW_OK(o.w, dma_enter(o.w, o.d, o.s.l1, DMA_READ));
	tw_recount(o.w);
	tw_free(o.w);
}

Test(dma_table, frame_that_devices_read_changes_its_type_and_does_not_leave)
{
	struct owner o = make(3);

	TW_OK(o.w, dma_enter(o.w, o.d, o.spare, DMA_READ));
	TW_OK(o.w, mmu_pin(o.w, o.d, o.spare, 1));
	tw_recount(o.w);
	TW_OK(o.w, mmu_unpin(o.w, o.d, o.spare));
	TW_REFUSED(o.w, HC_EBUSY, frame_give_back(o.w, o.d, o.spare));
	cr_assert(dma_leave(o.w, o.d, o.spare));
	TW_OK(o.w, frame_give_back(o.w, o.d, o.spare));
	tw_recount(o.w);
	tw_free(o.w);
}

Test(dma_table, refusal_grows_no_table)
{
	struct owner o = make(4);

	TW_REFUSED(o.w, HC_ETYPE, dma_enter(o.w, o.d, o.s.l1, BOTH));
	o.w->frames[o.spare].refs = UINT32_MAX;
	TW_REFUSED(o.w, HC_EFRAMEREF, dma_enter(o.w, o.d, o.spare, DMA_READ));
	TW_REFUSED(o.w, HC_EFRAMEREF, dma_enter(o.w, o.d, o.spare, DMA_WRITE));
	o.w->frames[o.spare].refs = 1;
	TW_OK(o.w, frame_set_target(o.w, o.d, frame_charge(o.d) + 2, 0));
	TW_REFUSED(o.w, HC_ELIMIT, dma_enter(o.w, o.d, o.spare, BOTH));
	TW_OK(o.w, frame_set_target(o.w, o.d, frame_charge(o.d) + 3, 0));
	TW_OK(o.w, dma_enter(o.w, o.d, o.spare, BOTH));
	tw_recount(o.w);
	tw_free(o.w);
}

Test(dma_table, memory_that_runs_out_at_any_table_leaves_none)
{
	for (uint32_t levels = 3; levels <= 4; levels++)
		for (unsigned left = 0; left < levels; left++) {
			struct owner o = make(levels);
			mfn_t kept[4];

			tw_exhaust(o.w, left, kept);
			if (left < levels - 1)
				TW_REFUSED(o.w, HC_ENOMEM, dma_enter(o.w, o.d, o.spare, BOTH));
			else
				TW_OK(o.w, dma_enter(o.w, o.d, o.spare, BOTH));
			cr_assert_eq(o.w->frames_free, left < levels - 1 ? left : 0);
			tw_free(o.w);
		}
}

Test(dma_table, first_device_of_a_domain_is_refused_without_a_trace)
{
	struct world *w = tw_new(64);
	struct domain *d = tw_domain(w, 1, 20, 0);

	TW_OK(w, frame_set_target(w, d, frame_charge(d), 0));
	TW_REFUSED(w, HC_ELIMIT, dma_open(w, d));
	TW_OK(w, frame_set_target(w, d, d->frame_max, 0));
	tw_exhaust(w, 0, NULL);
	TW_REFUSED(w, HC_ENOMEM, dma_open(w, d));
	cr_assert_eq(d->dma_root, 0);
	tw_free(w);
}

/* A flush that is wanted for the frame of any table on the way, or for the frame itself. */
Test(dma_table, flush_that_is_wanted_on_the_way_has_changed_nothing_and_one_suffices)
{
	for (unsigned young = 0; young < 5; young++) {
		struct owner o = make(4);
		uint64_t before;
		mfn_t m = o.w->free_list;

		if (young == 4) {
			TW_OK(o.w, mmu_pin(o.w, o.d, o.spare, 1));
			TW_OK(o.w, mmu_unpin(o.w, o.d, o.spare));
		}
		for (unsigned i = 0; i < young && young < 4; i++)
			m = o.w->frames[m].next;
		o.w->frames[m].stamp = young < 3 ? o.w->flush_clock : o.w->frames[m].stamp;
		before = tw_hash(o.w);
		if (young != 3)
			cr_assert_eq(dma_enter(o.w, o.d, o.spare, BOTH), CORE_FLUSH_FIRST, "%u", young);
		cr_assert_eq(tw_hash(o.w), before);
		tw_recount(o.w);
		if (young != 3)
			tw_flush(o.w);
		cr_assert_eq(dma_enter(o.w, o.d, o.spare, BOTH), HC_OK);
		tw_recount(o.w);
		tw_free(o.w);
	}
}

/* What happened to the IOMMU's memory, in order. */
static struct {
	const void *at[8];
	uint64_t bytes[8];
	unsigned count;
} told;

static void note(const void *at, uint64_t bytes)
{
	cr_assert_lt(told.count, ARRAY_SIZE(told.at));
	told.at[told.count] = at;
	told.bytes[told.count++] = bytes;
}

Test(dma_table, iommu_is_told_of_whole_new_tables_before_they_are_linked_and_of_each_entry)
{
	struct owner o = make(4);
	const uint64_t *root = world_page(o.w, o.d->dma_root), *at = root;

	o.w->dma_written = note;
	TW_OK(o.w, dma_enter(o.w, o.d, o.spare, BOTH));
	cr_assert_eq(told.count, 4);
	/* The lowest first, the link into what the IOMMU walks last. */
	for (unsigned i = 4; i--;) {
		cr_assert_eq(told.at[i], i == 3 ? (const void *)root : (const void *)at);
		cr_assert_eq(told.bytes[i], i == 3 ? 8 : PAGE_SIZE);
		at = world_page(o.w, at[o.spare >> 9 * i & 511] >> PAGE_SHIFT);
	}
	told.count = 0;
	TW_OK(o.w, dma_enter(o.w, o.d, o.s.data[0], DMA_READ));
	cr_assert(dma_leave(o.w, o.d, o.s.data[0]));
	cr_assert(told.count == 2 && told.bytes[0] == 8 && told.at[0] == told.at[1]);
	/* An IOMMU that sees the caches. */
	o.w->dma_written = NULL;
	TW_OK(o.w, dma_enter(o.w, o.d, o.s.data[0], BOTH));
	cr_assert_eq(dma_rights(o.w, o.d, o.s.data[0]), BOTH);
	tw_free(o.w);
}

/* After a leave: what has to wait, and for what. */
Test(dma_table, frame_that_left_gets_no_other_type_before_the_iotlb_forgot_it)
{
	struct owner o = make(4);

	TW_OK(o.w, dma_enter(o.w, o.d, o.spare, BOTH));
	tw_recount(o.w);
	cr_assert(dma_leave(o.w, o.d, o.spare));
	tw_flush_cpus(o.w);
	cr_assert_eq(mmu_pin(o.w, o.d, o.spare, 1), CORE_FLUSH_FIRST);
	tw_flush_cpus(o.w);
	cr_assert_eq(mmu_pin(o.w, o.d, o.spare, 1), CORE_FLUSH_FIRST, "however often CPUs flush");
	tw_recount(o.w);
	tw_dma_flush(o.w);
	cr_assert_not(o.w->dma_stale, "it need not be invalidated again");
	cr_assert_eq(mmu_pin(o.w, o.d, o.spare, 1), CORE_FLUSH_FIRST, "nor does the IOTLB's invalidation do for CPUs");
	tw_flush_cpus(o.w);
	cr_assert_eq(mmu_pin(o.w, o.d, o.spare, 1), HC_OK);
	tw_recount(o.w);
	tw_free(o.w);
}

Test(dma_table, frame_that_left_gets_no_other_owner_before_the_iotlb_forgot_it)
{
	struct owner o = make(4);
	struct domain *other = tw_domain(o.w, 2, 20, 0);
	uint32_t ref = 0;
	mfn_t mfn = 0;

	TW_OK(o.w, grant_reserve(o.w, o.d, 1, &ref));
	TW_OK(o.w, dma_enter(o.w, o.d, o.spare, DMA_READ));
	TW_OK(o.w, dma_enter(o.w, o.d, o.s.window, DMA_READ));
	TW_OK(o.w, grant_offer(o.w, o.d, ref, other->id, GRANT_TRANSFER, o.spare));
	tw_recount(o.w);
	tw_flush(o.w);
	cr_assert(dma_leave(o.w, o.d, o.spare));
	tw_flush_cpus(o.w);
	cr_assert_eq(grant_accept(o.w, other, o.d, ref, &mfn), CORE_FLUSH_FIRST);
	TW_OK(o.w, grant_revoke(o.w, o.d, ref, 1));
	TW_OK(o.w, frame_give_back(o.w, o.d, o.spare));
	tw_flush_cpus(o.w);
	cr_assert_eq(frame_alloc(o.w, other, &mfn), CORE_FLUSH_FIRST);
	cr_assert_eq(frame_scrub_ahead(o.w), CORE_FLUSH_FIRST);
	/* Another that leaves meanwhile waits for the next invalidation. */
	tw_dma_flush(o.w);
	cr_assert(dma_leave(o.w, o.d, o.s.window));
	tw_flush_cpus(o.w);
	cr_assert_eq(frame_alloc(o.w, other, &mfn), HC_OK);
	cr_assert_eq(mfn, o.spare);
	cr_assert(frame_needs_flush(o.w, o.s.window));
	tw_recount(o.w);
	tw_free(o.w);
}

/* A table with many branches of one leaf table each, as of frames far apart. */
static void grow_sparse(struct owner *o, unsigned branches)
{
	for (unsigned b = 0; b < branches; b++) {
		uint64_t *at = world_page(o->w, o->d->dma_root);

		for (unsigned level = 4; level > 1; level--) {
			void *page = NULL;

			TW_OK(o->w, frame_alloc_table(o->w, o->d, &page));
			at[511 - b] = (uint64_t)((uint8_t *)page - o->w->memory) | BOTH;
			at = page;
		}
	}
}

Test(dma_table, release_is_bounded_however_sparse_the_table_and_loses_no_frame)
{
	struct owner o = make(4);
	unsigned calls = 0;

	TW_OK(o.w, dma_enter(o.w, o.d, o.spare, BOTH));
	TW_OK(o.w, dma_enter(o.w, o.d, o.s.data[1], DMA_READ));
	tw_dma_detach(o.d);
	domain_end(o.w, o.d, REASON_KILLED, 0);
	grow_sparse(&o, 25);
	tw_recount(o.w);
	for (bool done = false; !done; calls++) {
		uint64_t work = o.w->work;

		done = dma_release(o.w, o.d);
		tw_recount(o.w);
		cr_assert_lt(o.w->work - work, 8192);
		cr_assert_eq(done, !o.d->dma_root);
	}
	cr_assert(calls > 10, "in %u calls only", calls);
	cr_assert_eq(o.d->dma_count, 0);
	cr_assert(dma_release(o.w, o.d));
	tw_release(o.w, o.d);
	tw_recount(o.w);
	cr_assert_eq(o.w->frames_free, 256 - TW_FIRST - TW_HOLE_FRAMES);
	tw_free(o.w);
}
