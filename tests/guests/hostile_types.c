/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames that are to be two things at once. A frame that is a table and writable is the machine; one that is a table of
 * two levels turns data that was checked as one thing into another; one that is no longer a table while something still
 * leads to it is a table that nobody checks. Each is tried with frames of its own: pinned twice, pinned while writable,
 * linked at the wrong level, to itself, unpinned while linked, while it holds a grant, while the CPU walks it; and
 * written through translations that the CPU may still have.
 */
#include "raw_memory.h"

#define TABLES_OF_GRANTS 16u /* pages that 512 offers and mappings take, at most */

static uint64_t window;
static struct raw_tree tree;

/* Entry 9 of table @table becomes a link to @to. */
static int64_t link(uint64_t table, uint64_t to)
{
	return raw_mmu(MMU_UPDATE, table, 9, to << PAGE_SHIFT | LINK);
}

static void two_levels(void)
{
	const uint64_t own[] = {0, tree.l1, tree.l2, tree.l3, tree.root};

	for (unsigned level = 1; level <= 4; level++)
		for (unsigned as = 1; as <= 4; as++)
			raw_refused("pinned as a second level", raw_pin(own[level], as),
				    as == level ? HC_ESTATE : HC_ETYPE);
	for (unsigned above = 2; above <= 4; above++)
		for (unsigned below = 1; below <= 4; below++)
			if (below != above - 1)
				raw_refused("linked at a level that it has not", link(own[above], own[below]),
					    HC_ETYPE);
	raw_refused("a level-1 table that maps itself writable",
		    raw_mmu(MMU_UPDATE, tree.l1, 9, raw_entry(tree.l1, RW)), HC_ETYPE);
	raw_refused("a level-1 table that maps its root writable",
		    raw_mmu(MMU_UPDATE, tree.l1, 9, raw_entry(tree.root, RW)), HC_ETYPE);
}

/* Frames that hold the very entry that makes them dangerous, before they are pinned. */
static void pinned_with_itself(void)
{
	uint64_t frame = raw_frame();

	raw_poke(window, frame, 5, raw_entry(frame, RW));
	raw_refused("a table that maps itself writable", raw_pin(frame, 1), HC_ETYPE);
	raw_poke(window, frame, 5, frame << PAGE_SHIFT | LINK);
	for (unsigned level = 2; level <= 4; level++)
		raw_refused("a table below itself", raw_pin(frame, level), HC_ETYPE);
	raw_poke(window, frame, 5, raw_entry(frame, RO));
	raw_expect("a table that shows itself", raw_pin(frame, 1), HC_OK);
	raw_refused("pinned once more", raw_pin(frame, 1), HC_ESTATE);
	raw_expect("unpinned", raw_unpin(frame), HC_OK);
	raw_refused("unpinned twice", raw_unpin(frame), HC_ESTATE);
	raw_expect_number("given back", raw_give(frame), 1);
}

static void writable_frames(void)
{
	uint64_t frame = raw_frame();
	uint64_t shared = raw_mfn(window, SHARED_VA);

	raw_expect("mapped writable", raw_map(window, frame, RW), HC_OK);
	for (unsigned level = 1; level <= 4; level++) {
		raw_refused("pinned while it is writable", raw_pin(frame, level), HC_ETYPE);
		raw_refused("the shared page pinned", raw_pin(shared, level), HC_ETYPE);
	}
	raw_refused("a writable frame linked", link(tree.l2, frame), HC_ETYPE);
	raw_expect("mapped read-only", raw_map(window, frame, RO), HC_OK);
	raw_refused("a frame linked that is no table", link(tree.l2, frame), HC_EUNPINNED);
	raw_refused("a frame that is no table as the base", raw_mmu(MMU_BASE, frame, 0, 0), HC_EUNPINNED);
	raw_expect("pinned while it is readable", raw_pin(frame, 1), HC_OK);
	raw_expect_page_fault("written through that mapping", raw_write, window, 1, window,
			      PF_PRESENT | PF_WRITE | PF_USER);
	raw_expect("unpinned", raw_unpin(frame), HC_OK);
	raw_refused("unpinned twice", raw_unpin(frame), HC_ESTATE);
	raw_expect("unmapped", raw_unmap(window), HC_OK);
	raw_expect_number("given back", raw_give(frame), 1);
}

