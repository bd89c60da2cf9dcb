/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The IPv4 of uplinks that have it from a DHCP server. The invariant: what such an interface has is nothing, or a lease whose
 * subnet has nothing in common with another interface's, and whose gateway is in it.
 */
#include "arp.h"
#include "passage.h"

#define MTU_LEAST_V4 576u
#define MTU_LEAST_V6 1280u
#define ADDR_ALL 0xffffffffu

void lease_start(struct router *r, unsigned index)
{
	struct siphash_key key;

	for (unsigned i = 0; i < 2; i++) {
		const uint8_t label[] = {'d', 'h', 'c', 'p', (uint8_t)index, (uint8_t)i};

		key.words[i] = siphash(&r->flows.key, label, sizeof(label));
	}
	r->leases[index].mtu = r->iface[index].mtu;
	dhcp_init(&r->leases[index].client, key, r->iface[index].mac);
}

static struct iface_net net_of(const struct dhcp_lease *lease)
{
	return (struct iface_net){.addr = ip_addr_from_v4(lease->addr),
				  .peer = ip_addr_from_v4(lease->gateway),
				  .prefix_len = lease->prefix_len};
}

/* Has the subnet anything in common with another interface's than @index? */
static bool net_overlaps(const struct router *r, unsigned index, const struct iface_net *net)
{
	for (unsigned i = 0; i < ROUTER_IF_COUNT; i++) {
		const struct iface_net *other = &r->iface[i].v4;
		uint8_t len = other->prefix_len < net->prefix_len ? other->prefix_len : net->prefix_len;

		if (i != index && r->iface[i].kind != IFACE_NONE && len > 0 &&
		    ip_addr_in_prefix(net->addr, other->addr, len))
			return true;
	}
	return false;
}

static bool is_station_outside(const struct passage *p, struct ip_addr addr)
{
	return !ip_addr_is_bogon(addr) && !ip_addr_is_multicast(addr) &&
	       admit_is_outside(p->r, passage_get_in(p), addr);
}

static bool lease_fits(const struct passage *p, const struct dhcp_lease *lease)
{
	struct iface_net net = net_of(lease);

	return router_takes_net(p->r, p->in_if, &net, true) && !net_overlaps(p->r, p->in_if, &net) &&
	       is_station_outside(p, ip_addr_from_v4(lease->server));
}

/* What the client has come to is what the interface has. */
static void lease_apply(struct router *r, unsigned index)
{
	const struct router_lease *l = &r->leases[index];
	struct iface_config *iface = &r->iface[index];
	bool has_v6 = iface->autoconf || !ip_addr_is_unspecified(iface->v6.addr), holds = dhcp_holds(&l->client);
	uint16_t told = holds ? l->client.lease.mtu : 0;
	struct iface_net net = {.prefix_len = 0};

	if (holds)
		net = net_of(&l->client.lease);
	router_set_net(r, index, &net, true);
	iface->mtu = told >= (has_v6 ? MTU_LEAST_V6 : MTU_LEAST_V4) && told < l->mtu ? told : l->mtu;
}

static void client_pass(struct router *r, unsigned index, uint64_t now)
{
	enum dhcp_act act;

	while ((act = dhcp_tick(&r->leases[index].client, now)) != DHCP_NOTHING) {
		switch (act) {
		case DHCP_SEND: r->dhcp_asks |= 1u << index; break;
		case DHCP_PROBE: r->probe4 |= 1u << index; break;
		case DHCP_CHANGE: lease_apply(r, index); break;
		case DHCP_NOTHING: break;
		}
	}
}

/* From a station on the link, to us or all. */
static bool macs_are_right(const struct passage *p)
{
	static const struct mac all = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
	struct mac own = passage_get_in(p)->mac;

	return !(p->info.mac_src.octets[0] & 1) && !mac_equal(p->info.mac_src, own) &&
	       (mac_equal(p->info.mac_dst, own) || mac_equal(p->info.mac_dst, all));
}

/* To all, to the address that it brings, or to ours. */
static bool destination_is_right(const struct passage *p, const struct dhcp_message *m)
{
	uint32_t dst = ip_addr_to_v4(p->info.dst);

	return dst == ADDR_ALL || (dst == m->lease.addr && m->type != DHCP_NAK) ||
	       ip_addr_equal(p->info.dst, passage_get_in(p)->v4.addr);
}

enum verdict lease_input(struct passage *p)
{
	struct mac own = passage_get_in(p)->mac;
	struct dhcp_message m;

	if (!macs_are_right(p))
		return passage_drop(p, REASON_DHCP_SPOOF);
	p->out->reason = REASON_DHCP_IGNORED;
	switch (dhcp_parse(p->pkt, &p->info, own, &m)) {
	case DHCP_MALFORMED: return passage_drop(p, REASON_DHCP_INVALID);
	case DHCP_FOREIGN: return VERDICT_CONSUMED;
	case DHCP_PARSED: break;
	}
	if (!is_station_outside(p, p->info.src) || !destination_is_right(p, &m))
		return passage_drop(p, REASON_DHCP_SPOOF);
	if (!dhcp_hear(&p->r->leases[p->in_if].client, &m, p->info.mac_src, lease_fits(p, &m.lease), p->now))
		return VERDICT_CONSUMED;
	p->out->reason = REASON_DHCP_HEARD;
	client_pass(p->r, p->in_if, p->now);
	return VERDICT_CONSUMED;
}

enum verdict lease_arp_input(struct passage *p)
{
	struct arp_message m;

	if (!arp_parse(p->pkt, &m))
		return passage_drop(p, REASON_ARP_INVALID);
	p->out->reason = REASON_ARP_IGNORED;
	dhcp_collide(&p->r->leases[p->in_if].client,
		     ip_addr_to_v4(ip_addr_is_unspecified(m.sender) ? m.target : m.sender));
	return VERDICT_CONSUMED;
}

void lease_tick(struct router *r, uint64_t now)
{
	for (unsigned i = 0; i < ROUTER_IF_COUNT; i++)
		if (r->iface[i].dhcp)
			client_pass(r, i, now);
}

enum dhcp_news router_take_news(struct router *r, unsigned index)
{
	struct dhcp *client = &r->leases[index].client;
	enum dhcp_news news = client->news;

	client->news = DHCP_NEWS_NONE;
	return news;
}
