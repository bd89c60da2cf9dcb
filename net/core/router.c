/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The router's state: interfaces, policy, time. What happens to a frame is in input.c.
 *
 * The invariants: the addresses of configured interfaces are distinct unicast addresses, so that an
 * address names one place; flows and neighbours refer to configured interfaces only; the rules in
 * force passed rules_check().
 */
#include <string.h>

#include <base/check.h>

#include "passage.h"

#define SWEEP_COUNT 256u   /* flows looked at in one tick */
#define RECORD_COUNT 1024u /* flows whose records are brought up to date in one tick */
#define MTU_MIN_V4 68u
#define MTU_MIN_V6 1280u

/* What stands in the router's memory before the flows. */
struct own_memory {
	struct rules_meters meters;
	struct fragment_table fragments;
	struct pieces pieces;
};

size_t router_get_memory_size(uint32_t flow_count)
{
	return sizeof(struct own_memory) + _Alignof(struct own_memory) + conntrack_get_memory_size(flow_count);
}

bool router_init(struct router *r, void *memory, size_t len, struct router_seed seed)
{
	uintptr_t pad = -(uintptr_t)memory & (_Alignof(struct own_memory) - 1);
	struct siphash_key key = {{seed.words[0], seed.words[1]}};
	uint8_t *start = (uint8_t *)memory + pad;
	struct own_memory *own = (struct own_memory *)(void *)start;

	memset(r, 0, sizeof(*r));
	if (len < pad + sizeof(*own))
		return false;
	memset(own, 0, offsetof(struct own_memory, fragments));
	memset(&own->pieces, 0, offsetof(struct pieces, room));
	r->meters = &own->meters;
	r->fragments = &own->fragments;
	r->pieces = &own->pieces;
	fragment_init(r->fragments, key);
	meters_init(r->meters, key);
	neighbour_init(&r->neighbours);
	return conntrack_init(&r->flows, start + sizeof(*own), len - pad - sizeof(*own), key);
}

void router_set_lender(struct router *r, struct router_lender lender)
{
	r->lender = lender;
}

bool router_rules_prepare(struct router *r, const struct rules_room *room, const void *table, size_t len,
			  const struct rules_pause *pause, enum rules_error *error, uint32_t *index)
{
	enum rules_error found = rules_check_slowly(table, len, RULES_FEATURES_SUPPORTED, pause, index);
	struct rules_reload *reload = room->reload;

	r->reload = NULL;
	if (error)
		*error = found;
	if (found != RULES_OK)
		return false;
	reload->next = rules_view(table);
	reload->hits = room->hits;
	CHECK(room->hit_count >= reload->next.count);
	rules_collect_published(&reload->next, pause, &reload->published);
	reload_match(reload, &r->rules, &reload->next, pause);
	r->reload = reload;
	return true;
}

void router_rules_forget(struct router *r)
{
	r->reload = NULL;
}

void router_rules_switch(struct router *r)
{
	CHECK(r->reload);
	reload_carry(r->reload, &r->rules, r->rule_hits, r->meters);
	r->rules = r->reload->next;
	r->rule_hits = r->reload->hits;
	r->published = r->reload->published;
	r->reload = NULL;
	shape_set(&r->shaper, &r->rules);
	early_clear(&r->early);
	r->epoch++;
	r->review_left = r->flows.capacity;
}

bool router_rules_set(struct router *r, struct rules_stage *stage, const void *table, size_t len,
		      enum rules_error *error, uint32_t *index)
{
	struct rules_room room = {&stage->reload, stage->hits[r->rule_hits == stage->hits[0]], RULES_COUNT_MAX};

	if (!router_rules_prepare(r, &room, table, len, NULL, error, index))
		return false;
	router_rules_switch(r);
	return true;
}

static bool mac_is_station(struct mac mac)
{
	static const struct mac zero;

	return !(mac.octets[0] & 1) && !mac_equal(mac, zero);
}

