/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands in front of each packet of a virtio network card (virtio 1.1, section 5.1.6), and the features it is for. */
#ifndef CAMBIUM_VIRTIO_NET_HEADER_H
#define CAMBIUM_VIRTIO_NET_HEADER_H

#include <drivers/net/frame.h>

/* Section 5.1.3. */
#define NET_F_CSUM (1ull << 0)
#define NET_F_GUEST_CSUM (1ull << 1)
#define NET_F_MTU (1ull << 3)
#define NET_F_MAC (1ull << 5)
#define NET_F_GUEST_TSO4 (1ull << 7)
#define NET_F_GUEST_TSO6 (1ull << 8)
#define NET_F_HOST_TSO4 (1ull << 11)
#define NET_F_HOST_TSO6 (1ull << 12)
#define NET_F_MRG_RXBUF (1ull << 15)
#define NET_F_STATUS (1ull << 16)
#define NET_F_CUTS (NET_F_CSUM | NET_F_HOST_TSO4 | NET_F_HOST_TSO6)
/* For receiving units: only all together, for a unit is spread over buffers of a frame's size. */
#define NET_F_JOINS (NET_F_GUEST_CSUM | NET_F_GUEST_TSO4 | NET_F_GUEST_TSO6 | NET_F_MRG_RXBUF)

#define HDR_NEEDS_CSUM 1u
#define HDR_DATA_VALID 2u
#define HDR_GSO_NONE 0u
#define HDR_GSO_TCPV4 1u
#define HDR_GSO_TCPV6 4u

/* With VERSION_1 the last field is always there. */
struct net_header {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t hdr_len;
	uint16_t gso_size;
	uint16_t csum_start;
	uint16_t csum_offset;
	uint16_t buffer_count; /* of the packet, with MRG_RXBUF */
};

_Static_assert(sizeof(struct net_header) == 12 && sizeof(struct net_header) <= FRAME_HEADROOM, "virtio 1.1, 5.1.6");

/* It stands directly before the packet, so one descriptor carries both. */
static inline struct net_header *net_header_of(struct frame *frame)
{
	return (struct net_header *)(void *)(frame->data - sizeof(struct net_header));
}

#endif
