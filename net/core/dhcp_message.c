/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of DHCP. The invariant: an option is read only where its length lies within the message and is its own, and the
 * walk over options moves on with each.
 */
#include <string.h>

#include "dhcp_layout.h"

static const struct mac mac_broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

/* Who filled a checksum in, or left it to the device, on this side of the wire is believed; 0 is none (RFC 768). */
bool dhcp_checksum_is_right(const struct packet *pkt, const struct packet_info *info)
{
	const uint8_t *udp = pkt->data + info->l4_off;
	uint32_t len = packet_get_l4_len(info);
	uint32_t sum = checksum_add_pseudo(0, info->src, info->dst, IP_PROTO_UDP, len);

	if ((pkt->flags & (PACKET_CSUM_BLANK | PACKET_CSUM_VALID)) || be16_get(udp + 6) == 0)
		return true;
	return checksum_fold(checksum_add(sum, udp, len)) == 0xffff;
}

/* The 32 bits of an option of @len bytes at @value go to @to. */
static bool number_take(const uint8_t *value, uint8_t len, uint32_t *to)
{
	if (len == 4)
		*to = be32_get(value);
	return len == 4;
}

/* The first of the addresses in an option. */
static bool first_take(const uint8_t *value, uint8_t len, uint32_t *to)
{
	return len >= 4 && len % 4 == 0 && number_take(value, 4, to);
}

static bool mask_take(const uint8_t *value, uint8_t len, uint8_t *prefix_len)
{
	uint32_t mask;

	if (!number_take(value, len, &mask) || (~mask & (~mask + 1)))
		return false;
	for (*prefix_len = 0; mask; mask <<= 1)
		++*prefix_len;
	return true;
}

static bool names_take(const uint8_t *value, uint8_t len, uint32_t names[DHCP_NAMES_MAX])
{
	for (unsigned i = 0; i < DHCP_NAMES_MAX && (i + 1) * 4 <= len; i++)
		names[i] = be32_get(value + i * 4);
	return len >= 4 && len % 4 == 0;
}

static bool mtu_take(const uint8_t *value, uint8_t len, uint16_t *mtu)
{
	if (len == 2)
		*mtu = be16_get(value);
	return len == 2;
}

static bool type_take(const uint8_t *value, uint8_t len, uint8_t *type)
{
	if (len == 1)
		*type = value[0];
	return len == 1;
}

static bool option_take(struct dhcp_message *m, uint8_t code, const uint8_t *value, uint8_t len)
{
	struct dhcp_lease *l = &m->lease;

	switch (code) {
	case OPTION_MASK: return mask_take(value, len, &l->prefix_len);
	case OPTION_ROUTER: return first_take(value, len, &l->gateway);
	case OPTION_NAMES: return names_take(value, len, l->names);
	case OPTION_MTU: return mtu_take(value, len, &l->mtu);
	case OPTION_LEASE: return number_take(value, len, &l->seconds);
	case OPTION_OVERLOAD: return false;
	case OPTION_TYPE: return type_take(value, len, &m->type);
	case OPTION_SERVER: return number_take(value, len, &l->server);
	case OPTION_RENEW: return number_take(value, len, &l->renew);
	case OPTION_REBIND: return number_take(value, len, &l->rebind);
	}
	return true;
}

/* The @len bytes of options at @options. The last one may lack the end mark. */
static bool options_parse(const uint8_t *options, uint32_t len, struct dhcp_message *m)
{
	static const uint64_t read = 1ull << OPTION_MASK | 1ull << OPTION_ROUTER | 1ull << OPTION_NAMES |
				     1ull << OPTION_MTU | 1ull << OPTION_LEASE | 1ull << OPTION_TYPE |
				     1ull << OPTION_SERVER | 1ull << OPTION_RENEW | 1ull << OPTION_REBIND;
	uint64_t seen = 0;

	while (len > 0 && options[0] != OPTION_END) {
		uint64_t bit = options[0] < 64 ? 1ull << options[0] & read : 0;
		uint32_t size;

		if (options[0] == OPTION_PAD) {
			options++;
			len--;
			continue;
		}
		if (len < 2 || options[1] > len - 2)
			return false;
		if ((seen & bit) || !option_take(m, options[0], options + 2, options[1]))
			return false;
		seen |= bit;
		size = options[1] + 2u;
		options += size;
		len -= size;
	}
	return m->type != 0;
}

enum dhcp_parsed dhcp_parse(const struct packet *pkt, const struct packet_info *info, struct mac mac,
			    struct dhcp_message *m)
{
	const uint8_t *message = pkt->data + info->l4_off + UDP_LEN;

