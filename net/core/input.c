/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens to a frame. The order is the policy: (0) it is not for one who is over its budget or has no room for it, (1) the headers are whole, (2) the sender is
 * who the interface says it is, (3) a known flow decides, or (4) the rules do, and (5) only then is
 * there an answer, a new flow, or a rewritten frame. The invariant: what fails (0), (1) or (2) changes
 * nothing but a counter and gets no answer.
 */
#include <base/check.h>

#include "arp.h"
#include "passage.h"

/* Of a flow's packets the first one that comes in either direction is asked for its addresses: the others have the same. */
static bool is_admitted(const struct passage *p, struct flow_ref ref)
{
	const struct flow *flow = conntrack_get(&p->r->flows, ref.index);

	return flow->admitted >> ref.dir & 1 && flow->iface[ref.dir] == p->in_if;
}

static enum verdict ip_input(struct passage *p)
{
	struct flow_tuple tuple = flow_tuple_of(&p->info);
	struct conntrack *flows = &p->r->flows;
	bool is_error = p->info.icmp_kind == ICMP_KIND_ERROR, is_known, admitted;
	struct flow_ref ref;

	is_known = !is_error && conntrack_look(flows, &tuple, &ref);
	admitted = is_known && is_admitted(p, ref);
	if (!admitted) {
		enum reason reason = admit_check_addresses(p);

		if (reason != REASON_NONE)
			return passage_drop(p, reason);
	}
	if (is_error)
		return forward_error(p);
	if (!is_known || !conntrack_is_alive(flows, ref, p->now))
		return forward_new(p);
	if (!admitted && conntrack_get(flows, ref.index)->iface[ref.dir] == p->in_if)
		conntrack_set_admitted(flows, ref);
	if (!conntrack_is_reopening(flows, ref, &p->info))
		return forward_flow(p, ref);
	conntrack_close(flows, ref.index);
	return forward_new(p);
}

static enum verdict arp_input(struct passage *p)
{
	const struct iface_config *in = passage_get_in(p);
	struct arp_message message;

	if (ip_addr_is_unspecified(in->v4.addr))
		return in->dhcp ? lease_arp_input(p) : passage_drop(p, REASON_IP_FAMILY);
	if (!arp_parse(p->pkt, &message) || p->pkt->capacity < ETH_FRAME_MIN)
		return passage_drop(p, REASON_ARP_INVALID);
	/* Sender zero: a probe whether an address is free (RFC 5227). */
	if (!ip_addr_is_unspecified(message.sender) &&
	    (in->kind == IFACE_INNER ? !ip_addr_equal(message.sender, in->v4.peer)
				     : !admit_is_outside(p->r, in, message.sender)))
		return passage_drop(p, REASON_ARP_SPOOF);
	if (message.is_request && ip_addr_equal(message.target, in->v4.addr)) {
		arp_write_reply(p->pkt->data, in->mac, in->v4.addr, message.sender_mac, message.sender);
		p->pkt->len = p->pkt->head_len = ETH_FRAME_MIN;
		p->pkt->flags = 0;
		p->pkt->gso_type = PACKET_GSO_NONE;
		p->out->reason = REASON_ARP_REQUEST;
		p->out->out_if = p->in_if;
		return VERDICT_REPLY;
	}
	if (in->kind == IFACE_UPLINK && !message.is_request && mac_equal(p->info.mac_dst, in->mac) &&
	    neighbour_learn(&p->r->neighbours, p->in_if, message.sender, message.sender_mac, true, p->now))
		p->out->reason = REASON_ARP_REPLY;
	else
		p->out->reason = REASON_ARP_IGNORED;
	return VERDICT_CONSUMED;
}

/* Why @p is dropped early, or REASON_NONE. */
static enum reason early_reason(struct passage *p)
{
	const struct router *r = p->r;
	const struct early_entry *e;
	struct early_key key;

	if (!(r->over | r->full) || passage_get_in(p)->kind != IFACE_UPLINK || !early_key_read(p->pkt, &key))
		return REASON_NONE;
	e = early_find(&r->early, &key);
	if (!e || e->iface == EARLY_NOBODY || !((r->over | r->full) >> e->iface & 1))
		return REASON_NONE;
	p->out->out_if = e->iface;
	return r->over >> e->iface & 1 ? REASON_OVER_BUDGET : REASON_NO_ROOM;
}

