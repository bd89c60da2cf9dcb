/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One end of a ring against a peer that writes what it likes into the shared lines and slots, and packets taken out of
 * it. Whatever the peer does: what is taken is validated, and no more slots are held than the ring has.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <drivers/ring/net_packet.h>

#define COUNT 16u
#define POOL_BYTES 65536u

struct shared {
	struct ring_header header;
	struct net_slot slots[COUNT];
};

static void packet_check(const struct net_packet *p, enum net_direction direction)
{
	uint32_t total = 0;

	cr_assert(p->piece_count >= 1 && p->piece_count <= NET_PACKET_SLOTS_MAX &&
		  p->slot_count <= NET_PACKET_SLOTS_MAX);
	for (uint32_t i = 0; i < p->piece_count; i++) {
		const struct net_piece *piece = &p->pieces[i];

		cr_assert(piece->len && piece->len <= POOL_BYTES && piece->offset <= POOL_BYTES - piece->len);
		cr_assert(direction != NET_TO_FRONT || piece->offset % NET_BUFFER_BYTES == 0);
		total += piece->len;
	}
	cr_assert(total == p->total && total <= NET_PACKET_BYTES_MAX);
	cr_assert(!(p->flags & NET_MORE));
	if (p->flags & NET_CSUM_BLANK) {
		uint32_t field = (uint32_t)p->csum_start + p->csum_offset;
		cr_assert(field + 2 <= p->pieces[0].len && p->csum_start <= total);
	}
	if (p->gso_size)
		cr_assert(!(p->flags & NET_GSO_TCP4) != !(p->flags & NET_GSO_TCP6) && (p->flags & NET_CSUM_BLANK) &&
			  total <= NET_UNIT_BYTES_MAX);
}

/* The peer writes: an index near ours, or anything; a slot. */
static void peer_writes(struct shared *s, const struct ring_end *end, struct fuzz_input *in)
{
	uint32_t way = fuzz_byte(in), near = end->next + fuzz_byte(in) % 24 - 4;
	uint32_t *index = end->producer ? &s->header.c.cons : &s->header.p.prod;

	if (way < 64)
		*index = near;
	else if (way < 72)
		*index = near << (way & 31);
	else if (way < 96)
		(end->producer ? &s->header.c.wake_prod : &s->header.p.wake_cons)[0] = near;
	else
		for (unsigned i = 0; i < sizeof s->slots[0]; i++)
			((uint8_t *)&s->slots[way % COUNT])[i] = (uint8_t)fuzz_byte(in);
}

static void consume(struct ring_end *end, struct net_packet *packet, enum net_direction direction, uint32_t way)
{
	uint32_t offset = 0, n = 0;

	switch (way % 5) {
	case 0:
	case 1:
		switch (net_packet_take(end, POOL_BYTES, direction, packet)) {
		case NET_PACKET:
			packet_check(packet, direction);
			net_packet_reset(packet);
			break;
		case NET_BAD: net_packet_reset(packet); break;
		case NET_BROKEN: cr_assert(end->broken); break;
		case NET_EMPTY: break;
		}
		break;
	case 2:
		if (net_buffer_take(end, POOL_BYTES, &offset) == NET_PACKET)
			cr_assert(offset <= POOL_BYTES - NET_BUFFER_BYTES);
		break;
	case 3:
		if (!end->broken)
			(void)ring_release(end, (way >> 3) % (ring_held(end) + 1));
		break;
	default:
		if (ring_avail(end, &n) == RING_OK)
			cr_assert(n <= COUNT);
		else
			cr_assert_eq(n, 0);
		(void)ring_sleep_prepare(end, 1 + way % COUNT);
	}
	cr_assert(ring_held(end) <= COUNT);
}

static void produce(struct ring_end *end, uint32_t way)
{
	struct net_slot slot = {0};
	uint32_t n = 0;

	switch (way % 5) {
	case 0:
	case 1:
		if (ring_push(end, &slot) == RING_OK)
			cr_assert(end->next - end->published <= COUNT);
		break;
	case 2: ring_push_undo(end); break;
	case 3: (void)ring_publish(end); break;
	default:
		if (ring_space(end, &n) == RING_OK)
			cr_assert(n <= COUNT);
		else
			cr_assert_eq(n, 0);
		(void)ring_sleep_prepare(end, 1 + way % COUNT);
	}
}

static void run(const uint8_t *bytes, size_t len)
{
	struct shared *s = calloc(1, sizeof *s);
	struct fuzz_input in = {bytes, len};
	struct net_packet packet;
	struct ring_end end;
	uint32_t kind = fuzz_byte(&in), start = kind & 4 ? 0xfffffff8u : 0;

	net_packet_reset(&packet);
	if (kind & 1)
		ring_init_producer(&end, &s->header, s->slots, sizeof s->slots[0], COUNT);
	else
		ring_init_consumer(&end, &s->header, s->slots, sizeof s->slots[0], COUNT);
	/* Near the place where indices wrap, as after four thousand million slots. */
	end.next = end.published = end.peer = start;
	s->header.p.prod = s->header.c.cons = start;
	while (in.left) {
		uint32_t way = fuzz_byte(&in);

		if (way & 128)
			peer_writes(s, &end, &in);
		else if (end.producer)
			produce(&end, way);
		else
			consume(&end, &packet, kind & 2 ? NET_TO_FRONT : NET_TO_BACK, way);
	}
	free(s);
}

static size_t seed(unsigned n, uint8_t *out)
{
	if (n == 10)
		return 0;
	fuzz_random(n + 1000, out, 64 + 60 * n);
	out[0] = (uint8_t)n;
	return 64 + 60 * n;
}

const struct fuzz_target fuzz_ring = {"ring", run, seed, 1024};