	memset(m, 0, sizeof(*m));
	if (pkt->head_len < pkt->len || info->payload_len < OPTIONS_AT || !dhcp_checksum_is_right(pkt, info))
		return DHCP_MALFORMED;
	if (be32_get(message + COOKIE_AT) != COOKIE || message[1] != 1 || message[2] != 6)
		return DHCP_MALFORMED;
	if (message[0] != BOOT_REPLY || memcmp(message + CHADDR_AT, mac.octets, 6) != 0)
		return DHCP_FOREIGN;
	m->xid = be32_get(message + XID_AT);
	if (!options_parse(message + OPTIONS_AT, info->payload_len - OPTIONS_AT, m))
		return DHCP_MALFORMED;
	m->lease.addr = be32_get(message + YIADDR_AT);
	return m->type == DHCP_OFFER || m->type == DHCP_ACK || m->type == DHCP_NAK ? DHCP_PARSED : DHCP_FOREIGN;
}

/* Option @code with the address @addr, where that is given, at @at. Behind it. */
static uint8_t *address_put(uint8_t *at, uint8_t code, uint32_t addr)
{
	if (!addr)
		return at;
	at[0] = code;
	at[1] = 4;
	be32_put(at + 2, addr);
	return at + 6;
}

static void options_write(uint8_t *at, const struct dhcp_request *q)
{
	static const uint8_t wishes[] = {OPTION_WISHES, 7,          OPTION_MASK,  OPTION_ROUTER,
					 OPTION_NAMES,  OPTION_MTU, OPTION_LEASE, OPTION_RENEW,
					 OPTION_REBIND};

	*at++ = OPTION_TYPE;
	*at++ = 1;
	*at++ = q->type;
	at = address_put(at, OPTION_ADDRESS, q->wanted);
	at = address_put(at, OPTION_SERVER, q->server);
	if (q->type != DHCP_DECLINE) {
		memcpy(at, wishes, sizeof(wishes));
		at += sizeof(wishes);
	}
	*at = OPTION_END;
}

void dhcp_write_headers(uint8_t *frame, const struct dhcp_ends *ends, uint32_t len)
{
	struct ip_addr src = ip_addr_from_v4(ends->src), dst = ip_addr_from_v4(ends->dst);
	uint8_t *ip = frame + ETH_HEADER_LEN, *udp = frame + L4_AT;
	uint32_t udp_len = UDP_LEN + len, sum = checksum_add_pseudo(0, src, dst, IP_PROTO_UDP, udp_len);
	uint16_t checksum;

	memcpy(frame, ends->mac_dst.octets, 6);
	memcpy(frame + 6, ends->mac_src.octets, 6);
	be16_put(frame + 12, ETHERTYPE_IPV4);
	memset(ip, 0, IPV4_HEADER_LEN + UDP_LEN);
	ip[0] = 0x45;
	be16_put(ip + 2, (uint16_t)(IPV4_HEADER_LEN + udp_len));
	ip[8] = 64;
	ip[9] = IP_PROTO_UDP;
	memcpy(ip + 12, ip_addr_get_octets(&src), 4);
	memcpy(ip + 16, ip_addr_get_octets(&dst), 4);
	be16_put(ip + 10, (uint16_t)~checksum_fold(checksum_add(0, ip, IPV4_HEADER_LEN)));
	be16_put(udp, ends->sport);
	be16_put(udp + 2, ends->dport);
	be16_put(udp + 4, (uint16_t)udp_len);
	checksum = (uint16_t)~checksum_fold(checksum_add(sum, udp, udp_len));
	be16_put(udp + 6, checksum ? checksum : 0xffff);
}

void dhcp_write(uint8_t *frame, const struct dhcp_request *q)
{
	struct dhcp_ends ends = {.mac_src = q->mac,
				 .mac_dst = q->to ? q->server_mac : mac_broadcast,
				 .src = q->addr,
				 .dst = q->to ? q->to : 0xffffffffu,
				 .sport = DHCP_CLIENT_PORT,
				 .dport = DHCP_SERVER_PORT};
	uint8_t *message = frame + MESSAGE_AT;

	memset(frame, 0, DHCP_FRAME_LEN);
	message[0] = BOOT_REQUEST;
	message[1] = 1;
	message[2] = 6;
	be32_put(message + XID_AT, q->xid);
	be16_put(message + SECS_AT, q->secs);
	be32_put(message + CIADDR_AT, q->type == DHCP_REQUEST ? q->addr : 0);
	memcpy(message + CHADDR_AT, q->mac.octets, 6);
	be32_put(message + COOKIE_AT, COOKIE);
	options_write(message + OPTIONS_AT, q);
	dhcp_write_headers(frame, &ends, DHCP_FRAME_LEN - MESSAGE_AT);
}
