/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routing and the way out. The invariant: an address inside the prefix of one of our interfaces is
 * reached by that interface or not at all; a frame that leaves has the MAC of its next hop, or
 * waits for it.
 */
#include <string.h>

#include "passage.h"
#include "reply.h"

bool route_by(const struct router *r, uint8_t out_if, struct ip_addr addr, struct route *route)
{
	const struct iface_config *out = &r->iface[out_if];
	bool is_inner = out->kind == IFACE_INNER;

	*route = (struct route){
		.side = is_inner ? RULES_SIDE_INNER : RULES_SIDE_UPLINK,
		.out_if = out_if,
		.next_hop = addr,
	};
	if (is_inner)
		return ip_addr_equal(out->peer, addr);
	if (!iface_covers(out, addr)) {
		route->via_gateway = true;
		route->next_hop = out->peer;
		return !ip_addr_is_unspecified(out->peer);
	}
	route->via_gateway = ip_addr_equal(out->peer, addr);
	return !iface_has_edge(out, addr);
}

struct route route_find(const struct router *r, uint8_t in_if, struct ip_addr addr)
{
	struct route route = {.side = RULES_SIDE_NOWHERE}, outside = route, found;

	if (ip_addr_equal(r->iface[in_if].addr, addr)) {
		route.side = RULES_SIDE_SELF;
		return route;
	}
	for (uint8_t i = 0; i < ROUTER_IF_COUNT; i++) {
		const struct iface_config *c = &r->iface[i];

		if (c->kind != IFACE_NONE && ip_addr_equal(c->addr, addr))
			return route;
		if (c->kind == IFACE_INNER && route_by(r, i, addr, &found))
			return found;
	}
	for (uint8_t i = 0; i < ROUTER_IF_COUNT; i++) {
		const struct iface_config *c = &r->iface[i];

		if (c->kind == IFACE_NONE)
			continue;
		if (iface_covers(c, addr))
			return route_by(r, i, addr, &found) ? found : route;
		if (c->kind == IFACE_UPLINK && outside.side == RULES_SIDE_NOWHERE && route_by(r, i, addr, &found))
			outside = found;
	}
	return outside;
}

/* The largest IPv4 packet that this frame will be on the wire. */
static uint32_t wire_len(const struct passage *p)
{
	uint32_t segment = IPV4_HEADER_LEN + p->info.tcp_header_len + p->pkt->gso_size;

	if (p->pkt->gso_type == PACKET_GSO_NONE || segment > p->info.ip_len)
		return p->info.ip_len;
	return segment;
}

bool route_admits(struct passage *p, uint8_t out_if, enum verdict *verdict)
{
	uint16_t mtu = p->r->iface[out_if].mtu;

	if (p->info.ttl <= 1)
		*verdict = answer_error(p, REASON_TTL_EXPIRED, ICMP_TIME_EXCEEDED, 0, 0);
	else if (wire_len(p) > mtu)
		*verdict = answer_error(p, REASON_TOO_BIG, ICMP_UNREACHABLE, ICMP_CODE_TOO_BIG, mtu);
	else
		return true;
	return false;
}

static enum verdict resolve(struct passage *p, const struct route *route, struct mac *mac)
{
	const struct iface_config *out = &p->r->iface[route->out_if];

	if (out->kind == IFACE_INNER) {
		*mac = out->peer_mac;
		return VERDICT_FORWARD;
	}
	switch (arp_resolve(&p->r->arp, route->out_if, route->next_hop, route->via_gateway, p->now, mac,
			    &p->out->hold)) {
	case ARP_RESULT_MAC: return VERDICT_FORWARD;
	case ARP_RESULT_HOLD: return VERDICT_HOLD;
	case ARP_RESULT_FAILED: return passage_drop(p, REASON_NEIGHBOUR_FAILED);
	case ARP_RESULT_FULL: return passage_drop(p, REASON_NEIGHBOUR_FULL);
	case ARP_RESULT_HOLD_FULL: break;
	}
	return passage_drop(p, REASON_HOLD_FULL);
}

enum verdict route_leave(struct passage *p, const struct route *route)
{
	uint8_t *frame = p->pkt->data, *ip = frame + ETH_HEADER_LEN;
	struct mac mac = {{0}};
	enum verdict verdict = resolve(p, route, &mac);
	uint16_t from;

	if (verdict == VERDICT_DROP)
		return verdict;
	memcpy(frame, mac.octets, 6);
	memcpy(frame + 6, p->r->iface[route->out_if].mac.octets, 6);
	from = be16_get(ip + 8);
	ip[8]--;
	be16_put(ip + 10, checksum_update(be16_get(ip + 10), from, be16_get(ip + 8)));
	p->out->out_if = route->out_if;
	return verdict;
}
