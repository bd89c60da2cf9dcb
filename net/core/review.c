/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open flows under new rules. The invariant: after a switch a flow passes nothing before the rules in force have decided
 * about its opening again; it goes on exactly when they let it be in the very way that it is translated. Since the next
 * switch waits for the sweep (router_review), no flow is older than one switch, so that the low bits of the epoch tell.
 */
#include "passage.h"

_Static_assert(RULES_COUNT_MAX <= 1u << REVIEW_RULE_BITS, "a rule's number fits");

/* Does one of the targets of the PUBLISH rule number @rule have the flow already? */
static bool is_published_so(const struct router *r, uint32_t rule, const struct flow *flow)
{
	const struct flow_tuple *reply = &flow->tuple[1];

	for (uint32_t i = 0; i < r->rules.rules[rule].target_count; i++) {
		struct rules_instance instance = rules_get_instance(&r->rules, rule, i, flow->tuple[0].dport);

		if (instance.iface == flow->iface[1] && instance.port == reply->sport &&
		    ip_addr_equal(iface_get_net(&r->iface[instance.iface], reply->src)->peer, reply->src))
			return true;
	}
	return false;
}

/* Would a flow that @decision lets be, by @route, be translated as @flow is? */
static bool is_as_decided(const struct router *r, const struct decision *decision, const struct route *route,
			  const struct flow *flow)
{
	struct flow_tuple plain = flow_tuple_mirror(&flow->tuple[0]), reply = flow->tuple[1];
	bool same_way = (route->side == RULES_SIDE_INNER || route->side == RULES_SIDE_UPLINK) &&
			route->out_if == flow->iface[1];

	switch (decision->action) {
	case RULES_ALLOW: return same_way && flow_tuple_equal(&plain, &reply);
	case RULES_MASQUERADE:
		/* its port was chosen when it was opened, and would not be one that is published */
		if (rules_is_published(&r->published, plain.proto, reply.dport))
			return false;
		plain.dport = reply.dport;
		plain.dst = iface_get_net(&r->iface[flow->iface[1]], plain.dst)->addr;
		return same_way && flow_tuple_equal(&plain, &reply);
	case RULES_PUBLISH:
		return ip_addr_equal(plain.dst, reply.dst) && plain.dport == reply.dport &&
		       is_published_so(r, decision->rule, flow);
	case RULES_DROP:
	case RULES_REJECT: break;
	}
	return false;
}

void review_note_cut(struct router *r, const struct flow *flow, unsigned end)
{
	struct flow_cut *cut = &r->cuts[(r->cut_first + r->cut_count) % ROUTER_CUT_COUNT];

	if (r->cut_count == ROUTER_CUT_COUNT)
		return;
	r->cut_count++;
	*cut = (struct flow_cut){
		.out_if = flow->iface[end],
		.tuple = flow_tuple_mirror(&flow->tuple[end]),
		.seq = flow->tcp.side[!end].end,
		.ack = flow->tcp.side[end].end,
	};
}

enum review review_flow_anew(struct router *r, uint32_t index, unsigned tell)
{
	const struct flow *flow = conntrack_get(&r->flows, index);
	enum review result = REVIEW_CUT;
	struct rules_query query;
	struct decision decision;
	struct route route;

	if (!r->rules.header)
		return REVIEW_LATER;
	route = route_find(r, flow->iface[0], flow->tuple[0].dst);
	query = forward_make_query(r, flow->iface[0], &flow->tuple[0], &route);
	decision = rules_decide(&r->rules, &query);
	if (is_as_decided(r, &decision, &route, flow)) {
		conntrack_set_rule(&r->flows, index, review_tag(r, decision.rule));
		return REVIEW_KEPT;
	}
	if (decision.action != RULES_DROP)
		result = REVIEW_CUT_TOLD;
	if (result == REVIEW_CUT_TOLD && r->cut_count + 2 > ROUTER_CUT_COUNT)
		return REVIEW_LATER;
	for (unsigned end = 0; end < 2 && result == REVIEW_CUT_TOLD; end++)
		if (flow->tuple[0].proto == IP_PROTO_TCP && flow->class != FLOW_CLOSING && tell & 1u << end)
			review_note_cut(r, flow, end);
	conntrack_close(&r->flows, index);
	r->flows_cut++;
	return result;
}

bool router_review(struct router *r, uint64_t now, uint32_t count)
{
	for (; r->review_left > 0 && count > 0 && r->cut_count + 2 <= ROUTER_CUT_COUNT; count--) {
		uint32_t index = --r->review_left;

		if (!r->flows.flows[index].in_use)
			continue;
		if (now >= r->flows.flows[index].deadline)
			conntrack_close(&r->flows, index);
		else
			review_flow(r, index, REVIEW_TELL_BOTH);
	}
	return r->review_left > 0;
}
