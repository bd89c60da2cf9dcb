/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DHCP inside: a relay agent between the peers of interfaces that ask and that of the one that serves, which the plan names. No rule
 * is asked, and nobody else is reached this way. The invariant: a question goes to the server alone, at a bounded rate
 * for each interface, and an answer only to an interface that has asked, by the server alone, with that interface's own address.
 */
#include <string.h>

#include <base/bits.h>

#include "dhcp_layout.h"
#include "dhcp_relay.h"
#include "passage.h"

#define ADDR_ALL 0xffffffffu
#define NOBODY ROUTER_IF_COUNT

static const struct mac mac_all = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

static unsigned server_find(const struct router *r)
{
	unsigned i = 0;

	while (i < ROUTER_IF_COUNT && r->iface[i].relay != RELAY_SERVER)
		i++;
	return i;
}

/* The interface that asks and where @addr is ours; NOBODY: there is none. */
static unsigned client_find(const struct router *r, struct ip_addr addr)
{
	unsigned i = 0;

	while (i < ROUTER_IF_COUNT && (r->iface[i].relay != RELAY_CLIENT || !ip_addr_equal(r->iface[i].v4.addr, addr)))
		i++;
	return i;
}

static bool is_for_server(const struct passage *p)
{
	unsigned server = server_find(p->r);

	return ip_addr_to_v4(p->info.dst) == ADDR_ALL || ip_addr_equal(p->info.dst, passage_get_in(p)->v4.addr) ||
	       (server != NOBODY && ip_addr_equal(p->info.dst, p->r->iface[server].v4.peer));
}

/* Does the server itself ask us? */
static bool is_inform(const struct passage *p)
{
	const struct iface_config *in = passage_get_in(p);

	return in->relay == RELAY_SERVER && p->info.sport == DHCP_CLIENT_PORT &&
	       ip_addr_equal(p->info.dst, in->v4.addr);
}

bool relay_takes(const struct passage *p)
{
	if (passage_get_in(p)->relay == RELAY_CLIENT)
		return p->info.sport == DHCP_CLIENT_PORT && is_for_server(p);
	if (is_inform(p))
		return true;
	return p->info.sport == DHCP_SERVER_PORT && client_find(p->r, p->info.dst) != NOBODY;
}

static struct dhcp_relay_link link_of(const struct router *r, unsigned index)
{
	const struct iface_config *c = &r->iface[index];

	return (struct dhcp_relay_link){.mac = c->peer_mac,
					.addr = ip_addr_to_v4(c->v4.peer),
					.own = ip_addr_to_v4(c->v4.addr),
					.circuit = (uint8_t)index};
}

/* From the interface's peer: its MAC, and its address, or none where it may have none yet. */
static bool is_from_peer(const struct passage *p)
{
	const struct iface_config *in = passage_get_in(p);

	return mac_equal(p->info.mac_src, in->peer_mac) &&
	       (mac_equal(p->info.mac_dst, in->mac) || mac_equal(p->info.mac_dst, mac_all)) &&
	       (ip_addr_equal(p->info.src, in->v4.peer) ||
		(in->relay == RELAY_CLIENT && ip_addr_to_v4(p->info.src) == 0));
}

/* Is it whole, with room for what becomes of it? */
static bool is_handy(const struct passage *p)
{
	return p->pkt->head_len == p->pkt->len && p->info.l4_off == L4_AT &&
	       p->pkt->capacity >= MESSAGE_AT + MAX(p->info.payload_len + DHCP_RELAY_ROOM, MESSAGE_MIN) &&
	       dhcp_checksum_is_right(p->pkt, &p->info);
}

/* The message of @len bytes leaves at @out_if as @ends say. */
static enum verdict message_leave(struct passage *p, unsigned out_if, const struct dhcp_ends *ends, uint32_t len)
{
	if (MESSAGE_AT - ETH_HEADER_LEN + len > p->r->iface[out_if].mtu)
		return passage_drop(p, REASON_DHCP_INVALID);
	dhcp_write_headers(p->pkt->data, ends, len);
	p->pkt->len = p->pkt->head_len = MESSAGE_AT + len;
	p->pkt->flags = 0;
	p->pkt->gso_type = PACKET_GSO_NONE;
	p->out->out_if = (uint8_t)out_if;
	return VERDICT_FORWARD;
}