static void not_its_own(void)
{
	static const uint64_t foreign[] = {0, RAW_FOREIGN, RAW_HOLE, 0xfee00, PTE_FRAME >> PAGE_SHIFT};

	for (unsigned i = 0; i < ARRAY_SIZE(foreign); i++) {
		raw_refused("a foreign frame pinned", raw_pin(foreign[i], 1), HC_EFRAME);
		raw_refused("a foreign frame unpinned", raw_unpin(foreign[i]), HC_EFRAME);
		raw_refused("a foreign frame linked", link(tree.l2, foreign[i]), HC_EFRAME);
		raw_refused("a foreign frame as the base", raw_mmu(MMU_BASE, foreign[i], 0, 0), HC_EFRAME);
		raw_refused("a foreign frame updated", raw_mmu(MMU_UPDATE, foreign[i], 0, 0), HC_ENOTABLE);
	}
	raw_refused("frame 2^52 pinned", raw_pin(1ull << 52, 1), HC_EFRAME);
	raw_refused("frame 2^64 - 1 pinned", raw_pin(UINT64_MAX, 1), HC_EFRAME);
	raw_refused("the hypercall page pinned", raw_pin(raw_mfn(window, HYPERCALL_VA), 1), HC_EFRAME);
}

/* A table that something leads to stays one; what it led to is free when it goes; what is left is zero. */
static void life(void)
{
	const uint32_t self = start_info()->domid;
	uint64_t frame = raw_frame(), other = tree.va + (9ull << 21);
	uint32_t ref = raw_offer(self, 0, frame);

	raw_refused("a linked table unpinned", raw_unpin(tree.l1), HC_ELINKED);
	raw_refused("a linked table unpinned", raw_unpin(tree.l3), HC_ELINKED);
	raw_refused("the root unpinned", raw_unpin(tree.root), HC_ELINKED);
	raw_expect("a grant mapped in it", raw_grant_map(self, ref, 0, tree.va), HC_OK);
	raw_expect("unlinked", raw_mmu(MMU_UPDATE, tree.l2, 0, 0), HC_OK);
	raw_expect_page_fault("what it mapped is gone", raw_read, tree.va, 0, tree.va, PF_USER);
	raw_refused("a table with a grant mapping unpinned", raw_unpin(tree.l1), HC_ELINKED);
	raw_refused("its grant revoked", hc_grant_revoke(ref, 1), HC_EBUSY);
	raw_refused("the granted frame pinned", raw_pin(frame, 1), HC_ETYPE);
	raw_refused("the grant's entry replaced", raw_mmu(MMU_UPDATE, tree.l1, 0, 0), HC_EGRANTED);
	raw_expect("linked elsewhere", link(tree.l2, tree.l1), HC_OK);
	raw_expect("unmapped there", hc_grant_unmap(other, 1), HC_OK);
	raw_refused("and once more", hc_grant_unmap(other, 1), HC_EGRANT);
	raw_expect("revoked", hc_grant_revoke(ref, 1), HC_OK);
	raw_expect("linked where it was", raw_mmu(MMU_UPDATE, tree.l2, 0, tree.l1 << PAGE_SHIFT | LINK), HC_OK);
	raw_expect("unlinked elsewhere", raw_mmu(MMU_UPDATE, tree.l2, 9, 0), HC_OK);
	raw_refused("linked once, unpinned", raw_unpin(tree.l1), HC_ELINKED);
	raw_expect_number("given back", raw_give(frame), 1);
}

/* The base is a reference like any other; the root that the CPU left is not. */
static void bases(void)
{
	uint64_t twin = raw_frame();

	for (unsigned i = 0; i < 255; i++)
		raw_poke(window, twin, i, raw_peek(window, tree.root, i));
	raw_expect("a second root", raw_pin(twin, 4), HC_OK);
	raw_expect("switched to it", raw_mmu(MMU_BASE, twin, 0, 0), HC_OK);
	raw_refused("the root that runs unpinned", raw_unpin(twin), HC_ELINKED);
	raw_refused("the root that runs given back", raw_give(twin), HC_EBUSY);
	raw_refused("the root that runs mapped writable", raw_map(window, twin, RW), HC_ETYPE);
	raw_refused("a root below the root", link(twin, tree.root), HC_ETYPE);
	raw_expect("switched back", raw_mmu(MMU_BASE, tree.root, 0, 0), HC_OK);
	raw_expect("the one that it left unpinned", raw_unpin(twin), HC_OK);
	raw_expect("writable now", raw_map(window, twin, RW), HC_OK);
	raw_attempts++;
	if (!raw_is_zero(window))
		raw_hole("a root that was unpinned is not zero");
	raw_refused("switched to it once more", raw_mmu(MMU_BASE, twin, 0, 0), HC_ETYPE);
	raw_expect("unmapped", raw_unmap(window), HC_OK);
	raw_expect_number("given back", raw_give(twin), 1);
}

