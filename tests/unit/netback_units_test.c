/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Units through the back end of a network interface: from an honest front and to it, and from one that lies.
 * links: drivers/net/netback_rings.c drivers/net/gso.c drivers/net/frame.c drivers/net/join.c
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include <drivers/net/join.h>
#include <drivers/net/netback_rings.h>

#include "tcp_segments.h"

#define POOL_PAGES 256u
#define POOL_BYTES (POOL_PAGES * PAGE_SIZE)
#define FRAME_PAGES 24u
#define MSS 1460u
#define ACK 0x10u

struct world {
	uint8_t pages[NET_RING_PAGES * PAGE_SIZE] __attribute__((aligned(4096)));
	uint8_t pool[POOL_BYTES] __attribute__((aligned(4096)));
	uint8_t memory[FRAME_PAGES][PAGE_SIZE] __attribute__((aligned(4096)));
	struct frame frames[FRAME_PAGES][FRAMES_PER_PAGE];
	struct frame_pool frame_pool;
	struct netback_rings back;
	struct ring_end tx, rx_free, rx; /* the front's ends */
	struct join unit;                /* what unit_slots() made last */
};

static struct net_ring_page *headers(struct world *w)
{
	return (struct net_ring_page *)(void *)w->pages;
}

static struct world *world_new(uint32_t front_takes)
{
	static struct world w; /* a process per test */

	memset(&w, 0, sizeof w);
	for (unsigned i = 0; i < FRAME_PAGES; i++)
		frame_pool_add(&w.frame_pool, w.frames[i], w.memory[i], i * PAGE_SIZE);
	netback_rings_init(&w.back, w.pages, w.pool, POOL_BYTES, true);
	ring_init_producer(&w.tx, &headers(&w)->tx, w.pages + PAGE_SIZE, 16, NET_RING_SLOTS);
	ring_init_producer(&w.rx_free, &headers(&w)->rx_free, w.pages + 2 * PAGE_SIZE, 16, NET_RING_SLOTS);
	ring_init_consumer(&w.rx, &headers(&w)->rx, w.pages + 3 * PAGE_SIZE, 16, NET_RING_SLOTS);
	ring_front_features_publish(&headers(&w)->tx, front_takes);
	netback_rings_greet(&w.back);
	return &w;
}

/* A unit of @count segments stands in the pool, one buffer each, as slots. */
static void unit_slots(struct world *w, uint32_t count, struct net_slot slots[NET_PACKET_SLOTS_MAX])
{
	struct segments s = {.seq = 77, .mss = MSS};
	static struct segment segment;

	for (uint32_t i = 0; i < count; i++) {
		segments_write(&s, i, i * MSS, MSS, ACK, false, &segment);
		slots[i] = (struct net_slot){.offset = i * NET_BUFFER_BYTES, .len = MSS, .flags = NET_MORE};
		if (i) {
			join_add(&w->unit, segment.bytes, segment.len);
			memcpy(w->pool + slots[i].offset, segment.bytes + 54, MSS);
		} else {
			join_begin(&w->unit, segment.bytes, 54, segment.len);
			memcpy(w->pool, segment.bytes, segment.len);
			slots[0].len = (uint16_t)segment.len;
		}
	}
	memcpy(w->pool, w->unit.head, w->unit.header_len);
	slots[count - 1].flags = 0;
	slots[0].flags = (uint16_t)(slots[0].flags | NET_CSUM_BLANK | NET_GSO_TCP4);
	slots[0].csum_start = 34;
	slots[0].csum_offset = 16;
	slots[0].gso_size = MSS;
}

static void push(struct world *w, const struct net_slot *slots, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		cr_assert_eq(ring_push(&w->tx, &slots[i]), RING_OK);
	ring_publish(&w->tx);
}

static void give(struct world *w, uint32_t from, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct net_slot slot = {.offset = (from + i) * NET_BUFFER_BYTES};

		cr_assert_eq(ring_push(&w->rx_free, &slot), RING_OK);
	}
	ring_publish(&w->rx_free);
}

static struct frame *received(struct world *w, uint32_t count)
{
	struct net_slot slots[NET_PACKET_SLOTS_MAX];
	struct frame *f = frame_get(&w->frame_pool);

