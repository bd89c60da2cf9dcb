/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For hostile guests that attack memory: fresh frames, a tree of tables of their own at an address that nobody uses, a
 * look at their page tables (read-only, which the contract allows), grants, and refusals that must change no figure.
 */
#ifndef CAMBIUM_TESTS_RAW_MEMORY_H
#define CAMBIUM_TESTS_RAW_MEMORY_H

#include "raw.h"

#define RW (PTE_W | PTE_NX)
#define RO PTE_NX
#define LINK (PTE_P | PTE_U | PTE_W)

#define RAW_HOLE 0x8000000ull /* no frame of a machine of 512 MiB */
#define RAW_FOREIGN 0x1000ull /* a frame of RAM that is the hypervisor's or its image's */

RAW uint64_t raw_entry(uint64_t mfn, uint64_t bits)
{
	return mfn << PAGE_SHIFT | PTE_P | PTE_U | bits;
}

RAW struct memory_info raw_figures(void)
{
	struct memory_info i = {0};

	if (hc_memory_info(DOMID_SELF, &i))
		raw_hole("its own figures are refused");
	return i;
}

/* As raw_expect, and the domain's figures are what they were. */
#define raw_refused(what, call, error)                                                                                 \
	do {                                                                                                           \
		struct memory_info raw_before = raw_figures(), raw_after;                                              \
                                                                                                                       \
		raw_expect(what, call, error);                                                                         \
		raw_after = raw_figures();                                                                             \
		if (memcmp(&raw_before, &raw_after, sizeof raw_before))                                                \
			raw_hole("%s: refused, and yet the figures changed: frames %lu to %lu, tables %lu to %lu",     \
				 what, raw_before.frames, raw_after.frames, raw_before.page_tables,                    \
				 raw_after.page_tables);                                                               \
	} while (0)

/* Gives one page of the runtime's memory up, so that the domain may have one frame more. */
RAW void raw_room(void)
{
	void *page = pages_alloc(1);
	uint64_t mfn = page ? pages_mfn(page) : 0;

	if (!page || raw_unmap((uint64_t)page) || hc_memory_decrease(&mfn, 1) != 1)
		raw_hole("no room for another frame");
}

/* A frame of its own, full of zeros, mapped nowhere. */
RAW uint64_t raw_frame(void)
{
	uint64_t mfn = 0;
	int64_t result = hc_memory_increase(&mfn, 1, 0);

	if (result == -HC_ELIMIT) {
		raw_room();
		result = hc_memory_increase(&mfn, 1, 0);
	}
	if (result != 1)
		raw_hole("no frame: %ld", (long)result);
	return mfn;
}

RAW int64_t raw_give(uint64_t mfn)
{
	return hc_memory_decrease(&mfn, 1);
}

/* A hypercall that tells a number has to tell @number. */
RAW void raw_expect_number(const char *what, int64_t result, int64_t number)
{
	raw_attempts++;
	if (result != number)
		raw_hole("%s: result %ld, not %ld", what, (long)result, (long)number);
}

/* Whether all of page @va is zero. */
RAW bool raw_is_zero(uint64_t va)
{
	const uint64_t *word = (const uint64_t *)va;

	for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
		if (word[i])
			return false;
	return true;
}

/* Word @index of frame @mfn, seen through @va, where nothing is mapped. */
RAW uint64_t raw_peek(uint64_t va, uint64_t mfn, unsigned index)
{
	uint64_t word;

	if (raw_map(va, mfn, RO)) {
		raw_hole("frame %lx cannot be looked at", mfn);
		return 0;
	}
	word = ((const volatile uint64_t *)va)[index];
	raw_unmap(va);
	return word;
}

/* Writes @word into frame @mfn at @index, through @va, where nothing is mapped. */
RAW void raw_poke(uint64_t va, uint64_t mfn, unsigned index, uint64_t word)
{
	if (raw_map(va, mfn, RW)) {
		raw_hole("frame %lx cannot be written", mfn);
		return;
	}
	((volatile uint64_t *)va)[index] = word;
	raw_unmap(va);
}

/* Its level-4 table. */
RAW uint64_t raw_root(void)
{
	static uint64_t root;

	for (uint64_t mfn = 1; !root && mfn < RAW_FRAMES; mfn++)
		if (raw_table_level(mfn) == 4)
			root = mfn;
	if (!root)
		raw_hole("its root is not to be found");
	return root;
}

/* The level-1 entry that maps @va; @window is an address where nothing is mapped. 0: none. */
RAW uint64_t raw_walk(uint64_t window, uint64_t va)
{
	uint64_t e = raw_root() << PAGE_SHIFT;

	for (unsigned level = 4; level && e; level--)
		e = raw_peek(window, (e & PTE_FRAME) >> PAGE_SHIFT, va >> (PAGE_SHIFT + 9 * (level - 1)) & 511);
	return e;
}