static bool addr_is_used(const struct router *r, struct ip_addr addr)
{
	for (uint32_t left = r->ifaces; left; left &= left - 1) {
		const struct iface_config *c = &r->iface[__builtin_ctz(left)];
		const struct iface_net *net = iface_get_net(c, addr);

		if (ip_addr_equal(net->addr, addr))
			return true;
		if (c->kind == IFACE_INNER && ip_addr_equal(net->peer, addr))
			return true;
	}
	return false;
}

/* Can @addr be one station's on the link of @net? */
static bool addr_is_host(const struct iface_net *net, struct ip_addr addr)
{
	return !ip_addr_is_bogon(addr) && !ip_addr_is_multicast(addr) && !ip_addr_is_link_local(addr) &&
	       ip_addr_in_prefix(addr, net->addr, net->prefix_len) && !net_has_edge(net, addr);
}

static bool peer_is_sane(const struct router *r, const struct iface_net *net, enum iface_kind kind)
{
	if (kind == IFACE_UPLINK && (ip_addr_is_unspecified(net->peer) || ip_addr_is_link_local(net->peer)))
		return true;
	return addr_is_host(net, net->peer) && !ip_addr_equal(net->peer, net->addr) &&
	       (kind == IFACE_UPLINK || !addr_is_used(r, net->peer));
}

/* Is @net, of @bits bits, either not there at all or sane? */
static bool net_is_sane(const struct router *r, const struct iface_net *net, enum iface_kind kind, uint8_t bits)
{
	if (ip_addr_is_unspecified(net->addr))
		return ip_addr_is_unspecified(net->peer) && net->prefix_len == 0;
	return ip_addr_get_bits(net->addr) == bits && net->prefix_len >= 1 && net->prefix_len <= bits &&
	       addr_is_host(net, net->addr) && !addr_is_used(r, net->addr) && peer_is_sane(r, net, kind);
}

static bool config_is_sane(const struct router *r, const struct iface_config *c)
{
	bool has_v4 = !ip_addr_is_unspecified(c->v4.addr), has_v6 = !ip_addr_is_unspecified(c->v6.addr);

	if ((c->kind != IFACE_INNER && c->kind != IFACE_UPLINK) || !mac_is_station(c->mac) ||
	    !(has_v4 || has_v6 || c->autoconf || c->dhcp))
		return false;
	if (c->autoconf && (c->kind != IFACE_UPLINK || has_v6))
		return false;
	if (c->dhcp && (c->kind != IFACE_UPLINK || has_v4))
		return false;
	if (c->relay > RELAY_SERVER || (c->relay != RELAY_NONE && (c->kind != IFACE_INNER || !has_v4)))
		return false;
	if (c->mtu < (has_v6 || c->autoconf ? MTU_MIN_V6 : MTU_MIN_V4) || !net_is_sane(r, &c->v4, c->kind, 32) ||
	    !net_is_sane(r, &c->v6, c->kind, 128))
		return false;
	return c->kind == IFACE_UPLINK || (mac_is_station(c->peer_mac) && !mac_equal(c->mac, c->peer_mac));
}

/* The addresses at uplink @index are to be told to the link, where others may have an older idea of them. */
static void router_announce(struct router *r, unsigned index)
{
	const struct iface_config *c = &r->iface[index];
	uint32_t bit = 1u << index;

	if (c->kind != IFACE_UPLINK)
		return;
	r->announce |= ip_addr_is_unspecified(c->v4.addr) ? 0 : bit;
	r->announce6 |= ip_addr_is_unspecified(c->v6.addr) ? 0 : bit;
}

bool router_takes_net(struct router *r, unsigned index, const struct iface_net *net, bool is_v4)
{
	struct iface_net *own = is_v4 ? &r->iface[index].v4 : &r->iface[index].v6, before = *own;
	bool sane;

	*own = (struct iface_net){.prefix_len = 0}; /* an address is free that was its own */
	sane = net_is_sane(r, net, IFACE_UPLINK, is_v4 ? 32 : 128);
	*own = before;
	return sane;
}

