/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parsing of frames. The invariant: when packet_parse() gives REASON_NONE for IP, every byte of
 * every header that struct packet_info names lies within the first head_len bytes of the frame, an
 * IPv4 header has 20 bytes, and the frame ends where the IP packet does. Nothing after it has to
 * compare a length again, except for what an ICMP error quotes and the options of neighbour discovery.
 */
#include <string.h>

#include "packet.h"

/* Layer 4 header sizes. */
#define TCP_HEADER_MIN 20u
#define UDP_HEADER_LEN 8u
#define ICMP_HEADER_LEN 8u

/* The window scale of a SYN's options (RFC 7323), which end at header_len. */
static uint8_t tcp_get_scale(const uint8_t *tcp, uint32_t header_len)
{
	uint32_t at = TCP_HEADER_MIN;

	while (at < header_len && tcp[at] != 0) {
		if (tcp[at] == 1) {
			at++;
			continue;
		}
		if (at + 1 >= header_len || tcp[at + 1] < 2 || tcp[at + 1] > header_len - at)
			break;
		if (tcp[at] == 3 && tcp[at + 1] == 3)
			return tcp[at + 2] > 14 ? 14 : tcp[at + 2];
		at += tcp[at + 1];
	}
	return TCP_SCALE_NONE;
}

/* SYN never comes with FIN or RST, nor anything without any of SYN, RST and ACK. */
static bool tcp_flags_are_sane(uint8_t flags)
{
	if (flags & TCP_SYN)
		return !(flags & (TCP_FIN | TCP_RST));
	if (flags & TCP_RST)
		return !(flags & TCP_FIN);
	return (flags & TCP_ACK) != 0;
}

static enum reason tcp_parse(const struct packet *pkt, struct packet_info *info)
{
	const uint8_t *tcp = pkt->data + info->l4_off;
	uint32_t l4_len = packet_get_l4_len(info);

	if (l4_len < TCP_HEADER_MIN || pkt->head_len - info->l4_off < TCP_HEADER_MIN)
		return REASON_FRAME_SHORT;
	info->sport = be16_get(tcp);
	info->dport = be16_get(tcp + 2);
	info->tcp_seq = be32_get(tcp + 4);
	info->tcp_ack = be32_get(tcp + 8);
	info->tcp_header_len = (uint8_t)((tcp[12] >> 4) * 4u);
	info->tcp_flags = tcp[13] & 0x3f;
	info->tcp_window = be16_get(tcp + 14);
	info->tcp_scale = TCP_SCALE_NONE;
	if (info->tcp_header_len < TCP_HEADER_MIN || info->tcp_header_len > pkt->head_len - info->l4_off)
		return REASON_TCP_HEADER;
	if (!tcp_flags_are_sane(info->tcp_flags) || info->sport == 0 || info->dport == 0)
		return REASON_TCP_HEADER;
	if (info->tcp_flags & TCP_SYN)
		info->tcp_scale = tcp_get_scale(tcp, info->tcp_header_len);
	info->payload_len = l4_len - info->tcp_header_len;
	return REASON_NONE;
}

static enum reason udp_parse(const struct packet *pkt, struct packet_info *info)
{
	const uint8_t *udp = pkt->data + info->l4_off;
	uint32_t l4_len = packet_get_l4_len(info);

	if (l4_len < UDP_HEADER_LEN || pkt->head_len - info->l4_off < UDP_HEADER_LEN)
		return REASON_FRAME_SHORT;
	info->sport = be16_get(udp);
	info->dport = be16_get(udp + 2);
	if (be16_get(udp + 4) != l4_len || info->dport == 0)
		return REASON_UDP_LENGTH;
	if (info->ethertype == ETHERTYPE_IPV6 && be16_get(udp + 6) == 0 && !(pkt->flags & PACKET_CSUM_BLANK))
		return REASON_UDP_CHECKSUM;
	info->payload_len = l4_len - UDP_HEADER_LEN;
	return REASON_NONE;
}

