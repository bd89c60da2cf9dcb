/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rings of a front end, seen from the back.
 *
 * The front is hostile. Invariant: every slot is copied out once and validated (drivers/ring), a packet is copied once
 * into private memory and nothing is decided on the front's copy; nothing is written to the front's pool but whole
 * validated buffers that it gave, each once. An index that makes no sense breaks this interface and nothing else.
 */
#include "netback_rings.h"

#include <string.h>

#include "gso.h"

#define ETH_LEN 14u
#define ETH_TYPE 12u
#define ETH_TYPE_IPV6_FIRST 0x86u /* of its two bytes; with gso_size it is one of two */
#define BAD_BUFFERS_MAX 8u        /* looked over in one send */

void netback_rings_init(struct netback_rings *rings, void *pages, void *pool, uint32_t pool_bytes, bool takes_blank)
{
	struct net_ring_page *headers = pages;
	uint8_t *slots = (uint8_t *)pages + PAGE_SIZE;

	ring_init_consumer(&rings->tx, &headers->tx, slots, sizeof(struct net_slot), NET_RING_SLOTS);
	ring_init_consumer(&rings->rx_free, &headers->rx_free, slots + PAGE_SIZE, sizeof(struct net_slot),
			   NET_RING_SLOTS);
	ring_init_producer(&rings->rx, &headers->rx, slots + 2 * PAGE_SIZE, sizeof(struct net_slot), NET_RING_SLOTS);
	rings->pool_tx = pool;
	rings->pool_rx = pool;
	rings->pool_bytes = pool_bytes;
	rings->takes_blank = takes_blank;
	rings->takes_units = false;
	rings->spare_count = 0;
	net_packet_reset(&rings->packet);
}

void netback_rings_greet(struct netback_rings *rings)
{
	rings->takes_units = rings->takes_blank && ring_front_features(rings->tx.header) & NET_FEATURE_GSO;
	ring_back_features_publish(rings->tx.header, NET_FEATURE_GSO);
}

/* The one copy of a packet out of the pool, to as many frames as it needs. False: there are too few. */
static bool packet_copy(const struct netback_rings *rings, struct frame_pool *pool, struct frame *frame)
{
	const struct net_packet *packet = &rings->packet;
	struct frame *to = frame;

	for (uint32_t i = 0; i < packet->piece_count; i++) {
		const uint8_t *from = rings->pool_tx + packet->pieces[i].offset;

		for (uint32_t left = packet->pieces[i].len; left;) {
			uint32_t part = MIN(left, FRAME_LEN_MAX - to->len);

			memcpy(to->data + to->len, from, part);
			/* what is decided on is the copy, as in ring_take() */
			__atomic_signal_fence(__ATOMIC_ACQ_REL);
			to->len += part;
			from += part;
			left -= part;
			if (to->len < FRAME_LEN_MAX || (!left && i + 1 == packet->piece_count))
				continue;
			to->more = frame_get(pool);
			if (!to->more)
				return false;
			to = to->more;
		}
	}
	return true;
}

static void packet_describe(const struct net_packet *packet, struct frame *frame)
{
	if (packet->flags & NET_CSUM_BLANK) {
		frame->flags = FRAME_CSUM_BLANK;
		frame->csum_start = packet->csum_start;
		frame->csum_offset = packet->csum_offset;
	}
	frame->gso_size = packet->gso_size;
}

/* A unit is what it says: one more that a card would be given to cut. */
static bool unit_is_good(const struct net_packet *packet, const struct frame *frame)
{
	struct gso gso;

	return gso_read(frame, FRAME_LEN_MAX - ETH_LEN, &gso) && !gso.whole &&
	       gso.ipv6 == ((packet->flags & NET_GSO_TCP6) != 0);
}

/* The packet in hand goes to @frame. False: it is dropped and counted, and the frame is empty again. */
static bool packet_receive(struct netback_rings *rings, struct frame_pool *pool, struct frame *frame)
{
	const struct net_packet *packet = &rings->packet;
	uint64_t *why = &rings->counters.tx_bad;
	bool good = packet->total <= FRAME_LEN_MAX || packet->gso_size;

	if (good && !packet_copy(rings, pool, frame)) {
		why = &rings->counters.tx_short;
		good = false;
	}
	if (good) {
		packet_describe(packet, frame);
		good = !packet->gso_size || unit_is_good(packet, frame);
	}
	if (good) {
		rings->counters.tx_packets++;
		rings->counters.tx_units += packet->gso_size > 0;
		rings->counters.tx_bytes += packet->total;
		return true;
	}
	(*why)++;
	if (frame->more)
		frame_put(pool, frame->more);
	frame->more = NULL;
	frame->len = 0;
	frame->flags = 0;
	frame->gso_size = 0;
	return false;
}

enum netback_result netback_receive(struct netback_rings *rings, struct frame_pool *pool, struct frame *frame)
{
	enum netback_result result;

	switch (net_packet_take(&rings->tx, rings->pool_bytes, NET_TO_BACK, &rings->packet)) {
	case NET_PACKET: result = packet_receive(rings, pool, frame) ? NETBACK_FRAME : NETBACK_DROPPED; break;
	case NET_BAD:
		rings->counters.tx_bad++;
		result = NETBACK_DROPPED;
		break;
	case NET_EMPTY: return NETBACK_EMPTY;
	default: return NETBACK_BROKEN;
	}
	net_packet_reset(&rings->packet);
	return result;
}