/*
 * A stale translation. One level-1 table, linked at two addresses, is two translations of one entry. Clearing the entry by
 * one address flushes that one: the CPU, and the emulator too, still has the other, and writes through it until the
 * next flush. So what the frame becomes meanwhile must not matter: a table is read only behind a flush of everything.
 */
static void stale_alias(void)
{
	uint64_t frame = raw_frame(), alias = tree.va + (9ull << 21), old;
	uint32_t self = start_info()->domid, ref;

	raw_expect("linked at a second address", link(tree.l2, tree.l1), HC_OK);
	raw_expect("mapped", raw_map(tree.va, frame, RW), HC_OK);
	raw_write(tree.va, 0);
	raw_write(alias, 0); /* both translations are there */
	raw_expect("cleared by one address", raw_unmap(tree.va), HC_OK);
	raw_expect("a table now", raw_pin(frame, 1), HC_OK);
	raw_expect_page_fault("written by the other", raw_write, alias, 0xff, alias, PF_WRITE | PF_USER);
	raw_attempts++;
	if (raw_peek(window, frame, 0))
		raw_hole("a table was written by a stale translation");
	raw_expect("no longer one", raw_unpin(frame), HC_OK);

	ref = raw_offer(self, 0, frame);
	raw_expect("mapped by grant", raw_grant_map(self, ref, 0, tree.va), HC_OK);
	raw_write(tree.va, 0);
	raw_write(alias, 0);
	raw_expect("unmapped by one address", hc_grant_unmap(tree.va, 1), HC_OK);
	raw_expect("revoked", hc_grant_revoke(ref, 1), HC_OK);
	raw_expect("a table now", raw_pin(frame, 1), HC_OK);
	raw_expect_page_fault("written by the other", raw_write, alias, 0xff, alias, PF_WRITE | PF_USER);
	raw_expect("no longer one", raw_unpin(frame), HC_OK);

	/* The same within one batch, in which nothing but the core asks for a flush; then given back and taken again. */
	raw_expect("mapped", raw_map(tree.va, frame, RW), HC_OK);
	*(volatile uint64_t *)alias = 0;
	raw_expect("cleared by one address", raw_unmap(tree.va), HC_OK);
	raw_expect_number("given back", raw_give(frame), 1);
	raw_try(raw_write, alias, 0xee); /* into a free frame: may succeed until it is somebody's */
	old = frame;
	frame = raw_frame();
	raw_expect("mapped read-only", raw_map(window, frame, RO), HC_OK);
	if (frame == old) {
		raw_expect_page_fault("handed out again, and written by the other", raw_write, alias, 0xff, alias,
				      PF_WRITE | PF_USER);
	} else {
		/* Another CPU has had one ready: the old one may still be nobody's. */
		raw_attempts++;
		raw_try(raw_write, alias, 0xff);
	}
	raw_attempts++;
	if (!raw_is_zero(window))
		raw_hole("a frame is handed out with what a stale translation wrote");
	raw_expect("unmapped", raw_unmap(window), HC_OK);
	raw_expect("unlinked again", raw_mmu(MMU_UPDATE, tree.l2, 9, 0), HC_OK);
	raw_expect_number("given back", raw_give(frame), 1);
}

