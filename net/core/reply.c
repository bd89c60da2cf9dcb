/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers in place. The invariant: an answer is never longer than the frame it answers by more than
 * an IP and an ICMP header, never longer than pkt->capacity, and an ICMP error never answers an
 * ICMP error.
 */
#include <string.h>

#include "reply.h"

enum {
	REPLY_TTL = 64,
	ICMP_HEADER_LEN = 8,
	TCP_HEADER_LEN = 20,
	QUOTE_L4_MIN = 8,
	ERROR_MAX_V4 = 576,  /* of a whole packet (RFC 1812 section 4.3.2.3) */
	ERROR_MAX_V6 = 1280, /* (RFC 4443 section 2.4) */
};

static void eth_reverse(struct packet *pkt, const struct packet_info *info)
{
	memcpy(pkt->data, info->mac_src.octets, 6);
	memcpy(pkt->data + 6, info->mac_dst.octets, 6);
}

static uint32_t ip_header_len(struct ip_addr addr)
{
	return ip_addr_is_v4(addr) ? IPV4_HEADER_LEN : IPV6_HEADER_LEN;
}

static void ipv4_write(uint8_t *ip, struct ip_addr src, struct ip_addr dst, uint8_t proto, uint32_t l4_len)
{
	memset(ip, 0, IPV4_HEADER_LEN);
	ip[0] = 0x45;
	be16_put(ip + 2, (uint16_t)(IPV4_HEADER_LEN + l4_len));
	be16_put(ip + 6, 0x4000);
	ip[8] = REPLY_TTL;
	ip[9] = proto;
	memcpy(ip + 12, ip_addr_get_octets(&src), 4);
	memcpy(ip + 16, ip_addr_get_octets(&dst), 4);
	be16_put(ip + 10, (uint16_t)~checksum_fold(checksum_add(0, ip, IPV4_HEADER_LEN)));
}

static void ipv6_write(uint8_t *ip, struct ip_addr src, struct ip_addr dst, uint8_t proto, uint32_t l4_len)
{
	be32_put(ip, 6u << 28);
	be16_put(ip + 4, (uint16_t)l4_len);
	ip[6] = proto;
	ip[7] = REPLY_TTL;
	memcpy(ip + 8, src.octets, 16);
	memcpy(ip + 24, dst.octets, 16);
}

/* A fresh IP header for @l4_len bytes of @proto; the frame gets their length. */
static void ip_write(struct packet *pkt, struct ip_addr src, struct ip_addr dst, uint8_t proto, uint32_t l4_len)
{
	uint8_t *ip = pkt->data + ETH_HEADER_LEN;

	if (ip_addr_is_v4(src))
		ipv4_write(ip, src, dst, proto, l4_len);
	else
		ipv6_write(ip, src, dst, proto, l4_len);
	pkt->len = pkt->head_len = ETH_HEADER_LEN + ip_header_len(src) + l4_len;
	pkt->flags = 0;
	pkt->csum_start = pkt->csum_offset = 0;
	pkt->gso_type = PACKET_GSO_NONE;
	pkt->gso_size = 0;
}

bool reply_write_echo(struct packet *pkt, const struct packet_info *info)
{
	bool is_v4 = ip_addr_is_v4(info->src);
	uint32_t l4_off = ETH_HEADER_LEN + ip_header_len(info->src), extension_len = info->l4_off - l4_off;
	uint8_t *l4 = pkt->data + l4_off;
	uint32_t len = pkt->len - extension_len, head_len = pkt->head_len - extension_len;

	if (info->icmp_kind != ICMP_KIND_REQUEST || (extension_len > 0 && pkt->head_len != pkt->len))
		return false;
	eth_reverse(pkt, info);
	memmove(l4, l4 + extension_len, pkt->head_len - info->l4_off);
	ip_write(pkt, info->dst, info->src, info->proto, packet_get_l4_len(info));
	pkt->len = len;
	pkt->head_len = head_len;
	/* The pseudo-header has the same sum either way round: only the type changes. */
	be16_put(l4 + 2, checksum_update(be16_get(l4 + 2), (uint16_t)(l4[0] << 8),
					 (uint16_t)((is_v4 ? ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY) << 8)));
	l4[0] = is_v4 ? ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY;
	return true;
}

/* A segment with @flags and nothing else, and the headers before it. */
static void segment_write(struct packet *pkt, const struct reply_reset *reset, uint8_t flags)
{
	uint8_t *tcp = pkt->data + ETH_HEADER_LEN + ip_header_len(reset->src);
	uint32_t sum;

	ip_write(pkt, reset->src, reset->dst, IP_PROTO_TCP, TCP_HEADER_LEN);
	memset(tcp, 0, TCP_HEADER_LEN);
	be16_put(tcp, reset->sport);
	be16_put(tcp + 2, reset->dport);
	be32_put(tcp + 4, reset->seq);
	be32_put(tcp + 8, reset->ack);
	tcp[12] = TCP_HEADER_LEN / 4 << 4;
	tcp[13] = flags;
	sum = checksum_add_pseudo(0, reset->src, reset->dst, IP_PROTO_TCP, TCP_HEADER_LEN);
	be16_put(tcp + 16, (uint16_t)~checksum_fold(checksum_add(sum, tcp, TCP_HEADER_LEN)));
}

