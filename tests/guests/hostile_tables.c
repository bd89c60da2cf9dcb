/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page tables that it was started with. It may read them. Whoever could write to one would map any frame of the
 * machine: so it tries every door that leads to memory, for each table. A mapping of its own, a grant to itself that it
 * maps or copies into, an offer to be taken over, giving the frame back and taking it again, another type.
 */
#include "raw_memory.h"

#define TABLES_MAX 64u

static uint64_t tables[TABLES_MAX];
static unsigned levels[TABLES_MAX], table_count, root_count;
static uint64_t window, root;

static void tables_find(void)
{
	for (uint64_t mfn = 0; mfn < RAW_FRAMES && table_count < TABLES_MAX; mfn++) {
		unsigned level = raw_table_level(mfn);

		if (!level)
			continue;
		if (level == 4)
			root = mfn;
		root_count += level == 4;
		levels[table_count] = level;
		tables[table_count++] = mfn;
	}
	printf("tables: %u, %u of them a root\n", table_count, root_count);
	if (root_count != 1 || table_count < 4 || table_count != raw_figures().page_tables)
		raw_hole("its tables are not to be found");
}

static void by_mapping(uint64_t mfn)
{
	raw_refused("a table mapped writable", raw_map(window, mfn, RW), HC_ETYPE);
	raw_refused("a table mapped executable", raw_map(window, mfn, 0), HC_ESEALED);
	raw_refused("a table mapped writable and executable", raw_map(window, mfn, PTE_W), HC_EENTRY);
	raw_expect("a table mapped read-only", raw_map(window, mfn, RO), HC_OK);
	raw_expect_page_fault("a table written through it", raw_write, window, 0xff, window,
			      PF_PRESENT | PF_WRITE | PF_USER);
	raw_refused("that mapping made writable", raw_map(window, mfn, RW), HC_ETYPE);
	raw_expect("unmapped again", raw_unmap(window), HC_OK);
}

/* The offers are taken; it is their use that is refused. */
static void by_grant(uint64_t mfn)
{
	const uint32_t self = start_info()->domid;
	uint32_t ref = raw_offer(self, 0, mfn), gift;

	raw_refused("a table granted and mapped writable", raw_grant_map(self, ref, 0, window), HC_ETYPE);
	raw_refused("a copy into a table", raw_copy_into(self, ref, pages_mfn((void *)start_info()->mem_va)), HC_ETYPE);
	raw_expect("a table granted and mapped read-only", raw_grant_map(self, ref, GRANT_READONLY, window), HC_OK);
	raw_expect_page_fault("written through that", raw_write, window, 0xff, window, PF_PRESENT | PF_WRITE | PF_USER);
	raw_expect("unmapped again", hc_grant_unmap(window, 1), HC_OK);
	raw_expect("revoked again", hc_grant_revoke(ref, 1), HC_OK);
	gift = raw_offer(self, GRANT_TRANSFER, mfn);
	raw_refused("a table taken over from itself", hc_grant_accept(self, gift), HC_ENODOM);
	raw_refused("a table mapped by an offer to take it over", raw_grant_map(self, gift, 0, window), HC_EGRANT);
	raw_expect("revoked again", hc_grant_revoke(gift, 1), HC_OK);
}

static void by_type(uint64_t mfn, unsigned level)
{
	uint64_t ps = PTE_P | PTE_U | PTE_PS | PTE_NX;

	for (unsigned l = 1; l <= 4; l++)
		raw_refused("a table pinned again", raw_pin(mfn, l), l == level ? HC_ESTATE : HC_ETYPE);
	raw_refused("a table unpinned that is linked, or the root", raw_unpin(mfn), HC_ELINKED);
	raw_refused("a table given back", raw_give(mfn), HC_EBUSY);
	raw_refused("an entry that is 2 MiB of frame 0", raw_mmu(MMU_UPDATE, mfn, 1, ps),
		    level == 2 ? HC_ERUN : HC_EENTRY);
	raw_refused("an entry like a grant's", raw_mmu(MMU_UPDATE, mfn, 1, PTE_P | PTE_U | PTE_GRANT | PTE_NX),
		    HC_EENTRY);
	raw_refused("index 512", raw_mmu(MMU_UPDATE, mfn, 512, 0), HC_EADDRESS);
	raw_refused("index 2^32", raw_mmu(MMU_UPDATE, mfn, 1ull << 32, 0), HC_EADDRESS);
}

/* Nothing of that has left a trace in the table: the CPU's accessed and dirty bits apart, it is what it was. */
static void table_attack(uint64_t mfn, unsigned level)
{
	static uint64_t before[512];
	const uint64_t *now = (const uint64_t *)window;

	raw_expect("looked at", raw_map(window, mfn, RO), HC_OK);
	memcpy(before, now, sizeof before);
	raw_unmap(window);
	by_mapping(mfn);
	by_grant(mfn);
	by_type(mfn, level);
	raw_expect("looked at", raw_map(window, mfn, RO), HC_OK);
	for (unsigned i = 0; i < 512; i++)
		if (((now[i] ^ before[i]) & ~(PTE_A | PTE_D)) && (now[i] & PTE_FRAME) >> PAGE_SHIFT != mfn)
			raw_hole("entry %u of a level-%u table became %lx from %lx", i, level, now[i], before[i]);
	raw_unmap(window);
}

static void root_attack(void)
{
	static const unsigned not_ours[] = {255, 256, 257, 300, 510, 511};
	const uint64_t lower = tables[tables[0] == root];

	for (unsigned i = 0; i < ARRAY_SIZE(not_ours); i++) {
		raw_refused("a slot of the hypervisor emptied", raw_mmu(MMU_UPDATE, root, not_ours[i], 0), HC_EADDRESS);
		raw_refused("a slot of the hypervisor set",
			    raw_mmu(MMU_UPDATE, root, not_ours[i], lower << PAGE_SHIFT | PTE_P | PTE_U | PTE_W),
			    HC_EADDRESS);
	}
	raw_refused("the root below itself", raw_mmu(MMU_UPDATE, root, 100, root << PAGE_SHIFT | PTE_P | PTE_U | PTE_W),
		    HC_ETYPE);
	raw_refused("foreign memory as a table", raw_mmu(MMU_UPDATE, root, 100, 0x1000000ull | PTE_P | PTE_U | PTE_W),
		    HC_EFRAME);
	raw_refused("a base that is no root", raw_mmu(MMU_BASE, lower, 0, 0), HC_ETYPE);
	raw_refused("a base of the hypervisor", raw_mmu(MMU_BASE, 0x1000, 0, 0), HC_EFRAME);
	raw_refused("a base that does not exist", raw_mmu(MMU_BASE, 1ull << 40, 0, 0), HC_EFRAME);
	raw_refused("a base that is a frame like any other",
		    raw_mmu(MMU_BASE, pages_mfn((void *)start_info()->mem_va), 0, 0), HC_ETYPE);
	raw_refused("level 5", raw_mmu(MMU_PIN, root, 0, 5), HC_EINVAL);
	raw_refused("level 0", raw_mmu(MMU_PIN, root, 0, 0), HC_EINVAL);
}

int main(void)
{
	raw_start(0);
	window = window_alloc(1);
	tables_find();
	for (unsigned i = 0; i < table_count; i++)
		table_attack(tables[i], levels[i]);
	root_attack();
	raw_attempts = 0; /* how many tables there are depends on chance */
	return raw_end("tables");
}