void router_set_net(struct router *r, unsigned index, const struct iface_net *net, bool is_v4)
{
	struct iface_net *own = is_v4 ? &r->iface[index].v4 : &r->iface[index].v6, before = *own;
	static const struct iface_net none;

	if (!router_takes_net(r, index, net, is_v4))
		net = &none;
	if (!ip_addr_is_unspecified(before.addr) && !ip_addr_equal(before.addr, net->addr)) {
		conntrack_clear_iface(&r->flows, (uint8_t)index);
		neighbour_clear_iface(&r->neighbours, (uint8_t)index);
	}
	*own = *net;
	conntrack_forget_admitted(&r->flows);
	router_announce(r, index);
}

bool router_iface_set(struct router *r, unsigned index, const struct iface_config *config)
{
	if (index >= ROUTER_IF_COUNT || r->iface[index].kind != IFACE_NONE || !config_is_sane(r, config))
		return false;
	r->iface[index] = *config;
	r->ifaces |= 1u << index;
	conntrack_forget_admitted(&r->flows);
	conntrack_set_limit(&r->flows, (uint8_t)index, config->flow_limit);
	conntrack_set_inner(&r->flows, (uint8_t)index, config->kind == IFACE_INNER);
	r->flows.journal.peer[index] = config->kind == IFACE_INNER ? config->peer_id : 0;
	router_announce(r, index);
	if (config->dhcp)
		lease_start(r, index);
	return true;
}

void router_set_over(struct router *r, uint32_t mask)
{
	r->over = mask;
}

void router_set_full(struct router *r, uint32_t mask)
{
	r->full = mask;
}

void router_iface_flush(struct router *r, unsigned index)
{
	if (index >= ROUTER_IF_COUNT || r->iface[index].kind == IFACE_NONE)
		return;
	conntrack_clear_iface(&r->flows, (uint8_t)index);
	neighbour_clear_iface(&r->neighbours, (uint8_t)index);
	fragment_clear_iface(r->fragments, (uint8_t)index);
	router_announce(r, index);
}

void router_iface_clear(struct router *r, unsigned index)
{
	router_iface_flush(r, index);
	if (index >= ROUTER_IF_COUNT)
		return;
	early_clear(&r->early);
	r->announce &= ~(1u << index);
	r->announce6 &= ~(1u << index);
	r->advert_asked &= ~(1u << index);
	r->probe &= ~(1u << index);
	r->ask_routers &= ~(1u << index);
	r->dhcp_asks &= ~(1u << index);
	r->probe4 &= ~(1u << index);
	r->leases[index] = (struct router_lease){.mtu = 0};
	r->relay_budget[index] = (struct reply_budget){0};
	r->relay_open[index] = 0;
	r->advertised_ns[index] = 0;
	r->autoconf[index] = (struct autoconf){.state = AUTOCONF_NONE};
	r->iface[index] = (struct iface_config){.kind = IFACE_NONE};
	r->ifaces &= ~(1u << index);
	r->flows.journal.peer[index] = 0;
	r->counters[index] = (struct iface_counters){0};
	r->budget[index] = (struct reply_budget){0};
}

void router_tick(struct router *r, uint64_t now)
{
	neighbour_tick(&r->neighbours, now);
	reassemble_tick(r, now);
	discover_tick(r, now);
	lease_tick(r, now);
	conntrack_expire(&r->flows, now, SWEEP_COUNT);
	journal_sweep(&r->flows.journal, &r->flows, RECORD_COUNT);
}

uint32_t router_get_flow_count(const struct router *r)
{
	return r->flows.count;
}

uint32_t router_get_flow_capacity(const struct router *r)
{
	return r->flows.capacity;
}
