/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Anti-spoofing, which is no rule and cannot be switched off. The invariant: from an inner
 * interface pass only its peer's MAC and address; from an uplink nothing that claims to be us or
 * inside.
 */
#include "passage.h"

static const struct ip_addr addr_broadcast = {{[10] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
static const struct mac mac_broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

bool admit_is_outside(const struct router *r, const struct iface_config *in, struct ip_addr addr)
{
	if (iface_has_edge(in, addr))
		return false;
	for (uint32_t left = r->ifaces; left; left &= left - 1) {
		const struct iface_config *c = &r->iface[__builtin_ctz(left)];

		if (ip_addr_equal(iface_get_net(c, addr)->addr, addr))
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
	if (info->icmp_kind == ICMP_KIND_ND && ip_addr_is_multicast(info->dst) &&
	    mac_equal(info->mac_dst, mac_from_multicast(info->dst)))
		return REASON_NONE;
	return info->mac_dst.octets[0] & 1 ? REASON_NOT_UNICAST : REASON_MAC_DESTINATION;
}

enum reason admit_check_addresses(const struct passage *p)
{
	const struct iface_config *in = passage_get_in(p);
	struct ip_addr src = p->info.src, dst = p->info.dst;

	if (ip_addr_is_unspecified(iface_get_net(in, dst)->addr))
		return REASON_IP_FAMILY;
	if (ip_addr_is_bogon(src) || ip_addr_is_multicast(src))
		return REASON_IP_BOGON;
	if (ip_addr_is_multicast(dst) || ip_addr_equal(dst, addr_broadcast) || iface_has_edge(in, dst))
		return REASON_NOT_UNICAST;
	if (ip_addr_is_bogon(dst))
		return REASON_IP_BOGON;
	if (ip_addr_is_link_local(src) || ip_addr_is_link_local(dst))
		return REASON_IP_LINK_LOCAL;
	if (in->kind == IFACE_INNER)
		return ip_addr_equal(src, iface_get_net(in, src)->peer) ? REASON_NONE : REASON_IP_SPOOF;
	return admit_is_outside(p->r, in, src) ? REASON_NONE : REASON_IP_SPOOF;
}
