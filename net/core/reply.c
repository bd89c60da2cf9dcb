/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers in place. The invariant: an answer is never longer than the frame it answers by more than
 * an IPv4 and an ICMP header, never longer than pkt->capacity, and an ICMP error never answers an
 * ICMP error.
 */
#include <string.h>

#include "reply.h"

enum {
	REPLY_TTL = 64,
	ICMP_HEADER_LEN = 8,
	TCP_HEADER_LEN = 20,
	QUOTE_MIN = 28,  /* IPv4 header and 8 bytes */
	QUOTE_MAX = 548, /* so that the error has at most 576 bytes (RFC 1812 section 4.3.2.3) */
};

static void eth_reverse(struct packet *pkt, const struct packet_info *info)
{
	memcpy(pkt->data, info->mac_src.octets, 6);
	memcpy(pkt->data + 6, info->mac_dst.octets, 6);
}

/* A fresh IPv4 header for @l4_len bytes of @proto; the frame gets their length. */
static void ip_write(struct packet *pkt, struct ip_addr src, struct ip_addr dst, uint8_t proto, uint32_t l4_len)
{
	uint8_t *ip = pkt->data + ETH_HEADER_LEN;

	memset(ip, 0, IPV4_HEADER_LEN);
	ip[0] = 0x45;
	be16_put(ip + 2, (uint16_t)(IPV4_HEADER_LEN + l4_len));
	be16_put(ip + 6, 0x4000);
	ip[8] = REPLY_TTL;
	ip[9] = proto;
	memcpy(ip + 12, ip_addr_get_octets(&src), 4);
	memcpy(ip + 16, ip_addr_get_octets(&dst), 4);
	be16_put(ip + 10, (uint16_t)~checksum_fold(checksum_add(0, ip, IPV4_HEADER_LEN)));
	pkt->len = pkt->head_len = ETH_HEADER_LEN + IPV4_HEADER_LEN + l4_len;
	pkt->flags = 0;
	pkt->csum_start = pkt->csum_offset = 0;
	pkt->gso_type = PACKET_GSO_NONE;
	pkt->gso_size = 0;
}

bool reply_write_echo(struct packet *pkt, const struct packet_info *info)
{
	uint8_t *ip = pkt->data + ETH_HEADER_LEN;
	uint8_t *icmp = pkt->data + info->l4_off;

	if (info->proto != IP_PROTO_ICMP || info->icmp_type != ICMP_ECHO_REQUEST)
		return false;
	eth_reverse(pkt, info);
	/*
	 * Swapping the addresses keeps the header's sum; the new TTL and type change one word each.
	 */
	memcpy(ip + 12, ip_addr_get_octets(&info->dst), 4);
	memcpy(ip + 16, ip_addr_get_octets(&info->src), 4);
	be16_put(ip + 10, checksum_update(be16_get(ip + 10), be16_get(ip + 8), REPLY_TTL << 8 | IP_PROTO_ICMP));
	ip[8] = REPLY_TTL;
	be16_put(icmp + 2, checksum_update(be16_get(icmp + 2), ICMP_ECHO_REQUEST << 8, ICMP_ECHO_REPLY << 8));
	icmp[0] = ICMP_ECHO_REPLY;
	return true;
}

bool reply_write_reset(struct packet *pkt, const struct packet_info *info)
{
	uint8_t *tcp = pkt->data + info->l4_off;
	uint32_t seen = info->payload_len;
	uint32_t sum;

	if (info->proto != IP_PROTO_TCP || (info->tcp_flags & TCP_RST))
		return false;
	seen += (info->tcp_flags & TCP_SYN ? 1u : 0u) + (info->tcp_flags & TCP_FIN ? 1u : 0u);
	eth_reverse(pkt, info);
	ip_write(pkt, info->dst, info->src, IP_PROTO_TCP, TCP_HEADER_LEN);
	memset(tcp, 0, TCP_HEADER_LEN);
	be16_put(tcp, info->dport);
	be16_put(tcp + 2, info->sport);
	tcp[12] = TCP_HEADER_LEN / 4 << 4;
	if (info->tcp_flags & TCP_ACK) {
		be32_put(tcp + 4, info->tcp_ack);
		tcp[13] = TCP_RST;
	} else {
		be32_put(tcp + 8, info->tcp_seq + seen);
		tcp[13] = TCP_RST | TCP_ACK;
	}
	sum = checksum_add_pseudo(0, info->dst, info->src, IP_PROTO_TCP, TCP_HEADER_LEN);
	be16_put(tcp + 16, (uint16_t)~checksum_fold(checksum_add(sum, tcp, TCP_HEADER_LEN)));
	return true;
}

void reply_make_reset(uint8_t *frame, const struct reply_reset *reset)
{
	struct packet pkt = {.data = frame};
	uint8_t *tcp = frame + ETH_HEADER_LEN + IPV4_HEADER_LEN;
	uint32_t sum;

	memcpy(frame, reset->mac_dst.octets, 6);
	memcpy(frame + 6, reset->mac_src.octets, 6);
	be16_put(frame + 12, ETHERTYPE_IPV4);
	ip_write(&pkt, reset->src, reset->dst, IP_PROTO_TCP, TCP_HEADER_LEN);
	memset(tcp, 0, TCP_HEADER_LEN);
	be16_put(tcp, reset->sport);
	be16_put(tcp + 2, reset->dport);
	be32_put(tcp + 4, reset->seq);
	be32_put(tcp + 8, reset->ack);
	tcp[12] = TCP_HEADER_LEN / 4 << 4;
	tcp[13] = TCP_RST | TCP_ACK;
	sum = checksum_add_pseudo(0, reset->src, reset->dst, IP_PROTO_TCP, TCP_HEADER_LEN);
	be16_put(tcp + 16, (uint16_t)~checksum_fold(checksum_add(sum, tcp, TCP_HEADER_LEN)));
}

bool reply_write_error(struct packet *pkt, const struct packet_info *info, struct ip_addr from, uint8_t type,
		       uint8_t code, uint16_t mtu)
{
	uint8_t *icmp = pkt->data + ETH_HEADER_LEN + IPV4_HEADER_LEN;
	uint32_t quote = pkt->head_len - ETH_HEADER_LEN;
	uint32_t room;

	if (info->proto == IP_PROTO_ICMP && info->icmp_type != ICMP_ECHO_REQUEST)
		return false;
	if (pkt->capacity < ETH_HEADER_LEN + IPV4_HEADER_LEN + ICMP_HEADER_LEN + QUOTE_MIN)
		return false;
	room = pkt->capacity - ETH_HEADER_LEN - IPV4_HEADER_LEN - ICMP_HEADER_LEN;
	if (quote > room)
		quote = room;
	if (quote > QUOTE_MAX)
		quote = QUOTE_MAX;
	memmove(icmp + ICMP_HEADER_LEN, pkt->data + ETH_HEADER_LEN, quote);
	eth_reverse(pkt, info);
	ip_write(pkt, from, info->src, IP_PROTO_ICMP, ICMP_HEADER_LEN + quote);
	memset(icmp, 0, ICMP_HEADER_LEN);
	icmp[0] = type;
	icmp[1] = code;
	be16_put(icmp + 6, mtu);
	be16_put(icmp + 2, (uint16_t)~checksum_fold(checksum_add(0, icmp, ICMP_HEADER_LEN + quote)));
	return true;
}
