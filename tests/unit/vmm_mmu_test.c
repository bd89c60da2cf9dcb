/* SPDX-License-Identifier: BSD-2-Clause */
/* Direct paging: what an entry may be, how tables become tables, and that a refusal leaves no trace. */
#include "vmm_world.h"

#include <string.h>

#define BAR 100000ull /* a device's registers, beyond the frame table */

Test(mmu, entry_with_a_bit_that_is_not_the_guests_is_refused_at_every_level)
{
	struct world *w = tw_new(64);
	struct tw_space s;
	struct domain *d = tw_run(w, 1, &s);
	const mfn_t table[5] = {0, s.l1, s.l2, s.l3, s.root}, target[5] = {0, s.data[0], s.l1, s.l2, s.l3};

	for (unsigned level = 1; level <= 4; level++)
		for (unsigned bit = 0; bit < 64; bit++) {
			uint64_t b = 1ull << bit, good = tw_pte(target[level], level == 1 ? TW_DATA : TW_TABLE);
			bool harmless = b & (PTE_A | PTE_D | PTE_W | PTE_NX | PTE_FRAME);

			if (!harmless)
				TW_REFUSED(w, HC_EENTRY, tw_set(w, d, table[level], 7, good ^ b));
		}
	TW_REFUSED(w, HC_EENTRY, tw_set(w, d, s.l1, 7, tw_pte(s.data[0], PTE_W)));
	TW_REFUSED(w, HC_EENTRY, tw_set(w, d, s.l1, 7, PTE_A));
	TW_REFUSED(w, HC_EENTRY, tw_set(w, d, s.l1, 7, tw_pte(s.data[0], TW_DATA | PTE_GRANT)));
	TW_OK(w, tw_set(w, d, s.l1, 7, tw_pte(s.data[0], TW_DATA | PTE_A | PTE_D)));
	tw_recount(w);
	tw_free(w);
}

Test(mmu, no_table_is_writable_and_no_writable_frame_becomes_a_table)
{
	struct world *w = tw_new(64);
	struct tw_space s;
	struct domain *d = tw_run(w, 1, &s);

	TW_REFUSED(w, HC_ETYPE, tw_set(w, d, s.l1, 7, tw_pte(s.l1, TW_DATA)));
	TW_REFUSED(w, HC_ETYPE, tw_set(w, d, s.l1, 7, tw_pte(s.root, TW_DATA)));
	TW_REFUSED(w, HC_ETYPE, tw_set(w, d, s.l1, 7, tw_pte(s.l3, TW_TEXT)));
	TW_REFUSED(w, HC_ETYPE, tw_set(w, d, s.l1, 7, tw_pte(s.text, TW_DATA)));
	TW_REFUSED(w, HC_ETYPE, tw_set(w, d, s.l1, 7, tw_pte(s.data[0], TW_TEXT)));
	TW_REFUSED(w, HC_ETYPE, tw_set(w, d, s.l2, 7, tw_pte(s.data[0], TW_TABLE)));
	for (unsigned level = 1; level <= 4; level++)
		TW_REFUSED(w, HC_ETYPE, mmu_pin(w, d, s.data[0], level));
	TW_REFUSED(w, HC_ETYPE, mmu_pin(w, d, d->shared_mfn, 1));
	/* To read a table is no harm. */
	TW_OK(w, tw_set(w, d, s.l1, 7, tw_pte(s.root, TW_CONST)));
	tw_recount(w);
	tw_free(w);
}

Test(mmu, table_is_of_one_level_and_never_below_itself)
{
	struct world *w = tw_new(64);
	struct tw_space s;
	struct domain *d = tw_run(w, 1, &s);
	mfn_t m = tw_frame(w, d);

	TW_REFUSED(w, HC_ETYPE, tw_set(w, d, s.root, 1, tw_pte(s.root, TW_TABLE)));
	TW_REFUSED(w, HC_ETYPE, tw_set(w, d, s.l3, 1, tw_pte(s.l3, TW_TABLE)));
	TW_REFUSED(w, HC_ETYPE, tw_set(w, d, s.l3, 1, tw_pte(s.l1, TW_TABLE)));
	tw_table(w, m)[3] = tw_pte(m, TW_TABLE);
	for (unsigned level = 2; level <= 4; level++)
		TW_REFUSED(w, HC_ETYPE, mmu_pin(w, d, m, level));
	/* At level 1 it maps itself read-only, which is allowed, but not writable. */
	tw_table(w, m)[3] = tw_pte(m, TW_DATA);
	TW_REFUSED(w, HC_ETYPE, mmu_pin(w, d, m, 1));
	tw_table(w, m)[3] = tw_pte(m, TW_CONST);
	TW_OK(w, mmu_pin(w, d, m, 1));
	TW_REFUSED(w, HC_ESTATE, mmu_pin(w, d, m, 1));
	tw_recount(w);
	TW_OK(w, mmu_unpin(w, d, m));
	TW_REFUSED(w, HC_ESTATE, mmu_unpin(w, d, m));
	tw_recount(w);
	tw_free(w);
}

