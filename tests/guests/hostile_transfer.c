/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transfer giver|taker PEER: two hostile domains that do to each other's grants what they must not. They meet in one
 * page, the giver's first reference; the giver leads and says what it has prepared, the taker attacks and answers. Each
 * waits for the other by its step, so that what is tried is always tried against the same state.
 */
#include "raw_memory.h"

#include <stdlib.h>

struct mailbox {
	_Atomic uint32_t step; /* odd: the taker's turn */
	uint32_t refs[6];
	uint64_t mfn, taken;
};

enum { PLAIN, READONLY, GIFT, GIFT_TO_OTHER, GIFT_MAPPED, TABLE };

static struct mailbox *box;
static uint64_t window;
static uint32_t peer;

static void wait_for(uint32_t step)
{
	while (box->step < step)
		hc_sched_block(raw_now() + 1000000);
}

/* --- the taker --- */

static void ordinary_offers(void)
{
	uint64_t own = raw_frame();

	raw_refused("an ordinary grant taken over", hc_grant_accept(peer, box->refs[PLAIN]), HC_EGRANT);
	raw_refused("a read-only grant taken over", hc_grant_accept(peer, box->refs[READONLY]), HC_EGRANT);
	raw_refused("a gift to somebody else", hc_grant_accept(peer, box->refs[GIFT_TO_OTHER]), HC_EGRANT);
	raw_refused("a gift mapped", raw_grant_map(peer, box->refs[GIFT], 0, window), HC_EGRANT);
	raw_refused("a gift mapped read-only", raw_grant_map(peer, box->refs[GIFT], GRANT_READONLY, window), HC_EGRANT);
	raw_refused("a gift read by copy", raw_copy_from(peer, box->refs[GIFT], own), HC_EGRANT);
	raw_refused("a gift written by copy", raw_copy_into(peer, box->refs[GIFT], own), HC_EGRANT);
	raw_refused("a gift that its giver maps", hc_grant_accept(peer, box->refs[GIFT_MAPPED]), HC_EBUSY);
	raw_refused("a gift that is a page table", hc_grant_accept(peer, box->refs[TABLE]), HC_EBUSY);
	raw_refused("reference 0", hc_grant_accept(peer, 0), HC_EGRANT);
	raw_refused("a reference beyond the last", hc_grant_accept(peer, 8192), HC_EGRANT);
	raw_refused("from a domain of another generation", hc_grant_accept(peer + 0x10000, 1), HC_ENODOM);
	raw_expect_number("given back", raw_give(own), 1);
}

/* A frame that it maps by a grant is not its own, by its number either. */
static void mapped_frame(void)
{
	uint64_t mfn = 0;
	struct grant_map m = {.granter = peer, .count = 1, .va = window, .mfns = (uint64_t)&mfn};

	m.first = box->refs[PLAIN];
	raw_expect("a grant mapped", hc_grant_map(&m), HC_OK);
	raw_attempts++;
	if (mfn != box->mfn)
		raw_hole("frame %lx was mapped, not %lx", mfn, box->mfn);
	raw_refused("the granted frame offered onward", raw_offer_result(start_info()->domid, 0, mfn), HC_EFRAME);
	raw_refused("the granted frame given away", raw_offer_result(peer, GRANT_TRANSFER, mfn), HC_EFRAME);
	raw_refused("the granted frame as a table", raw_pin(mfn, 1), HC_EFRAME);
	raw_refused("the granted frame given back", raw_give(mfn), HC_EFRAME);
	raw_refused("the granted frame mapped by its number", raw_map(window + PAGE_SIZE, mfn, RO), HC_EFRAME);
	raw_refused("a read-only grant mapped writable",
		    raw_grant_map(peer, box->refs[READONLY], 0, window + PAGE_SIZE), HC_EREADONLY);
}

static void after_revoke(void)
{
	raw_expect("unmapped", hc_grant_unmap(window, 1), HC_OK);
	raw_expect_page_fault("read afterwards", raw_read, window, 0, window, PF_USER);
	raw_refused("unmapped twice", hc_grant_unmap(window, 1), HC_EGRANT);
}

static void revoked(void)
{
	raw_refused("mapped after its end", raw_grant_map(peer, box->refs[PLAIN], 0, window), HC_EGRANT);
	raw_refused("copied after its end",
		    raw_copy_from(peer, box->refs[PLAIN], pages_mfn((void *)start_info()->mem_va)), HC_EGRANT);
	raw_expect_page_fault("written after its end", raw_write, window, 0, window, PF_USER | PF_WRITE);
}

static void takes(void)
{
	uint64_t list[MEMORY_MAX];
	int64_t mfn;

	while (hc_memory_increase(list, MEMORY_MAX, 0) > 0)
		;
	raw_refused("a gift beyond the target", hc_grant_accept(peer, box->refs[GIFT]), HC_ELIMIT);
	raw_room();
	mfn = hc_grant_accept(peer, box->refs[GIFT]);
	raw_attempts++;
	if (mfn <= 0)
		raw_hole("a gift: %ld", (long)mfn);
	box->taken = (uint64_t)mfn;
	raw_refused("the same gift twice", hc_grant_accept(peer, box->refs[GIFT]), HC_EGRANT);
	raw_attempts++;
	if (raw_peek(window, box->taken, 0) != 4711)
		raw_hole("the gift has lost its contents");
}