static enum icmp_kind icmp_get_kind(const struct packet_info *info)
{
	if (info->proto == IP_PROTO_ICMP) {
		switch (info->icmp_type) {
		case ICMP_ECHO_REQUEST: return ICMP_KIND_REQUEST;
		case ICMP_ECHO_REPLY: return ICMP_KIND_REPLY;
		case ICMP_UNREACHABLE:
		case ICMP_TIME_EXCEEDED:
		case ICMP_PARAMETER: return ICMP_KIND_ERROR;
		}
		return ICMP_KIND_NONE;
	}
	switch (info->icmp_type) {
	case ICMP6_ECHO_REQUEST: return ICMP_KIND_REQUEST;
	case ICMP6_ECHO_REPLY: return ICMP_KIND_REPLY;
	case ICMP6_UNREACHABLE:
	case ICMP6_TOO_BIG:
	case ICMP6_TIME_EXCEEDED:
	case ICMP6_PARAMETER: return ICMP_KIND_ERROR;
	case ICMP6_ROUTER_SOLICITATION:
	case ICMP6_ROUTER_ADVERTISEMENT:
	case ICMP6_NEIGHBOUR_SOLICITATION:
	case ICMP6_NEIGHBOUR_ADVERTISEMENT: return ICMP_KIND_ND;
	}
	return ICMP_KIND_NONE;
}

static bool icmp_checksum_is_right(const uint8_t *icmp, const struct packet_info *info)
{
	uint32_t len = packet_get_l4_len(info), sum = 0;

	if (info->proto == IP_PROTO_ICMP6)
		sum = checksum_add_pseudo(0, info->src, info->dst, IP_PROTO_ICMP6, len);
	return checksum_fold(checksum_add(sum, icmp, len)) == 0xffff;
}

static enum reason icmp_parse(const struct packet *pkt, struct packet_info *info)
{
	const uint8_t *icmp = pkt->data + info->l4_off;
	uint32_t l4_len = packet_get_l4_len(info);

	if (l4_len < ICMP_HEADER_LEN || pkt->head_len - info->l4_off < ICMP_HEADER_LEN)
		return REASON_FRAME_SHORT;
	info->icmp_type = icmp[0];
	info->icmp_code = icmp[1];
	info->payload_len = l4_len - ICMP_HEADER_LEN;
	info->icmp_kind = (uint8_t)icmp_get_kind(info);
	if (info->icmp_kind == ICMP_KIND_NONE || (info->icmp_kind != ICMP_KIND_ERROR && info->icmp_code != 0))
		return REASON_ICMP_TYPE;
	if (info->icmp_kind == ICMP_KIND_REQUEST)
		info->sport = be16_get(icmp + 4);
	else if (info->icmp_kind == ICMP_KIND_REPLY)
		info->dport = be16_get(icmp + 4);
	if (pkt->head_len == pkt->len && !icmp_checksum_is_right(icmp, info))
		return REASON_ICMP_CHECKSUM;
	return REASON_NONE;
}

/* Checksum completion and segmentation must be those of the layer 4 that is really there. */
static enum reason offload_check(const struct packet *pkt, const struct packet_info *info)
{
	bool blank = pkt->flags & PACKET_CSUM_BLANK;

	if (blank) {
		uint16_t field = info->proto == IP_PROTO_TCP ? 16 : 6;

		if (info->icmp_kind != ICMP_KIND_NONE || pkt->csum_start != info->l4_off || pkt->csum_offset != field)
			return REASON_CSUM_META;
	}
	if (pkt->gso_type == PACKET_GSO_NONE)
		return REASON_NONE;
	if (pkt->gso_type != (info->ethertype == ETHERTYPE_IPV6 ? PACKET_GSO_TCP6 : PACKET_GSO_TCP4) ||
	    info->proto != IP_PROTO_TCP || !blank || pkt->gso_size == 0 ||
	    (info->tcp_flags & (TCP_SYN | TCP_RST | TCP_URG)))
		return REASON_GSO_META;
	return REASON_NONE;
}

static enum reason l4_parse(const struct packet *pkt, struct packet_info *info)
{
	bool is_v6 = info->ethertype == ETHERTYPE_IPV6;

	switch (info->proto) {
	case IP_PROTO_TCP: return tcp_parse(pkt, info);
	case IP_PROTO_UDP: return udp_parse(pkt, info);
	case IP_PROTO_ICMP: return is_v6 ? REASON_IP_PROTO : icmp_parse(pkt, info);
	case IP_PROTO_ICMP6: return is_v6 ? icmp_parse(pkt, info) : REASON_IP_PROTO;
	}
	return REASON_IP_PROTO;
}

