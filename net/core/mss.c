/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The maximum segment size that a SYN offers (RFC 9293 section 3.7.1), lowered to what the links carry: somewhere on the way
 * of a connection ICMP may be filtered, and it would hang with its first full segment. It is never raised, nor put in where
 * it is missing, which means 536 or 1220; options that make no sense stay as they are.
 */
#include "mss.h"

#define TCP_HEADER_MIN 20u

enum {
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_MSS = 2,
	OPTION_MSS_LEN = 4,
};

static uint16_t swapped(uint16_t v)
{
	return (uint16_t)(v << 8 | v >> 8);
}

/* The value that begins with the @at-th byte of the TCP header @tcp, becomes @to. */
static void value_set(uint8_t *tcp, uint32_t at, uint16_t to, bool is_blank)
{
	uint16_t from = be16_get(tcp + at), sum = be16_get(tcp + 16);

	be16_put(tcp + at, to);
	if (is_blank)
		return;
	/* at an odd place it lies across two words of the sum, which is the same as swapped in one */
	be16_put(tcp + 16, at % 2 ? checksum_update(sum, swapped(from), swapped(to)) : checksum_update(sum, from, to));
}

void mss_clamp(struct packet *pkt, const struct packet_info *info, uint16_t mtu)
{
	uint8_t *tcp = pkt->data + info->l4_off;
	uint32_t headers = TCP_HEADER_MIN + (ip_addr_is_v4(info->src) ? IPV4_HEADER_LEN : IPV6_HEADER_LEN);
	uint16_t most = (uint16_t)(mtu - headers);
	uint32_t at = TCP_HEADER_MIN;

	while (at < info->tcp_header_len && tcp[at] != OPTION_END) {
		if (tcp[at] == OPTION_NOP) {
			at++;
			continue;
		}
		if (at + 1 >= info->tcp_header_len || tcp[at + 1] < 2 || tcp[at + 1] > info->tcp_header_len - at)
			return;
		if (tcp[at] == OPTION_MSS && tcp[at + 1] == OPTION_MSS_LEN && be16_get(tcp + at + 2) > most)
			value_set(tcp, at + 2, most, pkt->flags & PACKET_CSUM_BLANK);
		at += tcp[at + 1];
	}
}
