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

#define BAD_BUFFERS_MAX 8u /* looked over in one send */

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
	net_packet_reset(&rings->packet);
}

/* The one copy of a packet out of the pool. */
static void packet_copy(const struct netback_rings *rings, struct frame *frame)
{
	const struct net_packet *packet = &rings->packet;

	for (uint32_t i = 0; i < packet->piece_count; i++) {
		memcpy(frame->data + frame->len, rings->pool_tx + packet->pieces[i].offset, packet->pieces[i].len);
		frame->len += packet->pieces[i].len;
	}
	if (packet->flags & NET_CSUM_BLANK) {
		frame->flags = FRAME_CSUM_BLANK;
		frame->csum_start = packet->csum_start;
		frame->csum_offset = packet->csum_offset;
	}
}

enum netback_result netback_receive(struct netback_rings *rings, struct frame *frame)
{
	enum netback_result result = NETBACK_FRAME;

	switch (net_packet_take(&rings->tx, rings->pool_bytes, NET_TO_BACK, &rings->packet)) {
	case NET_PACKET: break;
	case NET_BAD: result = NETBACK_DROPPED; break;
	case NET_EMPTY: return NETBACK_EMPTY;
	case NET_BROKEN: return NETBACK_BROKEN;
	}
	/* segmentation is not offered, so a packet that asks for it is as bad as one that does not fit */
	if (rings->packet.total > FRAME_LEN_MAX || rings->packet.gso_size)
		result = NETBACK_DROPPED;
	if (result == NETBACK_FRAME) {
		packet_copy(rings, frame);
		rings->counters.tx_packets++;
		rings->counters.tx_bytes += frame->len;
	} else {
		rings->counters.tx_bad++;
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

enum netback_result netback_send(struct netback_rings *rings, struct frame *frame)
{
	struct net_slot slot = {0};
	enum netback_result result;
	uint32_t space;

	if (ring_space(&rings->rx, &space) != RING_OK)
		return NETBACK_BROKEN;
	if (!space || (!rings->takes_blank && !frame_complete_csum(frame))) {
		rings->counters.rx_dropped++;
		return NETBACK_EMPTY;
	}
	result = buffer_take(rings, &slot.offset);
	if (result != NETBACK_FRAME) {
		rings->counters.rx_dropped += result == NETBACK_EMPTY;
		return result;
	}
	memcpy(rings->pool_rx + slot.offset, frame->data, frame->len);
	slot.len = (uint16_t)frame->len;
	if (frame->flags & FRAME_CSUM_BLANK) {
		slot.flags = NET_CSUM_BLANK;
		slot.csum_start = frame->csum_start;
		slot.csum_offset = frame->csum_offset;
	} else if (frame->flags & FRAME_CSUM_VALID) {
		slot.flags = NET_CSUM_VALID;
	}
	if (ring_push(&rings->rx, &slot) != RING_OK)
		return NETBACK_BROKEN;
	rings->counters.rx_packets++;
	rings->counters.rx_bytes += frame->len;
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
