/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back end of a network interface against a front played by the test, first an honest one, then one that lies about
 * everything it can write.
 * links: drivers/net/netback_rings.c drivers/net/gso.c drivers/net/frame.c
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include <drivers/net/netback_rings.h>

#define POOL_PAGES 64u
#define POOL_BYTES (POOL_PAGES * PAGE_SIZE)
#define FRAME_PAGES 24u

struct world {
	uint8_t pages[NET_RING_PAGES * PAGE_SIZE] __attribute__((aligned(4096)));
	uint8_t pool[POOL_BYTES] __attribute__((aligned(4096)));
	uint8_t fence[PAGE_SIZE]; /* behind the pool */
	uint8_t memory[FRAME_PAGES][PAGE_SIZE] __attribute__((aligned(4096)));
	struct frame frames[FRAME_PAGES][FRAMES_PER_PAGE];
	struct frame_pool frame_pool;
	struct netback_rings back;
	struct ring_end tx, rx_free, rx; /* the front's ends */
};

static struct world *world_new(bool takes_blank)
{
	static struct world w; /* a process per test */
	struct net_ring_page *headers = (struct net_ring_page *)(void *)w.pages;

	memset(&w, 0, sizeof w);
	for (unsigned i = 0; i < FRAME_PAGES; i++)
		frame_pool_add(&w.frame_pool, w.frames[i], w.memory[i], 0x5000 + i * PAGE_SIZE);
	netback_rings_init(&w.back, w.pages, w.pool, POOL_BYTES, takes_blank);
	ring_init_producer(&w.tx, &headers->tx, w.pages + PAGE_SIZE, 16, NET_RING_SLOTS);
	ring_init_producer(&w.rx_free, &headers->rx_free, w.pages + 2 * PAGE_SIZE, 16, NET_RING_SLOTS);
	ring_init_consumer(&w.rx, &headers->rx, w.pages + 3 * PAGE_SIZE, 16, NET_RING_SLOTS);
	return &w;
}

static struct net_ring_page *headers(struct world *w)
{
	return (struct net_ring_page *)(void *)w->pages;
}

static void front_push(struct world *w, uint32_t offset, uint32_t len, unsigned flags)
{
	struct net_slot slot = {.offset = offset, .len = (uint16_t)len, .flags = (uint16_t)flags};

	cr_assert_eq(ring_push(&w->tx, &slot), RING_OK);
	ring_publish(&w->tx);
}

static void front_give(struct world *w, uint32_t offset)
{
	struct net_slot slot = {.offset = offset};

	cr_assert_eq(ring_push(&w->rx_free, &slot), RING_OK);
	ring_publish(&w->rx_free);
}

static void fill(uint8_t *at, uint32_t len, uint8_t first)
{
	for (uint32_t i = 0; i < len; i++)
		at[i] = (uint8_t)(first + i);
}

Test(netback_rings, a_packet_of_the_front_arrives_as_a_private_copy)
{
	struct world *w = world_new(true);
	struct frame *f = frame_get(&w->frame_pool);

	fill(w->pool + 5000, 100, 1);
	front_push(w, 5000, 100, NET_CSUM_VALID);
	cr_assert_eq(netback_receive(&w->back, &w->frame_pool, f), NETBACK_FRAME);
	memset(w->pool, 0xee, POOL_BYTES);
	cr_assert_eq(f->len, 100);
	cr_assert_eq(f->data[99], 100);
	cr_assert_eq(f->flags, 0, "what a front calls valid is not");
	cr_assert_eq(netback_receive(&w->back, &w->frame_pool, f), NETBACK_EMPTY);
}

Test(netback_rings, pieces_are_joined_and_slots_come_back_only_when_the_packet_is_whole)
{
	struct world *w = world_new(true);
	struct frame *f = frame_get(&w->frame_pool);
	uint32_t space;

	fill(w->pool, 300, 0);
	fill(w->pool + 9000, 200, 44);
	front_push(w, 0, 300, NET_MORE);
	cr_assert_eq(netback_receive(&w->back, &w->frame_pool, f), NETBACK_EMPTY);
	netback_publish(&w->back);
	ring_space(&w->tx, &space);
	cr_assert_eq(space, NET_RING_SLOTS - 1);
	front_push(w, 9000, 200, 0);
	cr_assert_eq(netback_receive(&w->back, &w->frame_pool, f), NETBACK_FRAME);
	netback_publish(&w->back);
	ring_space(&w->tx, &space);
	cr_assert_eq(space, NET_RING_SLOTS);
	cr_assert_eq(f->len, 500);
	for (uint32_t i = 0; i < 500; i++)
		cr_assert_eq(f->data[i], (uint8_t)i);
}

