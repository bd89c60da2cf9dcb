/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Its own page tables: it may read them, and in no way write them, bend them into cycles, or make one of a frame that it
 * can still write to, through whichever door: mappings, grants, grant copies, stale translations.
 */
#include "raw.h"

#define TABLES_MAX 64u

static uint64_t tables[TABLES_MAX], roots[TABLES_MAX];
static unsigned table_count, root_count;
static uint64_t window;

static void tables_find(void)
{
	for (uint64_t mfn = 0; mfn < RAW_FRAMES; mfn++) {
		unsigned level = raw_table_level(mfn);

		if (level == 4 && root_count < TABLES_MAX)
			roots[root_count++] = mfn;
		else if (level == 1 && table_count < TABLES_MAX)
			tables[table_count++] = mfn;
	}
	printf("tables: %u root, %u below\n", root_count, table_count);
	if (root_count != 1 || table_count < 8)
		raw_hole("its tables are not to be found");
}

/* What works for no table, @mfn being one. */
static void table_attack(uint64_t mfn)
{
	struct grant_offer offer = {.peer = start_info()->domid, .count = 1, .mfns = (uint64_t)&mfn};
	uint32_t done;
	int64_t ref;

	raw_expect("a table mapped writable", raw_map(window, mfn, PTE_W | PTE_NX), HC_ETYPE);
	raw_expect("a table mapped executable", raw_map(window, mfn, 0), HC_ESEALED);
	raw_expect("a table mapped read-only", raw_map(window, mfn, PTE_NX), HC_OK);
	raw_expect_page_fault("a table written through it", raw_write, window, 0xff, window,
			      PF_PRESENT | PF_WRITE | PF_USER);
	raw_expect("unmapped again", raw_unmap(window), HC_OK);
	ref = hc_grant_offer(DOMID_SELF, &offer);
	if (ref > 0) {
		struct grant_map map = {
			.granter = start_info()->domid, .first = (uint32_t)ref, .count = 1, .va = window};
		struct grant_copy copy = {.flags = GRANT_COPY_DST_GRANT,
					  .len = 8,
					  .src = pages_mfn((void *)start_info()->mem_va),
					  .dst = (uint64_t)ref,
					  .dst_domid = start_info()->domid};

		raw_expect("a table granted and mapped writable", hc_grant_map(&map), HC_ETYPE);
		raw_expect("a copy into a table", hc_grant_copy(&copy, 1, &done), HC_ETYPE);
		raw_expect("revoked again", hc_grant_revoke((uint32_t)ref, 1), HC_OK);
	}
	raw_expect("an entry with PS", raw_mmu(MMU_UPDATE, mfn, 1, PTE_P | PTE_U | PTE_PS | PTE_NX), HC_EENTRY);
	raw_expect("an entry with G", raw_mmu(MMU_UPDATE, mfn, 1, PTE_P | PTE_U | PTE_G | PTE_NX), HC_EENTRY);
	raw_expect("an entry without U", raw_mmu(MMU_UPDATE, mfn, 1, PTE_P | PTE_W | PTE_NX), HC_EENTRY);
	raw_expect("an entry that is not present", raw_mmu(MMU_UPDATE, mfn, 1, PTE_U | mfn << PAGE_SHIFT), HC_EENTRY);
	raw_expect("an entry like a grant's", raw_mmu(MMU_UPDATE, mfn, 1, PTE_P | PTE_U | PTE_GRANT | PTE_NX),
		   HC_EENTRY);
	raw_expect("a key", raw_mmu(MMU_UPDATE, mfn, 1, PTE_P | PTE_U | 1ull << 60 | PTE_NX), HC_EENTRY);
	raw_expect("a reserved bit", raw_mmu(MMU_UPDATE, mfn, 1, PTE_P | PTE_U | 1ull << 52 | PTE_NX), HC_EENTRY);
	raw_expect("index 512", raw_mmu(MMU_UPDATE, mfn, 512, 0), HC_EADDRESS);
	raw_expect("index 2^32", raw_mmu(MMU_UPDATE, mfn, 1ull << 32, 0), HC_EADDRESS);
}

