/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Validation of net slots. The slot is copied out of shared memory once (ring_take); all checks and all later use are on
 * that copy, so the other side can change nothing after the check.
 */
#include <drivers/ring/net_packet.h>

#define NET_FLAGS_KNOWN (NET_MORE | NET_CSUM_BLANK | NET_CSUM_VALID | NET_GSO_TCP4 | NET_GSO_TCP6)
#define NET_GSO (NET_GSO_TCP4 | NET_GSO_TCP6)

void net_packet_reset(struct net_packet *packet)
{
	packet->flags = 0;
	packet->csum_start = 0;
	packet->csum_offset = 0;
	packet->gso_size = 0;
	packet->slot_count = 0;
	packet->piece_count = 0;
	packet->total = 0;
	packet->bad = false;
	packet->open = false;
}

static bool piece_valid(const struct net_slot *slot, uint32_t pool_bytes, enum net_direction direction)
{
	if (slot->len == 0 || slot->offset > pool_bytes || slot->len > pool_bytes - slot->offset)
		return false;
	return direction == NET_TO_BACK || (slot->offset % NET_BUFFER_BYTES == 0 && slot->len <= NET_BUFFER_BYTES);
}

/* Rules that need the whole packet. */
static bool packet_valid(const struct net_packet *packet)
{
	if (packet->total > NET_PACKET_BYTES_MAX)
		return false;
	if (packet->piece_count > 1 && packet->pieces[0].len < NET_HEADER_MIN)
		return false;
	if (packet->flags & NET_CSUM_BLANK) {
		uint32_t field = (uint32_t)packet->csum_start + packet->csum_offset;

		if (field + 2 > packet->pieces[0].len)
			return false;
	}
	if (packet->gso_size == 0)
		return (packet->flags & NET_GSO) == 0;
	return ((packet->flags & NET_GSO) == NET_GSO_TCP4 || (packet->flags & NET_GSO) == NET_GSO_TCP6) &&
	       (packet->flags & NET_CSUM_BLANK) && packet->total <= NET_UNIT_BYTES_MAX;
}

bool net_packet_add(struct net_packet *packet, const struct net_slot *slot, uint32_t pool_bytes,
		    enum net_direction direction)
{
	packet->slot_count++;
	if (packet->slot_count == 1) {
		packet->flags = slot->flags & (uint16_t)~NET_MORE;
		packet->csum_start = slot->csum_start;
		packet->csum_offset = slot->csum_offset;
		packet->gso_size = slot->gso_size;
		if (slot->flags & ~NET_FLAGS_KNOWN)
			packet->bad = true;
	}
	if (!piece_valid(slot, pool_bytes, direction)) {
		packet->bad = true;
	} else {
		packet->pieces[packet->piece_count].offset = slot->offset;
		packet->pieces[packet->piece_count].len = slot->len;
		packet->piece_count++;
		packet->total += slot->len;
	}
	packet->open = slot->flags & NET_MORE;
	if (packet->open && packet->slot_count < NET_PACKET_SLOTS_MAX)
		return false;
	if (packet->open)
		packet->bad = true;
	if (!packet->bad && !packet_valid(packet))
		packet->bad = true;
	return true;
}

enum net_result net_packet_take(struct ring_end *ring, uint32_t pool_bytes, enum net_direction direction,
				struct net_packet *packet)
{
	struct net_slot slot;

	for (;;) {
		switch (ring_take(ring, &slot)) {
		case RING_OK: break;
		case RING_EMPTY: return NET_EMPTY;
		default: return NET_BROKEN;
		}
		if (net_packet_add(packet, &slot, pool_bytes, direction))
			return packet->bad ? NET_BAD : NET_PACKET;
	}
}

enum net_result net_buffer_take(struct ring_end *ring, uint32_t pool_bytes, uint32_t *offset)
{
	struct net_slot slot;

	switch (ring_take(ring, &slot)) {
	case RING_OK: break;
	case RING_EMPTY: return NET_EMPTY;
	default: return NET_BROKEN;
	}
	if (slot.offset % NET_BUFFER_BYTES != 0 || slot.offset > pool_bytes ||
	    NET_BUFFER_BYTES > pool_bytes - slot.offset)
		return NET_BAD;
	*offset = slot.offset;
	return NET_PACKET;
}
