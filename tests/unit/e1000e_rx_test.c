/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive ring of the 82574 against a device played by the test, which knows of a descriptor only what the datasheet
 * says: one that obeys gets every buffer once; one that does not cannot make the driver use what it has not got.
 * links: drivers/intel/e1000e_ring.c
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include <drivers/intel/e1000e_ring.h>

#define ROOM 1984u
#define SIZE E1000E_RING_SIZE

/* Bits of a descriptor's upper word, written down from the datasheet a second time. */
#define DD 0x1u
#define EOP 0x2u
#define IXSM 0x4u
#define UDPCS 0x10u
#define TCPCS 0x20u
#define TCPE 0x20000000u
#define IPE 0x40000000u
#define RXE 0x80000000u

struct world {
	struct e1000e_desc page[SIZE];
	struct e1000e_rx_ring rx;
	uint16_t head; /* the device's */
};

static struct world *world_new(void)
{
	static struct world world; /* a process per test */

	memset(&world, 0, sizeof world);
	e1000e_rx_init(&world.rx, world.page);
	return &world;
}

/* Adds all buffers that fit; buffer i of the world lies at (i + 1) << 12. */
static void rx_fill(struct world *w)
{
	while (e1000e_rx_get_room(&w->rx)) {
		uint64_t bus = (w->rx.tail + 1ull) << 12;

		e1000e_rx_add(&w->rx, bus);
	}
}

/* The device is done with the next buffer. */
static void rx_done(struct world *w, uint32_t status, uint16_t len)
{
	w->page[w->head].lo = 0xdead;
	w->page[w->head].hi = status | (uint64_t)len << 32 | 0xbeefull << 48;
	w->head = (uint16_t)((w->head + 1) % SIZE);
}

static enum e1000e_rx_result rx_take(struct world *w, struct e1000e_rx_packet *packet)
{
	memset(packet, 0xff, sizeof *packet);
	return e1000e_rx_take(&w->rx, ROOM, packet);
}

Test(e1000e_rx, all_but_one_buffer_are_added_and_told_at_once)
{
	struct world *w = world_new();

	cr_assert_eq(e1000e_rx_get_room(&w->rx), SIZE - 1);
	rx_fill(w);
	cr_assert_eq(w->rx.tail, SIZE - 1);
	for (unsigned i = 0; i + 1 < SIZE; i++)
		cr_assert(w->page[i].lo == (i + 1ull) << 12 && w->page[i].hi == 0, "descriptor %u", i);
	cr_assert(e1000e_rx_publish(&w->rx));
	cr_assert_eq(w->rx.shown, SIZE - 1);
	cr_assert_not(e1000e_rx_publish(&w->rx), "told twice");
}

Test(e1000e_rx, packets_come_in_order_round_and_round_the_ring)
{
	struct world *w = world_new();
	struct e1000e_rx_packet packet;

	for (unsigned round = 0; round < 5 * SIZE; round++) {
		unsigned burst = 1 + (unsigned)rand() % 100;

		rx_fill(w);
		e1000e_rx_publish(&w->rx);
		for (unsigned i = 0; i < burst; i++) {
			cr_assert_neq(w->head, w->rx.shown, "the device runs dry");
			rx_done(w, DD | EOP, (uint16_t)(60 + i));
		}
		for (unsigned i = 0; i < burst; i++) {
			cr_assert(e1000e_rx_is_pending(&w->rx));
			cr_assert_eq(rx_take(w, &packet), E1000E_RX_PACKET);
			cr_assert_eq(packet.len, 60 + i);
			cr_assert_eq(packet.index, (w->head + SIZE - burst + i) % SIZE);
		}
		cr_assert_eq(rx_take(w, &packet), E1000E_RX_EMPTY);
		cr_assert_not(e1000e_rx_is_pending(&w->rx));
	}
}

Test(e1000e_rx, few_buffers_are_not_worth_a_doorbell_unless_the_device_has_few)
{
	struct world *w = world_new();
	struct e1000e_rx_packet packet;
	unsigned doorbells = 0;

	rx_fill(w);
	cr_assert(e1000e_rx_publish(&w->rx));
	for (unsigned i = 0; i < 320; i++) {
		rx_done(w, DD | EOP, 60);
		cr_assert_eq(rx_take(w, &packet), E1000E_RX_PACKET);
		rx_fill(w);
		doorbells += e1000e_rx_publish(&w->rx);
	}
	cr_assert_eq(doorbells, 10, "%u doorbells for 320 buffers", doorbells);
	/* nobody refills until hardly anything is left: then each buffer counts */
	for (unsigned i = 0; i < 200; i++) {
		rx_done(w, DD | EOP, 60);
		cr_assert_eq(rx_take(w, &packet), E1000E_RX_PACKET);
	}
	cr_assert_not(e1000e_rx_publish(&w->rx), "nothing to tell");
	e1000e_rx_add(&w->rx, 0x1000);
	cr_assert(e1000e_rx_publish(&w->rx));
}

