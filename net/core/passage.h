/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One frame on its way through the router: what the files behind router_input() share. Not for
 * others.
 */
#ifndef CAMBIUM_NET_CORE_PASSAGE_H
#define CAMBIUM_NET_CORE_PASSAGE_H

#include "reply.h"
#include "router.h"

struct passage {
	struct router *r;
	struct packet *pkt;
	struct output *out;
	uint64_t now;
	struct packet_info info;
	uint8_t in_if;
	bool in_pieces; /* it came in fragments, and pkt is the whole; or it can leave only so */
};

/* Where an address leads. */
struct route {
	enum rules_side side;
	uint8_t out_if;
	bool via_gateway;
	struct ip_addr next_hop;
};

/* The interface the frame came in at. */
static inline const struct iface_config *passage_get_in(const struct passage *p)
{
	return &p->r->iface[p->in_if];
}

/* What @iface is in the family of @addr. */
static inline const struct iface_net *iface_get_net(const struct iface_config *iface, struct ip_addr addr)
{
	return ip_addr_is_v4(addr) ? &iface->v4 : &iface->v6;
}

/* The verdict DROP, with @reason. */
static inline enum verdict passage_drop(struct passage *p, enum reason reason)
{
	p->out->reason = reason;
	return VERDICT_DROP;
}

/* --- admit.c: who it is from --- */

/* Are the frame's MACs those of its interface: REASON_NONE, or why not. */
enum reason admit_check_macs(const struct passage *p);

/* Are the packet's addresses such as may come in at its interface: REASON_NONE, or why not. */
enum reason admit_check_addresses(const struct passage *p);

/* May @addr, seen at uplink @in, be somebody outside: not ours, not of a network inside. */
bool admit_is_outside(const struct router *r, const struct iface_config *in, struct ip_addr addr);

/*
 * Is @addr in the prefix of @iface. Is it an address there that is no single station's: the network or broadcast
 * address (none for /31, /32), or the one of all routers (RFC 4291 section 2.6.1; none for /127, /128).
 */
static inline bool net_covers(const struct iface_net *net, struct ip_addr addr)
{
	if (net->prefix_len == 0)
		return false;
	if (!ip_addr_is_v4(addr))
		return ipv6_in_prefix(addr.octets, net->addr.octets, net->prefix_len);
	return (ip_addr_to_v4(addr) ^ ip_addr_to_v4(net->addr)) >> (32 - net->prefix_len) == 0;
}

static inline bool iface_covers(const struct iface_config *iface, struct ip_addr addr)
{
	return net_covers(iface_get_net(iface, addr), addr);
}

static inline bool net_has_edge(const struct iface_net *net, struct ip_addr addr)
{
	uint32_t rest;

	if (net->prefix_len + 1 >= ip_addr_get_bits(addr) || !net_covers(net, addr))
		return false;
	if (!ip_addr_is_v4(addr))
		return ip_addr_equal(addr, ip_addr_cut(addr, net->prefix_len));
	rest = 0xffffffffu >> net->prefix_len;
	return (ip_addr_to_v4(addr) & rest) == 0 || (ip_addr_to_v4(addr) & rest) == rest;
}

static inline bool iface_has_edge(const struct iface_config *iface, struct ip_addr addr)
{
	return net_has_edge(iface_get_net(iface, addr), addr);
}

/* --- answer.c: what the router says by itself, within its budget --- */

/*
 * Answer with an ICMP error (@error, @mtu as in reply.h), or a RST, or an echo reply; or drop
 * when there is no answer or no budget for it. @reason is recorded either way. answer_reject()
 * takes what fits the protocol.
 */
enum verdict answer_error(struct passage *p, enum reason reason, enum reply_error error, uint16_t mtu);
enum verdict answer_reset(struct passage *p, enum reason reason);
enum verdict answer_reject(struct passage *p);
enum verdict answer_self(struct passage *p);

/* Takes one token: the router talks by itself at a bounded rate. And of a budget that fills at @rate a second, up to @burst. */
bool budget_take(struct reply_budget *budget, uint64_t now);
bool budget_take_of(struct reply_budget *budget, uint32_t rate, uint32_t burst, uint64_t now);

