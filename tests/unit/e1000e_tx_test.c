/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transmit ring of the 82574 against a device played by the test, which knows of a descriptor only what the datasheet
 * says.
 * links: drivers/intel/e1000e_ring.c
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include <drivers/intel/e1000e_ring.h>

#define SIZE E1000E_RING_SIZE

/* Bits of a descriptor's words, written down from the datasheet a second time. */
#define TX_DONE (1ull << 32)
#define CONTEXT_TYPE 0x20000000u /* DEXT, DTYP 0 */
#define DATA_TYPE 0x20100000u    /* DEXT, DTYP 1 */
#define TYPE_MASK 0x20f00000u
#define TX_EOP 0x01000000u
#define TX_IFCS 0x02000000u
#define TX_RS 0x08000000u
#define POPTS_TXSM 0x2u

struct world {
	struct e1000e_desc page[SIZE];
	struct e1000e_tx_ring tx;
	uint16_t head; /* the device's */
};

static struct world *world_new(void)
{
	static struct world world; /* a process per test */

	memset(&world, 0, sizeof world);
	e1000e_tx_init(&world.tx, world.page);
	return &world;
}

static uint16_t tx_packet(struct world *w, uint64_t bus, uint32_t len, bool csum)
{
	if (csum)
		e1000e_tx_context(&w->tx, e1000e_csum_context(34, 16));
	return e1000e_tx_add(&w->tx, bus, len, csum ? E1000E_TX_CSUM : 0, true);
}

/* The device sends everything up to the tail and reports where it was asked to. Returns how many packets. */
static unsigned tx_run(struct world *w)
{
	unsigned packets = 0;

	for (; w->head != w->tx.shown; w->head = (uint16_t)((w->head + 1) % SIZE)) {
		uint32_t command = (uint32_t)w->page[w->head].hi;

		packets += (command & TYPE_MASK) == DATA_TYPE && (command & TX_EOP);
		if (command & TX_RS)
			w->page[w->head].hi |= TX_DONE;
	}
	return packets;
}

Test(e1000e_tx, descriptors_of_a_packet_are_laid_out_as_the_datasheet_says)
{
	struct world *w = world_new();
	const struct e1000e_desc *d = w->page;

	e1000e_tx_context(&w->tx, e1000e_csum_context(34, 16));
	cr_assert_eq(e1000e_tx_add(&w->tx, 0x123456789000, 700, E1000E_TX_CSUM, false), 1);
	cr_assert_eq(e1000e_tx_add(&w->tx, 0x1000, 60, E1000E_TX_CSUM, true), 2);
	cr_assert_eq(e1000e_tx_add(&w->tx, 0x2000, 1514, 0, true), 3);
	cr_assert(e1000e_tx_publish(&w->tx));
	/* a context: from byte 34 on, to byte 50, to the end; TCP */
	cr_assert_eq(d[0].lo, 34ull << 32 | 50ull << 40);
	cr_assert_eq(d[0].hi, CONTEXT_TYPE | 0x01000000u);
	cr_assert_eq(d[1].lo, 0x123456789000);
	cr_assert_eq(d[1].hi, DATA_TYPE | TX_IFCS | 700 | (uint64_t)POPTS_TXSM << 40);
	cr_assert_eq(d[2].hi, DATA_TYPE | TX_IFCS | TX_EOP | 60 | (uint64_t)POPTS_TXSM << 40);
	cr_assert_eq(d[3].hi, DATA_TYPE | TX_IFCS | TX_EOP | TX_RS | 1514);
	cr_assert_eq(w->tx.shown, 4);
}

Test(e1000e_tx, a_context_is_given_once_as_long_as_it_stays_the_same)
{
	struct world *w = world_new();

	for (unsigned i = 0; i < 10; i++)
		tx_packet(w, 0x1000, 100, true);
	cr_assert_eq(w->tx.tail, 11);
	e1000e_tx_context(&w->tx, e1000e_csum_context(34, 6));
	cr_assert_eq(w->tx.tail, 12);
	cr_assert_eq(w->page[11].hi, CONTEXT_TYPE, "not TCP");
	e1000e_tx_context(&w->tx, e1000e_csum_context(34, 16));
	cr_assert_eq(w->tx.tail, 13);
}

