/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grants that are not its own, or used as they must not be: references of all other domains, a mapping written that is
 * read-only, unmapped twice, revoked while it is mapped, changed behind the hypervisor's back.
 */
#include "raw.h"

#define SLOTS 24u
#define GENERATIONS 3u
#define REFS 1024u

static uint64_t window;

/* No reference of any domain but those that the control domain gave it: console ring and device area. */
static void foreign_references(void)
{
	const struct start_info *s = start_info();

	for (uint32_t slot = 0; slot < SLOTS; slot++)
		for (uint32_t generation = 1; generation <= GENERATIONS; generation++)
			for (uint32_t ref = 0; ref < REFS; ref++) {
				struct grant_map m = {
					.granter = generation << 16 | slot, .first = ref, .count = 1, .va = window};
				int64_t result;

				if (m.granter == s->domid || (m.granter == s->console_domid && ref == s->console_ref))
					continue;
				result = hc_grant_map(&m);
				if (result != -HC_EGRANT && result != -HC_ENODOM)
					raw_hole("reference %u of domain %u.%u: %ld", ref, slot, generation,
						 (long)result);
				raw_attempts++;
			}
}

static void copies_of_others(void)
{
	uint32_t done;

	for (uint32_t slot = 0; slot < SLOTS; slot++)
		for (uint32_t ref = 1; ref < REFS; ref++) {
			struct grant_copy c = {.flags = GRANT_COPY_SRC_GRANT,
					       .src_domid = 1u << 16 | slot,
					       .src = ref,
					       .dst = pages_mfn((void *)start_info()->mem_va),
					       .len = 8};
			int64_t result;

			if (c.src_domid == start_info()->domid ||
			    (c.src_domid == start_info()->console_domid && ref == start_info()->console_ref))
				continue;
			result = hc_grant_copy(&c, 1, &done);
			if ((result != -HC_EGRANT && result != -HC_ENODOM) || done)
				raw_hole("copy of reference %u of slot %u: %ld", ref, slot, (long)result);
			raw_attempts++;
		}
}

static uint32_t offer(uint64_t mfn, uint32_t flags)
{
	struct grant_offer o = {.peer = start_info()->domid, .flags = flags, .count = 1, .mfns = (uint64_t)&mfn};
	int64_t ref = hc_grant_offer(DOMID_SELF, &o);

	if (ref <= 0)
		raw_hole("its own offer: %ld", (long)ref);
	return (uint32_t)ref;
}

static int64_t map(uint32_t ref, uint32_t flags, uint64_t va)
{
	struct grant_map m = {.granter = start_info()->domid, .first = ref, .count = 1, .flags = flags, .va = va};

	return hc_grant_map(&m);
}

static void read_only(void)
{
	uint8_t *page = pages_alloc(1);
	uint64_t mfn = pages_mfn(page);
	uint32_t ref = offer(mfn, GRANT_READONLY), done;
	struct grant_copy c = {
		.flags = GRANT_COPY_DST_GRANT, .dst_domid = start_info()->domid, .dst = ref, .src = mfn, .len = 8};

	page[0] = 42;
	raw_expect("a read-only grant mapped writable", map(ref, 0, window), HC_EREADONLY);
	raw_expect("a read-only grant written by copy", hc_grant_copy(&c, 1, &done), HC_EREADONLY);
	raw_expect("a read-only grant mapped", map(ref, GRANT_READONLY, window), HC_OK);
	raw_expect_page_fault("a read-only mapping written", raw_write, window, 0, window,
			      PF_PRESENT | PF_WRITE | PF_USER);
	raw_expect_page_fault("a grant mapping executed", raw_execute, window, 0, window,
			      PF_PRESENT | PF_USER | PF_EXECUTE);
	raw_expect("mapped over a mapping", map(ref, GRANT_READONLY, window), HC_EBUSY);
	raw_expect("mapped over a page of its own", map(ref, GRANT_READONLY, (uint64_t)page), HC_EBUSY);
	raw_expect("revoked while it is mapped", hc_grant_revoke(ref, 1), HC_EBUSY);
	raw_expect("its entry made writable", raw_map(window, mfn, PTE_W | PTE_NX), HC_EGRANTED);
	raw_expect("its entry cleared", raw_unmap(window), HC_EGRANTED);
	raw_expect("unmapped at the wrong place", hc_grant_unmap(window + PAGE_SIZE, 1), HC_EGRANT);
	raw_expect("unmapped", hc_grant_unmap(window, 1), HC_OK);
	raw_expect("unmapped twice", hc_grant_unmap(window, 1), HC_EGRANT);
	raw_expect_page_fault("read after the end", raw_read, window, 0, window, PF_USER);
	raw_expect("revoked", hc_grant_revoke(ref, 1), HC_OK);
	raw_expect("revoked twice", hc_grant_revoke(ref, 1), HC_EGRANT);
	raw_expect("mapped after the end", map(ref, GRANT_READONLY, window), HC_EGRANT);
	if (page[0] != 42)
		raw_hole("the page has changed");
	pages_free(page, 1);
}