	unit_slots(w, count, slots);
	push(w, slots, count);
	cr_assert_eq(netback_receive(&w->back, &w->frame_pool, f), NETBACK_FRAME);
	return f;
}

Test(netback_units, a_unit_arrives_as_a_chain_of_private_copies)
{
	struct world *w = world_new(NET_FEATURE_GSO);
	struct frame *f = received(w, 40);
	uint32_t at = 0;

	memset(w->pool, 0xee, POOL_BYTES);
	cr_assert_eq(f->gso_size, MSS);
	cr_assert_eq(f->flags, FRAME_CSUM_BLANK);
	cr_assert_eq(frame_get_total(f), 54 + 40 * MSS);
	for (const struct frame *p = f; p; p = p->more)
		for (uint32_t i = p == f ? 54 : 0; i < p->len; i++, at++)
			cr_assert_eq(p->data[i], segments_byte(at), "byte %u", at);
	cr_assert_eq(at, 40 * MSS);
	cr_assert_eq(w->back.counters.tx_units, 1);
	cr_assert_eq(ring_back_features(&headers(w)->tx), NET_FEATURE_GSO, "the front is told that it may");
}

Test(netback_units, a_unit_goes_to_a_front_as_one_packet_of_several_slots)
{
	struct world *w = world_new(NET_FEATURE_GSO);
	struct frame *f = received(w, 30);
	struct net_packet packet;
	uint32_t at = 0, total = 54 + 30 * MSS, need = (total + NET_BUFFER_BYTES - 1) / NET_BUFFER_BYTES;

	give(w, 100, need - 1);
	cr_assert(netback_takes(&w->back, f));
	cr_assert_eq(netback_send(&w->back, f), NETBACK_EMPTY, "a buffer is missing");
	cr_assert_eq(w->back.counters.rx_dropped, 1);
	netback_publish(&w->back);
	give(w, 200, 1); /* the others are not lost */
	cr_assert_eq(netback_send(&w->back, f), NETBACK_FRAME);
	netback_publish(&w->back);
	net_packet_reset(&packet);
	cr_assert_eq(net_packet_take(&w->rx, POOL_BYTES, NET_TO_FRONT, &packet), NET_PACKET);
	cr_assert_eq(packet.total, total);
	cr_assert_eq(packet.gso_size, MSS);
	cr_assert_eq(packet.flags, NET_GSO_TCP4 | NET_CSUM_BLANK);
	cr_assert_eq(packet.piece_count, need);
	for (uint32_t i = 0; i < packet.piece_count; i++)
		for (uint32_t b = i ? 0 : 54; b < packet.pieces[i].len; b++, at++)
			cr_assert_eq(w->pool[packet.pieces[i].offset + b], segments_byte(at), "byte %u", at);
	cr_assert_eq(at, 30 * MSS);
	cr_assert_eq(w->back.counters.rx_units, 1);
}

Test(netback_units, a_front_that_does_not_say_that_it_takes_units_gets_none)
{
	struct world *w = world_new(0);
	struct frame *f = received(w, 3);

	cr_assert_not(netback_takes(&w->back, f));
	f->gso_size = 0;
	cr_assert(netback_takes(&w->back, f));
}

Test(netback_units, one_for_which_there_are_too_few_frames_is_dropped_and_none_is_lost)
{
	struct world *w = world_new(NET_FEATURE_GSO);
	struct net_slot slots[NET_PACKET_SLOTS_MAX];
	struct frame *f = frame_get(&w->frame_pool), *taken[2 * FRAME_PAGES];
	unsigned count = 0;

	while (w->frame_pool.free_count > 5)
		taken[count++] = frame_get(&w->frame_pool);
	unit_slots(w, 20, slots);
	push(w, slots, 20);
	cr_assert_eq(netback_receive(&w->back, &w->frame_pool, f), NETBACK_DROPPED);
	cr_assert_eq(w->back.counters.tx_short, 1);
	cr_assert_eq(w->frame_pool.free_count, 5);
	cr_assert(!f->more && !f->len && !f->gso_size && !f->flags);
	while (count)
		frame_put(&w->frame_pool, taken[--count]);
	push(w, slots, 20);
	cr_assert_eq(netback_receive(&w->back, &w->frame_pool, f), NETBACK_FRAME);
}