/* A buffer of the front. NETBACK_EMPTY: none now, or too many bad ones in a row. */
static enum netback_result buffer_take(struct netback_rings *rings, uint32_t *offset)
{
	for (unsigned i = 0; i < BAD_BUFFERS_MAX; i++) {
		switch (net_buffer_take(&rings->rx_free, rings->pool_bytes, offset)) {
		case NET_PACKET: return NETBACK_FRAME;
		case NET_BAD: rings->counters.rx_bad++; break;
		case NET_EMPTY: return NETBACK_EMPTY;
		case NET_BROKEN: return NETBACK_BROKEN;
		}
	}
	return NETBACK_EMPTY;
}

/* Sees to @count spare buffers, of which what is too many stays for the next packet. */
static enum netback_result buffers_want(struct netback_rings *rings, uint32_t count)
{
	while (rings->spare_count < count) {
		enum netback_result result = buffer_take(rings, &rings->spare[rings->spare_count]);

		if (result != NETBACK_FRAME)
			return result;
		rings->spare_count++;
	}
	return NETBACK_FRAME;
}

/* Where the next bytes of a chain of frames stand. */
struct place {
	const struct frame *frame;
	uint32_t at;
};

/* Fills the buffer at @to from @place on, and moves it. Returns how many bytes went there. */
static uint32_t buffer_fill(uint8_t *to, struct place *place)
{
	uint32_t len = 0;

	while (place->frame && len < NET_BUFFER_BYTES) {
		uint32_t part = MIN(place->frame->len - place->at, NET_BUFFER_BYTES - len);

		memcpy(to + len, place->frame->data + place->at, part);
		len += part;
		place->at += part;
		if (place->at == place->frame->len)
			*place = (struct place){place->frame->more, 0};
	}
	return len;
}

/* How @frame is described in its first slot. */
static struct net_slot slot_of(const struct frame *frame)
{
	struct net_slot slot = {.gso_size = frame->gso_size};

	if (frame->flags & FRAME_CSUM_BLANK) {
		slot.flags = NET_CSUM_BLANK;
		slot.csum_start = frame->csum_start;
		slot.csum_offset = frame->csum_offset;
	} else if (frame->flags & FRAME_CSUM_VALID) {
		slot.flags = NET_CSUM_VALID;
	}
	if (frame->gso_size)
		slot.flags |= frame->data[ETH_TYPE] == ETH_TYPE_IPV6_FIRST ? NET_GSO_TCP6 : NET_GSO_TCP4;
	return slot;
}

bool netback_takes(const struct netback_rings *rings, const struct frame *frame)
{
	return !frame->gso_size || (rings->takes_units && frame_get_total(frame) <= NET_UNIT_BYTES_MAX);
}

bool netback_has_room(struct netback_rings *rings)
{
	uint32_t space, buffers;

	if (ring_space(&rings->rx, &space) != RING_OK || ring_avail(&rings->rx_free, &buffers) != RING_OK)
		return true;
	return space > 0 && rings->spare_count + buffers > 0;
}

/* @frame, a single piece that fits a buffer as most do, goes to the last spare one. */
static bool single_push(struct netback_rings *rings, const struct frame *frame)
{
	struct net_slot slot = slot_of(frame);

	slot.offset = rings->spare[--rings->spare_count];
	slot.len = (uint16_t)frame->len;
	memcpy(rings->pool_rx + slot.offset, frame->data, frame->len);
	return ring_push(&rings->rx, &slot) == RING_OK;
}

/* @frame with all its pieces goes to as many of the last spare ones as it takes. */
static bool chain_push(struct netback_rings *rings, const struct frame *frame)
{
	struct place place = {frame, 0};
	struct net_slot slot = slot_of(frame);

	while (place.frame) {
		slot.offset = rings->spare[--rings->spare_count];
		slot.len = (uint16_t)buffer_fill(rings->pool_rx + slot.offset, &place);
		slot.flags = (uint16_t)(place.frame ? slot.flags | NET_MORE : slot.flags & ~NET_MORE);
		if (ring_push(&rings->rx, &slot) != RING_OK)
			return false;
	}
	return true;
}

enum netback_result netback_send(struct netback_rings *rings, struct frame *frame)
{
	uint32_t total = frame_get_total(frame), count = (total + NET_BUFFER_BYTES - 1) / NET_BUFFER_BYTES, space;
	enum netback_result result;

	if (ring_space(&rings->rx, &space) != RING_OK)
		return NETBACK_BROKEN;
	if (!total || space < count || count > NET_PACKET_SLOTS_MAX ||
	    (!rings->takes_blank && !frame_complete_csum(frame))) {
		rings->counters.rx_dropped++;
		return NETBACK_EMPTY;
	}
	result = buffers_want(rings, count);
	if (result != NETBACK_FRAME) {
		rings->counters.rx_dropped += result == NETBACK_EMPTY;
		return result;
	}
	if (!(count == 1 && !frame->more ? single_push(rings, frame) : chain_push(rings, frame)))
		return NETBACK_BROKEN;
	rings->counters.rx_packets++;
	rings->counters.rx_units += frame->gso_size > 0;
	rings->counters.rx_bytes += total;
	return NETBACK_FRAME;
}

bool netback_publish(struct netback_rings *rings)
{
	/* the slots of a packet that is not complete yet stay ours */
	uint32_t done = ring_held(&rings->tx) - rings->packet.slot_count;
	bool notify = false;

	if (done)
		notify |= ring_release(&rings->tx, done);
	if (ring_held(&rings->rx_free))
		notify |= ring_release(&rings->rx_free, ring_held(&rings->rx_free));
	notify |= ring_publish(&rings->rx);
	rings->counters.notifications += notify;
	return notify;
}

bool netback_arm(struct netback_rings *rings)
{
	return ring_sleep_prepare(&rings->tx, 1);
}

_Static_assert(FRAME_LEN_MAX <= NET_BUFFER_BYTES, "a frame fits a buffer");