static int taker(void)
{
	static void (*const turns[])(void) = {ordinary_offers, mapped_frame, after_revoke, revoked, takes};

	while (raw_grant_map(peer, 1, 0, window))
		hc_sched_block(raw_now() + 10000000);
	box = (struct mailbox *)window;
	window += PAGE_SIZE;

	for (unsigned i = 0; i < ARRAY_SIZE(turns); i++) {
		wait_for(2 * i + 1);
		turns[i]();
		box->step++;
	}
	/* The giver dies; its frame lives on, as nobody's, until the last mapping goes. */
	while (hc_grant_accept(peer, 1) != -HC_ENODOM)
		hc_sched_block(raw_now() + 10000000);
	raw_attempts++;
	if (box->step != 11)
		raw_hole("the page of a dead domain has changed under a mapping");
	raw_refused("a grant of a dead domain", raw_grant_map(peer, 1, 0, window), HC_ENODOM);
	raw_refused("the frame of a dead domain mapped", raw_map(window, box->mfn, RO), HC_EFRAME);
	raw_expect("unmapped", hc_grant_unmap((uint64_t)box, 1), HC_OK);
	raw_refused("unmapped twice", hc_grant_unmap((uint64_t)box, 1), HC_EGRANT);
	return raw_end("taker");
}

/* --- the giver --- */

static int giver(void)
{
	uint64_t page = raw_frame(), gift = raw_frame(), mapped = raw_frame(), table = raw_frame();
	struct memory_info before;
	int64_t first;

	raw_expect("the meeting place", raw_map(window, page, RW), HC_OK);
	box = (struct mailbox *)window;
	while ((first = raw_offer_result(peer, 0, page)) == -HC_ENODOM || first == -HC_ELIMIT) {
		if (first == -HC_ELIMIT)
			raw_room();
		else
			hc_sched_yield(); /* the taker is started later */
	}
	raw_expect_number("the meeting place offered", first, 1);
	window += PAGE_SIZE;
	raw_poke(window, gift, 0, 4711);
	raw_expect("a gift that stays mapped", raw_map(window, mapped, RW), HC_OK);
	raw_expect("a gift that is a table", raw_pin(table, 1), HC_OK);
	box->mfn = mapped;
	box->refs[PLAIN] = raw_offer(peer, 0, mapped);
	box->refs[READONLY] = raw_offer(peer, GRANT_READONLY, mapped);
	box->refs[GIFT] = raw_offer(peer, GRANT_TRANSFER, gift);
	box->refs[GIFT_TO_OTHER] = raw_offer(start_info()->domid, GRANT_TRANSFER, gift);
	box->refs[GIFT_MAPPED] = raw_offer(peer, GRANT_TRANSFER, mapped);
	box->refs[TABLE] = raw_offer(peer, GRANT_TRANSFER, table);
	raw_refused("its own gift", hc_grant_accept(start_info()->domid, box->refs[GIFT_TO_OTHER]), HC_ENODOM);
	raw_refused("read-only and to be taken over", raw_offer_result(peer, GRANT_READONLY | GRANT_TRANSFER, gift),
		    HC_EINVAL);
	box->step = 1;
	wait_for(2);
	box->step = 3; /* the taker maps */
	wait_for(4);
	raw_refused("revoked while it is mapped", hc_grant_revoke(box->refs[PLAIN], 1), HC_EBUSY);
	raw_refused("several revoked, one of them mapped", hc_grant_revoke(box->refs[PLAIN], 2), HC_EBUSY);
	raw_expect_number("how many map it", hc_grant_query(box->refs[PLAIN]), 1);
	raw_expect("its own mapping gone", raw_unmap(window), HC_OK);
	raw_refused("a table while another writes to it", raw_pin(mapped, 1), HC_ETYPE);
	raw_refused("executable while another writes to it", raw_map(window, mapped, 0), HC_ESEALED);
	raw_refused("given back while another maps it", raw_give(mapped), HC_EBUSY);
	box->step = 5; /* the taker unmaps */
	wait_for(6);
	raw_expect("revoked", hc_grant_revoke(box->refs[PLAIN], 1), HC_OK);
	raw_refused("revoked twice", hc_grant_revoke(box->refs[PLAIN], 1), HC_EGRANT);
	box->step = 7;
	wait_for(8);
	raw_expect("no other offer of the gift", hc_grant_revoke(box->refs[GIFT_TO_OTHER], 1), HC_OK);
	raw_expect("written last", raw_map(window, gift, RW), HC_OK);
	*(volatile uint64_t *)(window + 8) = 1;
	raw_expect("unmapped", raw_unmap(window), HC_OK);
	before = raw_figures();
	box->step = 9; /* the taker takes */
	wait_for(10);
	raw_expect_number("the frame that was taken", (int64_t)box->taken, (int64_t)gift);
	raw_expect_number("one frame fewer", (int64_t)raw_figures().frames, (int64_t)before.frames - 1);
	raw_refused("what it gave away mapped", raw_map(window, gift, RO), HC_EFRAME);
	raw_refused("what it gave away given back", raw_give(gift), HC_EFRAME);
	raw_refused("what it gave away as a table", raw_pin(gift, 1), HC_EFRAME);
	raw_refused("what it gave away offered again", raw_offer_result(peer, 0, gift), HC_EFRAME);
	raw_refused("the offer revoked", hc_grant_revoke(box->refs[GIFT], 1), HC_EGRANT);
	raw_expect_page_fault("written by a stale translation", raw_write, window, 1, window, PF_USER | PF_WRITE);
	box->step = 11;
	return raw_end("giver");
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	peer = 1u << 16 | (uint32_t)strtoul(argv[2], NULL, 10);
	raw_start(0);
	window = window_alloc(3);
	return strcmp(argv[1], "giver") ? taker() : giver();
}