/* An address in a level-4 slot that nothing of it lies in. */
static uint64_t nowhere(void)
{
	const struct start_info *s = start_info();
	uint64_t slot = 1;

	while (slot == s->window_va >> 39 || slot == s->mem_va >> 39 || slot == s->stack_va >> 39 ||
	       slot == (uint64_t)s >> 39)
		slot++;
	return slot << 39;
}

/* Several pages are mapped all or none, and unmapped likewise. */
static void all_or_none(void)
{
	uint8_t *page = pages_alloc(1);
	uint32_t ref = offer(pages_mfn(page), 0);
	struct grant_map m = {.granter = start_info()->domid, .first = ref, .count = 3, .va = window};

	raw_expect("three where one was offered", hc_grant_map(&m), HC_EGRANT);
	raw_expect_page_fault("the first of them", raw_read, window, 0, window, PF_USER);
	m.count = 1;
	m.mfns = 0xffff800000000000;
	raw_expect("frame numbers into the hypervisor", hc_grant_map(&m), HC_EFAULT);
	m.mfns = (uint64_t)start_info();
	raw_expect("frame numbers into a read-only page", hc_grant_map(&m), HC_EFAULT);
	raw_expect_page_fault("mapped nevertheless", raw_read, window, 0, window, PF_USER);
	raw_attempts++;
	if (hc_grant_query(ref) != 0)
		raw_hole("a mapping is counted that does not exist");
	m.va = nowhere();
	m.mfns = 0;
	raw_expect("where no table is", hc_grant_map(&m), HC_ENOTABLE);
	raw_expect("revoked", hc_grant_revoke(ref, 1), HC_OK);
	pages_free(page, 1);
}

/* A mapping that ends, and a frame that is made something else, must not leave a way to write to it. */
static void stale_write(void)
{
	uint8_t *page = pages_alloc(1);
	uint64_t va = (uint64_t)page, mfn = pages_mfn(page);
	uint32_t ref = offer(mfn, 0);

	raw_expect("mapped writable", map(ref, 0, window), HC_OK);
	raw_write(window, 0);
	raw_expect("its first mapping gone", raw_unmap(va), HC_OK);
	raw_expect("a table while a grant maps it writable", raw_mmu(MMU_PIN, mfn, 0, 1), HC_ETYPE);
	raw_expect("unmapped", hc_grant_unmap(window, 1), HC_OK);
	raw_expect("now it may become one", raw_mmu(MMU_PIN, mfn, 0, 1), HC_OK);
	raw_expect_page_fault("written by a stale translation", raw_write, window, 1, window, PF_USER | PF_WRITE);
	raw_expect("a table mapped by grant", map(ref, 0, window), HC_ETYPE);
	raw_expect("no longer one", raw_mmu(MMU_UNPIN, mfn, 0, 0), HC_OK);
	raw_expect("mapped again", raw_map(va, mfn, PTE_W | PTE_NX), HC_OK);
	raw_expect("revoked", hc_grant_revoke(ref, 1), HC_OK);
	pages_free(page, 1);
}

int main(void)
{
	raw_start(0);
	window = window_alloc(2);
	foreign_references();
	copies_of_others();
	read_only();
	all_or_none();
	stale_write();
	return raw_end("grants");
}