/* One table at two places of a range: what is unmapped at the first is gone at the second, and the call is all or none. */
static void twice_in_one_range(void)
{
	static uint64_t mfns[512];
	struct grant_offer offer = {.peer = start_info()->domid, .count = ARRAY_SIZE(mfns), .mfns = (uint64_t)mfns};
	struct grant_map map = {.granter = offer.peer, .count = ARRAY_SIZE(mfns), .va = tree.va};
	uint64_t frame = raw_frame();
	int64_t first;

	for (unsigned i = 0; i < ARRAY_SIZE(mfns); i++)
		mfns[i] = frame;
	for (unsigned i = 0; i < TABLES_OF_GRANTS; i++)
		raw_room();
	first = hc_grant_offer(DOMID_SELF, &offer);
	map.first = (uint32_t)first;
	raw_expect("linked at the next place too", raw_mmu(MMU_UPDATE, tree.l2, 1, tree.l1 << PAGE_SHIFT | LINK),
		   HC_OK);
	raw_expect("mapped all over", first > 0 ? hc_grant_map(&map) : first, HC_OK);
	raw_expect("unmapped, the first entry twice", hc_grant_unmap(tree.va, map.count + 1), HC_OK);
	raw_refused("and once more", hc_grant_unmap(tree.va, 1), HC_EGRANT);
	raw_expect("revoked", hc_grant_revoke(map.first, map.count), HC_OK);
	raw_expect("unlinked", raw_mmu(MMU_UPDATE, tree.l2, 1, 0), HC_OK);
	raw_expect_number("given back", raw_give(frame), 1);
}

/* Unmapped, pinned and written in one call's time: the old way, through one address. */
static void stale_batch(void)
{
	uint64_t frame = raw_frame();
	struct mmu_op ops[2] = {{.op = MMU_UPDATE_VA, .address = tree.va}, {.op = MMU_PIN, .mfn = frame, .value = 1}};
	uint32_t done = 0;

	raw_expect("mapped", raw_map(tree.va, frame, RW), HC_OK);
	raw_write(tree.va, 0);
	raw_expect("unmapped and pinned at once", hc_mmu_update(ops, 2, &done), HC_OK);
	raw_expect_page_fault("written by a stale translation", raw_write, tree.va, 0xff, tree.va, PF_WRITE | PF_USER);
	raw_refused("a table mapped writable", raw_map(tree.va, frame, RW), HC_ETYPE);
	raw_expect("unpinned", raw_unpin(frame), HC_OK);
	raw_expect_number("given back", raw_give(frame), 1);
}

static void operations(void)
{
	struct mmu_op op = {.op = MMU_PIN, .level = 1, .mfn = tree.l1, .value = 1};
	uint32_t done;

	raw_refused("a level beside MMU_PIN", hc_mmu_update(&op, 1, &done), HC_EINVAL);
	op = (struct mmu_op){.op = MMU_UPDATE_VA, .level = 5, .address = tree.va};
	raw_refused("level 5 by address", hc_mmu_update(&op, 1, &done), HC_EINVAL);
	op.level = 2;
	op.address = tree.va + (1ull << 30);
	raw_refused("level 2 where there is no level 3", hc_mmu_update(&op, 1, &done), HC_ENOTABLE);
	op.level = 4;
	op.address = 0x7f8000000000;
	raw_refused("slot 255 by address", hc_mmu_update(&op, 1, &done), HC_EADDRESS);
	op = (struct mmu_op){.op = MMU_FLUSH_RANGE, .address = tree.va, .value = UINT64_MAX};
	raw_refused("a flush of everything there is, and more", hc_mmu_update(&op, 1, &done), HC_EADDRESS);
	raw_refused("level 0", raw_pin(tree.l1, 0), HC_EINVAL);
	raw_refused("level 5", raw_pin(tree.l1, 5), HC_EINVAL);
	raw_refused("level 2^32 + 1", raw_mmu(MMU_PIN, tree.l1, 0, (1ull << 32) + 1), HC_EINVAL);
}

int main(void)
{
	uint64_t empty;

	raw_start(0);
	window = window_alloc(1);
	tree = raw_tree_make(window);
	two_levels();
	pinned_with_itself();
	writable_frames();
	not_its_own();
	life();
	bases();
	stale_alias();
	twice_in_one_range();
	stale_batch();
	operations();
	raw_tree_drop(&tree);
	empty = raw_frame();
	raw_expect("a root without an entry", raw_pin(empty, 4), HC_OK);
	raw_end("types");
	printf("types: now onto a root without an entry\n");
	fflush(stdout);
	console_flush();
	raw_mmu(MMU_BASE, empty, 0, 0);
	return 1;
}
