/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Translation. The invariant: a checksum that was right before is right after, and one that was
 * wrong stays wrong, since every change of a word under it comes from four_set() or word_set(). Only the
 * checksum of an ICMP error, which was checked when it was parsed, is computed anew.
 */
#include <string.h>

#include "nat.h"

enum {
	QUOTE_L4_MIN = 8, /* what every ICMP error quotes of layer 4 (RFC 792) */
	ICMP_HEADER_LEN = 8,
	EXTENSION_MIN = 8,
};

/* One packet's headers, outer or quoted, while they are rewritten. */
struct headers {
	uint8_t *ip;
	uint8_t *l4;
	uint8_t *checksum; /* of layer 4; NULL when there is none */
	uint8_t proto;
	bool is_v4;
	bool is_blank; /* the checksum is only the sum of the pseudo-header */
};

/*
 * Changes of words under a checksum are summed up, ~from + to, and brought to it at once (RFC 1624, equation 3), in the machine's
 * byte order, since the sum does not care (RFC 1071).
 */

static inline uint16_t change_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	return checksum_fold((uint32_t)sum);
}

static inline void field_change(uint8_t *field, uint64_t change)
{
	uint16_t value;

	memcpy(&value, field, sizeof(value));
	value = (uint16_t)~change_fold((uint16_t)~value + change);
	memcpy(field, &value, sizeof(value));
}

/* A sum that is not complemented yet: the pseudo-header's in a blank checksum field. */
static void sum_change(uint8_t *field, uint64_t change)
{
	uint16_t value;

	memcpy(&value, field, sizeof(value));
	value = change_fold(value + change);
	memcpy(field, &value, sizeof(value));
}

/* The four bytes at @p become those at @to. Returns the change; 0: none. */
static inline uint64_t four_set(uint8_t *p, const uint8_t *to)
{
	uint32_t from, value;

	memcpy(&from, p, sizeof(from));
	memcpy(&value, to, sizeof(value));
	if (from == value)
		return 0;
	memcpy(p, &value, sizeof(value));
	return (uint64_t)~from + value;
}

/* Likewise the word at @p, in network order. */
static inline uint64_t word_set(uint8_t *p, uint16_t to)
{
	uint16_t from, value = __builtin_bswap16(to);

	memcpy(&from, p, sizeof(from));
	if (from == value)
		return 0;
	memcpy(p, &value, sizeof(value));
	return (uint64_t)(uint16_t)~from + value;
}

static inline uint64_t address_set(const struct headers *h, uint8_t *p, const struct ip_addr *addr)
{
	uint64_t change = 0;

	if (h->is_v4)
		return four_set(p, addr->octets + 12);
	for (unsigned i = 0; i < sizeof(addr->octets); i += 4)
		change += four_set(p + i, addr->octets + i);
	return change;
}

/* Sets the addresses and, for IPv4, the checksum of the header. Returns the change. */
static inline uint64_t addresses_set(const struct headers *h, const struct ip_addr *src, const struct ip_addr *dst)
{
	uint64_t change = address_set(h, h->ip + (h->is_v4 ? 12 : 8), src);

	change += address_set(h, h->ip + (h->is_v4 ? 16 : 24), dst);
	if (h->is_v4 && change)
		field_change(h->ip + 10, change);
	return change;
}

/* Sets ports or the identifier of an echo. Returns the change. */
static inline uint64_t ports_set(const struct headers *h, const struct flow_tuple *to)
{
	bool request;

	if (h->proto != IP_PROTO_ICMP && h->proto != IP_PROTO_ICMP6)
		return word_set(h->l4, to->sport) + word_set(h->l4 + 2, to->dport);
	request = h->l4[0] == (h->is_v4 ? ICMP_ECHO_REQUEST : ICMP6_ECHO_REQUEST);
	return word_set(h->l4 + 4, request ? to->sport : to->dport);
}

