/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From records to flows. The invariant: of a record only the copy is looked at, and every field of it that becomes part of a flow has
 * been checked before.
 */
#include "handover.h"

#include <string.h>

#include <base/bits.h>

#include "passage.h"

#define SCALE_MAX 14u /* RFC 7323 section 2.3 */
#define WINDOW_MAX (65535u << SCALE_MAX)

const char *handover_get_text(enum handover_fate fate)
{
#define HANDOVER_FATE_TEXT(name, text) text,
	static const char *const texts[] = {HANDOVER_FATES(HANDOVER_FATE_TEXT)};
#undef HANDOVER_FATE_TEXT

	return texts[fate];
}

static bool side_read(const struct handover_side *from, struct tcp_side *side)
{
	*side = (struct tcp_side){
		.end = from->end,
		.acked = from->acked,
		.max_end = from->max_end,
		.max_window = from->max_window,
		.scale = from->scale,
		.has_scale = from->has_scale,
		.has_fin = from->has_fin,
	};
	return from->scale <= SCALE_MAX && from->has_scale <= 1 && from->has_fin <= 1 && from->reserved0 == 0 &&
	       from->max_window <= WINDOW_MAX && from->end - from->acked <= 2 * WINDOW_MAX;
}

/* Does the state fit what the two sides have sent? */
static bool tcp_is_sane(const struct tcp_track *track)
{
	unsigned fins = track->side[0].has_fin + track->side[1].has_fin;

	switch (track->state) {
	case TCP_SYN_RECEIVED: return true;
	case TCP_ESTABLISHED: return fins == 0;
	case TCP_FIN_WAIT: return fins == 1;
	case TCP_LAST_ACK:
	case TCP_TIME_WAIT: return fins == 2;
	}
	return false;
}

static bool state_read(const struct handover_record *record, struct flow *flow)
{
	static const struct handover_side none[2];

	flow->seen = record->seen;
	flow->tcp.state = record->tcp_state;
	if (record->seen > FLOW_SEEN_EXCHANGE)
		return false;
	if (flow->tuple[0].proto == IP_PROTO_UDP)
		return record->seen == FLOW_SEEN_EXCHANGE && record->tcp_state == 0 &&
		       memcmp(record->side, none, sizeof(none)) == 0;
	return side_read(&record->side[0], &flow->tcp.side[0]) && side_read(&record->side[1], &flow->tcp.side[1]) &&
	       tcp_is_sane(&flow->tcp);
}

static bool tuples_read(const struct handover_record *record, struct flow *flow)
{
	const struct flow_tuple *a = &flow->tuple[0], *b = &flow->tuple[1];
	static const uint8_t zero[3];
	bool v4;

	memcpy(flow->tuple, record->tuple, sizeof(flow->tuple));
	v4 = ip_addr_is_v4(a->src);
	return (a->proto == IP_PROTO_TCP || a->proto == IP_PROTO_UDP) && a->proto == b->proto &&
	       memcmp(a->reserved, zero, sizeof(zero)) == 0 && memcmp(b->reserved, zero, sizeof(zero)) == 0 &&
	       ip_addr_is_v4(a->dst) == v4 && ip_addr_is_v4(b->src) == v4 && ip_addr_is_v4(b->dst) == v4;
}

/* Everything that the record says for itself. */
static bool record_parse(const struct handover_record *record, struct flow *flow)
{
	*flow = (struct flow){.deadline = record->deadline_ns, .iface = {record->iface[0], record->iface[1]}};
	return record->reserved0 == 0 && record->reserved1 == 0 && tuples_read(record, flow) &&
	       state_read(record, flow) && flow->iface[0] < ROUTER_IF_COUNT && flow->iface[1] < ROUTER_IF_COUNT &&
	       flow->iface[0] != flow->iface[1];
}

/* Is behind the interface of side @d still who the record says? */
static bool peer_is_same(const struct router *r, const struct flow *flow, const uint32_t peer[2], unsigned d)
{
	const struct iface_config *c = &r->iface[flow->iface[d]];

	return c->kind == IFACE_INNER ? peer[d] != 0 && peer[d] == c->peer_id : c->kind == IFACE_UPLINK && peer[d] == 0;
}

/* Might packets of side @d, to our address or another, come in at its interface? */
static bool addresses_admitted(const struct router *r, const struct flow *flow, unsigned d)
{
	const struct iface_config *c = &r->iface[flow->iface[d]];
	struct ip_addr src = flow->tuple[d].src, dst = flow->tuple[d].dst;
	const struct iface_net *net = iface_get_net(c, src);

	if (ip_addr_is_unspecified(net->addr) || ip_addr_is_bogon(src) || ip_addr_is_multicast(src) ||
	    ip_addr_is_link_local(src) || ip_addr_is_bogon(dst) || ip_addr_is_multicast(dst) ||
	    ip_addr_is_link_local(dst))
		return false;
	return c->kind == IFACE_INNER ? ip_addr_equal(src, net->peer) : admit_is_outside(r, c, src);
}