/* A fragment: when it is the last one that was missing, @p goes on as the passage of the datagram. */
static enum reason fragment_input(struct passage *p)
{
	enum reason reason = reassemble(p);

	if (reason == REASON_NONE)
		reason = early_reason(p);
	if (reason != REASON_NONE)
		return reason;
	return p->info.icmp_kind == ICMP_KIND_ND ? REASON_ND_INVALID : REASON_NONE; /* RFC 6980 */
}

/* Nothing was read of its headers. */
static enum verdict unread_drop(struct passage *p, enum reason reason)
{
	p->info = (struct packet_info){.ethertype = 0};
	return passage_drop(p, reason);
}

static enum verdict frame_input(struct passage *p)
{
	enum verdict verdict;
	enum reason reason;

	if (passage_get_in(p)->kind == IFACE_NONE)
		return unread_drop(p, REASON_IFACE_UNSET);
	reason = early_reason(p);
	if (reason != REASON_NONE)
		return unread_drop(p, reason);
	reason = packet_parse(p->pkt, &p->info);
	if (reason == REASON_NONE && lease_concerns(p))
		return lease_input(p);
	if (reason == REASON_NONE && relay_concerns(p) && relay_takes(p))
		return relay_input(p);
	if (reason == REASON_NONE)
		reason = admit_check_macs(p);
	else if (reason == REASON_IP_FRAGMENT)
		reason = fragment_input(p);
	if (reason != REASON_NONE) {
		p->out->reason = reason;
		return reason == REASON_FRAGMENT_WAITS ? VERDICT_CONSUMED : VERDICT_DROP;
	}
	if (p->info.ethertype == ETHERTYPE_ARP)
		return arp_input(p);
	if (p->info.icmp_kind == ICMP_KIND_ND)
		return discover_input(p);
	if (p->info.ip_len > passage_get_in(p)->mtu && p->pkt->gso_type == PACKET_GSO_NONE && !p->in_pieces)
		return passage_drop(p, REASON_FRAME_LONG);
	verdict = ip_input(p);
	return verdict == VERDICT_REPLY && p->pkt == &p->r->pieces->pkt ? pieces_answer(p) : verdict;
}

/* Keeps what can be told of a packet that did not pass. */
static void drop_note(const struct passage *p)
{
	struct router_drop *drop = &p->r->drops[p->r->drop_count++ % ROUTER_DROP_COUNT];

	*drop = (struct router_drop){
		.when = p->now,
		.tuple = flow_tuple_of(&p->info),
		.in_if = p->in_if,
		.reason = (uint8_t)p->out->reason,
	};
}

enum verdict router_input(struct router *r, unsigned in_if, struct packet *pkt, uint64_t now, struct output *out)
{
	struct iface_counters *counters;
	enum verdict verdict;
	struct passage p; /* its info comes with parsing */

	p.r = r;
	p.pkt = pkt;
	p.out = out;
	p.now = now;
	p.in_if = (uint8_t)in_if;
	p.in_pieces = false;
	out->reason = REASON_NONE;
	out->rule = RULE_INDEX_NONE;
	out->hold = 0;
	out->out_if = 0;
	out->log = false;
	if (in_if >= ROUTER_IF_COUNT) {
		r->reasons[REASON_IFACE_UNSET]++;
		return passage_drop(&p, REASON_IFACE_UNSET);
	}
	counters = &r->counters[in_if];
	counters->rx_packets++;
	counters->rx_bytes += pkt->len;
	verdict = frame_input(&p);
	r->reasons[out->reason]++;
	if (verdict == VERDICT_DROP) {
		counters->rx_dropped++;
		drop_note(&p);
	} else if (verdict != VERDICT_CONSUMED) {
		CHECK(out->out_if < ROUTER_IF_COUNT);
		if (verdict != VERDICT_PIECES) {
			r->counters[out->out_if].tx_packets++;
			r->counters[out->out_if].tx_bytes += pkt->len;
		}
		if (out->reason != REASON_NONE && out->reason != REASON_SELF_ECHO &&
		    out->reason != REASON_ARP_REQUEST && out->reason != REASON_ND_SOLICITED)
			drop_note(&p);
	}
	return verdict;
}
