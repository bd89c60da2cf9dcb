/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routing and the way out. The invariant: an address inside the prefix of one of our interfaces is
 * reached by that interface or not at all; a frame that leaves has the MAC of its next hop, or
 * waits for it.
 */
#include <string.h>

#include "passage.h"

#define IPV4_DONT_FRAGMENT 0x40u /* in the byte of the flags */

bool route_by_uplink(const struct router *r, uint8_t out_if, struct ip_addr addr, struct route *route)
{
	const struct iface_config *out = &r->iface[out_if];
	const struct iface_net *net = iface_get_net(out, addr);

	*route = (struct route){.side = RULES_SIDE_UPLINK, .out_if = out_if, .next_hop = addr};
	if (ip_addr_is_unspecified(net->addr))
		return false;
	if (!iface_covers(out, addr)) {
		route->via_gateway = true;
		route->next_hop = net->peer;
		return !ip_addr_is_unspecified(net->peer);
	}
	route->via_gateway = ip_addr_equal(net->peer, addr);
	return !net_has_edge(net, addr);
}

struct route route_find(const struct router *r, uint8_t in_if, struct ip_addr addr)
{
	struct route route = {.side = RULES_SIDE_NOWHERE}, outside = route, found;

	if (ip_addr_equal(iface_get_net(&r->iface[in_if], addr)->addr, addr)) {
		route.side = RULES_SIDE_SELF;
		return route;
	}
	for (uint32_t left = r->ifaces; left; left &= left - 1) {
		uint8_t i = (uint8_t)__builtin_ctz(left);
		const struct iface_config *c = &r->iface[i];

		if (ip_addr_equal(iface_get_net(c, addr)->addr, addr))
			return route;
		if (c->kind == IFACE_INNER && route_by(r, i, addr, &found))
			return found;
	}
	for (uint32_t left = r->ifaces; left; left &= left - 1) {
		uint8_t i = (uint8_t)__builtin_ctz(left);
		const struct iface_config *c = &r->iface[i];

		if (iface_covers(c, addr))
			return route_by(r, i, addr, &found) ? found : route;
		if (c->kind == IFACE_UPLINK && outside.side == RULES_SIDE_NOWHERE && route_by(r, i, addr, &found))
			outside = found;
	}
	return outside;
}

/* The largest IP packet that this frame will be on the wire. */
static uint32_t wire_len(const struct passage *p)
{
	uint32_t segment = p->info.l4_off - ETH_HEADER_LEN + p->info.tcp_header_len + p->pkt->gso_size;

	if (p->in_pieces)
		return p->r->pieces->largest;
	if (p->pkt->gso_type == PACKET_GSO_NONE || segment > p->info.ip_len)
		return p->info.ip_len;
	return segment;
}

/* It is too long: may it be cut? */
static bool is_cut(struct passage *p)
{
	const struct packet *pkt = p->pkt;

	p->in_pieces = p->info.ethertype == ETHERTYPE_IPV4 && pkt->gso_type == PACKET_GSO_NONE &&
		       pkt->head_len == pkt->len && !(pkt->data[ETH_HEADER_LEN + 6] & IPV4_DONT_FRAGMENT);
	return p->in_pieces;
}

bool route_fits(struct passage *p, uint8_t out_if)
{
	return wire_len(p) <= p->r->iface[out_if].mtu || is_cut(p);
}

bool route_admits(struct passage *p, uint8_t out_if, enum verdict *verdict)
{
	if (p->info.ttl <= 1)
		*verdict = answer_error(p, REASON_TTL_EXPIRED, REPLY_TIME_EXCEEDED, 0);
	else if (wire_len(p) > p->r->iface[out_if].mtu && !is_cut(p))
		*verdict = answer_error(p, REASON_TOO_BIG, REPLY_TOO_BIG, p->r->iface[out_if].mtu);
	else
		return true;
	return false;
}

static enum verdict resolve(struct passage *p, const struct route *route, struct mac *mac)
{
	const struct iface_config *out = &p->r->iface[route->out_if];
	enum neighbour_result result;

	if (out->kind == IFACE_INNER) {
		*mac = out->peer_mac;
		return VERDICT_FORWARD;
	}
	result = neighbour_resolve(&p->r->neighbours, route->out_if, route->next_hop, route->via_gateway, p->now, mac,
				   &p->out->hold);
	if (result == NEIGHBOUR_RESULT_MAC)
		return VERDICT_FORWARD;
	return result == NEIGHBOUR_RESULT_HOLD ? VERDICT_HOLD : passage_drop(p, neighbour_get_reason(result));
}

static inline void ttl_decrement(uint8_t *ip, bool is_v6)
{
	uint16_t from = be16_get(ip + 8);

	if (is_v6) {
		ip[7]--;
		return;
	}
	ip[8]--;
	be16_put(ip + 10, checksum_update(be16_get(ip + 10), from, be16_get(ip + 8)));
}

enum verdict route_leave(struct passage *p, const struct route *route)
{
	struct mac mac = {{0}};
	enum verdict verdict = VERDICT_PIECES;
	uint8_t *frame;

	if (p->in_pieces)
		pieces_leave(p, route);
	else
		verdict = resolve(p, route, &mac);
	if (verdict == VERDICT_DROP)
		return verdict;
	frame = p->pkt->data;
	memcpy(frame, mac.octets, 6);
	memcpy(frame + 6, p->r->iface[route->out_if].mac.octets, 6);
	ttl_decrement(frame + ETH_HEADER_LEN, p->info.ethertype == ETHERTYPE_IPV6);
	p->out->out_if = route->out_if;
	if (p->in_pieces)
		pieces_cut(p->r->pieces, p->r->iface[route->out_if].mtu);
	return verdict;
}