/* Is the flow as it is, or translated in one of the two ways there are? */
static bool translation_exists(const struct router *r, const struct flow *flow)
{
	struct flow_tuple plain = flow_tuple_mirror(&flow->tuple[0]);
	const struct flow_tuple *reply = &flow->tuple[1];
	const struct iface_config *from = &r->iface[flow->iface[0]], *to = &r->iface[flow->iface[1]];

	if (flow_tuple_equal(&plain, reply))
		return true;
	if (to->kind == IFACE_UPLINK && ip_addr_equal(reply->dst, iface_get_net(to, reply->dst)->addr)) {
		plain.dst = reply->dst;
		plain.dport = reply->dport;
		return flow_tuple_equal(&plain, reply);
	}
	if (from->kind == IFACE_UPLINK && to->kind == IFACE_INNER &&
	    ip_addr_equal(plain.src, iface_get_net(from, plain.src)->addr)) {
		plain.src = reply->src;
		plain.sport = reply->sport;
		return flow_tuple_equal(&plain, reply);
	}
	return false;
}

/* A peer inside sends as nobody else can; of two ends outside neither is to be believed more than the other. */
static uint8_t lenience_of(const struct router *r, const struct flow *flow)
{
	uint8_t lenient = TCP_LENIENT;

	for (unsigned d = 0; d < 2; d++)
		if (r->iface[flow->iface[d]].kind == IFACE_INNER)
			lenient = (uint8_t)(lenient | TCP_LENIENT_BELIEVE(d));
	return lenient == TCP_LENIENT ? TCP_LENIENT | TCP_LENIENT_BELIEVE(0) | TCP_LENIENT_BELIEVE(1) : lenient;
}

static enum handover_fate flow_judge(const struct router *r, const struct handover_record *record, uint64_t now,
				     struct flow *flow)
{
	if (!record_parse(record, flow))
		return HANDOVER_SENSELESS;
	if (!peer_is_same(r, flow, record->peer, 0) || !peer_is_same(r, flow, record->peer, 1))
		return HANDOVER_PEER;
	if (!addresses_admitted(r, flow, 0) || !addresses_admitted(r, flow, 1) || !translation_exists(r, flow))
		return HANDOVER_ADDRESS;
	return flow->deadline > now ? HANDOVER_TAKEN : HANDOVER_OVER;
}

static enum handover_fate record_take(struct router *r, uint32_t number, uint64_t now)
{
	struct handover_record record;
	enum handover_fate fate;
	struct flow flow;
	uint32_t index;

	switch (journal_read(&r->flows.journal, number, &record)) {
	case JOURNAL_NOTHING: return HANDOVER_FATE_COUNT;
	case JOURNAL_DAMAGED: return HANDOVER_DAMAGED;
	case JOURNAL_FLOW: break;
	}
	fate = flow_judge(r, &record, now, &flow);
	if (fate != HANDOVER_TAKEN)
		return fate;
	flow.rule = review_tag_none(r);
	if (flow.tuple[0].proto == IP_PROTO_TCP)
		flow.tcp.lenient = lenience_of(r, &flow);
	switch (conntrack_adopt(&r->flows, &flow, now, &index)) {
	case REASON_NONE: break;
	case REASON_FLOW_CLASH: return HANDOVER_TWICE;
	default: return HANDOVER_ROOM;
	}
	/* Places are given in order, so that its own record, or one that has been decided about, makes room for it. */
	journal_erase(&r->flows.journal, number);
	journal_write(&r->flows.journal, index, &r->flows.flows[index]);
	return HANDOVER_TAKEN;
}

enum journal_found handover_begin(struct router *r, void *area, size_t len, uint64_t now)
{
	r->flows.lenient_until = now + HANDOVER_LENIENT_NS;
	return journal_attach(&r->flows.journal, area, len);
}

bool handover_take(struct router *r, uint32_t first, uint32_t count, uint64_t now, struct handover_tally *tally)
{
	uint32_t records = r->flows.journal.count, end = first < records ? first + MIN(count, records - first) : first;

	for (; first < end; first++) {
		enum handover_fate fate = record_take(r, first, now);

		if (fate != HANDOVER_FATE_COUNT)
			tally->counts[fate]++;
		if (fate != HANDOVER_TAKEN)
			journal_erase(&r->flows.journal, first);
	}
	return end < records;
}
