/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of neighbour discovery. The invariant: the walk over options ends within the message, since each moves it on by at
 * least eight bytes.
 */
#include <string.h>

#include "nd.h"

enum {
	OPTION_SOURCE_MAC = 1,
	OPTION_TARGET_MAC = 2,
	OPTION_PREFIX = 3,
	OPTION_MTU = 5,
};

enum {
	ADVERTISED_ROUTER = 0x80,
	ADVERTISED_SOLICITED = 0x40,
	ADVERTISED_OVERRIDE = 0x20,
	PREFIX_AUTONOMOUS = 0x40,
};

#define L4_AT (ETH_HEADER_LEN + IPV6_HEADER_LEN)
#define NEIGHBOUR_LEN 24u         /* of a neighbour message without options */
#define ROUTER_ADVERTISED_LEN 16u /* of a router advertisement without */
#define MAC_OPTION_LEN 8u
#define MTU_OPTION_LEN 8u
#define PREFIX_OPTION_LEN 32u
#define PREFIX_VALID 86400u /* seconds */
#define PREFIX_PREFERRED 14400u

/* Of the part before the options. 0: no such message. */
static uint32_t fixed_len(uint8_t type)
{
	switch (type) {
	case ICMP6_ROUTER_SOLICITATION: return 8;
	case ICMP6_ROUTER_ADVERTISEMENT: return ROUTER_ADVERTISED_LEN;
	case ICMP6_NEIGHBOUR_SOLICITATION:
	case ICMP6_NEIGHBOUR_ADVERTISEMENT: return NEIGHBOUR_LEN;
	}
	return 0;
}

/* A prefix of @size bytes at @option that a router tells. */
static void prefix_parse(const uint8_t *option, uint32_t size, struct nd_message *m)
{
	struct ip_addr prefix;

	if (size != PREFIX_OPTION_LEN || option[2] != 64 || !(option[3] & PREFIX_AUTONOMOUS) || m->prefix_is_autonomous)
		return;
	prefix = ip_addr_cut(ip_addr_read(option + 16, false), 64);
	if (ip_addr_is_multicast(prefix) || ip_addr_is_link_local(prefix) || ip_addr_is_unspecified(prefix))
		return;
	m->prefix_is_autonomous = true;
	m->prefix = prefix;
	m->prefix_lifetime = be32_get(option + 4);
}

/* Takes what is of use out of the @len bytes of options at @options. False: one is malformed, or not the sender's. */
static bool options_parse(const uint8_t *options, uint32_t len, const struct packet_info *info, struct nd_message *m)
{
	uint8_t wanted = m->type == ICMP6_NEIGHBOUR_ADVERTISEMENT ? OPTION_TARGET_MAC : OPTION_SOURCE_MAC;

	while (len > 0) {
		uint32_t size;

		if (len < 8 || options[1] == 0 || options[1] * 8u > len)
			return false;
		size = options[1] * 8u;
		if (options[0] == wanted) {
			if (size != MAC_OPTION_LEN)
				return false;
			m->has_mac = true;
			memcpy(m->mac.octets, options + 2, 6);
		}
		if (options[0] == OPTION_PREFIX && m->type == ICMP6_ROUTER_ADVERTISEMENT)
			prefix_parse(options, size, m);
		options += size;
		len -= size;
	}
	return !m->has_mac || mac_equal(m->mac, info->mac_src);
}

/* Are the addresses of the message such as RFC 4861 asks for? */
static bool addresses_are_right(const struct packet_info *info, const struct nd_message *m)
{
	bool is_anonymous = ip_addr_is_unspecified(info->src);

	switch (m->type) {
	case ICMP6_ROUTER_SOLICITATION: return !(is_anonymous && m->has_mac);
	case ICMP6_ROUTER_ADVERTISEMENT: return ip_addr_is_link_local(info->src);
	case ICMP6_NEIGHBOUR_ADVERTISEMENT:
		return !is_anonymous && !ip_addr_is_multicast(m->target) &&
		       !(m->solicited && ip_addr_is_multicast(info->dst));
	}
	if (ip_addr_is_multicast(m->target))
		return false;
	return !is_anonymous || (!m->has_mac && ip_addr_equal(info->dst, ip_addr_solicited_node(m->target)));
}

bool nd_parse(const struct packet *pkt, const struct packet_info *info, struct nd_message *m)
{
	const uint8_t *icmp = pkt->data + info->l4_off;
	uint32_t len = packet_get_l4_len(info), fixed = fixed_len(info->icmp_type);

	memset(m, 0, sizeof(*m));
	if (pkt->head_len != pkt->len || info->ttl != ND_HOP_LIMIT || fixed == 0 || len < fixed)
		return false;
	m->type = info->icmp_type;
	if (fixed == NEIGHBOUR_LEN) {
		m->target = ip_addr_read(icmp + 8, false);
		if (ip_addr_is_v4(m->target))
			return false;
	}
	if (m->type == ICMP6_NEIGHBOUR_ADVERTISEMENT) {
		m->solicited = icmp[4] & ADVERTISED_SOLICITED;
		m->override = icmp[4] & ADVERTISED_OVERRIDE;
	}
	if (m->type == ICMP6_ROUTER_ADVERTISEMENT)
		m->router_lifetime = be16_get(icmp + 6);
	return options_parse(icmp + fixed, len - fixed, info, m) && addresses_are_right(info, m);
}