Test(mmu, top_slot_and_upper_half_are_never_the_guests)
{
	struct world *w = tw_new(64);
	struct tw_space s;
	struct domain *d = tw_run(w, 1, &s);
	mfn_t m = tw_frame(w, d);

	TW_OK(w, tw_set(w, d, s.root, 254, tw_pte(s.l3, TW_TABLE)));
	for (unsigned i = 255; i < 600; i++)
		TW_REFUSED(w, HC_EADDRESS, tw_set(w, d, s.root, i, i % 2 ? 0 : tw_pte(s.l3, TW_TABLE)));
	TW_REFUSED(w, HC_EADDRESS, tw_set(w, d, s.l1, 512, 0));
	for (unsigned i = 255; i < 512; i++) {
		tw_table(w, m)[i] = i % 2 ? 1 : w->upper_half[i - 256 > 255 ? 0 : i - 256] | 1;
		TW_REFUSED(w, HC_EENTRY, mmu_pin(w, d, m, 4));
		tw_table(w, m)[i] = 0;
	}
	TW_OK(w, mmu_pin(w, d, m, 4));
	tw_recount(w);
	TW_OK(w, mmu_unpin(w, d, m));
	/* Readable by the guest from now on: the hypervisor's addresses are gone. */
	for (unsigned i = 0; i < 512; i++)
		cr_assert_eq(tw_table(w, m)[i], 0);
	TW_REFUSED(w, HC_EADDRESS, mmu_walk(w, s.root, GUEST_TOP, 1, &m, &(unsigned){0}));
	TW_REFUSED(w, HC_EADDRESS, mmu_walk(w, s.root, UINT64_MAX - PAGE_MASK, 1, &m, &(unsigned){0}));
	TW_REFUSED(w, HC_EADDRESS, mmu_walk(w, s.root, TW_VA + 8, 1, &m, &(unsigned){0}));
	tw_recount(w);
	tw_free(w);
}

Test(mmu, failed_validation_leaves_no_trace)
{
	struct world *w = tw_new(64);
	struct domain *d = tw_domain(w, 1, 30, 0);
	mfn_t l2 = tw_frame(w, d), l1[2] = {tw_frame(w, d), tw_frame(w, d)}, data = tw_frame(w, d);
	uint64_t work = w->work;

	for (unsigned i = 0; i < 511; i++)
		tw_table(w, l1[0])[i] = tw_pte(data, i % 2 ? TW_DATA : TW_CONST);
	tw_table(w, l1[0])[511] = tw_pte(data, TW_TEXT);
	TW_REFUSED(w, HC_ETYPE, mmu_pin(w, d, l1[0], 1));
	cr_assert(w->work - work >= 512, "what was done and undone is counted, for who bounds it");
	tw_table(w, l1[0])[511] = tw_pte(TW_FIRST - 1, TW_CONST);
	TW_REFUSED(w, HC_EFRAME, mmu_pin(w, d, l1[0], 1));
	tw_table(w, l1[0])[511] = 2;
	TW_REFUSED(w, HC_EENTRY, mmu_pin(w, d, l1[0], 1));
	tw_recount(w);
	tw_table(w, l1[0])[511] = 0;
	TW_OK(w, mmu_pin(w, d, l1[0], 1));
	cr_assert_eq(w->frames[data].refs, 1 + 511);
	cr_assert_eq(w->frames[data].type_count, 255);

	tw_table(w, l2)[0] = tw_table(w, l2)[9] = tw_pte(l1[0], TW_TABLE);
	tw_table(w, l2)[511] = tw_pte(l1[1], TW_TABLE);
	TW_REFUSED(w, HC_EUNPINNED, mmu_pin(w, d, l2, 2));
	TW_OK(w, mmu_pin(w, d, l1[1], 1));
	TW_OK(w, mmu_pin(w, d, l2, 2));
	tw_recount(w);
	tw_release(w, d);
	cr_assert_eq(w->frames_free, 64 - TW_FIRST - TW_HOLE_FRAMES);
	tw_free(w);
}