RAW uint64_t raw_mfn(uint64_t window, uint64_t va)
{
	return (raw_walk(window, va) & PTE_FRAME) >> PAGE_SHIFT;
}

/* Three tables of its own below a slot of its root that was empty. */
struct raw_tree {
	uint64_t va; /* what they map, from index 0 of each */
	uint64_t root, l3, l2, l1;
	unsigned slot;
};

RAW struct raw_tree raw_tree_make(uint64_t window)
{
	struct raw_tree t = {.root = raw_root(), .l1 = raw_frame(), .l2 = raw_frame(), .l3 = raw_frame(), .slot = 254};

	while (t.slot > 1 && raw_peek(window, t.root, t.slot))
		t.slot--;
	t.va = (uint64_t)t.slot << 39;
	raw_expect("level 1 pinned", raw_pin(t.l1, 1), HC_OK);
	raw_expect("level 2 pinned", raw_pin(t.l2, 2), HC_OK);
	raw_expect("level 3 pinned", raw_pin(t.l3, 3), HC_OK);
	raw_expect("level 1 linked", raw_mmu(MMU_UPDATE, t.l2, 0, t.l1 << PAGE_SHIFT | LINK), HC_OK);
	raw_expect("level 2 linked", raw_mmu(MMU_UPDATE, t.l3, 0, t.l2 << PAGE_SHIFT | LINK), HC_OK);
	raw_expect("level 3 linked", raw_mmu(MMU_UPDATE, t.root, t.slot, t.l3 << PAGE_SHIFT | LINK), HC_OK);
	return t;
}

/* Unpins @mfn in as many steps as it takes; how many. */
RAW unsigned raw_unpin_all(uint64_t mfn)
{
	int64_t result;
	unsigned steps = 0;

	do {
		result = raw_unpin(mfn);
		steps++;
	} while (result == -HC_EAGAIN && steps < 1000);
	raw_expect("unpinned", result, HC_OK);
	return steps;
}

RAW void raw_tree_drop(const struct raw_tree *t)
{
	raw_expect("level 3 unlinked", raw_mmu(MMU_UPDATE, t->root, t->slot, 0), HC_OK);
	raw_unpin_all(t->l3);
	raw_unpin_all(t->l2);
	raw_unpin_all(t->l1);
	raw_expect_number("level 3 given back", raw_give(t->l3), 1);
	raw_expect_number("level 2 given back", raw_give(t->l2), 1);
	raw_expect_number("level 1 given back", raw_give(t->l1), 1);
}

RAW int64_t raw_offer_result(uint32_t peer, uint32_t flags, uint64_t mfn)
{
	struct grant_offer o = {.peer = peer, .flags = flags, .count = 1, .mfns = (uint64_t)&mfn};

	return hc_grant_offer(DOMID_SELF, &o);
}

/* An offer that must be taken; its reference. */
RAW uint32_t raw_offer(uint32_t peer, uint32_t flags, uint64_t mfn)
{
	int64_t ref = raw_offer_result(peer, flags, mfn);

	if (ref == -HC_ELIMIT) { /* the table of references wants a page */
		raw_room();
		ref = raw_offer_result(peer, flags, mfn);
	}
	if (ref <= 0)
		raw_hole("an offer of frame %lx, flags %u: %ld", mfn, flags, (long)ref);
	return (uint32_t)ref;
}

RAW int64_t raw_grant_map(uint32_t granter, uint32_t ref, uint32_t flags, uint64_t va)
{
	struct grant_map m = {.granter = granter, .first = ref, .count = 1, .flags = flags, .va = va};

	return hc_grant_map(&m);
}

/* Copies 8 bytes of the own frame @mfn into reference @ref of @domid. */
RAW int64_t raw_copy_into(uint32_t domid, uint32_t ref, uint64_t mfn)
{
	struct grant_copy c = {.flags = GRANT_COPY_DST_GRANT, .len = 8, .dst_domid = domid, .dst = ref, .src = mfn};
	uint32_t done;

	return hc_grant_copy(&c, 1, &done);
}

/* Copies 8 bytes of reference @ref of @domid into the own frame @mfn. */
RAW int64_t raw_copy_from(uint32_t domid, uint32_t ref, uint64_t mfn)
{
	struct grant_copy c = {.flags = GRANT_COPY_SRC_GRANT, .len = 8, .src_domid = domid, .src = ref, .dst = mfn};
	uint32_t done;

	return hc_grant_copy(&c, 1, &done);
}

#endif