bool reply_write_reset(struct packet *pkt, const struct packet_info *info)
{
	bool has_ack = info->tcp_flags & TCP_ACK;
	uint32_t seen = info->payload_len;
	struct reply_reset reset = {
		.src = info->dst,
		.dst = info->src,
		.sport = info->dport,
		.dport = info->sport,
		.seq = has_ack ? info->tcp_ack : 0,
	};

	if (info->proto != IP_PROTO_TCP || (info->tcp_flags & TCP_RST))
		return false;
	seen += (info->tcp_flags & TCP_SYN ? 1u : 0u) + (info->tcp_flags & TCP_FIN ? 1u : 0u);
	reset.ack = has_ack ? 0 : info->tcp_seq + seen;
	eth_reverse(pkt, info);
	segment_write(pkt, &reset, TCP_RST | (has_ack ? 0 : TCP_ACK));
	return true;
}

bool reply_write_question(struct packet *pkt, const struct packet_info *info, uint32_t seq, uint32_t ack)
{
	struct reply_reset question = {
		.src = info->dst,
		.dst = info->src,
		.sport = info->dport,
		.dport = info->sport,
		.seq = seq,
		.ack = ack,
	};

	if (info->proto != IP_PROTO_TCP || (info->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN ||
	    ack == info->tcp_seq + 1)
		return false;
	eth_reverse(pkt, info);
	segment_write(pkt, &question, TCP_SYN | TCP_ACK);
	return true;
}

uint32_t reply_make_reset(uint8_t *frame, const struct reply_reset *reset)
{
	struct packet pkt = {.data = frame};

	memcpy(frame, reset->mac_dst.octets, 6);
	memcpy(frame + 6, reset->mac_src.octets, 6);
	be16_put(frame + 12, ip_addr_is_v4(reset->src) ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
	segment_write(&pkt, reset, TCP_RST | TCP_ACK);
	return pkt.len;
}

/* Type and code of @error. */
static uint16_t error_get_type(enum reply_error error, bool is_v4)
{
	switch (error) {
	case REPLY_TIME_EXCEEDED: return (uint16_t)((is_v4 ? ICMP_TIME_EXCEEDED : ICMP6_TIME_EXCEEDED) << 8);
	case REPLY_REASSEMBLY: return (uint16_t)((is_v4 ? ICMP_TIME_EXCEEDED : ICMP6_TIME_EXCEEDED) << 8 | 1);
	case REPLY_TOO_BIG: return is_v4 ? ICMP_UNREACHABLE << 8 | 4 : ICMP6_TOO_BIG << 8;
	case REPLY_PROHIBITED: break;
	}
	return is_v4 ? ICMP_UNREACHABLE << 8 | 13 : ICMP6_UNREACHABLE << 8 | 1;
}

bool reply_write_error(struct packet *pkt, const struct packet_info *info, struct ip_addr from, enum reply_error error,
		       uint16_t mtu)
{
	bool is_v4 = ip_addr_is_v4(from);
	uint32_t header_len = ip_header_len(from), headers_len = header_len + ICMP_HEADER_LEN;
	uint8_t proto = is_v4 ? IP_PROTO_ICMP : IP_PROTO_ICMP6;
	uint8_t *icmp = pkt->data + ETH_HEADER_LEN + header_len;
	uint32_t quote = pkt->head_len - ETH_HEADER_LEN, most = (is_v4 ? ERROR_MAX_V4 : ERROR_MAX_V6) - headers_len;
	uint32_t room, sum = 0;

	if (info->icmp_kind == ICMP_KIND_ERROR || info->icmp_kind == ICMP_KIND_ND)
		return false;
	if (pkt->capacity < ETH_HEADER_LEN + headers_len + header_len + QUOTE_L4_MIN)
		return false;
	room = pkt->capacity - ETH_HEADER_LEN - headers_len;
	if (quote > room)
		quote = room;
	if (quote > most)
		quote = most;
	memmove(icmp + ICMP_HEADER_LEN, pkt->data + ETH_HEADER_LEN, quote);
	eth_reverse(pkt, info);
	ip_write(pkt, from, info->src, proto, ICMP_HEADER_LEN + quote);
	be16_put(icmp, error_get_type(error, is_v4));
	be16_put(icmp + 2, 0);
	be32_put(icmp + 4, mtu);
	if (!is_v4)
		sum = checksum_add_pseudo(0, from, info->src, proto, ICMP_HEADER_LEN + quote);
	be16_put(icmp + 2, (uint16_t)~checksum_fold(checksum_add(sum, icmp, ICMP_HEADER_LEN + quote)));
	return true;
}
