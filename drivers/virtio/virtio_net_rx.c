/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Receiving. With mergeable buffers (virtio 1.1, section 5.1.6.3.2) a packet comes in as many as it needs, one behind the
 * other in the used ring; only the first has the header, so the bytes of the others begin where theirs would be.
 *
 * Invariant: a frame is the card's, by its descriptor, or in the chain in hand, or somebody else's.
 */
#include "virtio_net_rx.h"

#include <drivers/net/gso.h>

#define ETH_LEN 14u

void virtio_net_rx_refill(struct virtio_net_rx *rx)
{
	while (rx->ring->free_count) {
		struct frame *frame = frame_get(rx->pool);
		struct virtq_piece piece = {.len = sizeof(struct net_header) + FRAME_LEN_MAX, .writable = true};
		uint16_t head;

		if (!frame)
			return;
		piece.addr = frame->bus - sizeof(struct net_header);
		if (!virtqueue_add_one(rx->ring, piece, &head)) {
			frame_put(rx->pool, frame);
			return;
		}
		rx->frames[head] = frame;
	}
}

/* What the card says of checksums. False: nonsense. */
static bool describe_csum(const struct virtio_net_rx *rx, const struct net_header *h, struct frame *frame)
{
	if (!(rx->features & NET_F_GUEST_CSUM))
		return true;
	if (h->flags & HDR_NEEDS_CSUM) {
		frame->csum_start = h->csum_start;
		frame->csum_offset = h->csum_offset;
		frame->flags = FRAME_CSUM_BLANK;
		return range_within((uint64_t)h->csum_start + h->csum_offset, 2, frame->len);
	}
	if (h->flags & HDR_DATA_VALID)
		frame->flags = FRAME_CSUM_VALID;
	return true;
}

/* Of a unit. */
static bool describe_unit(const struct virtio_net_rx *rx, const struct net_header *h, struct frame *frame)
{
	struct gso gso;

	if ((rx->features & NET_F_JOINS) != NET_F_JOINS ||
	    (h->gso_type != HDR_GSO_TCPV4 && h->gso_type != HDR_GSO_TCPV6))
		return false;
	frame->gso_size = h->gso_size;
	if (!gso_read(frame, FRAME_LEN_MAX - ETH_LEN, &gso) || gso.ipv6 != (h->gso_type == HDR_GSO_TCPV6))
		return false;
	if (gso.whole && !frame->more)
		frame->gso_size = 0;
	return !gso.whole || !frame->more;
}

/* Takes over what the card says about the whole packet in @frame. False: nonsense. */
static bool describe(const struct virtio_net_rx *rx, struct frame *frame)
{
	const struct net_header *h = net_header_of(frame);

	if (frame->len < ETH_LEN || !describe_csum(rx, h, frame))
		return false;
	return h->gso_type == HDR_GSO_NONE ? !frame->more : describe_unit(rx, h, frame);
}

/* @frame, into which the card wrote @written bytes, is the next buffer of a packet. False: it makes no sense there. */
static bool chain_add(struct virtio_net_rx *rx, struct frame *frame, uint32_t written)
{
	unsigned count;

	if (rx->first) {
		frame_move(frame, sizeof(struct net_header));
		frame->len = written;
		rx->last->more = frame;
		rx->last = frame;
		rx->left--;
		return true;
	}
	count = rx->features & NET_F_MRG_RXBUF ? net_header_of(frame)->buffer_count : 1;
	rx->first = rx->last = frame;
	rx->left = 0;
	if (written < sizeof(struct net_header) || count == 0 || count > GSO_PIECES_MAX)
		return false;
	frame->len = written - (uint32_t)sizeof(struct net_header);
	rx->left = count - 1;
	return true;
}

enum virtio_net_rx_result virtio_net_rx_take(struct virtio_net_rx *rx, struct frame **frame)
{
	uint32_t written;
	uint16_t head;
	bool good;

	do {
		switch (virtqueue_take(rx->ring, &head, &written)) {
		case VIRTQ_OK: break;
		case VIRTQ_BROKEN: return VIRTIO_NET_RX_BROKEN;
		case VIRTQ_EMPTY: return VIRTIO_NET_RX_EMPTY;
		}
		*frame = rx->frames[head];
		rx->frames[head] = NULL;
		good = chain_add(rx, *frame, written);
	} while (good && rx->left);
	*frame = rx->first;
	rx->first = NULL;
	if (good && describe(rx, *frame))
		return VIRTIO_NET_RX_PACKET;
	frame_put(rx->pool, *frame);
	return VIRTIO_NET_RX_BAD;
}