/* Headers and checksum of the message of @len bytes that stands in @frame. Its whole length. */
static uint32_t frame_finish(uint8_t *frame, const struct nd_ends *ends, uint32_t len)
{
	uint8_t *ip = frame + ETH_HEADER_LEN, *icmp = frame + L4_AT;
	uint32_t sum = checksum_add_pseudo(0, ends->src, ends->dst, IP_PROTO_ICMP6, len);

	memcpy(frame, ends->mac_dst.octets, 6);
	memcpy(frame + 6, ends->mac_src.octets, 6);
	be16_put(frame + 12, ETHERTYPE_IPV6);
	be32_put(ip, 6u << 28);
	be16_put(ip + 4, (uint16_t)len);
	ip[6] = IP_PROTO_ICMP6;
	ip[7] = ND_HOP_LIMIT;
	memcpy(ip + 8, ends->src.octets, 16);
	memcpy(ip + 24, ends->dst.octets, 16);
	be16_put(icmp + 2, (uint16_t)~checksum_fold(checksum_add(sum, icmp, len)));
	return L4_AT + len;
}

/* An option that says @mac; where the next one goes. */
static uint8_t *mac_option_write(uint8_t *option, uint8_t type, struct mac mac)
{
	option[0] = type;
	option[1] = 1;
	memcpy(option + 2, mac.octets, 6);
	return option + MAC_OPTION_LEN;
}

uint32_t nd_write_solicitation(uint8_t *frame, struct mac mac_src, struct ip_addr src, struct ip_addr target)
{
	struct nd_ends ends = {.mac_src = mac_src, .src = src, .dst = ip_addr_solicited_node(target)};
	uint8_t *icmp = frame + L4_AT;

	ends.mac_dst = mac_from_multicast(ends.dst);
	memset(icmp, 0, NEIGHBOUR_LEN);
	icmp[0] = ICMP6_NEIGHBOUR_SOLICITATION;
	memcpy(icmp + 8, target.octets, 16);
	mac_option_write(icmp + NEIGHBOUR_LEN, OPTION_SOURCE_MAC, mac_src);
	return frame_finish(frame, &ends, NEIGHBOUR_LEN + MAC_OPTION_LEN);
}

uint32_t nd_write_probe(uint8_t *frame, struct mac mac_src, struct ip_addr target)
{
	struct nd_ends ends = {.mac_src = mac_src, .dst = ip_addr_solicited_node(target)};
	uint8_t *icmp = frame + L4_AT;

	ends.mac_dst = mac_from_multicast(ends.dst);
	memset(icmp, 0, NEIGHBOUR_LEN);
	icmp[0] = ICMP6_NEIGHBOUR_SOLICITATION;
	memcpy(icmp + 8, target.octets, 16);
	return frame_finish(frame, &ends, NEIGHBOUR_LEN);
}

uint32_t nd_write_router_solicitation(uint8_t *frame, struct mac mac_src, struct ip_addr src)
{
	struct nd_ends ends = {.mac_src = mac_src, .src = src, .dst = {{0xff, 0x02, [15] = 2}}};
	uint8_t *icmp = frame + L4_AT;

	ends.mac_dst = mac_from_multicast(ends.dst);
	memset(icmp, 0, 8);
	icmp[0] = ICMP6_ROUTER_SOLICITATION;
	mac_option_write(icmp + 8, OPTION_SOURCE_MAC, mac_src);
	return frame_finish(frame, &ends, 8 + MAC_OPTION_LEN);
}

uint32_t nd_write_advertisement(uint8_t *frame, const struct nd_ends *ends, bool is_solicited)
{
	uint8_t *icmp = frame + L4_AT;

	memset(icmp, 0, NEIGHBOUR_LEN);
	icmp[0] = ICMP6_NEIGHBOUR_ADVERTISEMENT;
	icmp[4] = ADVERTISED_ROUTER | ADVERTISED_OVERRIDE | (is_solicited ? ADVERTISED_SOLICITED : 0);
	memcpy(icmp + 8, ends->target.octets, 16);
	mac_option_write(icmp + NEIGHBOUR_LEN, OPTION_TARGET_MAC, ends->mac_src);
	return frame_finish(frame, ends, NEIGHBOUR_LEN + MAC_OPTION_LEN);
}

uint32_t nd_write_router_advertisement(uint8_t *frame, const struct nd_ends *ends, uint32_t mtu, uint8_t prefix_len,
				       bool is_autonomous)
{
	uint8_t *icmp = frame + L4_AT, *option = icmp + ROUTER_ADVERTISED_LEN;

	memset(icmp, 0, ND_FRAME_MAX - L4_AT);
	icmp[0] = ICMP6_ROUTER_ADVERTISEMENT;
	icmp[4] = 64; /* the hop limit to begin with */
	be16_put(icmp + 6, ND_ROUTER_LIFETIME);
	option = mac_option_write(option, OPTION_SOURCE_MAC, ends->mac_src);
	option[0] = OPTION_MTU;
	option[1] = 1;
	be32_put(option + 4, mtu);
	option += MTU_OPTION_LEN;
	if (prefix_len > 0) {
		struct ip_addr prefix = ip_addr_cut(ends->target, prefix_len);

		option[0] = OPTION_PREFIX;
		option[1] = PREFIX_OPTION_LEN / 8;
		option[2] = prefix_len;
		option[3] = is_autonomous ? PREFIX_AUTONOMOUS : 0;
		be32_put(option + 4, PREFIX_VALID);
		be32_put(option + 8, PREFIX_PREFERRED);
		memcpy(option + 16, prefix.octets, 16);
		option += PREFIX_OPTION_LEN;
	}
	return frame_finish(frame, ends, (uint32_t)(option - icmp));
}
