/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 2 MiB entries. One entry speaks for 512 frames, so a check of its first frame alone gives away 511 others: a table in
 * the run becomes writable, a frame that is somebody else's is mapped with it, one that was given back stays mapped.
 * And what was taken for the frames before the one that is refused has to be undone.
 */
#include "raw_memory.h"

#define PS (PTE_PS | PTE_NX)

static uint64_t window;
static struct raw_tree tree;
static uint64_t run, va; /* its first frame; where it is mapped */

static int64_t run_map(uint64_t first, uint64_t bits)
{
	return raw_mmu(MMU_UPDATE, tree.l2, 1, raw_entry(first, bits));
}

static int64_t run_unmap(void)
{
	return raw_mmu(MMU_UPDATE, tree.l2, 1, 0);
}

/* Makes room for a run and takes it. */
static void run_take(void)
{
	uint64_t told[2] = {0, 77};
	int64_t result;

	for (unsigned i = 0; i < RUN_PAGES && raw_figures().target < raw_figures().frames + RUN_PAGES; i++)
		raw_room();
	result = hc_memory_increase(told, RUN_PAGES, MEMORY_RUN);
	run = told[0];
	if (result != RUN_PAGES || run % RUN_PAGES || told[1] != 77)
		raw_hole("a run: %ld, first frame %lx, then %lx", (long)result, run, told[1]);
}

static void bad_entries(void)
{
	static const uint64_t bits[] = {PTE_G,      PTE_GRANT,  PTE_PWT,    PTE_PCD,
					1ull << 10, 1ull << 11, 1ull << 52, 1ull << 60};

	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++)
		raw_refused("2 MiB with a bit that may not be", run_map(run, PS | bits[i]), HC_EENTRY);
	raw_refused("2 MiB without U", raw_mmu(MMU_UPDATE, tree.l2, 1, run << PAGE_SHIFT | PTE_P | PS), HC_EENTRY);
	raw_refused("2 MiB executable", run_map(run, PTE_PS), HC_EENTRY);
	raw_refused("2 MiB writable and executable", run_map(run, PTE_PS | PTE_W), HC_EENTRY);
	raw_refused("2 MiB with PAT, which is bit 12", run_map(run + 1, RW | PTE_PS), HC_ERUN);
	raw_refused("2 MiB that are not aligned", run_map(run + 256, RW | PTE_PS), HC_ERUN);
	raw_refused("2 MiB of the first frames", run_map(0, RO | PTE_PS), HC_ERUN);
	raw_refused("2 MiB of the hypervisor", run_map(RAW_FOREIGN, RO | PTE_PS), HC_ERUN);
	raw_refused("2 MiB of nothing", run_map(RAW_HOLE, RO | PTE_PS), HC_ERUN);
	raw_refused("2 MiB of device registers", run_map(0xfee00, RW | PTE_PS), HC_ERUN);
	raw_refused("the last 2 MiB there can be", run_map((PTE_FRAME >> PAGE_SHIFT) & ~511ull, RW | PTE_PS), HC_ERUN);
	raw_refused("1 GiB", raw_mmu(MMU_UPDATE, tree.l3, 1, raw_entry(run & ~0x3ffffull, RW | PTE_PS)), HC_EENTRY);
	raw_refused("512 GiB", raw_mmu(MMU_UPDATE, tree.root, tree.slot - 1, raw_entry(0, RW | PTE_PS)), HC_EENTRY);
	raw_refused("2 MiB at level 1", raw_mmu(MMU_UPDATE, tree.l1, 1, raw_entry(run, RW | PTE_PS)), HC_EENTRY);
}

/* While it is mapped: each of its frames counts, first, last and between. */
static void while_mapped(void)
{
	static const unsigned places[] = {0, 1, 7, 255, 511};
	const uint32_t self = start_info()->domid;

	raw_expect("2 MiB mapped", run_map(run, RW | PTE_PS), HC_OK);
	for (unsigned i = 0; i < 512; i++)
		*(volatile uint64_t *)(va + i * PAGE_SIZE) = i;
	raw_refused("2 MiB under a page of their own", raw_map(va, run, RO), HC_ENOTABLE);
	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		uint64_t frame = run + places[i];
		uint32_t ref = raw_offer(self, 0, frame);

		for (unsigned level = 1; level <= 4; level++)
			raw_refused("a frame of it pinned", raw_pin(frame, level), HC_ETYPE);
		raw_refused("a frame of it linked", raw_mmu(MMU_UPDATE, tree.l2, 2, frame << PAGE_SHIFT | LINK),
			    HC_ETYPE);
		raw_refused("a frame of it given back", raw_give(frame), HC_EBUSY);
		raw_refused("a frame of it mapped executable", raw_map(window, frame, 0), HC_ESEALED);
		raw_refused("a grant mapped into it", raw_grant_map(self, ref, 0, va + places[i] * PAGE_SIZE),
			    HC_ENOTABLE);
		raw_refused("a grant unmapped out of it", hc_grant_unmap(va + places[i] * PAGE_SIZE, 1), HC_ENOTABLE);
		raw_expect("revoked", hc_grant_revoke(ref, 1), HC_OK);
		raw_attempts++;
		if (raw_peek(window, frame, 0) != places[i])
			raw_hole("frame %u of the run is not where it should be", places[i]);
	}
	raw_expect_page_fault("2 MiB executed", raw_execute, va, 0, va, PF_PRESENT | PF_USER | PF_EXECUTE);
	raw_expect("2 MiB read-only", run_map(run, RO | PTE_PS), HC_OK);
	raw_expect_page_fault("then written", raw_write, va + 5, 1, va + 5, PF_PRESENT | PF_WRITE | PF_USER);
	raw_expect("unmapped", run_unmap(), HC_OK);
	raw_expect_page_fault("then read", raw_read, va + PAGE_SIZE, 0, va + PAGE_SIZE, PF_USER);
}

