/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Anti-spoofing, which is no rule and cannot be switched off. The invariant: from an inner
 * interface pass only its peer's MAC and address; from an uplink nothing that claims to be us or
 * inside.
 */
#include "passage.h"

static const struct mac mac_broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

bool iface_covers(const struct iface_config *iface, struct ip_addr addr)
{
	uint32_t differing = ip_addr_to_v4(iface->addr) ^ ip_addr_to_v4(addr);

	return differing >> (32 - iface->prefix_len) == 0;
}

/* The network and the broadcast address of a prefix shorter than 31 bits belong to nobody. */
bool iface_has_edge(const struct iface_config *iface, struct ip_addr addr)
{
	uint32_t rest;

	if (iface->prefix_len >= 31 || !iface_covers(iface, addr))
		return false;
	rest = 0xffffffffu >> iface->prefix_len;
	return (ip_addr_to_v4(addr) & rest) == 0 || (ip_addr_to_v4(addr) & rest) == rest;
}

bool admit_is_outside(const struct router *r, const struct iface_config *in, struct ip_addr addr)
{
	if (iface_has_edge(in, addr))
		return false;
	for (unsigned i = 0; i < ROUTER_IF_COUNT; i++) {
		const struct iface_config *c = &r->iface[i];

		if (c->kind != IFACE_NONE && ip_addr_equal(c->addr, addr))
			return false;
		if (c->kind == IFACE_INNER && iface_covers(c, addr))
			return false;
	}
	return true;
}

enum reason admit_check_macs(const struct passage *p)
{
	const struct iface_config *in = passage_get_in(p);
	const struct packet_info *info = &p->info;

	if (in->kind == IFACE_INNER && !mac_equal(info->mac_src, in->peer_mac))
		return REASON_MAC_SPOOF;
	if ((info->mac_src.octets[0] & 1) || mac_equal(info->mac_src, in->mac))
		return REASON_MAC_SPOOF;
	if (mac_equal(info->mac_dst, in->mac))
		return REASON_NONE;
	if (info->ethertype == ETHERTYPE_ARP && mac_equal(info->mac_dst, mac_broadcast))
		return REASON_NONE;
	return info->mac_dst.octets[0] & 1 ? REASON_NOT_UNICAST : REASON_MAC_DESTINATION;
}

enum reason admit_check_addresses(const struct passage *p)
{
	const struct iface_config *in = passage_get_in(p);
	uint32_t src = ip_addr_to_v4(p->info.src), dst = ip_addr_to_v4(p->info.dst);

	if (src >> 24 == 0 || src >> 24 == 127 || src >> 28 >= 14)
		return REASON_IP_BOGON;
	if (dst == 0xffffffffu || dst >> 28 == 14 || iface_has_edge(in, p->info.dst))
		return REASON_NOT_UNICAST;
	if (dst >> 24 == 0 || dst >> 24 == 127 || dst >> 28 == 15)
		return REASON_IP_BOGON;
	if (in->kind == IFACE_INNER)
		return ip_addr_equal(p->info.src, in->peer) ? REASON_NONE : REASON_IP_SPOOF;
	return admit_is_outside(p->r, in, p->info.src) ? REASON_NONE : REASON_IP_SPOOF;
}
