/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the router does about neighbour discovery. The invariant: a message changes at most the neighbour that we are asking
 * for, and only what the link itself says can; it makes a route only on an uplink that is configured so, and, redirects
 * being refused with all other types, bends none. Inside, one peer is known, and nothing about it is asked.
 */
#include "nd.h"
#include "passage.h"

#define SECOND 1000000000ull
#define ADVERTISE_LEAST_NS (3 * SECOND) /* between two router advertisements at one interface (RFC 4861 section 10) */
#define ADVERTISE_NS (200 * SECOND)

static const struct ip_addr all_nodes = {{0xff, 0x02, [15] = 1}};

/* Is @addr one of the router's at @iface? */
static bool is_own(const struct iface_config *iface, struct ip_addr addr)
{
	return (!ip_addr_is_unspecified(addr) && ip_addr_equal(addr, iface->v6.addr)) ||
	       ip_addr_equal(addr, ip_addr_link_local(iface->mac));
}

/* May somebody at the interface of @p be @addr? Nobody yet may, who is about to choose an address. */
static bool is_sender(const struct passage *p, struct ip_addr addr)
{
	const struct iface_config *in = passage_get_in(p);

	if (ip_addr_is_unspecified(addr))
		return true;
	if (in->kind == IFACE_INNER)
		return ip_addr_equal(addr, in->v6.peer) || ip_addr_equal(addr, ip_addr_link_local(in->peer_mac));
	if (ip_addr_is_bogon(addr) || ip_addr_is_multicast(addr) || is_own(in, addr))
		return false;
	return ip_addr_is_link_local(addr) || admit_is_outside(p->r, in, addr);
}

/* Who has our address: we, and where the asker has none yet, everybody hears it, so that he chooses another. */
static enum verdict solicitation_input(struct passage *p, const struct nd_message *m)
{
	bool is_anonymous = ip_addr_is_unspecified(p->info.src);
	struct nd_ends ends = {
		.mac_src = passage_get_in(p)->mac,
		.mac_dst = is_anonymous ? mac_from_multicast(all_nodes) : p->info.mac_src,
		.src = m->target,
		.dst = is_anonymous ? all_nodes : p->info.src,
		.target = m->target,
	};

	p->out->reason = REASON_ND_IGNORED;
	if (!is_own(passage_get_in(p), m->target))
		return VERDICT_CONSUMED;
	if (p->pkt->capacity < ND_NEIGHBOUR_FRAME_LEN)
		return passage_drop(p, REASON_ND_INVALID);
	*p->pkt = (struct packet){.data = p->pkt->data, .capacity = p->pkt->capacity};
	p->pkt->len = p->pkt->head_len = nd_write_advertisement(p->pkt->data, &ends, !is_anonymous);
	p->out->reason = REASON_ND_SOLICITED;
	p->out->out_if = p->in_if;
	return VERDICT_REPLY;
}

/* Somebody answers, perhaps to a question of ours: those are asked on uplinks alone. */
static bool advertisement_take(struct passage *p, const struct nd_message *m)
{
	return m->solicited && m->has_mac && is_own(passage_get_in(p), p->info.dst) &&
	       neighbour_learn(&p->r->neighbours, p->in_if, m->target, m->mac, m->override, p->now);
}

/* Has the prefix of 64 bits anything in common with a network that is ours by configuration? */
static bool prefix_is_free(const struct router *r, struct ip_addr prefix)
{
	for (unsigned i = 0; i < ROUTER_IF_COUNT; i++) {
		const struct iface_config *c = &r->iface[i];
		uint8_t len = c->v6.prefix_len < 64 ? c->v6.prefix_len : 64;

		if (c->kind != IFACE_NONE && !c->autoconf && len > 0 && ip_addr_in_prefix(prefix, c->v6.addr, len))
			return false;
	}
	return true;
}

/* What the autoconfiguration of uplink @index has come to is what the interface has. */
static void autoconf_apply(struct router *r, unsigned index)
{
	const struct autoconf *a = &r->autoconf[index];
	struct iface_net net = {.prefix_len = 0};

	if (a->state == AUTOCONF_VALID)
		net = (struct iface_net){.addr = a->addr, .peer = a->router, .prefix_len = 64};
	router_set_net(r, index, &net, false);
}

