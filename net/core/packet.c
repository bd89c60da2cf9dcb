/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parsing of frames. The invariant: when packet_parse() gives REASON_NONE for IPv4, every byte of
 * every header that struct packet_info names lies within the first head_len bytes of the frame, the
 * IPv4 header has 20 bytes, and the frame ends where the IPv4 packet does. Nothing after it has to
 * compare a length again, except for what an ICMP error quotes.
 */
#include <string.h>

#include "packet.h"

/* Layer 4 header sizes. */
#define TCP_HEADER_MIN 20u
#define UDP_HEADER_LEN 8u
#define ICMP_HEADER_LEN 8u

struct ip_addr ip_addr_from_v4(uint32_t host)
{
	struct ip_addr addr = {{0}};

	be32_put(addr.octets, host);
	return addr;
}

uint32_t ip_addr_to_v4(struct ip_addr addr)
{
	return be32_get(addr.octets);
}

bool ip_addr_equal(struct ip_addr a, struct ip_addr b)
{
	return memcmp(a.octets, b.octets, sizeof(a.octets)) == 0;
}

bool mac_equal(struct mac a, struct mac b)
{
	return memcmp(a.octets, b.octets, sizeof(a.octets)) == 0;
}

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
	uint32_t l4_len = info->ip_len - IPV4_HEADER_LEN;

	if (l4_len < TCP_HEADER_MIN || pkt->head_len - info->l4_off < TCP_HEADER_MIN)
		return REASON_FRAME_SHORT;
	info->sport = be16_get(tcp);
	info->dport = be16_get(tcp + 2);
	info->tcp_seq = be32_get(tcp + 4);
	info->tcp_ack = be32_get(tcp + 8);
	info->tcp_header_len = (tcp[12] >> 4) * 4u;
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
	uint32_t l4_len = info->ip_len - IPV4_HEADER_LEN;

	if (l4_len < UDP_HEADER_LEN)
		return REASON_FRAME_SHORT;
	info->sport = be16_get(udp);
	info->dport = be16_get(udp + 2);
	if (be16_get(udp + 4) != l4_len || info->dport == 0)
		return REASON_UDP_LENGTH;
	info->payload_len = l4_len - UDP_HEADER_LEN;
	return REASON_NONE;
}

static enum reason icmp_parse(const struct packet *pkt, struct packet_info *info)
{
	const uint8_t *icmp = pkt->data + info->l4_off;
	uint32_t l4_len = info->ip_len - IPV4_HEADER_LEN;

	if (l4_len < ICMP_HEADER_LEN)
		return REASON_FRAME_SHORT;
	info->icmp_type = icmp[0];
	info->icmp_code = icmp[1];
	info->payload_len = l4_len - ICMP_HEADER_LEN;
	switch (info->icmp_type) {
	case ICMP_ECHO_REQUEST: info->sport = be16_get(icmp + 4); break;
	case ICMP_ECHO_REPLY: info->dport = be16_get(icmp + 4); break;
	case ICMP_UNREACHABLE:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETER: break;
	default: return REASON_ICMP_TYPE;
	}
	if ((info->icmp_type == ICMP_ECHO_REQUEST || info->icmp_type == ICMP_ECHO_REPLY) && info->icmp_code != 0)
		return REASON_ICMP_TYPE;
	if (pkt->head_len == pkt->len && checksum_fold(checksum_add(0, icmp, l4_len)) != 0xffff)
		return REASON_ICMP_CHECKSUM;
	return REASON_NONE;
}

/* Checksum completion and segmentation must be those of the layer 4 that is really there. */
static enum reason offload_check(const struct packet *pkt, const struct packet_info *info)
{
	bool blank = pkt->flags & PACKET_CSUM_BLANK;

	if (blank) {
		uint16_t field = info->proto == IP_PROTO_TCP ? 16 : 6;

		if (info->proto == IP_PROTO_ICMP || pkt->csum_start != info->l4_off || pkt->csum_offset != field)
			return REASON_CSUM_META;
	}
	if (pkt->gso_type == PACKET_GSO_NONE)
		return REASON_NONE;
	if (pkt->gso_type != PACKET_GSO_TCP4 || info->proto != IP_PROTO_TCP || !blank || pkt->gso_size == 0 ||
	    (info->tcp_flags & (TCP_SYN | TCP_RST | TCP_URG)))
		return REASON_GSO_META;
	return REASON_NONE;
}

static enum reason ipv4_parse(struct packet *pkt, struct packet_info *info)
{
	const uint8_t *ip = pkt->data + ETH_HEADER_LEN;
	uint32_t room = pkt->len - ETH_HEADER_LEN;
	uint16_t fragment;

	if (pkt->head_len < ETH_HEADER_LEN + IPV4_HEADER_LEN)
		return REASON_FRAME_SHORT;
	if (ip[0] >> 4 != 4 || (ip[0] & 15) < 5)
		return REASON_IP_HEADER;
	if ((ip[0] & 15) != 5)
		return REASON_IP_OPTIONS;
	info->ip_len = be16_get(ip + 2);
	if (info->ip_len < IPV4_HEADER_LEN || info->ip_len > room)
		return REASON_IP_LENGTH;
	if (checksum_fold(checksum_add(0, ip, IPV4_HEADER_LEN)) != 0xffff)
		return REASON_IP_CHECKSUM;
	fragment = be16_get(ip + 6);
	if (fragment & 0x8000)
		return REASON_IP_HEADER;
	if (fragment & 0x3fff)
		return REASON_IP_FRAGMENT;
	pkt->len = ETH_HEADER_LEN + info->ip_len;
	if (pkt->head_len > pkt->len)
		pkt->head_len = pkt->len;

	info->ttl = ip[8];
	info->proto = ip[9];
	info->src = ip_addr_from_v4(be32_get(ip + 12));
	info->dst = ip_addr_from_v4(be32_get(ip + 16));
	info->l4_off = ETH_HEADER_LEN + IPV4_HEADER_LEN;
	switch (info->proto) {
	case IP_PROTO_TCP: return tcp_parse(pkt, info);
	case IP_PROTO_UDP: return udp_parse(pkt, info);
	case IP_PROTO_ICMP: return icmp_parse(pkt, info);
	}
	return REASON_IP_PROTO;
}

enum reason packet_parse(struct packet *pkt, struct packet_info *info)
{
	enum reason reason;

	memset(info, 0, sizeof(*info));
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
	if (info->ethertype != ETHERTYPE_IPV4)
		return REASON_ETHERTYPE;
	reason = ipv4_parse(pkt, info);
	return reason == REASON_NONE ? offload_check(pkt, info) : reason;
}