/* The checksum of TCP, UDP and ICMPv6 covers the addresses too, and is that sum alone where it is blank. */
static void headers_rewrite(const struct headers *h, const struct flow_tuple *to)
{
	uint64_t addresses = addresses_set(h, &to->src, &to->dst), change = ports_set(h, to);

	if (!h->checksum)
		return;
	if (h->is_blank) {
		sum_change(h->checksum, addresses);
		return;
	}
	if (h->proto != IP_PROTO_ICMP)
		change += addresses;
	if (change)
		field_change(h->checksum, change);
	/* A UDP checksum that comes out as zero is sent as all ones (RFC 768). */
	if (h->proto == IP_PROTO_UDP && be16_get(h->checksum) == 0)
		be16_put(h->checksum, 0xffff);
}

/* The checksum field of @proto in the @len bytes at @l4; NULL when absent or, for UDP, not used. */
static uint8_t *checksum_find(uint8_t proto, uint8_t *l4, uint32_t len, bool is_blank)
{
	uint32_t at = proto == IP_PROTO_TCP ? 16 : proto == IP_PROTO_UDP ? 6 : 2;

	if (at + 2 > len)
		return NULL;
	if (proto == IP_PROTO_UDP && !is_blank && be16_get(l4 + at) == 0)
		return NULL;
	return l4 + at;
}

void nat_rewrite(struct packet *pkt, struct packet_info *info, const struct flow_tuple *to)
{
	struct headers h = {
		.ip = pkt->data + ETH_HEADER_LEN,
		.l4 = pkt->data + info->l4_off,
		.proto = info->proto,
		.is_v4 = ip_addr_is_v4(info->src),
		.is_blank = pkt->flags & PACKET_CSUM_BLANK,
	};

	h.checksum = checksum_find(h.proto, h.l4, pkt->head_len - info->l4_off, h.is_blank);
	headers_rewrite(&h, to);
	info->src = to->src;
	info->dst = to->dst;
	info->sport = to->sport;
	info->dport = to->dport;
}

enum reason nat_choose(struct conntrack *ct, const struct rules_published *published, const struct flow_tuple *tuple,
		       struct ip_addr addr, uint64_t now, struct flow_tuple *reply)
{
	struct {
		struct flow_tuple tuple;
		uint64_t now;
		uint64_t try;
	} salt = {*tuple, now, 0};
	struct flow_ref taken;

	*reply = flow_tuple_mirror(tuple);
	reply->dst = addr;
	for (salt.try = 0; salt.try < NAT_PORT_TRIES; salt.try++) {
		if (salt.try > 0) {
			uint64_t random = siphash(&ct->key, &salt, sizeof(salt));

			reply->dport = (uint16_t)(NAT_PORT_MIN + random % (NAT_PORT_MAX - NAT_PORT_MIN + 1));
		}
		if (!rules_is_published(published, tuple->proto, reply->dport) &&
		    !conntrack_find(ct, reply, now, &taken))
			return REASON_NONE;
	}
	return REASON_NAT_PORTS;
}

/* Ports or echo identifier of the quoted packet. False when it cannot belong to a flow. */
static bool quote_ports_parse(const uint8_t *l4, bool is_v4, struct nat_quote *quote)
{
	if (quote->tuple.proto == (is_v4 ? IP_PROTO_ICMP6 : IP_PROTO_ICMP))
		return false;
	switch (quote->tuple.proto) {
	case IP_PROTO_TCP: quote->tcp_seq = be32_get(l4 + 4); break;
	case IP_PROTO_UDP: break;
	case IP_PROTO_ICMP:
	case IP_PROTO_ICMP6:
		if (l4[0] == (is_v4 ? ICMP_ECHO_REQUEST : ICMP6_ECHO_REQUEST))
			quote->tuple.sport = be16_get(l4 + 4);
		else if (l4[0] == (is_v4 ? ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY))
			quote->tuple.dport = be16_get(l4 + 4);
		else
			return false;
		return true;
	default: return false;
	}
	quote->tuple.sport = be16_get(l4);
	quote->tuple.dport = be16_get(l4 + 2);
	return true;
}