Test(e1000e_tx, only_checksums_within_the_devices_reach_are_left_to_it)
{
	cr_assert(e1000e_csum_fits(34, 16));
	cr_assert(e1000e_csum_fits(54, 6));
	cr_assert(e1000e_csum_fits(239, 16));
	cr_assert_not(e1000e_csum_fits(240, 16), "byte 256 does not fit its field");
	cr_assert_not(e1000e_csum_fits(UINT32_MAX, 16));
	cr_assert_not(e1000e_csum_fits(34, 2), "ICMP");
	cr_assert_not(e1000e_csum_fits(34, UINT32_MAX));
}

Test(e1000e_tx, every_packet_comes_back_once_round_and_round_the_ring)
{
	struct world *w = world_new();
	unsigned sent = 0, run = 0, back = 0;
	bool mine[SIZE] = {false};
	uint16_t index;

	for (unsigned round = 0; round < 2000; round++) {
		unsigned burst = (unsigned)rand() % 90;

		while (burst-- && e1000e_tx_get_room(&w->tx) >= 2) {
			index = tx_packet(w, 0x1000, 100, rand() % 2);
			cr_assert_not(mine[index], "a descriptor in use is used again");
			mine[index] = true;
			sent++;
		}
		e1000e_tx_publish(&w->tx);
		if (rand() % 2)
			run += tx_run(w);
		cr_assert_eq(e1000e_tx_is_pending(&w->tx), back < run, "round %u", round);
		while (e1000e_tx_take(&w->tx, &index)) {
			back += mine[index]; /* else it was a context */
			mine[index] = false;
		}
		cr_assert_eq(back, run, "round %u: %u of %u", round, back, run);
		cr_assert_not(e1000e_tx_is_pending(&w->tx));
	}
	cr_assert_gt(back, 20 * SIZE);
	cr_assert_geq(sent, back);
}

Test(e1000e_tx, a_report_is_asked_for_now_and_then_and_for_the_last_packet_told)
{
	struct world *w = world_new();
	unsigned reports = 0;

	for (unsigned i = 0; i < 100; i++)
		tx_packet(w, 0x1000, 100, false);
	cr_assert(e1000e_tx_publish(&w->tx));
	for (unsigned i = 0; i < 100; i++)
		reports += (w->page[i].hi & TX_RS) != 0;
	cr_assert_eq(reports, 4);
	cr_assert(w->page[31].hi & TX_RS);
	cr_assert(w->page[99].hi & TX_RS);
	/* the first batch comes back while the rest is under way */
	w->page[31].hi |= TX_DONE;
	cr_assert(e1000e_tx_is_pending(&w->tx));
	for (unsigned i = 0; i < 32; i++) {
		uint16_t index;

		cr_assert(e1000e_tx_is_pending(&w->tx));
		cr_assert(e1000e_tx_take(&w->tx, &index));
		cr_assert_eq(index, i);
	}
	cr_assert_not(e1000e_tx_is_pending(&w->tx));
	cr_assert_not(e1000e_tx_publish(&w->tx), "nothing new");
}

Test(e1000e_tx, done_bits_that_nobody_asked_for_free_nothing)
{
	struct world *w = world_new();
	uint16_t index;

	for (unsigned i = 0; i < SIZE; i++)
		w->page[i].hi = UINT64_MAX;
	cr_assert_not(e1000e_tx_take(&w->tx, &index), "an empty ring");
	for (unsigned i = 0; i < 40; i++)
		tx_packet(w, 0x1000, 100, false);
	for (unsigned i = 0; i < SIZE; i++)
		w->page[i].hi |= TX_DONE;
	cr_assert_not(e1000e_tx_take(&w->tx, &index), "not shown");
	e1000e_tx_publish(&w->tx);
	w->page[31].hi &= ~TX_DONE;
	cr_assert_not(e1000e_tx_take(&w->tx, &index), "no report among those");
	w->page[31].hi |= TX_DONE;
	for (unsigned i = 0; i < 40; i++)
		cr_assert(e1000e_tx_take(&w->tx, &index));
	cr_assert_not(e1000e_tx_take(&w->tx, &index), "forty, whatever else is written");
	cr_assert_eq(e1000e_tx_get_room(&w->tx), SIZE - 1);
}
