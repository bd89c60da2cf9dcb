/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP packets longer than the wire's, which a card cuts into segments (struct frame with gso_size, frame.h). */
#ifndef CAMBIUM_NET_GSO_H
#define CAMBIUM_NET_GSO_H

#include "frame.h"

#define GSO_PIECES_MAX 40u
#define GSO_SEGMENTS_MAX 128u /* of 65,535 bytes with the least MSS that a host must take there are 123 (RFC 9293) */

/* Where things stand in such a packet: bytes from its start. */
struct gso {
	bool ipv6;
	uint16_t l3, l4;     /* IP header, TCP header */
	uint16_t header_len; /* of all headers: where the payload begins */
	uint32_t len;        /* of the whole packet */
	unsigned pieces;     /* frames of the chain */
	bool whole; /* one segment: there is nothing to cut, and a card or its peer may drop what asks for it */
};

/*
 * Reads the headers of the packet in @frame, whose gso_size is > 0. False when it is none that may be cut into segments of
 * at most @mtu bytes of IP: TCP directly behind IPv4 or IPv6, not a fragment, its checksum blank, its headers whole in the
 * first frame and in agreement with the packet's length, at most 65,535 bytes of IP, GSO_PIECES_MAX pieces and
 * GSO_SEGMENTS_MAX segments.
 */
bool gso_read(const struct frame *frame, uint32_t mtu, struct gso *gso);

#endif
