/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fragments on their way through the router. The invariant: what is kept was admitted, so that nobody takes room under another's
 * name; what the rules and flows decide about is the whole datagram, with the headers of its first fragment, and nothing of
 * it leaves before that.
 */
#include <string.h>

#include "passage.h"

#define TCP_HEADER_MIN 20u

/* May the sender of this fragment have it kept: REASON_NONE, or why not. */
static enum reason fragment_admit(const struct passage *p)
{
	enum reason reason = admit_check_macs(p);

	if (reason != REASON_NONE)
		return reason;
	if (p->info.ip_len > passage_get_in(p)->mtu)
		return REASON_FRAME_LONG;
	if ((p->pkt->flags & PACKET_CSUM_BLANK) || p->pkt->gso_type != PACKET_GSO_NONE)
		return REASON_CSUM_META;
	return admit_check_addresses(p);
}

/* Who looks at its headers must see them whole: no first fragment without them, no other that could overwrite them. */
static bool is_tiny(struct passage *p)
{
	if (p->info.fragment_offset == 0)
		return !packet_parse_first(p->pkt, &p->info);
	return p->info.proto == IP_PROTO_TCP && p->info.fragment_offset < TCP_HEADER_MIN;
}

static struct fragment_key key_of(const struct passage *p)
{
	return (struct fragment_key){
		.src = p->info.src,
		.dst = p->info.dst,
		.id = p->info.fragment_id,
		.proto = p->info.ethertype == ETHERTYPE_IPV4 ? p->info.proto : 0,
		.in_if = p->in_if,
	};
}

static struct fragment_part part_of(const struct passage *p)
{
	const uint8_t *ip = p->pkt->data + ETH_HEADER_LEN;
	const struct packet_info *info = &p->info;
	bool is_v4 = info->ethertype == ETHERTYPE_IPV4;

	return (struct fragment_part){
		.head = ip,
		.head_len = info->fragment_at - ETH_HEADER_LEN,
		.data = p->pkt->data + info->fragment_at,
		.len = p->pkt->len - info->fragment_at,
		.offset = info->fragment_offset,
		.pointer_at = is_v4 ? 0 : (uint16_t)(info->fragment_pointer_at - ETH_HEADER_LEN),
		.ecn = (is_v4 ? ip[1] : ip[1] >> 4) & 3,
		.more = info->fragment_more,
		.dont_fragment = is_v4 && (ip[6] & 0x40),
		.from = info->mac_src,
	};
}

/* Is there room for fragments, and be it lent now? */
static bool room_borrow(struct router *r, uint64_t now)
{
	void *room = r->fragments->blocks;

	if (room || !r->lender.lend)
		return room;
	room = r->lender.lend(r->lender.arg, FRAGMENT_ROOM_BYTES);
	if (room)
		fragment_lend(r->fragments, room, now);
	return room;
}

static void room_give_back(struct router *r, uint64_t now)
{
	void *room = r->lender.take_back ? fragment_give_back(r->fragments, now) : NULL;

	if (room)
		r->lender.take_back(r->lender.arg, room, FRAGMENT_ROOM_BYTES);
}

enum reason reassemble(struct passage *p)
{
	struct fragment_table *t = p->r->fragments;
	uint64_t evicted = t->evicted;
	struct fragment_key key = key_of(p);
	struct fragment_part part;
	enum reason reason = fragment_admit(p);
	uint16_t index;

	if (reason != REASON_NONE)
		return reason;
	if (is_tiny(p)) {
		fragment_refuse(t, &key);
		return REASON_FRAGMENT_TINY;
	}
	if (!room_borrow(p->r, p->now))
		return REASON_FRAGMENT_FULL;
	part = part_of(p);
	reason = fragment_add(t, &key, &part, p->now, &index);
	p->r->reasons[REASON_FRAGMENT_FULL] += t->evicted - evicted;
	if (reason != REASON_NONE)
		return reason;
	pieces_join(p->r->pieces, t, index, p->pkt->data);
	p->pkt = &p->r->pieces->pkt;
	p->in_pieces = true;
	return packet_parse(p->pkt, &p->info);
}