Test(mmu, flush_that_is_wanted_in_the_middle_of_a_validation_undoes_it_and_one_flush_suffices)
{
	struct world *w = tw_new(64);
	struct tw_space s;
	struct domain *d = tw_run(w, 1, &s);
	mfn_t l1 = tw_frame(w, d), fresh = tw_frame(w, d);
	uint64_t before;

	/* data[0] was writable until just now, and becomes text at the end of a new table. */
	tw_flush(w);
	tw_table(w, l1)[0] = tw_pte(fresh, TW_DATA);
	tw_table(w, l1)[511] = tw_pte(s.data[0], TW_TEXT);
	cr_assert_eq(mmu_set_entry(w, d, s.l1, 1, 0, &(bool){false}), HC_OK);
	before = tw_hash(w);
	cr_assert_eq(mmu_pin(w, d, l1, 1), CORE_FLUSH_FIRST);
	cr_assert_eq(tw_hash(w), before);
	tw_recount(w);
	cr_assert_eq(mmu_pin(w, d, l1, 1), CORE_FLUSH_FIRST, "until the flush it stays so");
	tw_flush(w);
	cr_assert_eq(mmu_pin(w, d, l1, 1), HC_OK);
	tw_recount(w);
	/* What was writable becomes a table, and what was a table becomes writable, only behind a flush. */
	cr_assert_eq(mmu_set_entry(w, d, s.l1, 2, 0, &(bool){false}), HC_OK);
	cr_assert_eq(mmu_pin(w, d, s.data[1], 1), CORE_FLUSH_FIRST);
	TW_OK(w, mmu_unpin(w, d, l1));
	cr_assert_eq(mmu_set_entry(w, d, s.l1, 1, tw_pte(l1, TW_DATA), &(bool){false}), CORE_FLUSH_FIRST);
	tw_free(w);
}

Test(mmu, sealed_domain_makes_nothing_executable_any_more)
{
	struct world *w = tw_new(64);
	struct tw_space s;
	struct domain *d = tw_run(w, 1, &s);
	mfn_t m = tw_frame(w, d), l1 = tw_frame(w, d);

	TW_OK(w, tw_set(w, d, s.l1, 8, tw_pte(m, TW_TEXT)));
	TW_OK(w, tw_set(w, d, s.l1, 8, 0));
	d->sealed = 1;
	TW_REFUSED(w, HC_ESEALED, tw_set(w, d, s.l1, 8, tw_pte(m, TW_TEXT)));
	TW_REFUSED(w, HC_ESEALED, tw_set(w, d, s.l1, 8, tw_pte(s.text, TW_TEXT)));
	tw_table(w, l1)[0] = tw_pte(m, TW_TEXT);
	TW_REFUSED(w, HC_ESEALED, mmu_pin(w, d, l1, 1));
	TW_REFUSED(w, HC_EUNPINNED, tw_set(w, d, s.l2, 40, tw_pte(l1, TW_TABLE)));
	/* What was text stays it, whether it is still mapped or not; to read it is no harm. */
	TW_REFUSED(w, HC_ETEXT, tw_set(w, d, s.l1, 8, tw_pte(m, TW_DATA)));
	TW_REFUSED(w, HC_ETEXT, mmu_pin(w, d, m, 1));
	TW_REFUSED(w, HC_ETEXT, frame_get_type(w, m, FRAME_WRITABLE));
	TW_REFUSED(w, HC_ETEXT, frame_give_back(w, d, m));
	TW_OK(w, tw_set(w, d, s.l1, 0, 0));
	TW_REFUSED(w, HC_ETEXT, tw_set(w, d, s.l1, 8, tw_pte(s.text, TW_DATA)));
	TW_OK(w, tw_set(w, d, s.l1, 8, tw_pte(m, TW_CONST)));
	TW_OK(w, tw_set(w, d, s.l1, 9, tw_pte(TW_STUBS, TW_TEXT)));
	tw_recount(w);
	tw_free(w);
}

Test(mmu, hypercall_page_and_bundle_are_read_by_whom_they_are_for_and_written_by_nobody)
{
	struct world *w = tw_new(128);
	struct tw_space s, c;
	struct domain *d = tw_run(w, 1, &s), *control = tw_run(w, 0, &c);

	TW_OK(w, tw_set(w, d, s.l1, 8, tw_pte(TW_STUBS, TW_TEXT)));
	TW_OK(w, tw_set(w, d, s.l1, 9, tw_pte(TW_STUBS, TW_CONST)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, d, s.l1, 8, tw_pte(TW_STUBS, TW_DATA)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, control, c.l1, 8, tw_pte(TW_STUBS, TW_DATA)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, d, s.l1, 10, tw_pte(TW_BUNDLE, TW_CONST)));
	TW_OK(w, tw_set(w, control, c.l1, 10, tw_pte(TW_BUNDLE, TW_CONST)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, control, c.l1, 10, tw_pte(TW_BUNDLE, TW_DATA)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, control, c.l1, 10, tw_pte(TW_BUNDLE, TW_TEXT)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, control, c.l1, 10, tw_pte(0, TW_CONST)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, control, c.l1, 10, tw_pte(s.data[0], TW_CONST)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, control, c.l1, 10, tw_pte(w->free_list, TW_CONST)));
	TW_REFUSED(w, HC_EFRAME, mmu_pin(w, control, TW_STUBS, 1));
	TW_REFUSED(w, HC_EFRAME, mmu_pin(w, control, s.l1, 1));
	TW_REFUSED(w, HC_ENOTABLE, tw_set(w, control, s.l1, 1, 0));
	TW_REFUSED(w, HC_ENOTABLE, tw_set(w, d, s.data[0], 1, 0));
	TW_REFUSED(w, HC_ENOTABLE, tw_set(w, d, BAR, 1, 0));
	tw_recount(w);
	tw_free(w);
}

