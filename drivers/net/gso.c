/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Headers of packets that are to be cut. A card does with them what its descriptors say, and a wrong one may hang it: so
 * nothing reaches a card that was not looked at here.
 */
#include "gso.h"

#define ETH_LEN 14u
#define TYPE_IPV4 0x0800u
#define TYPE_IPV6 0x86ddu
#define IPV4_LEN_MIN 20u
#define IPV4_FRAGMENT 0x3fffu /* more fragments, offset */
#define IPV6_LEN 40u
#define PROTO_TCP 6u
#define TCP_LEN_MIN 20u
#define TCP_CSUM 16u
#define IP_BYTES_MAX 65535u

static uint32_t read16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

/* Sums up the pieces. False: too many, or one without bytes or with more than a frame has. */
static bool read_pieces(const struct frame *frame, struct gso *gso)
{
	for (; frame; frame = frame->more) {
		if (!frame->len || frame->len > FRAME_LEN_MAX + frame->moved || gso->pieces == GSO_PIECES_MAX)
			return false;
		gso->len += frame->len;
		gso->pieces++;
	}
	return gso->len <= ETH_LEN + IP_BYTES_MAX;
}

/* The IP header, of a packet whose first frame has @have bytes behind the Ethernet header. */
static bool read_ip(const uint8_t *ip, uint32_t have, uint32_t type, struct gso *gso)
{
	uint32_t ip_bytes = gso->len - ETH_LEN, header;

	gso->ipv6 = type == TYPE_IPV6;
	header = gso->ipv6 ? IPV6_LEN : IPV4_LEN_MIN;
	if ((type != TYPE_IPV4 && type != TYPE_IPV6) || have < header || ip[0] >> 4 != (gso->ipv6 ? 6 : 4))
		return false;
	if (gso->ipv6) {
		gso->l4 = ETH_LEN + IPV6_LEN;
		return ip[6] == PROTO_TCP && read16(ip + 4) + IPV6_LEN == ip_bytes;
	}
	header = 4 * (ip[0] & 0xfu);
	gso->l4 = (uint16_t)(ETH_LEN + header);
	return header >= IPV4_LEN_MIN && ip[9] == PROTO_TCP && !(read16(ip + 6) & IPV4_FRAGMENT) &&
	       read16(ip + 2) == ip_bytes;
}

bool gso_read(const struct frame *frame, uint32_t mtu, struct gso *gso)
{
	const uint8_t *data = frame->data;

	*gso = (struct gso){.l3 = ETH_LEN};
	if (!read_pieces(frame, gso) || frame->len < ETH_LEN ||
	    !read_ip(data + ETH_LEN, frame->len - ETH_LEN, read16(data + 12), gso) ||
	    !range_within(gso->l4, TCP_LEN_MIN, frame->len))
		return false;
	gso->header_len = (uint16_t)(gso->l4 + 4 * (data[gso->l4 + 12] >> 4));
	gso->whole = gso->len <= (uint32_t)gso->header_len + frame->gso_size;
	return gso->header_len >= gso->l4 + TCP_LEN_MIN && gso->header_len <= frame->len &&
	       gso->header_len < gso->len && frame->gso_size > 0 &&
	       gso->len - gso->header_len <= (uint32_t)frame->gso_size * GSO_SEGMENTS_MAX &&
	       (uint32_t)gso->header_len - ETH_LEN + frame->gso_size <= mtu && (frame->flags & FRAME_CSUM_BLANK) &&
	       frame->csum_start == gso->l4 && frame->csum_offset == TCP_CSUM;
}
