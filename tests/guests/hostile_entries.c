/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Entries that must not exist, bit by bit, at every level, through both ways in: written into a table (MMU_UPDATE) and
 * found in a frame that is to become one (MMU_PIN). What each would give it, were it taken:
 *
 *   G            a translation that outlives the switch to the next domain;
 *   no U         a page that only the hypervisor reaches, at an address of the guest's choosing: with SMEP and SMAP off,
 *                code and data of the guest that ring 0 trusts;
 *   PS           1 GiB, or 512 GiB, of whatever lies behind its one frame; in a table that is pinned, 2 MiB unseen;
 *   absent, not 0   on CPUs with L1TF a speculative read of any frame;
 *   52..62, PAT  a fault or a memory type nobody has thought of; protection keys;
 *   PTE_GRANT    an entry that the hypervisor takes for its own bookkeeping: unmapped as a grant, it would drop a
 *                reference that nobody took.
 */
#include "raw_memory.h"

static uint64_t window;
static struct raw_tree tree;
static uint64_t data; /* a frame that level-1 entries may name */

/* What an entry of @level in a table of its own may look like. */
static uint64_t good_entry(unsigned level)
{
	static const uint64_t *const below[] = {NULL, NULL, &tree.l1, &tree.l2, &tree.l3};

	return level == 1 ? raw_entry(data, RO) : *below[level] << PAGE_SHIFT | LINK;
}

/* Bits that @level does not have. Frame numbers are others' to try. */
static bool is_forbidden(unsigned level, unsigned bit)
{
	const uint64_t allowed = PTE_W | PTE_A | PTE_D | PTE_NX | PTE_P | PTE_U;

	if (bit >= PAGE_SHIFT && bit < 52)
		return false;
	/* 2 MiB have a guest of their own. */
	return !(allowed >> bit & 1) && !(level == 2 && bit == 7);
}

static const char *entry_name(unsigned level, unsigned bit, const char *how)
{
	static char name[64];

	snprintf(name, sizeof name, "level %u, bit %u, %s", level, bit, how);
	return name;
}

/* @entry in table @mfn of @level, which has index 9 empty. */
static void by_update(uint64_t mfn, unsigned level, unsigned bit, uint64_t entry)
{
	raw_refused(entry_name(level, bit, "written"), raw_mmu(MMU_UPDATE, mfn, 9, entry), HC_EENTRY);
}

/* @entry in frame @mfn, which is no table, at its last index that is a guest's. */
static void by_pin(uint64_t mfn, unsigned level, unsigned bit, uint64_t entry)
{
	unsigned index = level == 4 ? 254 : 511;

	raw_poke(window, mfn, index, entry);
	raw_refused(entry_name(level, bit, "pinned"), raw_pin(mfn, level), HC_EENTRY);
	raw_expect(entry_name(level, bit, "an ordinary frame still"), raw_map(window, mfn, RW), HC_OK);
	raw_attempts++;
	if (((volatile uint64_t *)window)[index] != entry)
		raw_hole("level %u, bit %u: a refused table was changed", level, bit);
	((volatile uint64_t *)window)[index] = 0;
	raw_unmap(window);
}

static void level_try(unsigned level)
{
	uint64_t table = raw_frame(), frame = raw_frame(), good = good_entry(level);

	raw_expect("an empty table", raw_pin(table, level), HC_OK);
	for (unsigned bit = 0; bit < 64; bit++) {
		if (!is_forbidden(level, bit))
			continue;
		by_update(table, level, bit, good | 1ull << bit);
		by_pin(frame, level, bit, good | 1ull << bit);
	}
	by_update(table, level, 0, good & ~PTE_P);
	by_pin(frame, level, 0, good & ~PTE_P);
	by_update(table, level, 2, good & ~PTE_U);
	by_pin(frame, level, 2, good & ~PTE_U);
	by_update(table, level, 64, PTE_NX); /* nothing but one bit that is harmless by itself */
	by_pin(frame, level, 64, PTE_NX);
	raw_attempts++;
	for (unsigned i = 0; i < 255; i++)
		if (raw_peek(window, table, i))
			raw_hole("level %u: entry %u is no longer zero", level, i);
	/* Without the bit it is taken, so it was the bit that was refused. */
	raw_expect("the same entry as it may be", raw_mmu(MMU_UPDATE, table, 9, good), HC_OK);
	raw_expect_number("unpinned with it", raw_unpin_all(table), 1);
	raw_expect_number("given back", raw_give(table), 1);
	raw_expect_number("given back", raw_give(frame), 1);
}

/* PS in an entry that is found, where the one that is written may have it. */
static void run_by_pin(void)
{
	uint64_t frame = raw_frame();

	by_pin(frame, 2, 7, raw_entry(0, RO | PTE_PS));
	by_pin(frame, 2, 7, raw_entry(data & ~511ull, RW | PTE_PS));
	raw_expect_number("given back", raw_give(frame), 1);
}

/* The root's entries from 255 on are not the guest's: a frame that has its own there is no root. */
static void upper_half(void)
{
	static const unsigned not_ours[] = {255, 256, 257, 400, 511};
	uint64_t frame = raw_frame();

	for (unsigned i = 0; i < ARRAY_SIZE(not_ours); i++) {
		raw_poke(window, frame, not_ours[i], good_entry(4));
		raw_refused("a root with a slot of the hypervisor", raw_pin(frame, 4), HC_EENTRY);
		raw_poke(window, frame, not_ours[i], 0);
	}
	raw_expect("without one it is", raw_pin(frame, 4), HC_OK);
	raw_attempts++;
	if (!raw_peek(window, frame, 256) || raw_peek(window, frame, 255))
		raw_hole("a new root has not the hypervisor's half");
	raw_expect("unpinned", raw_unpin(frame), HC_OK);
	raw_attempts++;
	for (unsigned i = 0; i < 512; i++)
		if (raw_peek(window, frame, i))
			raw_hole("slot %u is left in a frame that is no root any more", i);
	raw_expect_number("given back", raw_give(frame), 1);
}

int main(void)
{
	struct memory_info before, after;

	raw_start(0);
	window = window_alloc(1);
	data = raw_frame();
	tree = raw_tree_make(window);
	before = raw_figures();
	for (unsigned level = 1; level <= 4; level++)
		level_try(level);
	run_by_pin();
	upper_half();
	after = raw_figures();
	raw_attempts++;
	if (after.page_tables != before.page_tables)
		raw_hole("%lu tables became %lu", before.page_tables, after.page_tables);
	raw_tree_drop(&tree);
	raw_expect_number("given back", raw_give(data), 1);
	return raw_end("entries");
}
