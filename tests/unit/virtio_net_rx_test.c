/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The receive queue of a virtio network card, the card played by the test: packets of one buffer and of several.
 * links: drivers/virtio/virtio_net_rx.c drivers/virtio/virtqueue.c drivers/net/gso.c drivers/net/frame.c drivers/net/join.c
 */
#include <criterion/criterion.h>

#include <string.h>

#include <drivers/net/join.h>
#include <drivers/virtio/virtio_net_rx.h>

#include "tcp_segments.h"

#define SIZE 64u
#define PAGES 40u
#define MSS 1448u
#define BUFFER_BYTES (sizeof(struct net_header) + FRAME_LEN_MAX)

struct world {
	uint8_t memory[PAGES][PAGE_SIZE] __attribute__((aligned(4096))); /* at bus address 0 */
	struct frame frames[PAGES][FRAMES_PER_PAGE];
	struct frame_pool pool;
	struct virtqueue q;
	uint8_t desc[16 * SIZE] __attribute__((aligned(16)));
	uint8_t avail[6 + 2 * SIZE] __attribute__((aligned(2)));
	uint8_t used[6 + 8 * SIZE] __attribute__((aligned(4)));
	uint16_t seen;
	struct virtio_net_rx rx;
};

static struct world *world_new(uint64_t features)
{
	static struct world w; /* a process per test */

	memset(&w, 0, sizeof w);
	for (unsigned i = 0; i < PAGES; i++)
		frame_pool_add(&w.pool, w.frames[i], w.memory[i], i * PAGE_SIZE);
	virtqueue_init(&w.q, SIZE, w.desc, w.avail, w.used, false);
	w.rx = (struct virtio_net_rx){.ring = &w.q, .pool = &w.pool, .features = features};
	virtio_net_rx_refill(&w.rx);
	virtqueue_publish(&w.q);
	return &w;
}

/* The card writes @len bytes at @from to the next buffer. */
static void card_writes(struct world *w, const void *from, uint32_t len)
{
	uint16_t id = w->q.avail->ring[w->seen++ % SIZE], idx = w->q.used->idx;

	cr_assert_leq(len, BUFFER_BYTES);
	memcpy((uint8_t *)w->memory + w->q.desc[id].addr, from, len);
	w->q.used->ring[idx % SIZE] = (struct virtq_used_elem){id, len};
	w->q.used->idx = (uint16_t)(idx + 1);
}

/* A unit of @count segments, behind its header, in @to. Its length. */
static uint32_t unit_write(uint32_t count, uint8_t *to)
{
	struct segments s = {.seq = 5, .mss = MSS, .options = 12};
	struct net_header h = {.flags = HDR_NEEDS_CSUM,
			       .gso_type = HDR_GSO_TCPV4,
			       .hdr_len = 66,
			       .gso_size = MSS,
			       .csum_start = 34,
			       .csum_offset = 16};
	static struct segment segment;
	struct join join;

	segments_write(&s, 0, 0, MSS, 0x10, false, &segment);
	join_begin(&join, segment.bytes, 66, segment.len);
	for (uint32_t i = 1; i < count; i++) {
		segments_write(&s, i, i * MSS, MSS, 0x10, false, &segment);
		join_add(&join, segment.bytes, segment.len);
	}
	h.buffer_count = (uint16_t)((sizeof h + 66 + join.payload + BUFFER_BYTES - 1) / BUFFER_BYTES);
	memcpy(to, &h, sizeof h);
	memcpy(to + sizeof h, join.head, 66);
	for (uint32_t i = 0; i < join.payload; i++)
		to[sizeof h + 66 + i] = segments_byte(i);
	return (uint32_t)sizeof h + 66 + join.payload;
}

static struct net_header *header(uint8_t *unit)
{
	return (struct net_header *)(void *)unit;
}

static uint8_t unit[70000] __attribute__((aligned(8)));

static void card_writes_all(struct world *w, uint32_t len)
{
	for (uint32_t at = 0; at < len; at += (uint32_t)BUFFER_BYTES)
		card_writes(w, unit + at, MIN(len - at, (uint32_t)BUFFER_BYTES));
}