/* --- reassemble.c: fragments, and packets that leave in pieces --- */

/*
 * The fragment @p is admitted, judged and kept. REASON_NONE: with it the datagram is whole, and @p is the passage of that from
 * now on. REASON_FRAGMENT_WAITS: others are missing. Else the reason to drop it.
 */
enum reason reassemble(struct passage *p);

/* @p, whose packet leaves in pieces by @route, has it in its place for that; pieces_cut() when it is rewritten. */
void pieces_leave(struct passage *p, const struct route *route);

/* What answers a datagram that came in fragments stands in its place: it leaves, in pieces where it has to. VERDICT_PIECES. */
enum verdict pieces_answer(struct passage *p);

/*
 * The next piece, where there is one left, or what is to be said of datagrams that did not become whole, goes into @event. False:
 * it is not to be had, or there is nothing.
 */
bool pieces_event(struct router *r, struct router_event *event);
bool reassemble_event(struct router *r, struct router_event *event);

/* Let time pass: incomplete datagrams become late. */
void reassemble_tick(struct router *r, uint64_t now);

/* --- router.c --- */

/* Is @net such as uplink @index may have in its family? */
bool router_takes_net(struct router *r, unsigned index, const struct iface_net *net, bool is_v4);

/* Uplink @index has @net in its family from now on, or none where that is not sane; when its address changes, all flows there end. */
void router_set_net(struct router *r, unsigned index, const struct iface_net *net, bool is_v4);

/* --- lease.c: DHCP on uplinks --- */

/* Uplink @index has its IPv4 from a DHCP server. */
void lease_start(struct router *r, unsigned index);

/* Is @p, which was parsed, DHCP for a client of ours? */
static inline bool lease_concerns(const struct passage *p)
{
	return p->info.dport == DHCP_CLIENT_PORT && passage_get_in(p)->dhcp && p->info.sport == DHCP_SERVER_PORT &&
	       p->info.proto == IP_PROTO_UDP && p->info.ethertype == ETHERTYPE_IPV4 && !p->in_pieces;
}

/* Such a packet; and ARP at an uplink with a client, as long as that has no address. */
enum verdict lease_input(struct passage *p);
enum verdict lease_arp_input(struct passage *p);

/* Let time pass: the clients ask, and leases end. */
void lease_tick(struct router *r, uint64_t now);

/* --- relay.c: DHCP inside --- */

/* Is @p, which was parsed, DHCP that may be a relay's to pass on, at an interface that asks or serves? And is it, then? */
static inline bool relay_concerns(const struct passage *p)
{
	return p->info.dport == DHCP_SERVER_PORT && passage_get_in(p)->relay != RELAY_NONE &&
	       p->info.proto == IP_PROTO_UDP && p->info.ethertype == ETHERTYPE_IPV4 && !p->in_pieces;
}
bool relay_takes(const struct passage *p);

/* Such a packet. */
enum verdict relay_input(struct passage *p);

/* --- discover.c: neighbour discovery --- */

/* A message of neighbour discovery, whose MACs are right. */
enum verdict discover_input(struct passage *p);

/* Let time pass: router advertisements become due. */
void discover_tick(struct router *r, uint64_t now);

/*
 * What the router says unasked at interface @index, which has IPv6, into @frame: to the peer, that it is its router; to an
 * uplink, where its address is. The length.
 */
uint32_t discover_write(const struct router *r, uint8_t *frame, uint8_t index);

/* --- route.c: ways out --- */

/*
 * Where a packet from @in_if to @addr wants to go. An address inside a network here never goes
 * elsewhere.
 */
struct route route_find(const struct router *r, uint8_t in_if, struct ip_addr addr);

/*
 * How to reach @addr by the interface @out_if, which is fixed. False: it is not there, or it needs
 * a gateway and there is none.
 */
bool route_by_uplink(const struct router *r, uint8_t out_if, struct ip_addr addr, struct route *route);