static void root_attack(uint64_t root)
{
	static const unsigned not_ours[] = {255, 256, 257, 300, 510, 511};
	uint64_t lower = tables[0];

	for (unsigned i = 0; i < ARRAY_SIZE(not_ours); i++) {
		raw_expect("a slot of the hypervisor emptied", raw_mmu(MMU_UPDATE, root, not_ours[i], 0), HC_EADDRESS);
		raw_expect("a slot of the hypervisor set",
			   raw_mmu(MMU_UPDATE, root, not_ours[i], lower << PAGE_SHIFT | PTE_P | PTE_U | PTE_W),
			   HC_EADDRESS);
	}
	raw_expect("the root below itself", raw_mmu(MMU_UPDATE, root, 100, root << PAGE_SHIFT | PTE_P | PTE_U | PTE_W),
		   HC_ETYPE);
	raw_expect("foreign memory as a table", raw_mmu(MMU_UPDATE, root, 100, 0x1000000ull | PTE_P | PTE_U | PTE_W),
		   HC_EFRAME);
	raw_expect("the root unpinned", raw_mmu(MMU_UNPIN, root, 0, 0), HC_ESTATE);
	raw_expect("the root pinned as level 1", raw_mmu(MMU_PIN, root, 0, 1), HC_ETYPE);
	raw_expect("a base that is no root", raw_mmu(MMU_BASE, lower, 0, 0), HC_ETYPE);
	raw_expect("a base of the hypervisor", raw_mmu(MMU_BASE, 0x1000, 0, 0), HC_EFRAME);
	raw_expect("a base that does not exist", raw_mmu(MMU_BASE, 1ull << 40, 0, 0), HC_EFRAME);
	raw_expect("level 5", raw_mmu(MMU_PIN, root, 0, 5), HC_EINVAL);
	raw_expect("level 0", raw_mmu(MMU_PIN, root, 0, 0), HC_EINVAL);
}

/* Frames of its own that become tables. */
static void promote_attack(void)
{
	uint64_t *page = pages_alloc(1), mfn = pages_mfn(page), va = (uint64_t)page;
	static const struct {
		const char *what;
		uint64_t entry;
		enum abi_error error;
	} bad[] = {
		{"foreign memory", 0x1000000ull | PTE_P | PTE_U | PTE_NX, HC_EFRAME},
		{"a local APIC", 0xfee00000ull | PTE_P | PTE_U | PTE_W | PTE_PCD | PTE_NX, HC_EFRAME},
		{"no U", 0x1000ull | PTE_P | PTE_NX, HC_EENTRY},
		{"G", 0x1000ull | PTE_P | PTE_U | PTE_G | PTE_NX, HC_EENTRY},
		{"junk", 0xdeadbeefdeadbeefull & ~PTE_P, HC_EENTRY},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		page[7] = bad[i].entry;
		raw_expect("pinned while it is writable", raw_mmu(MMU_PIN, mfn, 0, 1), HC_ETYPE);
		raw_expect("made absent", raw_unmap(va), HC_OK);
		raw_expect(bad[i].what, raw_mmu(MMU_PIN, mfn, 0, 1), bad[i].error);
		raw_expect("mapped again", raw_map(va, mfn, PTE_W | PTE_NX), HC_OK);
	}
	page[7] = mfn << PAGE_SHIFT | PTE_P | PTE_U | PTE_W | PTE_NX;
	raw_expect("made absent", raw_unmap(va), HC_OK);
	raw_expect("a table that maps itself writable", raw_mmu(MMU_PIN, mfn, 0, 1), HC_ETYPE);
	raw_expect("mapped again", raw_map(va, mfn, PTE_W | PTE_NX), HC_OK);
	pages_free(page, 1);
}

/* A write through a translation that the CPU may still have, right after the frame became a table in the same call. */
static void stale_attack(void)
{
	uint64_t *page = pages_alloc(1), mfn = pages_mfn(page), va = (uint64_t)page;
	struct mmu_op ops[2] = {{.op = MMU_UPDATE_VA, .address = va}, {.op = MMU_PIN, .mfn = mfn, .value = 1}};
	uint32_t done = 0;

	raw_write(va, 0); /* the translation is there */
	raw_expect("unmapped and pinned at once", hc_mmu_update(ops, 2, &done), HC_OK);
	raw_expect_page_fault("written by a stale translation", raw_write, va, 0xff, va, PF_WRITE | PF_USER);
	raw_expect("a pinned table mapped writable", raw_map(va, mfn, PTE_W | PTE_NX), HC_ETYPE);
	raw_expect("unpinned", raw_mmu(MMU_UNPIN, mfn, 0, 0), HC_OK);
	raw_expect("unpinned twice", raw_mmu(MMU_UNPIN, mfn, 0, 0), HC_ESTATE);
	raw_expect("mapped again", raw_map(va, mfn, PTE_W | PTE_NX), HC_OK);
	raw_write(va, 0);
	pages_free(page, 1);
}

int main(void)
{
	raw_start(0);
	window = window_alloc(1);
	tables_find();
	for (unsigned i = 0; i < table_count; i++)
		table_attack(tables[i]);
	for (unsigned i = 0; i < root_count; i++) {
		table_attack(roots[i]);
		root_attack(roots[i]);
	}
	promote_attack();
	stale_attack();
	raw_attempts = 0; /* how many tables there are depends on chance */
	return raw_end("tables");
}