/* A table in the run, at @place: readable with the rest, never writable; and the refusal takes nothing with it. */
static void with_a_table(unsigned place)
{
	uint64_t frame = run + place;

	raw_poke(window, frame, 0, 0);
	raw_expect("a frame of the run pinned", raw_pin(frame, 1), HC_OK);
	raw_refused("2 MiB with a table mapped writable", run_map(run, RW | PTE_PS), HC_ETYPE);
	for (unsigned i = 0; i < 512; i += 73)
		if (i != place) {
			raw_poke(window, run + i, 0, 0);
			raw_expect("a frame before it is free to be another's", raw_pin(run + i, 2), HC_OK);
			raw_expect("unpinned", raw_unpin(run + i), HC_OK);
		}
	raw_expect("2 MiB with a table mapped read-only", run_map(run, RO | PTE_PS), HC_OK);
	raw_expect_page_fault("the table written", raw_write, va + place * PAGE_SIZE, 1, va + place * PAGE_SIZE,
			      PF_PRESENT | PF_WRITE | PF_USER);
	raw_refused("made writable afterwards", run_map(run, RW | PTE_PS), HC_ETYPE);
	raw_expect("unmapped", run_unmap(), HC_OK);
	raw_expect("unpinned", raw_unpin(frame), HC_OK);
}

/* Written through 2 MiB that are unmapped in the same call in which one of their frames becomes a table. */
static void stale(void)
{
	struct mmu_op ops[2] = {{.op = MMU_UPDATE, .mfn = tree.l2, .address = 1},
				{.op = MMU_PIN, .mfn = run + 300, .value = 1}};
	uint32_t done = 0;

	raw_expect("2 MiB mapped", run_map(run, RW | PTE_PS), HC_OK);
	memset((void *)va, 0, RUN_PAGES * PAGE_SIZE);
	raw_expect("unmapped and pinned at once", hc_mmu_update(ops, 2, &done), HC_OK);
	raw_expect_page_fault("written by a stale translation", raw_write, va + 300 * PAGE_SIZE, 1,
			      va + 300 * PAGE_SIZE, PF_WRITE | PF_USER);
	raw_expect("unpinned", raw_unpin(run + 300), HC_OK);
}

/* A table full of runs is unpinned in steps, each within the bound of one call; after the last all is released. */
static void long_unpin(void)
{
	uint64_t table = raw_frame();
	unsigned steps;

	raw_expect("a level-2 table", raw_pin(table, 2), HC_OK);
	for (unsigned i = 0; i < 64; i++)
		raw_expect("the run once more", raw_mmu(MMU_UPDATE, table, i, raw_entry(run, RW | PTE_PS)), HC_OK);
	raw_refused("a frame of it pinned", raw_pin(run + 9, 1), HC_ETYPE);
	steps = raw_unpin_all(table);
	raw_attempts++;
	if (steps < 8)
		raw_hole("64 runs unmapped in %u steps", steps);
	raw_expect_number("the table given back", raw_give(table), 1);
}

/* Frames that are no longer all its own. */
static void with_a_hole(void)
{
	raw_expect_number("one frame given back", raw_give(run + 511), 1);
	raw_refused("2 MiB without the last frame", run_map(run, RW | PTE_PS), HC_ERUN);
	raw_refused("2 MiB without the last frame, to read", run_map(run, RO | PTE_PS), HC_ERUN);
	for (unsigned i = 0; i < 511; i++)
		raw_expect_number("the others given back", raw_give(run + i), 1);
	raw_refused("2 MiB of which nothing is left", run_map(run, RO | PTE_PS), HC_ERUN);
}

int main(void)
{
	struct memory_info before, after;

	raw_start(0);
	window = window_alloc(1);
	tree = raw_tree_make(window);
	va = tree.va + (1ull << 21);
	before = raw_figures();
	run_take();
	bad_entries();
	while_mapped();
	with_a_table(0);
	with_a_table(200);
	with_a_table(511);
	stale();
	long_unpin();
	with_a_hole();
	raw_tree_drop(&tree);
	after = raw_figures();
	raw_attempts++;
	/* The run and the three tables are gone; the runtime may have taken a page for what was said. */
	if (after.frames >= before.frames || after.page_tables + 3 != before.page_tables)
		raw_hole("%lu frames became %lu, %lu tables %lu", before.frames, after.frames, before.page_tables,
			 after.page_tables);
	return raw_end("runs");
}