/*
 * Walk over the extension headers of the quoted IPv6 packet @ip, of which @len bytes are there, to layer 4: where that begins,
 * and which it is. 0: it is not there, as in a later fragment.
 */
static uint32_t quote_walk(const uint8_t *ip, uint32_t len, uint8_t *proto)
{
	uint32_t at = IPV6_HEADER_LEN;

	*proto = ip[6];
	while (*proto == NEXT_HOP_BY_HOP || *proto == NEXT_ROUTING || *proto == NEXT_FRAGMENT ||
	       *proto == NEXT_DESTINATION) {
		bool is_fragment = *proto == NEXT_FRAGMENT;

		if (at + EXTENSION_MIN > len || (is_fragment && be16_get(ip + at + 2) >> 3 != 0))
			return 0;
		*proto = ip[at];
		at += is_fragment ? EXTENSION_MIN : (ip[at + 1] + 1u) * EXTENSION_MIN;
	}
	return at;
}

enum reason nat_quote_parse(const struct packet *pkt, const struct packet_info *info, struct nat_quote *quote)
{
	bool is_v4 = ip_addr_is_v4(info->src);
	uint32_t header_len = is_v4 ? IPV4_HEADER_LEN : IPV6_HEADER_LEN;
	const uint8_t *ip;

	memset(quote, 0, sizeof(*quote));
	if (pkt->head_len != pkt->len || info->payload_len < header_len + QUOTE_L4_MIN)
		return REASON_ICMP_UNRELATED;
	quote->ip_off = info->l4_off + ICMP_HEADER_LEN;
	ip = pkt->data + quote->ip_off;
	if (is_v4 ? ip[0] != 0x45 || (be16_get(ip + 6) & 0x1fff) != 0 : ip[0] >> 4 != 6)
		return REASON_ICMP_UNRELATED;
	quote->tuple.src = ip_addr_read(ip + (is_v4 ? 12 : 8), is_v4);
	quote->tuple.dst = ip_addr_read(ip + (is_v4 ? 16 : 24), is_v4);
	quote->tuple.proto = ip[9];
	if (!is_v4)
		header_len = quote_walk(ip, info->payload_len, &quote->tuple.proto);
	if (header_len == 0 || header_len + QUOTE_L4_MIN > info->payload_len)
		return REASON_ICMP_UNRELATED;
	quote->l4_off = quote->ip_off + header_len;
	quote->l4_len = info->payload_len - header_len;
	return quote_ports_parse(pkt->data + quote->l4_off, is_v4, quote) ? REASON_NONE : REASON_ICMP_UNRELATED;
}

void nat_rewrite_error(struct packet *pkt, struct packet_info *info, const struct nat_quote *quote, struct ip_addr src,
		       struct ip_addr dst, const struct flow_tuple *quoted)
{
	uint8_t *icmp = pkt->data + info->l4_off;
	uint32_t len = packet_get_l4_len(info), sum = 0;
	bool is_v4 = ip_addr_is_v4(src);
	struct headers outer = {.ip = pkt->data + ETH_HEADER_LEN, .proto = info->proto, .is_v4 = is_v4};
	struct headers inner = {
		.ip = pkt->data + quote->ip_off,
		.l4 = pkt->data + quote->l4_off,
		.proto = quote->tuple.proto,
		.is_v4 = is_v4,
	};

	inner.checksum = checksum_find(inner.proto, inner.l4, quote->l4_len, false);
	headers_rewrite(&inner, quoted);
	(void)addresses_set(&outer, &src, &dst);
	if (!is_v4)
		sum = checksum_add_pseudo(0, src, dst, IP_PROTO_ICMP6, len);
	be16_put(icmp + 2, 0);
	be16_put(icmp + 2, (uint16_t)~checksum_fold(checksum_add(sum, icmp, len)));
	info->src = src;
	info->dst = dst;
}