Test(netback_rings, a_packet_longer_than_a_frame_is_dropped_and_the_next_one_arrives)
{
	struct world *w = world_new(true);
	struct frame *f = frame_get(&w->frame_pool);

	front_push(w, 0, FRAME_LEN_MAX + 1, 0);
	front_push(w, 0, FRAME_LEN_MAX, 0);
	cr_assert_eq(netback_receive(&w->back, &w->frame_pool, f), NETBACK_DROPPED);
	cr_assert_eq(f->len, 0);
	cr_assert_eq(netback_receive(&w->back, &w->frame_pool, f), NETBACK_FRAME);
	cr_assert_eq(f->len, FRAME_LEN_MAX);
	cr_assert_eq(w->back.counters.tx_bad, 1);
}

Test(netback_rings, offsets_and_lengths_outside_the_pool_are_dropped)
{
	struct {
		uint32_t offset, len;
	} bad[] = {{POOL_BYTES, 1}, {POOL_BYTES - 10, 11}, {0xffffffff, 1}, {0xfffffff0, 0x20}, {0, 0}};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		struct world *w = world_new(true);
		struct frame *f = frame_get(&w->frame_pool);

		front_push(w, bad[i].offset, bad[i].len, 0);
		cr_assert_eq(netback_receive(&w->back, &w->frame_pool, f), NETBACK_DROPPED);
		cr_assert_eq(netback_receive(&w->back, &w->frame_pool, f), NETBACK_EMPTY);
	}
}

Test(netback_rings, an_impossible_index_breaks_the_interface_for_good)
{
	for (unsigned which = 0; which < 3; which++) {
		struct world *w = world_new(true);
		struct frame *f = frame_get(&w->frame_pool);

		front_give(w, 0);
		f->len = 60;
		if (which == 0) {
			headers(w)->tx.p.prod = NET_RING_SLOTS + 1;
			cr_assert_eq(netback_receive(&w->back, &w->frame_pool, f), NETBACK_BROKEN);
			cr_assert(netback_arm(&w->back), "nobody sleeps on a broken ring");
			headers(w)->tx.p.prod = 0;
			cr_assert_eq(netback_receive(&w->back, &w->frame_pool, f), NETBACK_BROKEN);
		} else if (which == 1) {
			headers(w)->rx_free.p.prod = 0x80000000;
			cr_assert_eq(netback_send(&w->back, f), NETBACK_BROKEN);
		} else {
			headers(w)->rx.c.cons = 1;
			cr_assert_eq(netback_send(&w->back, f), NETBACK_BROKEN);
		}
	}
}

Test(netback_rings, a_frame_goes_into_a_buffer_that_the_front_gave)
{
	struct world *w = world_new(true);
	struct frame *f = frame_get(&w->frame_pool);
	struct net_slot slot;

	fill(f->data, 200, 7);
	f->len = 200;
	f->flags = FRAME_CSUM_VALID;
	cr_assert_eq(netback_send(&w->back, f), NETBACK_EMPTY, "no buffer, no packet");
	front_give(w, 3 * NET_BUFFER_BYTES);
	cr_assert_eq(netback_send(&w->back, f), NETBACK_FRAME);
	cr_assert_eq(ring_take(&w->rx, &slot), RING_EMPTY, "not before it is published");
	netback_publish(&w->back);
	cr_assert_eq(ring_take(&w->rx, &slot), RING_OK);
	cr_assert_eq(slot.offset, 3 * NET_BUFFER_BYTES);
	cr_assert_eq(slot.len, 200);
	cr_assert_eq(slot.flags, NET_CSUM_VALID);
	cr_assert_eq(memcmp(w->pool + slot.offset, f->data, 200), 0);
	cr_assert_eq(w->back.counters.rx_dropped, 1);
}

Test(netback_rings, a_buffer_outside_the_pool_is_never_written)
{
	uint32_t bad[] = {POOL_BYTES, POOL_BYTES - 2, 1, 0xfffff800, 0x80000000};
	struct world *w = world_new(true);
	struct frame *f = frame_get(&w->frame_pool);
	struct net_slot slot;

	f->len = FRAME_LEN_MAX;
	memset(f->data, 0xaa, f->len);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		front_give(w, bad[i]);
	cr_assert_eq(netback_send(&w->back, f), NETBACK_EMPTY);
	front_give(w, POOL_BYTES - NET_BUFFER_BYTES);
	cr_assert_eq(netback_send(&w->back, f), NETBACK_FRAME);
	netback_publish(&w->back);
	cr_assert_eq(ring_take(&w->rx, &slot), RING_OK);
	cr_assert_eq(slot.offset, POOL_BYTES - NET_BUFFER_BYTES);
	cr_assert_eq(w->back.counters.rx_bad, ARRAY_SIZE(bad));
	for (unsigned i = 0; i < sizeof w->fence; i++)
		cr_assert_eq(w->fence[i], 0);
	for (unsigned i = 0; i < POOL_BYTES - NET_BUFFER_BYTES; i++)
		cr_assert_eq(w->pool[i], 0);
}

