/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Joining. Invariant: join->head describes a packet of header_len + payload bytes, so a unit may be sent as it is at any
 * time.
 */
#include <abi/net_ring.h>
#include <drivers/net/join.h>
#include <string.h>

#define ETH_LEN 14u
#define TYPE_IPV4 0x0800u
#define TYPE_IPV6 0x86ddu
#define IPV4_LEN 20u
#define IPV6_LEN 40u
#define IPV4_LENGTH 2u
#define IPV4_ID 4u
#define IPV4_FRAGMENT 6u
#define IPV4_CSUM 10u
#define IPV4_ADDRESSES 12u
#define IPV6_LENGTH 4u
#define IPV6_ADDRESSES 8u
#define PROTO_TCP 6u
#define TCP_LEN_MIN 20u
#define TCP_SEQ 4u
#define TCP_FLAGS 13u
#define TCP_CSUM 16u
#define TCP_FIN 0x01u
#define TCP_PSH 0x08u
#define TCP_ACK 0x10u

static uint32_t read16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t read32(const uint8_t *p)
{
	return read16(p) << 16 | read16(p + 2);
}

static void write16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static uint32_t sum_add(uint32_t sum, const uint8_t *p, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i += 2)
		sum += read16(p + i);
	return sum;
}

static uint32_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Where TCP begins in a packet of @len bytes; 0: it is none that may be joined to others. */
static uint16_t l4_find(const uint8_t *head, uint32_t have, uint32_t len)
{
	const uint8_t *ip = head + ETH_LEN;

	if (have >= ETH_LEN + IPV4_LEN + TCP_LEN_MIN && read16(head + 12) == TYPE_IPV4 && ip[0] == 0x45 &&
	    ip[9] == PROTO_TCP && !(read16(ip + IPV4_FRAGMENT) & 0xbfff) && read16(ip + IPV4_LENGTH) + ETH_LEN == len)
		return ETH_LEN + IPV4_LEN;
	if (have >= ETH_LEN + IPV6_LEN + TCP_LEN_MIN && read16(head + 12) == TYPE_IPV6 && ip[6] == PROTO_TCP &&
	    read16(ip + IPV6_LENGTH) + ETH_LEN + IPV6_LEN == len)
		return ETH_LEN + IPV6_LEN;
	return 0;
}

void join_begin(struct join *join, const uint8_t *head, uint32_t have, uint32_t len)
{
	uint16_t l4 = l4_find(head, have, len), header_len;
	const uint8_t *tcp = head + l4;

	join->open = false;
	if (!l4)
		return;
	header_len = (uint16_t)(l4 + 4 * (tcp[12] >> 4));
	if (header_len < l4 + TCP_LEN_MIN || header_len > have || header_len > JOIN_HEAD_MAX || header_len >= len ||
	    (tcp[TCP_FLAGS] & ~TCP_PSH) != TCP_ACK)
		return;
	join->open = true;
	join->ipv6 = l4 == ETH_LEN + IPV6_LEN;
	join->l4 = l4;
	join->header_len = header_len;
	join->payload = len - header_len;
	join->gso_size = (uint16_t)join->payload;
	join->seq = read32(tcp + TCP_SEQ) + join->payload;
	memcpy(join->head, head, header_len);
}

/* True when the two headers differ in nothing but what differs between segments of one run. */
static bool heads_agree(const struct join *join, const uint8_t *head)
{
	uint8_t like[JOIN_HEAD_MAX], *ip = like + ETH_LEN, *tcp = like + join->l4;
	const uint8_t *own_ip = join->head + ETH_LEN, *own_tcp = join->head + join->l4;

	memcpy(like, head, join->header_len);
	if (join->ipv6) {
		memcpy(ip + IPV6_LENGTH, own_ip + IPV6_LENGTH, 2);
	} else {
		memcpy(ip + IPV4_LENGTH, own_ip + IPV4_LENGTH, 2);
		memcpy(ip + IPV4_ID, own_ip + IPV4_ID, 2);
		memcpy(ip + IPV4_CSUM, own_ip + IPV4_CSUM, 2);
	}
	memcpy(tcp + TCP_SEQ, own_tcp + TCP_SEQ, 4);
	memcpy(tcp + TCP_CSUM, own_tcp + TCP_CSUM, 2);
	tcp[TCP_FLAGS] = own_tcp[TCP_FLAGS];
	return !memcmp(like, join->head, join->header_len);
}

bool join_fits(const struct join *join, const uint8_t *head, uint32_t have, uint32_t len)
{
	const uint8_t *tcp = head + join->l4;

	return join->open && have >= join->header_len && len > join->header_len &&
	       len - join->header_len <= join->gso_size && len + join->payload <= NET_UNIT_BYTES_MAX &&
	       l4_find(head, have, len) == join->l4 && read32(tcp + TCP_SEQ) == join->seq &&
	       (tcp[TCP_FLAGS] & ~(TCP_PSH | TCP_FIN)) == TCP_ACK && heads_agree(join, head);
}

void join_add(struct join *join, const uint8_t *head, uint32_t len)
{
	uint32_t part = len - join->header_len, tcp_bytes;
	uint8_t *ip = join->head + ETH_LEN, *tcp = join->head + join->l4;
	uint8_t flags = head[join->l4 + TCP_FLAGS];

	join->payload += part;
	join->seq += part;
	join->open = part == join->gso_size && !(flags & TCP_FIN);
	tcp[TCP_FLAGS] |= flags;
	tcp_bytes = join->header_len - join->l4 + join->payload;
	if (join->ipv6) {
		write16(ip + IPV6_LENGTH, tcp_bytes);
		write16(tcp + TCP_CSUM, fold(sum_add(PROTO_TCP + tcp_bytes, ip + IPV6_ADDRESSES, 32)));
		return;
	}
	write16(ip + IPV4_LENGTH, IPV4_LEN + tcp_bytes);
	write16(ip + IPV4_CSUM, 0);
	write16(ip + IPV4_CSUM, ~fold(sum_add(0, ip, IPV4_LEN)));
	write16(tcp + TCP_CSUM, fold(sum_add(PROTO_TCP + tcp_bytes, ip + IPV4_ADDRESSES, 8)));
}
