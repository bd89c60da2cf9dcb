/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP segments of one flow that are sent one behind the other, joined to a unit (abi/net_ring.h): which one continues the
 * last, and the headers of the whole.
 */
#ifndef CAMBIUM_NET_JOIN_H
#define CAMBIUM_NET_JOIN_H

#include <stdbool.h>
#include <stdint.h>

#define JOIN_HEAD_MAX 114u /* Ethernet, IPv6, TCP with all its options */

/* A packet that may grow, or that has grown; all zero: none. */
struct join {
	bool open; /* it may go on */
	bool ipv6;
	uint16_t l4, header_len; /* where TCP begins, and where the payload does */
	uint16_t gso_size;       /* the payload of its first segment */
	uint32_t payload;
	uint32_t seq;                /* that continues it */
	uint8_t head[JOIN_HEAD_MAX]; /* header_len bytes: the headers of all of it */
};

/*
 * @head has the first @have bytes of a packet of @len bytes, all of its headers where they are at most JOIN_HEAD_MAX, its
 * checksum field still without payload (NET_CSUM_BLANK). What was in @join is forgotten; it is open when this packet may grow.
 */
void join_begin(struct join *join, const uint8_t *head, uint32_t have, uint32_t len);

/* True when the packet, given likewise, continues the open @join, as one with nothing of its own but sequence and payload. */
bool join_fits(const struct join *join, const uint8_t *head, uint32_t have, uint32_t len);

/* Adds the packet, which fits, and makes join->head that of the whole, with the sum of its pseudo header. */
void join_add(struct join *join, const uint8_t *head, uint32_t len);

#endif