static inline bool route_by(const struct router *r, uint8_t out_if, struct ip_addr addr, struct route *route)
{
	const struct iface_config *out = &r->iface[out_if];

	if (out->kind != IFACE_INNER)
		return route_by_uplink(r, out_if, addr, route);
	*route = (struct route){.side = RULES_SIDE_INNER, .out_if = out_if, .next_hop = addr};
	return ip_addr_equal(iface_get_net(out, addr)->peer, addr) &&
	       !ip_addr_is_unspecified(iface_get_net(out, addr)->addr);
}

/*
 * Can the packet leave at @out_if as it is? Else the answer, or drop, is in @verdict. Asked before
 * anything changes, so that an error quotes the original.
 */
bool route_admits(struct passage *p, uint8_t out_if, enum verdict *verdict);

/* Does it fit there, or may it be cut? */
bool route_fits(struct passage *p, uint8_t out_if);

/* The translated packet leaves by @route: Ethernet header and TTL or hop limit. FORWARD, HOLD, PIECES or DROP. */
enum verdict route_leave(struct passage *p, const struct route *route);

/* --- review.c: open flows under new rules --- */

enum review {
	REVIEW_KEPT,     /* the rules in force let it be as it is */
	REVIEW_CUT,      /* forgotten: they drop it */
	REVIEW_CUT_TOLD, /* forgotten: they reject it, or let it be in another way; its ends hear of it */
	REVIEW_LATER,    /* there are no rules yet: it was taken over and waits for them; or no room to tell its ends */
};

#define REVIEW_TELL(end) (1u << (end))
#define REVIEW_TELL_BOTH 3u

/*
 * Has the rules in force decide about flow number @index, where they have not yet. A TCP connection that ends by
 * REVIEW_CUT_TOLD is reset by an event at each end that @tell names.
 */
enum review review_flow_anew(struct router *r, uint32_t index, unsigned tell);

/* A flow keeps the number of its rule with the low bits of the epoch: a number of other rules means nothing. */
#define REVIEW_RULE_BITS 20u

/* What a flow keeps of @rule, which decided it now; what one has that no rules of this router decided yet; and the number of the rule of flow @index, which was reviewed. */
static inline uint32_t review_tag(const struct router *r, uint32_t rule)
{
	return r->epoch << REVIEW_RULE_BITS | rule;
}

static inline uint32_t review_tag_none(const struct router *r)
{
	return review_tag(r, 0) - (1u << REVIEW_RULE_BITS);
}

static inline uint32_t review_get_rule(const struct router *r, uint32_t index)
{
	return conntrack_get(&r->flows, index)->rule & ((1u << REVIEW_RULE_BITS) - 1);
}

static inline enum review review_flow(struct router *r, uint32_t index, unsigned tell)
{
	if ((conntrack_get(&r->flows, index)->rule ^ review_tag(r, 0)) >> REVIEW_RULE_BITS == 0)
		return REVIEW_KEPT;
	return review_flow_anew(r, index, tell);
}

/* End @end of @flow, a TCP connection, shall hear by a RST that it is over, unless many have to hear that just now. */
void review_note_cut(struct router *r, const struct flow *flow, unsigned end);

/* --- challenge.c: is there somebody who opens connections --- */

/*
 * May the connection begin that conntrack_open() would open by this packet: as far as floods are concerned. False: the
 * answer, or drop, is in @verdict.
 */
bool challenge_admits(struct passage *p, const struct flow_tuple *tuple, const struct flow_tuple *reply, uint8_t out_if,
		      enum verdict *verdict);

/* Is the packet, which belongs to no flow, an answer to such a question? Then its source is known to be there. */
bool challenge_is_answered(struct passage *p);

/* --- forward.c: flows --- */

/* The question to the rules about a flow that @opening begins at @from_if, by @route. */
struct rules_query forward_make_query(const struct router *r, uint8_t from_if, const struct flow_tuple *opening,
				      const struct route *route);

/* What happens to an admitted packet of a known flow; of no flow yet; and to an ICMP error. */
enum verdict forward_flow(struct passage *p, struct flow_ref ref);
enum verdict forward_new(struct passage *p);
enum verdict forward_error(struct passage *p);

#endif