Test(e1000e_rx, a_checksum_counts_as_valid_only_when_it_was_verified_and_right)
{
	static const struct {
		uint32_t status;
		bool valid;
	} cases[] = {
		{DD | EOP, false},
		{DD | EOP | TCPCS, true},
		{DD | EOP | UDPCS, true},
		{DD | EOP | TCPCS | UDPCS, true},
		{DD | EOP | TCPCS | IXSM, false},
		{DD | EOP | TCPCS | TCPE, false},
		{DD | EOP | TCPCS | IPE, false},
		{DD | EOP | TCPE, false},
	};
	struct world *w = world_new();
	struct e1000e_rx_packet packet;

	rx_fill(w);
	e1000e_rx_publish(&w->rx);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		rx_done(w, cases[i].status, 60);
		cr_assert_eq(rx_take(w, &packet), E1000E_RX_PACKET, "a wrong checksum drops nothing");
		cr_assert_eq(packet.csum_valid, cases[i].valid, "status %x", cases[i].status);
	}
}

Test(e1000e_rx, damaged_short_and_split_packets_give_their_buffers_back_and_nothing_else)
{
	struct world *w = world_new();
	struct e1000e_rx_packet packet;
	unsigned bad = 0;

	rx_fill(w);
	e1000e_rx_publish(&w->rx);
	for (unsigned bit = 24; bit < 32; bit++)
		if (bit != 27 && bit != 29 && bit != 30) {
			rx_done(w, DD | EOP | 1u << bit, 60);
			bad++;
		}
	rx_done(w, DD | EOP, 13); /* too short */
	rx_done(w, DD | EOP, 0);
	rx_done(w, DD, 1984); /* in three parts */
	rx_done(w, DD, 1984);
	rx_done(w, DD | EOP, 100);
	rx_done(w, DD | EOP, 14);
	for (unsigned i = 0; i < bad + 5; i++) {
		cr_assert_eq(rx_take(w, &packet), E1000E_RX_BAD, "descriptor %u", i);
		cr_assert_eq(packet.index, i);
	}
	cr_assert_eq(rx_take(w, &packet), E1000E_RX_PACKET, "the next one is whole");
	cr_assert_eq(packet.len, 14);
}

Test(e1000e_rx, a_length_beyond_the_buffer_breaks_the_ring_for_ever)
{
	struct world *w = world_new();
	struct e1000e_rx_packet packet;

	rx_fill(w);
	e1000e_rx_publish(&w->rx);
	rx_done(w, DD | EOP, ROOM);
	cr_assert_eq(rx_take(w, &packet), E1000E_RX_PACKET, "exactly full is right");
	rx_done(w, DD | EOP, ROOM + 1);
	cr_assert_eq(rx_take(w, &packet), E1000E_RX_BROKEN);
	w->page[1].hi = DD | EOP | 60ull << 32;
	cr_assert_eq(rx_take(w, &packet), E1000E_RX_BROKEN, "it does not mend");
	w->page[1].hi = 0;
	cr_assert(e1000e_rx_is_pending(&w->rx), "somebody has to look");
	cr_assert_not(e1000e_rx_publish(&w->rx), "it gets more buffers");
}

Test(e1000e_rx, what_the_device_was_not_shown_is_never_taken)
{
	struct world *w = world_new();
	struct e1000e_rx_packet packet;

	for (unsigned i = 0; i < SIZE; i++)
		w->page[i].hi = UINT64_MAX;
	cr_assert_not(e1000e_rx_is_pending(&w->rx));
	cr_assert_eq(rx_take(w, &packet), E1000E_RX_EMPTY);
	for (unsigned i = 0; i < 10; i++)
		e1000e_rx_add(&w->rx, 0x1000);
	for (unsigned i = 0; i < SIZE; i++)
		w->page[i].hi = DD | EOP | 60ull << 32;
	cr_assert_eq(rx_take(w, &packet), E1000E_RX_EMPTY, "added, not shown");
	cr_assert(e1000e_rx_publish(&w->rx));
	for (unsigned i = 0; i < 10; i++)
		cr_assert_eq(rx_take(w, &packet), E1000E_RX_PACKET);
	cr_assert_eq(rx_take(w, &packet), E1000E_RX_EMPTY, "the ring's own end holds");
}

/* A device that writes anything anywhere: buffers come back in order, each once, and lengths fit. */
Test(e1000e_rx, a_device_that_writes_at_random_gets_no_buffer_out_twice)
{
	struct world *w = world_new();
	struct e1000e_rx_packet packet;
	unsigned expected = 0, taken = 0;

	for (unsigned i = 0; i < 20000; i++) {
		enum e1000e_rx_result result;

		rx_fill(w);
		e1000e_rx_publish(&w->rx);
		w->page[(w->rx.head + (unsigned)rand() % 8) % SIZE].hi = ((uint64_t)rand() << 40 ^ (uint64_t)rand()) &
									 ~(0xf800ull << 32);
		result = rx_take(w, &packet);
		cr_assert_neq(result, E1000E_RX_BROKEN);
		if (result == E1000E_RX_EMPTY)
			continue;
		cr_assert_eq(packet.index, expected % SIZE);
		cr_assert(packet.len <= ROOM || result == E1000E_RX_BAD);
		expected++;
		taken++;
	}
	cr_assert_gt(taken, 1000);
}
