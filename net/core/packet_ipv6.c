/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 headers (RFC 8200). The invariant: the walk over the extension headers only goes forward, by at least eight bytes a
 * header, and ends within the first PACKET_HEAD_MIN bytes of the frame, so what a rule decides by is always there and
 * nothing can be hidden behind a long chain (RFC 7112).
 */
#include "packet.h"

enum {
	OPTION_PAD1 = 0,
	OPTION_JUMBO = 0xc2,  /* RFC 2675 */
	OPTION_ACTION = 0xc0, /* RFC 8200 section 4.2: none of these bits: whoever does not know it goes on */
};

#define EXTENSION_MIN 8u

/*
 * The options of a hop-by-hop or destination header of @len bytes lie within it, and none makes it a jumbogram. Tells @info
 * of those that are not to be passed over.
 */
static enum reason options_check(struct packet_info *info, const uint8_t *header, uint32_t len)
{
	uint32_t at = 2;

	while (at < len) {
		if (header[at] == OPTION_PAD1) {
			at++;
			continue;
		}
		if (at + 1 >= len || header[at + 1] > len - at - 2)
			return REASON_IP6_EXTENSION;
		if (header[at] == OPTION_JUMBO)
			return REASON_IP6_JUMBO;
		if (header[at] & OPTION_ACTION)
			info->option_binds = true;
		at += 2u + header[at + 1];
	}
	return REASON_NONE;
}

/* Judge the extension header @next, which is the first if @is_first, in the @len bytes that it has. */
static enum reason extension_check(struct packet_info *info, uint8_t next, const uint8_t *header, uint32_t len,
				   bool is_first)
{
	if (next == NEXT_ROUTING)
		/* Type 0 (RFC 5095), or one with somewhere else to go, to which no rule agreed. */
		return header[2] == 0 || header[3] != 0 ? REASON_IP6_ROUTING : REASON_NONE;
	if (next == NEXT_HOP_BY_HOP && !is_first)
		return REASON_IP6_EXTENSION;
	return options_check(info, header, len);
}

/*
 * The fragment header at @at, which @pointer_at announces: REASON_NONE where the packet is whole in it (RFC 6946), and it is
 * but one more header.
 */
static enum reason fragment_header_take(const struct packet *pkt, struct packet_info *info, uint32_t at,
					uint32_t pointer_at)
{
	const uint8_t *header = pkt->data + at;
	uint16_t offset = be16_get(header + 2);

	if (info->fragment_at)
		return REASON_IP6_EXTENSION;
	info->proto = header[0];
	info->l4_off = at + EXTENSION_MIN;
	info->fragment_at = (uint16_t)info->l4_off;
	info->fragment_pointer_at = (uint16_t)pointer_at;
	info->fragment_offset = offset & 0xfff8;
	info->fragment_more = offset & 1;
	info->fragment_id = be32_get(header + 4);
	if (!info->fragment_offset && !info->fragment_more)
		return REASON_NONE;
	return pkt->head_len < pkt->len ? REASON_FRAME_SHORT : REASON_IP_FRAGMENT;
}

/* Walk from the header @next at @at, which @pointer_at announces, to layer 4. */
static enum reason extensions_walk(const struct packet *pkt, struct packet_info *info, uint32_t at, uint32_t pointer_at)
{
	uint8_t next = pkt->data[pointer_at];

	while (next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_FRAGMENT || next == NEXT_DESTINATION) {
		const uint8_t *header = pkt->data + at;
		enum reason reason;
		uint32_t len;

		if (pkt->head_len - at < EXTENSION_MIN)
			return REASON_FRAME_SHORT;
		len = next == NEXT_FRAGMENT ? EXTENSION_MIN : (header[1] + 1u) * EXTENSION_MIN;
		if (len > PACKET_HEAD_MIN - at)
			return REASON_IP6_EXTENSION;
		if (len > pkt->head_len - at)
			return REASON_FRAME_SHORT;
		if (next == NEXT_FRAGMENT)
			reason = fragment_header_take(pkt, info, at, pointer_at);
		else
			reason = extension_check(info, next, header, len, at == ETH_HEADER_LEN + IPV6_HEADER_LEN);
		if (reason != REASON_NONE)
			return reason;
		next = header[0];
		pointer_at = at;
		at += len;
	}
	info->proto = next;
	info->l4_off = at;
	return REASON_NONE;
}

enum reason packet_walk_fragment(const struct packet *pkt, struct packet_info *info)
{
	return extensions_walk(pkt, info, info->fragment_at, info->fragment_at - EXTENSION_MIN);
}

enum reason packet_parse_ipv6(struct packet *pkt, struct packet_info *info)
{
	const uint8_t *ip = pkt->data + ETH_HEADER_LEN;

	if (pkt->head_len < ETH_HEADER_LEN + IPV6_HEADER_LEN)
		return REASON_FRAME_SHORT;
	if (ip[0] >> 4 != 6)
		return REASON_IP_HEADER;
	info->ip_len = IPV6_HEADER_LEN + be16_get(ip + 4);
	if (info->ip_len > pkt->len - ETH_HEADER_LEN)
		return REASON_IP_LENGTH;
	pkt->len = ETH_HEADER_LEN + info->ip_len;
	if (pkt->head_len > pkt->len)
		pkt->head_len = pkt->len;
	info->ttl = ip[7];
	info->src = ip_addr_read(ip + 8, false);
	info->dst = ip_addr_read(ip + 24, false);
	if (ip_addr_is_v4(info->src) || ip_addr_is_v4(info->dst))
		return REASON_IP_BOGON;
	return extensions_walk(pkt, info, ETH_HEADER_LEN + IPV6_HEADER_LEN, ETH_HEADER_LEN + 6);
}