/* What is wrong with unit number @n; false: there are no more. */
static bool spoil(struct world *w, struct net_slot *slots, unsigned n)
{
	switch (n) {
	case 0: slots[0].gso_size = 0; break;
	case 1: slots[0].gso_size = 1; break; /* 14,600 segments */
	case 2: slots[0].gso_size = UINT16_MAX; break;
	case 3: slots[0].gso_size = 2000; break;
	case 4: slots[0].flags ^= NET_GSO_TCP4 | NET_GSO_TCP6; break;
	case 5: slots[0].flags |= NET_GSO_TCP6; break;
	case 6: slots[0].flags &= (uint16_t)~NET_CSUM_BLANK; break;
	case 7: slots[0].csum_start = 14; break;
	case 8: slots[0].csum_offset = 6; break;
	case 9: slots[9].len--; break;  /* less than the IP header says */
	case 10: slots[9].len++; break; /* and more */
	case 11: slots[5].len = 0; break;
	case 12: slots[5].offset = POOL_BYTES - 10; break;
	case 13: slots[0].len = 255; break;
	case 14: w->pool[23] = 17; break;    /* UDP */
	case 15: w->pool[20] = 0x20; break;  /* a fragment */
	case 16: w->pool[16] ^= 0x10; break; /* the IP length */
	case 17: w->pool[46] = 0x10; break;
	case 18: w->pool[12] = 0x86; break;
	case 19: w->pool[14] = 0x46; break;
	case 20: slots[9].flags = NET_MORE; break; /* without an end */
	case 21: slots[0].gso_size = 10 * MSS; break;
	default: return false;
	}
	return true;
}

Test(netback_units, units_that_lie_are_dropped_and_counted)
{
	for (unsigned n = 0;; n++) {
		struct world *w = world_new(NET_FEATURE_GSO);
		struct net_slot slots[NET_PACKET_SLOTS_MAX], end = {.len = 60, .flags = 0};
		struct frame *f = frame_get(&w->frame_pool);
		unsigned left = w->frame_pool.free_count;

		unit_slots(w, 10, slots);
		if (!spoil(w, slots, n))
			break;
		push(w, slots, 10);
		for (unsigned i = 0; n == 20 && i < 30; i++) {
			end.flags = i < 29 ? NET_MORE : 0;
			push(w, &end, 1);
		}
		cr_assert_eq(netback_receive(&w->back, &w->frame_pool, f), NETBACK_DROPPED, "lie %u", n);
		cr_assert_eq(w->back.counters.tx_bad, 1, "lie %u", n);
		cr_assert_eq(w->frame_pool.free_count, left, "lie %u", n);
	}
}

Test(netback_units, whatever_a_front_says_frames_are_never_lost, .timeout = 120)
{
	struct world *w = world_new(NET_FEATURE_GSO);
	unsigned good = 0, left = w->frame_pool.free_count;

	srand(3);
	for (unsigned round = 0; round < 3000; round++) {
		struct net_slot slots[NET_PACKET_SLOTS_MAX];
		uint32_t count = 2 + (uint32_t)rand() % 39;
		struct frame *f = frame_get(&w->frame_pool);
		enum netback_result result;

		unit_slots(w, count, slots);
		for (unsigned i = (unsigned)rand() % 4; i; i--) {
			if (rand() % 2)
				((uint8_t *)slots)[(unsigned)rand() % (count * sizeof slots[0])] ^=
					(uint8_t)(1 << rand() % 8);
			else
				w->pool[rand() % 54] ^= (uint8_t)(1 << rand() % 8);
		}
		push(w, slots, count);
		while ((result = netback_receive(&w->back, &w->frame_pool, f)) != NETBACK_EMPTY) {
			cr_assert_neq(result, NETBACK_BROKEN);
			good += result == NETBACK_FRAME;
			frame_put(&w->frame_pool, f);
			f = frame_get(&w->frame_pool);
		}
		netback_publish(&w->back);
		frame_put(&w->frame_pool, f);
		cr_assert_eq(w->frame_pool.free_count, left);
		cr_assert_leq(ring_held(&w->back.tx), NET_PACKET_SLOTS_MAX);
	}
	cr_assert_gt(good, 500);
	cr_assert_gt(w->back.counters.tx_bad, 500);
}