Test(virtio_net_rx, a_unit_comes_as_a_chain_in_as_many_buffers_as_it_needs)
{
	struct world *w = world_new(NET_F_JOINS);
	uint32_t len = unit_write(45, unit), at = 0;
	struct frame *f = NULL;

	card_writes_all(w, len);
	cr_assert_eq(virtio_net_rx_take(&w->rx, &f), VIRTIO_NET_RX_PACKET);
	cr_assert_eq(f->gso_size, MSS);
	cr_assert_eq(f->flags, FRAME_CSUM_BLANK);
	cr_assert_eq(frame_get_total(f), len - 12);
	for (const struct frame *p = f; p; p = p->more)
		for (uint32_t i = p == f ? 66 : 0; i < p->len; i++, at++)
			cr_assert_eq(p->data[i], segments_byte(at), "byte %u", at);
	cr_assert_eq(at, 45 * MSS);
	frame_put(&w->pool, f);
	cr_assert_eq(virtio_net_rx_take(&w->rx, &f), VIRTIO_NET_RX_EMPTY);
	virtio_net_rx_refill(&w->rx);
	for (unsigned i = 0; i < SIZE; i++)
		cr_assert_eq(w->q.desc[i].addr % FRAME_BYTES, FRAME_HEADROOM - sizeof(struct net_header),
			     "buffers stand where they stood");
	for (unsigned i = 0; i < SIZE; i++)
		cr_assert_eq((uint64_t)(w->rx.frames[i]->data - w->memory[0]), w->rx.frames[i]->bus);
}

Test(virtio_net_rx, a_unit_whose_buffers_come_one_by_one_waits_for_the_last)
{
	struct world *w = world_new(NET_F_JOINS);
	uint32_t len = unit_write(10, unit);
	struct frame *f = NULL;

	for (uint32_t at = 0; at < len; at += (uint32_t)BUFFER_BYTES) {
		cr_assert_eq(virtio_net_rx_take(&w->rx, &f), VIRTIO_NET_RX_EMPTY);
		card_writes(w, unit + at, MIN(len - at, (uint32_t)BUFFER_BYTES));
	}
	cr_assert_eq(virtio_net_rx_take(&w->rx, &f), VIRTIO_NET_RX_PACKET);
	cr_assert_eq(frame_get_total(f), len - 12);
}

Test(virtio_net_rx, a_description_that_makes_no_sense_costs_its_packet_and_the_next_one_arrives)
{
	for (unsigned n = 0; n < 10; n++) {
		struct world *w = world_new(n == 9 ? NET_F_GUEST_CSUM | NET_F_MRG_RXBUF : NET_F_JOINS);
		uint32_t len = unit_write(10, unit);
		struct frame *f = NULL;
		unsigned before;

		switch (n) {
		case 0: header(unit)->gso_size = 0; break;
		case 1: header(unit)->gso_size = 3000; break;
		case 2: header(unit)->gso_type = HDR_GSO_TCPV6; break;
		case 3: header(unit)->gso_type = 3; break; /* UDP */
		case 4: header(unit)->gso_type = HDR_GSO_NONE; break;
		case 5: header(unit)->flags = 0; break;
		case 6: header(unit)->csum_start = 60000; break;
		case 7: unit[12 + 17] ^= 1; break; /* the IP length */
		case 8: header(unit)->gso_size = 1; break;
		}
		before = w->pool.free_count;
		card_writes_all(w, len);
		cr_assert_eq(virtio_net_rx_take(&w->rx, &f), VIRTIO_NET_RX_BAD, "nonsense %u", n);
		cr_assert_eq(w->pool.free_count, before + (len + BUFFER_BYTES - 1) / BUFFER_BYTES);
		len = unit_write(1, unit);
		header(unit)->gso_type = HDR_GSO_NONE;
		card_writes_all(w, len);
		cr_assert_eq(virtio_net_rx_take(&w->rx, &f), VIRTIO_NET_RX_PACKET);
		cr_assert(!f->gso_size && !f->more && f->len == len - 12);
	}
}

Test(virtio_net_rx, an_impossible_number_of_buffers_is_nonsense)
{
	static const uint16_t counts[] = {0, 41, UINT16_MAX};

	for (unsigned i = 0; i < 3; i++) {
		struct world *w = world_new(NET_F_JOINS);
		uint32_t len = unit_write(1, unit);
		struct frame *f = NULL;

		header(unit)->buffer_count = counts[i];
		card_writes_all(w, len);
		cr_assert_eq(virtio_net_rx_take(&w->rx, &f), VIRTIO_NET_RX_BAD);
		cr_assert_eq(virtio_net_rx_take(&w->rx, &f), VIRTIO_NET_RX_EMPTY);
	}
}

Test(virtio_net_rx, without_mergeable_buffers_each_is_a_packet)
{
	struct world *w = world_new(NET_F_GUEST_CSUM);
	uint32_t len = unit_write(1, unit);
	struct frame *f = NULL;

	header(unit)->gso_type = HDR_GSO_NONE;
	header(unit)->buffer_count = 0;
	card_writes_all(w, len);
	cr_assert_eq(virtio_net_rx_take(&w->rx, &f), VIRTIO_NET_RX_PACKET);
	cr_assert_eq(f->flags, FRAME_CSUM_BLANK);
}