Test(mmu, registers_of_a_device_are_mapped_uncached_by_their_owner_alone)
{
	struct world *w = tw_new(128);
	struct tw_space s, o;
	struct domain *d = tw_run(w, 1, &s), *other = tw_run(w, 2, &o);
	mfn_t hole = 127, wide = PTE_FRAME >> PAGE_SHIFT;

	tw_io(0, d, BAR, 4);
	tw_io(1, d, hole, 1);
	for (unsigned i = 0; i < 4; i++)
		TW_OK(w, tw_set(w, d, s.l1, 8 + i, tw_pte(BAR + i, TW_DATA | PTE_PCD)));
	TW_OK(w, tw_set(w, d, s.l1, 12, tw_pte(hole, TW_CONST | PTE_PCD)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, d, s.l1, 13, tw_pte(BAR - 1, TW_DATA | PTE_PCD)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, d, s.l1, 13, tw_pte(BAR + 4, TW_DATA | PTE_PCD)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, d, s.l1, 13, tw_pte(hole - 1, TW_DATA | PTE_PCD)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, d, s.l1, 13, tw_pte(wide, TW_DATA | PTE_PCD)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, other, o.l1, 13, tw_pte(BAR, TW_DATA | PTE_PCD)));
	TW_REFUSED(w, HC_EENTRY, tw_set(w, d, s.l1, 13, tw_pte(BAR, TW_DATA)));
	TW_REFUSED(w, HC_EENTRY, tw_set(w, d, s.l1, 13, tw_pte(BAR, TW_TEXT | PTE_PCD)));
	TW_REFUSED(w, HC_EENTRY, tw_set(w, d, s.l1, 13, tw_pte(s.data[0], TW_DATA | PTE_PCD)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, d, s.l2, 13, tw_pte(BAR, TW_TABLE)));
	/* A range that is RAM is RAM. */
	tw_io(2, d, o.data[0], 1);
	TW_REFUSED(w, HC_EENTRY, tw_set(w, d, s.l1, 13, tw_pte(o.data[0], TW_DATA | PTE_PCD)));
	TW_REFUSED(w, HC_EFRAME, tw_set(w, d, s.l1, 13, tw_pte(o.data[0], TW_DATA)));
	tw_recount(w);
	tw_release(w, d);
	tw_recount(w);
	tw_free(w);
}

Test(mmu, accessed_and_dirty_bits_that_the_cpu_set_meanwhile_are_no_matter)
{
	struct world *w = tw_new(64);
	struct tw_space s;
	struct domain *d = tw_run(w, 1, &s);

	for (unsigned i = 0; i < 4; i++)
		tw_table(w, s.l1)[i] |= PTE_A | (i ? PTE_D : 0);
	tw_table(w, s.root)[0] |= PTE_A;
	TW_OK(w, tw_set(w, d, s.l1, 1, tw_pte(s.data[0], TW_CONST)));
	TW_OK(w, tw_set(w, d, s.l1, 2, 0));
	tw_recount(w);
	cr_assert_eq(w->frames[s.data[0]].type, FRAME_NONE);
	cr_assert_eq(w->frames[s.data[1]].refs, 1);
	tw_release(w, d);
	tw_recount(w);
	tw_free(w);
}

Test(mmu, walk_finds_the_entry_that_the_cpu_would_use)
{
	struct world *w = tw_new(64);
	struct tw_space s;
	unsigned index;
	mfn_t table;

	tw_run(w, 1, &s);
	TW_OK(w, mmu_walk(w, s.root, TW_VA + 3 * PAGE_SIZE, 1, &table, &index));
	cr_assert(table == s.l1 && index == 3);
	TW_OK(w, mmu_walk(w, s.root, TW_WINDOW + 511 * PAGE_SIZE, 1, &table, &index));
	cr_assert(table == s.window && index == 511);
	TW_REFUSED(w, HC_ENOTABLE, mmu_walk(w, s.root, GUEST_TOP - PAGE_SIZE, 1, &table, &index));
	TW_REFUSED(w, HC_ENOTABLE, mmu_walk(w, s.root, 0, 1, &table, &index));
	TW_REFUSED(w, HC_ENOTABLE, mmu_walk(w, s.root, 1ull << 30, 1, &table, &index));
	tw_free(w);
}