Test(netback_rings, a_blank_checksum_is_completed_for_a_front_that_does_not_take_it)
{
	for (unsigned takes = 0; takes < 2; takes++) {
		struct world *w = world_new(takes);
		struct frame *f = frame_get(&w->frame_pool);
		struct net_slot slot;

		front_give(w, 0);
		fill(f->data, 101, 3);
		f->len = 101;
		f->flags = FRAME_CSUM_BLANK;
		f->csum_start = 34;
		f->csum_offset = 6;
		cr_assert_eq(netback_send(&w->back, f), NETBACK_FRAME);
		netback_publish(&w->back);
		cr_assert_eq(ring_take(&w->rx, &slot), RING_OK);
		cr_assert_eq(slot.flags, takes ? NET_CSUM_BLANK : 0);
		if (!takes) {
			/* the other way round: with the pseudo sum that the field held, everything sums up to all ones
			 */
			uint32_t sum = 43u << 8 | 44;

			for (unsigned i = 34; i < 101; i++)
				sum += i % 2 ? w->pool[i] : (uint32_t)w->pool[i] << 8;
			while (sum >> 16)
				sum = (sum & 0xffff) + (sum >> 16);
			cr_assert_eq(sum, 0xffff);
		}
	}
}

Test(netback_rings, a_front_that_sleeps_is_notified_and_one_that_does_not_is_not)
{
	struct world *w = world_new(true);
	struct frame *f = frame_get(&w->frame_pool);
	struct net_slot slot;

	for (unsigned i = 0; i < 10; i++)
		front_give(w, i * NET_BUFFER_BYTES);
	netback_publish(&w->back);
	cr_assert_not(ring_sleep_prepare(&w->rx, 1));
	f->len = 60;
	cr_assert_eq(netback_send(&w->back, f), NETBACK_FRAME);
	cr_assert(netback_publish(&w->back));
	cr_assert_eq(ring_take(&w->rx, &slot), RING_OK);
	cr_assert_eq(netback_send(&w->back, f), NETBACK_FRAME);
	cr_assert_not(netback_publish(&w->back));
	cr_assert_not(netback_arm(&w->back));
	front_push(w, 0, 60, 0);
	cr_assert(netback_arm(&w->back), "what came in between is seen");
}

Test(netback_rings, whatever_slots_hold_nothing_outside_is_touched_and_the_end_is_bounded)
{
	struct world *w = world_new(true);
	unsigned frames = 0, dropped = 0;

	srand(11);
	for (unsigned round = 0; round < 20000; round++) {
		struct frame *f = frame_get(&w->frame_pool);
		struct net_slot slot;
		enum netback_result result;
		uint32_t space;

		for (unsigned i = 0; i < sizeof slot; i++)
			((uint8_t *)&slot)[i] = (uint8_t)rand();
		if (rand() % 2)
			slot = (struct net_slot){.offset = slot.offset % (2 * POOL_BYTES),
						 .len = slot.len % 2500,
						 .flags = slot.flags & 7,
						 .csum_start = slot.csum_start % 100};
		if (ring_space(&w->tx, &space) == RING_OK && space) {
			ring_push(&w->tx, &slot);
			ring_publish(&w->tx);
		}
		result = netback_receive(&w->back, &w->frame_pool, f);
		cr_assert_neq(result, NETBACK_BROKEN);
		frames += result == NETBACK_FRAME;
		dropped += result == NETBACK_DROPPED;
		if (result == NETBACK_FRAME && f->flags & FRAME_CSUM_BLANK)
			cr_assert(frame_complete_csum(f));
		netback_publish(&w->back);
		frame_put(&w->frame_pool, f);
	}
	cr_assert_gt(frames, 100);
	cr_assert_gt(dropped, 100);
}

Test(netback_rings, there_is_room_for_a_frame_while_the_front_has_a_buffer_left)
{
	struct world *w = world_new(true);
	struct frame *f = frame_get(&w->frame_pool);

	f->len = 60;
	cr_assert_not(netback_has_room(&w->back));
	for (uint32_t i = 0; i < 3; i++)
		front_give(w, i * NET_BUFFER_BYTES);
	for (uint32_t i = 0; i < 3; i++) {
		cr_assert(netback_has_room(&w->back));
		cr_assert_eq(netback_send(&w->back, f), NETBACK_FRAME);
	}
	cr_assert_not(netback_has_room(&w->back));
	cr_assert_eq(netback_send(&w->back, f), NETBACK_EMPTY);
}
