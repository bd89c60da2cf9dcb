/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * References by repetition. A count that wraps to 0 frees a frame that is mapped 2^32 times over. What a reference costs
 * bounds it: each is an entry of a table (8 bytes of a frame that counts as the domain's) or a record of a grant (32 or
 * 40 bytes of a page that counts likewise). 2^32 entries are 2^23 tables, 32 GiB; a domain that has them is refused the
 * last one (HC_EFRAMEREF, shown by the unit tests, which set the count). Here all that this domain can pay for: every
 * frame that it may have as a table full of one frame. Then all is dropped, and the frame is as free as if nothing had
 * been: one reference lost or too many, and it could not be given back, or would have been too early.
 */
#include "raw_memory.h"

#define TABLES_MAX 600u
#define OFFERS 1000u

static uint64_t window;
static uint64_t tables[TABLES_MAX];

/* One table with 512 entries for @frame, writable in one of them. */
static void table_fill(uint64_t table, uint64_t frame)
{
	uint64_t *entries = (uint64_t *)window;

	raw_expect("mapped", raw_map(window, table, RW), HC_OK);
	for (unsigned i = 0; i < 512; i++)
		entries[i] = raw_entry(frame, i == 7 ? RW : RO);
	raw_expect("unmapped", raw_unmap(window), HC_OK);
	raw_expect("512 references", raw_pin(table, 1), HC_OK);
}

int main(void)
{
	const uint32_t self = start_info()->domid;
	uint64_t frame, list[OFFERS];
	struct grant_offer offer = {.peer = self, .count = OFFERS, .mfns = (uint64_t)list};
	unsigned count = 0;
	int64_t ref;

	raw_start(0);
	window = window_alloc(1);
	frame = raw_frame();
	for (unsigned i = 0; i < OFFERS; i++)
		list[i] = frame;
	while ((ref = hc_grant_offer(DOMID_SELF, &offer)) == -HC_ELIMIT)
		raw_room();
	raw_attempts++;
	if (ref <= 0)
		raw_hole("%u offers of one frame: %ld", OFFERS, (long)ref);
	while (count < TABLES_MAX && hc_memory_increase(&tables[count], 1, 0) == 1)
		table_fill(tables[count++], frame);
	while (count < TABLES_MAX && pages_available() > 64) {
		tables[count] = raw_frame();
		table_fill(tables[count++], frame);
	}
	printf("refs: %u tables, %u references\n", count, count * 512 + OFFERS);
	raw_refused("executable with all that", raw_map(window, frame, 0), HC_ESEALED);
	raw_refused("a table with all that", raw_pin(frame, 1), HC_ETYPE);
	raw_refused("given back with all that", raw_give(frame), HC_EBUSY);
	for (unsigned i = 0; i < count; i++) {
		raw_expect("512 dropped", raw_unpin(tables[i]), HC_OK);
		raw_refused("given back with the rest", raw_give(frame), HC_EBUSY);
		raw_expect_number("the table given back", raw_give(tables[i]), 1);
	}
	raw_expect("the offers revoked", hc_grant_revoke((uint32_t)ref, OFFERS), HC_OK);
	raw_expect("a table, without any", raw_pin(frame, 1), HC_OK);
	raw_expect("no table", raw_unpin(frame), HC_OK);
	raw_expect_number("given back without any", raw_give(frame), 1);
	raw_refused("given back once more", raw_give(frame), HC_EFRAME);
	raw_attempts = 0; /* how many tables that were is the plan's to say */
	return raw_end("refs");
}