/* A router speaks at an uplink that listens to such. */
static bool router_hear(struct passage *p, const struct nd_message *m)
{
	struct mac mac = passage_get_in(p)->mac;

	if (!passage_get_in(p)->autoconf)
		return false;
	if (autoconf_hear(&p->r->autoconf[p->in_if], m, p->info.src, mac, prefix_is_free(p->r, m->prefix), p->now))
		autoconf_apply(p->r, p->in_if);
	return true;
}

/* Somebody has, or wants, the address that we were about to take. */
static void collision_look(struct passage *p, const struct nd_message *m)
{
	struct autoconf *a = &p->r->autoconf[p->in_if];

	if (m->type == ICMP6_NEIGHBOUR_ADVERTISEMENT || ip_addr_is_unspecified(p->info.src))
		if (ip_addr_equal(a->addr, m->target))
			autoconf_collide(a);
}

static void message_take(struct passage *p, const struct nd_message *m)
{
	switch (m->type) {
	case ICMP6_ROUTER_SOLICITATION:
		if (passage_get_in(p)->kind != IFACE_INNER)
			return;
		p->r->advert_asked |= 1u << p->in_if;
		p->out->reason = REASON_ND_SOLICITED;
		return;
	case ICMP6_ROUTER_ADVERTISEMENT:
		if (router_hear(p, m))
			p->out->reason = REASON_ND_ROUTER;
		return;
	case ICMP6_NEIGHBOUR_ADVERTISEMENT:
		if (advertisement_take(p, m))
			p->out->reason = REASON_ND_ADVERTISED;
	}
}

enum verdict discover_input(struct passage *p)
{
	const struct iface_config *in = passage_get_in(p);
	struct nd_message m;

	if (ip_addr_is_unspecified(in->v6.addr) && !in->autoconf)
		return passage_drop(p, REASON_IP_FAMILY);
	if (!nd_parse(p->pkt, &p->info, &m))
		return passage_drop(p, REASON_ND_INVALID);
	if (!is_sender(p, p->info.src) || (m.type == ICMP6_NEIGHBOUR_ADVERTISEMENT && !is_sender(p, m.target)))
		return passage_drop(p, REASON_ND_SPOOF);
	collision_look(p, &m);
	if (m.type == ICMP6_NEIGHBOUR_SOLICITATION)
		return solicitation_input(p, &m);
	p->out->reason = REASON_ND_IGNORED;
	message_take(p, &m);
	return VERDICT_CONSUMED;
}

static void autoconf_pass(struct router *r, unsigned index, uint64_t now)
{
	enum autoconf_act act;

	while ((act = autoconf_tick(&r->autoconf[index], now)) != AUTOCONF_NOTHING) {
		switch (act) {
		case AUTOCONF_ASK: r->ask_routers |= 1u << index; break;
		case AUTOCONF_PROBE: r->probe |= 1u << index; break;
		case AUTOCONF_CHANGE: autoconf_apply(r, index); break;
		case AUTOCONF_NOTHING: break;
		}
	}
}

void discover_tick(struct router *r, uint64_t now)
{
	for (unsigned i = 0; i < ROUTER_IF_COUNT; i++) {
		const struct iface_config *c = &r->iface[i];
		uint64_t since = now - r->advertised_ns[i];
		bool asked = r->advert_asked >> i & 1;

		if (c->autoconf)
			autoconf_pass(r, i, now);
		if (c->kind != IFACE_INNER || ip_addr_is_unspecified(c->v6.addr))
			continue;
		if (r->advertised_ns[i] != 0 && since < (asked ? ADVERTISE_LEAST_NS : ADVERTISE_NS))
			continue;
		r->advertised_ns[i] = now;
		r->advert_asked &= ~(1u << i);
		r->announce6 |= 1u << i;
	}
}

uint32_t discover_write(const struct router *r, uint8_t *frame, uint8_t index)
{
	const struct iface_config *c = &r->iface[index];
	struct nd_ends ends = {
		.mac_src = c->mac,
		.mac_dst = mac_from_multicast(all_nodes),
		.src = ip_addr_link_local(c->mac),
		.dst = all_nodes,
		.target = c->v6.addr,
	};
	bool is_autonomous = c->v6.prefix_len == 64 &&
			     ip_addr_equal(c->v6.peer, ip_addr_from_mac(c->v6.addr, c->peer_mac));

	if (c->kind == IFACE_UPLINK)
		return nd_write_advertisement(frame, &ends, false);
	return nd_write_router_advertisement(frame, &ends, c->mtu, c->v6.prefix_len, is_autonomous);
}
