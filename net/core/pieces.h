/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet that leaves in pieces, because it came so or because it is too long for where it goes: joined in one place, where
 * the router decides about it as about any other and rewrites it, and cut from there (RFC 791, 8200). Pieces of a datagram
 * that came in fragments have the sizes of those, so that what its sender found out about the path still holds, unless they
 * do not fit; all have the headers of the first one.
 */
#ifndef CAMBIUM_NET_CORE_PIECES_H
#define CAMBIUM_NET_CORE_PIECES_H

#include "fragment.h"

#define PIECES_FRAGMENT_HEADER_LEN 8u /* of IPv6 */
#define PIECES_HEADER_MAX (ETH_HEADER_LEN + FRAGMENT_HEAD_MAX)

struct pieces {
	struct packet pkt;   /* the whole, in room */
	uint32_t total, at;  /* bytes of data; of those, in pieces that were handed out */
	uint32_t step;       /* > 0: each piece has so many; else as ends says */
	uint32_t largest;    /* longest IP packet among the fragments that came */
	uint32_t header_len; /* what each piece begins with, fragment header apart */
	uint32_t id;
	uint16_t pointer_at; /* in the frame: where an IPv6 fragment header is announced; 0: IPv4 */
	uint16_t next;       /* among ends */
	uint16_t ends[FRAGMENT_PART_COUNT];
	uint8_t header[PIECES_HEADER_MAX];

	/* the way out, for who hands them out */
	uint64_t now;
	struct ip_addr next_hop;
	uint8_t out_if;
	bool via_gateway;
	bool mac_known; /* it is in the frame already */

	uint8_t room[PIECES_FRAGMENT_HEADER_LEN + PACKET_LEN_MAX];
};

/* Datagram number @index of @t, which is whole, becomes the packet ps->pkt, behind the Ethernet header @eth. */
void pieces_join(struct pieces *ps, struct fragment_table *t, uint16_t index, const uint8_t *eth);

/* The first fragment of datagram number @index of @t becomes ps->pkt as it came, behind @eth; the others are forgotten. */
void pieces_join_first(struct pieces *ps, struct fragment_table *t, uint16_t index, const uint8_t *eth);

/*
 * The IPv4 packet @pkt, whole in memory and without options, becomes ps->pkt, to be cut. A blank checksum is completed.
 */
void pieces_copy(struct pieces *ps, const struct packet *pkt);

/*
 * ps->pkt, which was joined or copied and perhaps rewritten in place, is to be cut for a link of @mtu: where it was cut before, if
 * those pieces fit, else anew.
 */
void pieces_cut(struct pieces *ps, uint32_t mtu);

/*
 * ps->pkt was overwritten by an answer to what was there, without extension headers: it is whole if it fits a link of @mtu, else
 * to be cut, as the other packet's mirror image under its identification.
 */
void pieces_cut_answer(struct pieces *ps, uint32_t mtu);

/* Is there a piece left? */
static inline bool pieces_are_left(const struct pieces *ps)
{
	return ps->at < ps->total;
}

/* The next piece, a frame of *@len bytes, within @ps until the next call. Only where there is one left. */
uint8_t *pieces_next(struct pieces *ps, uint32_t *len);

/* There are none. */
void pieces_drop(struct pieces *ps);

#endif