static enum verdict request_pass(struct passage *p)
{
	struct dhcp_relay_link link = link_of(p->r, p->in_if);
	unsigned server = server_find(p->r);
	struct dhcp_ends ends = {.src = link.own, .sport = DHCP_SERVER_PORT, .dport = DHCP_SERVER_PORT};
	uint32_t len = p->info.payload_len;
	enum reason reason;

	if (server == NOBODY)
		return passage_drop(p, REASON_NO_ROUTE);
	if (!budget_take_of(&p->r->relay_budget[p->in_if], RELAY_RATE, RELAY_BURST, p->now))
		return passage_drop(p, REASON_DHCP_LIMIT);
	reason = dhcp_relay_request(p->pkt->data + MESSAGE_AT, &len, &link);
	if (reason != REASON_NONE)
		return passage_drop(p, reason);
	p->r->relay_open[p->in_if] = (uint8_t)MIN(p->r->relay_open[p->in_if] + 1u, RELAY_BURST);
	ends.mac_src = p->r->iface[server].mac;
	ends.mac_dst = p->r->iface[server].peer_mac;
	ends.dst = ip_addr_to_v4(p->r->iface[server].v4.peer);
	return message_leave(p, server, &ends, len);
}

static enum verdict answer_pass(struct passage *p)
{
	unsigned client = client_find(p->r, p->info.dst);
	struct dhcp_relay_link link = link_of(p->r, client);
	struct dhcp_ends ends = {.mac_src = p->r->iface[client].mac,
				 .mac_dst = link.mac,
				 .src = link.own,
				 .sport = DHCP_SERVER_PORT,
				 .dport = DHCP_CLIENT_PORT};
	uint32_t len = p->info.payload_len;
	enum reason reason = dhcp_relay_answer(p->pkt->data + MESSAGE_AT, &len, &link, &ends.dst);

	if (reason != REASON_NONE)
		return passage_drop(p, reason);
	if (p->r->relay_open[client] == 0)
		return passage_drop(p, REASON_DHCP_ANSWER);
	p->r->relay_open[client]--;
	if (ends.dst == ADDR_ALL)
		ends.mac_dst = mac_all;
	return message_leave(p, client, &ends, len);
}

/* The servers of DNS that the first uplink with a lease was told, those that are somebody outside. */
static void names_of_uplink(const struct router *r, uint32_t names[DHCP_NAMES_MAX])
{
	unsigned count = 0, i = 0;

	memset(names, 0, DHCP_NAMES_MAX * sizeof(names[0]));
	while (i < ROUTER_IF_COUNT && !(r->iface[i].dhcp && dhcp_holds(&r->leases[i].client)))
		i++;
	for (unsigned k = 0; i < ROUTER_IF_COUNT && k < DHCP_NAMES_MAX && r->leases[i].client.lease.names[k]; k++) {
		struct ip_addr name = ip_addr_from_v4(r->leases[i].client.lease.names[k]);

		if (!ip_addr_is_bogon(name) && !ip_addr_is_multicast(name) && admit_is_outside(r, &r->iface[i], name))
			names[count++] = ip_addr_to_v4(name);
	}
}

static enum verdict inform_answer(struct passage *p)
{
	struct dhcp_relay_link link = link_of(p->r, p->in_if);
	struct dhcp_ends ends = {.mac_src = passage_get_in(p)->mac,
				 .mac_dst = link.mac,
				 .src = link.own,
				 .dst = link.addr,
				 .sport = DHCP_SERVER_PORT,
				 .dport = DHCP_CLIENT_PORT};
	uint32_t len = p->info.payload_len, names[DHCP_NAMES_MAX];
	enum verdict verdict;
	enum reason reason;

	if (!budget_take_of(&p->r->relay_budget[p->in_if], RELAY_RATE, RELAY_BURST, p->now))
		return passage_drop(p, REASON_DHCP_LIMIT);
	names_of_uplink(p->r, names);
	reason = dhcp_inform_answer(p->pkt->data + MESSAGE_AT, &len, link.addr, link.own, names);
	if (reason != REASON_NONE)
		return passage_drop(p, reason);
	verdict = message_leave(p, p->in_if, &ends, len);
	return verdict == VERDICT_FORWARD ? VERDICT_REPLY : verdict;
}

enum verdict relay_input(struct passage *p)
{
	if (!is_from_peer(p))
		return passage_drop(p, REASON_DHCP_SPOOF);
	if (!is_handy(p))
		return passage_drop(p, REASON_DHCP_INVALID);
	if (passage_get_in(p)->relay == RELAY_CLIENT)
		return request_pass(p);
	return is_inform(p) ? inform_answer(p) : answer_pass(p);
}
