/* SPDX-License-Identifier: BSD-2-Clause */
/* What the router wants done besides deciding on frames: questions, announcements, resets, pieces, frames that no longer wait. */
#include "arp.h"
#include "nd.h"
#include "passage.h"

_Static_assert(ROUTER_FRAME_MAX >= ND_FRAME_MAX && ROUTER_FRAME_MAX >= REPLY_RESET_LEN, "room in an event");

/* The frame in @event, of @len bytes, goes out at @out_if. */
static bool event_send(struct router *r, struct router_event *event, uint8_t out_if, uint32_t len)
{
	event->kind = EVENT_SEND;
	event->out_if = out_if;
	event->len = len;
	r->counters[out_if].tx_packets++;
	r->counters[out_if].tx_bytes += len;
	return true;
}

/* The question for @target at @out_if. */
static bool event_send_question(struct router *r, struct router_event *event, uint8_t out_if, struct ip_addr target)
{
	const struct iface_config *out = &r->iface[out_if];
	uint32_t len = ETH_FRAME_MIN;

	if (ip_addr_is_v4(target))
		arp_write_request(event->frame, out->mac, out->v4.addr, target);
	else
		len = nd_write_solicitation(event->frame, out->mac, ip_addr_link_local(out->mac), target);
	return event_send(r, event, out_if, len);
}

/* The lowest bit of @mask, which it loses. */
static uint8_t bit_take(uint32_t *mask)
{
	uint8_t i = 0;

	while (!(*mask >> i & 1))
		i++;
	*mask &= *mask - 1;
	return i;
}

/* What DHCP has to be said. False: nothing. */
static bool event_send_dhcp(struct router *r, struct router_event *event)
{
	const struct dhcp *client;
	uint8_t i;

	if (r->dhcp_asks) {
		i = bit_take(&r->dhcp_asks);
		dhcp_write(event->frame, &r->leases[i].client.request);
		return event_send(r, event, i, DHCP_FRAME_LEN);
	}
	if (!r->probe4)
		return false;
	i = bit_take(&r->probe4);
	client = &r->leases[i].client;
	arp_write_request(event->frame, client->mac, ip_addr_from_v4(0), ip_addr_from_v4(client->lease.addr));
	return event_send(r, event, i, ETH_FRAME_MIN);
}

/* What is to be said unasked. False: nothing. */
static bool event_send_announcement(struct router *r, struct router_event *event)
{
	uint8_t i;

	if (r->announce) {
		i = bit_take(&r->announce);
		return event_send_question(r, event, i, r->iface[i].v4.addr);
	}
	if (r->announce6) {
		i = bit_take(&r->announce6);
		return event_send(r, event, i, discover_write(r, event->frame, i));
	}
	if (r->probe) {
		i = bit_take(&r->probe);
		return event_send(r, event, i, nd_write_probe(event->frame, r->iface[i].mac, r->autoconf[i].addr));
	}
	if (!r->ask_routers)
		return false;
	i = bit_take(&r->ask_routers);
	return event_send(
		r, event, i,
		nd_write_router_solicitation(event->frame, r->iface[i].mac, ip_addr_link_local(r->iface[i].mac)));
}

/*
 * The next RST for an end of a connection that was cut goes into @event. False: there is none. One whose next hop is not
 * known is left out: its end finds out when it sends again.
 */
static bool event_set_reset(struct router *r, struct router_event *event)
{
	while (r->cut_count > 0 && !r->resets_wait) {
		const struct flow_cut *cut = &r->cuts[r->cut_first];
		const struct iface_config *out = &r->iface[cut->out_if];
		struct reply_reset reset = {out->mac,         out->peer_mac,    cut->tuple.src, cut->tuple.dst,
					    cut->tuple.sport, cut->tuple.dport, cut->seq,       cut->ack};
		struct route route;

		r->cut_first = (r->cut_first + 1) % ROUTER_CUT_COUNT;
		r->cut_count--;
		if (out->kind == IFACE_NONE || !route_by(r, cut->out_if, cut->tuple.dst, &route))
			continue;
		if (out->kind == IFACE_UPLINK &&
		    !neighbour_find_mac(&r->neighbours, cut->out_if, route.next_hop, &reset.mac_dst))
			continue;
		return event_send(r, event, cut->out_if, reply_make_reset(event->frame, &reset));
	}
	return false;
}

bool router_event_next(struct router *r, struct router_event *event)
{
	const struct neighbour_entry *entry;
	struct neighbour_hold hold;

	if (!router_has_events(r))
		return false;
	if (pieces_are_left(r->pieces) && pieces_event(r, event))
		return true;
	if (neighbour_take_hold(&r->neighbours, &event->hold, &hold)) {
		event->kind = hold.state == NEIGHBOUR_HOLD_RELEASE ? EVENT_RELEASE : EVENT_DISCARD;
		event->out_if = hold.iface;
		event->mac = hold.mac;
		return true;
	}
	if (event_set_reset(r, event) || (r->fragments->late_count > 0 && reassemble_event(r, event)))
		return true;
	entry = neighbour_take_request(&r->neighbours);
	if (entry)
		return event_send_question(r, event, entry->iface, entry->addr);
	return event_send_dhcp(r, event) || event_send_announcement(r, event);
}