void pieces_leave(struct passage *p, const struct route *route)
{
	struct pieces *ps = p->r->pieces;

	if (p->pkt != &ps->pkt) {
		pieces_copy(ps, p->pkt);
		p->pkt = &ps->pkt;
	}
	ps->now = p->now;
	ps->next_hop = route->next_hop;
	ps->out_if = route->out_if;
	ps->via_gateway = route->via_gateway;
	ps->mac_known = false;
}

enum verdict pieces_answer(struct passage *p)
{
	struct pieces *ps = p->r->pieces;

	pieces_cut_answer(ps, passage_get_in(p)->mtu);
	ps->out_if = p->in_if;
	ps->mac_known = true;
	return VERDICT_PIECES;
}

/* The next hop's MAC for a piece, or a number to hold it under in *@hold. */
static enum neighbour_result piece_resolve(struct router *r, struct mac *mac, uint16_t *hold)
{
	const struct pieces *ps = r->pieces;

	if (r->iface[ps->out_if].kind != IFACE_UPLINK) {
		*mac = r->iface[ps->out_if].peer_mac;
		return NEIGHBOUR_RESULT_MAC;
	}
	return neighbour_resolve(&r->neighbours, ps->out_if, ps->next_hop, ps->via_gateway, ps->now, mac, hold);
}

bool pieces_event(struct router *r, struct router_event *event)
{
	struct pieces *ps = r->pieces;
	enum neighbour_result result = NEIGHBOUR_RESULT_MAC;
	uint8_t *frame;
	struct mac mac;

	if (!ps->mac_known)
		result = piece_resolve(r, &mac, &event->hold);
	if (result != NEIGHBOUR_RESULT_MAC && result != NEIGHBOUR_RESULT_HOLD) {
		/* without the rest nobody can use what went before */
		r->reasons[neighbour_get_reason(result)]++;
		pieces_drop(ps);
		return false;
	}
	frame = pieces_next(ps, &event->len);
	if (!ps->mac_known && result == NEIGHBOUR_RESULT_MAC)
		memcpy(frame, mac.octets, sizeof mac.octets);
	event->kind = result == NEIGHBOUR_RESULT_MAC ? EVENT_PIECE : EVENT_HOLD_PIECE;
	event->out_if = ps->out_if;
	event->bytes = frame;
	r->counters[ps->out_if].tx_packets++;
	r->counters[ps->out_if].tx_bytes += event->len;
	return true;
}

void reassemble_tick(struct router *r, uint64_t now)
{
	r->reasons[REASON_FRAGMENT_TIMEOUT] += fragment_expire(r->fragments, now);
	r->pieces->now = now;
	room_give_back(r, now);
}

/* Its sender is told about the late datagram number @index, if that may be. */
static bool late_answer(struct router *r, uint16_t index)
{
	struct pieces *ps = r->pieces;
	const struct fragment_datagram *d = &r->fragments->datagrams[index];
	uint8_t in_if = d->key.in_if, eth[ETH_HEADER_LEN];
	const struct iface_config *in = &r->iface[in_if];
	struct packet_info info;

	memcpy(eth, in->mac.octets, 6);
	memcpy(eth + 6, d->from.octets, 6);
	be16_put(eth + 12, ip_addr_is_v4(d->key.src) ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6);
	pieces_join_first(ps, r->fragments, index, eth);
	if (packet_parse(&ps->pkt, &info) != REASON_IP_FRAGMENT || !packet_parse_first(&ps->pkt, &info) ||
	    !budget_take(&r->budget[in_if], ps->now) ||
	    !reply_write_error(&ps->pkt, &info, iface_get_net(in, info.src)->addr, REPLY_REASSEMBLY, 0))
		return false;
	pieces_cut_answer(ps, in->mtu);
	ps->out_if = in_if;
	ps->mac_known = true;
	return true;
}

bool reassemble_event(struct router *r, struct router_event *event)
{
	uint16_t index;

	while ((index = fragment_find_late(r->fragments)) != FRAGMENT_NONE)
		if (late_answer(r, index))
			return pieces_event(r, event);
	return false;
}