static bool ipv4_checksum_is_right(const uint8_t *ip)
{
	uint64_t sum = 0;
	uint32_t four;

	for (unsigned i = 0; i < IPV4_HEADER_LEN; i += 4) {
		memcpy(&four, ip + i, sizeof(four));
		sum += four;
	}
	return checksum_fold((uint32_t)(sum & 0xffff) + (uint32_t)(sum >> 16 & 0xffff) + (uint32_t)(sum >> 32)) ==
	       0xffff;
}

static enum reason parse_ipv4(struct packet *pkt, struct packet_info *info)
{
	const uint8_t *ip = pkt->data + ETH_HEADER_LEN;
	uint32_t room = pkt->len - ETH_HEADER_LEN, head_len = pkt->head_len;
	uint16_t fragment;

	if (head_len < ETH_HEADER_LEN + IPV4_HEADER_LEN)
		return REASON_FRAME_SHORT;
	if (ip[0] != 0x45)
		return ip[0] >> 4 == 4 && (ip[0] & 15) > 5 ? REASON_IP_OPTIONS : REASON_IP_HEADER;
	info->ip_len = be16_get(ip + 2);
	if (info->ip_len < IPV4_HEADER_LEN || info->ip_len > room)
		return REASON_IP_LENGTH;
	if (!ipv4_checksum_is_right(ip))
		return REASON_IP_CHECKSUM;
	fragment = be16_get(ip + 6);
	if (fragment & 0x8000)
		return REASON_IP_HEADER;
	pkt->len = ETH_HEADER_LEN + info->ip_len;
	pkt->head_len = head_len < pkt->len ? head_len : pkt->len;

	info->ttl = ip[8];
	info->proto = ip[9];
	info->src = ip_addr_read(ip + 12, true);
	info->dst = ip_addr_read(ip + 16, true);
	info->l4_off = ETH_HEADER_LEN + IPV4_HEADER_LEN;
	if (!(fragment & 0x3fff))
		return REASON_NONE;
	info->fragment_id = be16_get(ip + 4);
	info->fragment_offset = (uint16_t)(fragment << 3);
	info->fragment_more = fragment & 0x2000;
	info->fragment_at = (uint16_t)info->l4_off;
	return pkt->head_len < pkt->len ? REASON_FRAME_SHORT : REASON_IP_FRAGMENT;
}

bool packet_parse_first(const struct packet *pkt, struct packet_info *info)
{
	const uint8_t *l4;
	uint32_t room;

	if (info->ethertype == ETHERTYPE_IPV6 && packet_walk_fragment(pkt, info) != REASON_NONE)
		return false;
	room = pkt->len - info->l4_off;
	l4 = pkt->data + info->l4_off;
	if (room < (info->proto == IP_PROTO_TCP ? TCP_HEADER_MIN : UDP_HEADER_LEN))
		return false;
	if (info->proto == IP_PROTO_ICMP || info->proto == IP_PROTO_ICMP6) {
		info->icmp_type = l4[0];
		info->icmp_kind = (uint8_t)icmp_get_kind(info);
		return true;
	}
	info->sport = be16_get(l4);
	info->dport = be16_get(l4 + 2);
	return info->proto != IP_PROTO_TCP || room >= (l4[12] >> 4) * 4u;
}

enum reason packet_parse(struct packet *pkt, struct packet_info *info)
{
	enum reason reason;

	*info = (struct packet_info){.ethertype = 0};
	if (pkt->len < ETH_HEADER_LEN || pkt->head_len < ETH_HEADER_LEN)
		return REASON_FRAME_SHORT;
	if (pkt->len > PACKET_LEN_MAX)
		return REASON_FRAME_LONG;
	if (pkt->head_len > pkt->len || pkt->capacity < pkt->head_len ||
	    (pkt->head_len < pkt->len && pkt->head_len < PACKET_HEAD_MIN))
		return REASON_FRAME_SHORT;
	memcpy(info->mac_dst.octets, pkt->data, 6);
	memcpy(info->mac_src.octets, pkt->data + 6, 6);
	info->ethertype = be16_get(pkt->data + 12);
	if (info->ethertype == ETHERTYPE_ARP)
		return REASON_NONE;
	if (info->ethertype != ETHERTYPE_IPV4 && info->ethertype != ETHERTYPE_IPV6)
		return REASON_ETHERTYPE;
	reason = info->ethertype == ETHERTYPE_IPV4 ? parse_ipv4(pkt, info) : packet_parse_ipv6(pkt, info);
	if (reason == REASON_NONE)
		reason = l4_parse(pkt, info);
	return reason == REASON_NONE ? offload_check(pkt, info) : reason;
}
