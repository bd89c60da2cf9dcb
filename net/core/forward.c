/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flows decide, and rules decide about flows. The invariant: nothing is forwarded without a flow,
 * except an ICMP error about one; and no state changes for a packet that does not leave, but for
 * want of a next hop.
 */
#include <string.h>

#include <base/bits.h>

#include "mss.h"
#include "nat.h"
#include "passage.h"

/* Does the limit of the rule number @rule, if any, let a packet pass in direction @dir? */
static bool traffic_admits(struct passage *p, uint32_t rule, unsigned dir)
{
	return rule == RULE_INDEX_NONE ||
	       meters_admit_packet(p->r->meters, &p->r->rules, &p->r->rules.rules[rule], dir, p->now);
}

static void traffic_count(struct passage *p, uint32_t rule, unsigned dir)
{
	if (rule != RULE_INDEX_NONE)
		meters_count_packet(p->r->meters, &p->r->rules, &p->r->rules.rules[rule], dir, p->info.ip_len);
}

/* Its flow is forbidden: the answer that the policy would give, where it gives one. */
static enum verdict cut_answer(struct passage *p, enum review review)
{
	if (review == REVIEW_LATER)
		return passage_drop(p, p->r->rules.header ? REASON_FLOW_CUT : REASON_POLICY_DEFAULT);
	if (review == REVIEW_CUT)
		return passage_drop(p, REASON_FLOW_CUT);
	/* once for each flow, so that it needs no budget */
	if (p->info.proto == IP_PROTO_TCP && reply_write_reset(p->pkt, &p->info)) {
		p->out->reason = REASON_FLOW_CUT;
		p->out->out_if = p->in_if;
		return VERDICT_REPLY;
	}
	return answer_error(p, REASON_FLOW_CUT, REPLY_PROHIBITED, 0);
}

/* The packet of a flow, which @to says how to translate, leaves by @route. */
static inline enum verdict flow_leave(struct passage *p, const struct flow_tuple *to, const struct route *route)
{
	if (p->info.tcp_flags & TCP_SYN)
		mss_clamp(p->pkt, &p->info, MIN(passage_get_in(p)->mtu, p->r->iface[route->out_if].mtu));
	nat_rewrite(p->pkt, &p->info, to);
	return route_leave(p, route);
}

enum verdict forward_flow(struct passage *p, struct flow_ref ref)
{
	const struct flow *flow = conntrack_get(&p->r->flows, ref.index);
	struct flow_tuple to = flow_tuple_mirror(&flow->tuple[!ref.dir]);
	uint8_t out_if = flow->iface[!ref.dir];
	struct route route;
	enum verdict verdict;
	enum review review;
	enum reason reason;

	if (flow->iface[ref.dir] != p->in_if)
		return passage_drop(p, REASON_FLOW_IFACE);
	review = review_flow(p->r, ref.index, REVIEW_TELL(!ref.dir));
	if (review != REVIEW_KEPT)
		return cut_answer(p, review);
	p->out->rule = review_get_rule(p->r, ref.index);
	if (!route_by(p->r, out_if, to.dst, &route))
		return passage_drop(p, REASON_NO_ROUTE);
	if (!route_admits(p, out_if, &verdict))
		return verdict;
	if (!traffic_admits(p, p->out->rule, ref.dir))
		return passage_drop(p, REASON_LIMIT_TRAFFIC);
	reason = conntrack_update(&p->r->flows, ref, &p->info, p->now);
	if (reason != REASON_NONE)
		return passage_drop(p, reason);
	traffic_count(p, p->out->rule, ref.dir);
	return flow_leave(p, &to, &route);
}

/* An ICMP error: it goes the way of the flow that it quotes, and changes nothing of it. */
enum verdict forward_error(struct passage *p)
{
	struct nat_quote quote;
	struct flow_tuple mirrored, to;
	struct flow_ref ref;
	const struct flow *flow;
	struct route route;
	struct ip_addr src = p->info.src;

	if (nat_quote_parse(p->pkt, &p->info, &quote) != REASON_NONE)
		return passage_drop(p, REASON_ICMP_UNRELATED);
	mirrored = flow_tuple_mirror(&quote.tuple);
	if (!conntrack_find(&p->r->flows, &mirrored, p->now, &ref))
		return passage_drop(p, REASON_ICMP_UNRELATED);
	flow = conntrack_get(&p->r->flows, ref.index);
	if (flow->iface[ref.dir] != p->in_if)
		return passage_drop(p, REASON_FLOW_IFACE);
	if (review_flow(p->r, ref.index, REVIEW_TELL_BOTH) != REVIEW_KEPT)
		return passage_drop(p, REASON_FLOW_CUT);
	if (!ip_addr_equal(p->info.dst, mirrored.dst) ||
	    (mirrored.proto == IP_PROTO_TCP && !tcp_track_in_flight(&flow->tcp, !ref.dir, quote.tcp_seq)))
		return passage_drop(p, REASON_ICMP_UNRELATED);
	to = flow_tuple_mirror(&flow->tuple[!ref.dir]);
	if (ip_addr_equal(src, mirrored.src))
		src = to.src;
	if (p->info.ttl <= 1)
		return passage_drop(p, REASON_TTL_EXPIRED);
	if (!route_fits(p, flow->iface[!ref.dir]))
		return passage_drop(p, REASON_TOO_BIG);
	if (!route_by(p->r, flow->iface[!ref.dir], to.dst, &route))
		return passage_drop(p, REASON_NO_ROUTE);
	nat_rewrite_error(p->pkt, &p->info, &quote, src, to.dst, &flow->tuple[!ref.dir]);
	return route_leave(p, &route);
}

struct rules_query forward_make_query(const struct router *r, uint8_t from_if, const struct flow_tuple *opening,
				      const struct route *route)
{
	bool has_port = opening->proto == IP_PROTO_TCP || opening->proto == IP_PROTO_UDP;

	return (struct rules_query){
		.from_if = from_if,
		.to_if = route->out_if,
		.from_side = r->iface[from_if].kind == IFACE_INNER ? RULES_SIDE_INNER : RULES_SIDE_UPLINK,
		.to_side = route->side,
		.family = ip_addr_is_v4(opening->src) ? RULES_FAMILY_IPV4 : RULES_FAMILY_IPV6,
		.src = opening->src,
		.dst = opening->dst,
		.proto = opening->proto,
		.dport = has_port ? opening->dport : 0,
	};
}

static struct rules_query query_of(struct passage *p, const struct route *route)
{
	struct flow_tuple tuple = flow_tuple_of(&p->info);

	return forward_make_query(p->r, p->in_if, &tuple, route);
}

static struct decision decide(struct passage *p, const struct route *route)
{
	struct rules_query query = query_of(p, route);
	struct decision decision = rules_decide(&p->r->rules, &query);

	p->out->rule = decision.rule;
	return decision;
}

static bool lets_be(struct decision decision)
{
	return decision.action != RULES_DROP && decision.action != RULES_REJECT;
}

/* Could the other end have opened the flow that this packet belongs to? */
static bool is_answer(struct passage *p, const struct route *route)
{
	struct rules_query query = query_of(p, route);
	struct rules_query opening = {
		.from_if = query.to_if,
		.to_if = query.from_if,
		.from_side = query.to_side,
		.to_side = query.from_side,
		.family = query.family,
		.src = query.dst,
		.dst = query.src,
		.proto = query.proto,
		.dport = p->info.sport,
	};

	if (query.to_side != RULES_SIDE_INNER && query.to_side != RULES_SIDE_UPLINK)
		return false;
	if (lets_be(rules_decide(&p->r->rules, &opening)))
		return true;
	opening.to_side = RULES_SIDE_SELF;
	opening.dst = iface_get_net(&p->r->iface[query.to_if], query.src)->addr;
	return rules_is_target(&p->r->rules, &opening, p->in_if, p->info.sport);
}

/* The instance that gets the published flow @tuple: by a hash that nobody outside can steer, the next that is there. */
static enum reason instance_choose(struct passage *p, uint32_t rule, const struct flow_tuple *tuple,
				   struct route *route, struct flow_tuple *reply)
{
	uint32_t count = p->r->rules.rules[rule].target_count;
	uint32_t first = (uint32_t)(siphash(&p->r->flows.key, tuple, sizeof(*tuple)) % count);

	for (uint32_t i = 0; i < count; i++) {
		struct rules_instance instance = rules_get_instance(&p->r->rules, rule, (first + i) % count,
								    tuple->dport);
		const struct iface_config *target = &p->r->iface[instance.iface];

		struct ip_addr peer = iface_get_net(target, tuple->dst)->peer;

		if (target->kind != IFACE_INNER || !route_by(p->r, instance.iface, peer, route))
			continue;
		reply->src = peer;
		reply->sport = instance.port;
		return REASON_NONE;
	}
	return REASON_NO_ROUTE;
}

/* The tuple of the answers, and for PUBLISH the route to the target. */
static enum reason reply_choose(struct passage *p, const struct decision *decision, const struct flow_tuple *tuple,
				struct route *route, struct flow_tuple *reply)
{
	*reply = flow_tuple_mirror(tuple);
	if (decision->action == RULES_MASQUERADE)
		return nat_choose(&p->r->flows, &p->r->published, tuple,
				  iface_get_net(&p->r->iface[route->out_if], tuple->dst)->addr, p->now, reply);
	if (decision->action == RULES_ALLOW)
		return REASON_NONE;
	return instance_choose(p, decision->rule, tuple, route, reply);
}

/* Do the limits of the rule let the flow begin: REASON_NONE, or why not. */
static enum reason opening_admits(struct passage *p, uint32_t rule)
{
	if (!traffic_admits(p, rule, 0))
		return REASON_LIMIT_TRAFFIC;
	return meters_admit_flow(p->r->meters, &p->r->rules, &p->r->rules.rules[rule], openers_source(p->info.src),
				 p->now)
		       ? REASON_NONE
		       : REASON_LIMIT_FLOWS;
}

/* The rules have decided that the published flow of @p is one of @rule's: once for each service there is. */
static void early_teach(struct passage *p, uint32_t rule, uint8_t out_if)
{
	struct early_key key = {.dst = p->info.dst, .dport = p->info.dport, .proto = p->info.proto};
	const struct rules_table *table = &p->r->rules;

	if (passage_get_in(p)->kind != IFACE_UPLINK || p->r->early.count >= EARLY_COUNT / 2 ||
	    early_find(&p->r->early, &key))
		return;
	if (table->rules[rule].target_count > 1 || rules_publish_again(table, rule, key.proto, key.dport))
		out_if = EARLY_NOBODY;
	early_learn(&p->r->early, &key, out_if);
}

/* The rules let it pass: open the flow and send its first packet. */
static enum verdict flow_open(struct passage *p, const struct decision *decision, struct route *route)
{
	struct flow_tuple tuple = flow_tuple_of(&p->info), reply, to;
	struct flow_ref ref;
	enum verdict verdict;
	enum reason reason;

	if (decision->action != RULES_PUBLISH && (route->side == RULES_SIDE_NOWHERE || route->out_if == p->in_if))
		return passage_drop(p, REASON_NO_ROUTE);
	reason = reply_choose(p, decision, &tuple, route, &reply);
	if (reason != REASON_NONE)
		return passage_drop(p, reason);
	if (!route_admits(p, route->out_if, &verdict))
		return verdict;
	if (!challenge_admits(p, &tuple, &reply, route->out_if, &verdict))
		return verdict;
	reason = opening_admits(p, decision->rule);
	if (reason == REASON_NONE)
		reason = conntrack_open(&p->r->flows, &tuple, &reply, p->in_if, route->out_if,
					review_tag(p->r, decision->rule), &p->info, p->now, &ref);
	if (reason != REASON_NONE)
		return passage_drop(p, reason);
	if (p->r->flows.victim.in_use)
		review_note_cut(p->r, &p->r->flows.victim, 1);
	traffic_count(p, decision->rule, 0);
	if (decision->action == RULES_PUBLISH)
		early_teach(p, decision->rule, route->out_if);
	to = flow_tuple_mirror(&reply);
	return flow_leave(p, &to, route);
}

static bool can_open(const struct packet_info *info)
{
	switch (info->proto) {
	case IP_PROTO_TCP: return tcp_is_opening(info);
	case IP_PROTO_UDP: return true;
	}
	return info->icmp_kind == ICMP_KIND_REQUEST;
}

/*
 * It belongs to no flow and cannot open one: perhaps the router has been started anew. Where the
 * policy would have let such a flow be, opened by either end, a RST tells this end at once that it
 * is over: else it would send again for many minutes, and keep what the connection takes.
 */
static enum verdict stray_input(struct passage *p, const struct decision *decision, const struct route *route)
{
	if (p->info.proto != IP_PROTO_TCP || !(lets_be(*decision) || is_answer(p, route)))
		return passage_drop(p, REASON_NO_FLOW);
	return answer_reset(p, REASON_NO_FLOW);
}

/* A new flow is decided: it is counted, and told if the rule wants that. */
static void decision_record(struct passage *p, const struct decision *decision)
{
	const struct rules_rule *rule;

	if (decision->rule == RULE_INDEX_NONE)
		return;
	rule = &p->r->rules.rules[decision->rule];
	p->r->rule_hits[decision->rule]++;
	meters_count_flow(p->r->meters, rule);
	if (!lets_be(*decision))
		traffic_count(p, decision->rule, 0);
	p->out->log = meters_admit_log(p->r->meters, &p->r->rules, rule, p->now);
	if (p->out->log)
		p->out->opening = flow_tuple_of(&p->info);
}

/* To the router itself: an echo is a flow of one packet. */
static enum verdict self_input(struct passage *p, const struct decision *decision)
{
	enum reason reason = opening_admits(p, decision->rule);

	if (reason != REASON_NONE)
		return passage_drop(p, reason);
	traffic_count(p, decision->rule, 0);
	return answer_self(p);
}

enum verdict forward_new(struct passage *p)
{
	struct route route;
	struct decision decision;

	if (challenge_is_answered(p))
		return VERDICT_CONSUMED;
	route = route_find(p->r, p->in_if, p->info.dst);
	decision = decide(p, &route);
	if (!can_open(&p->info))
		return stray_input(p, &decision, &route);
	decision_record(p, &decision);
	switch (decision.action) {
	case RULES_REJECT: return answer_reject(p);
	case RULES_ALLOW:
		if (route.side == RULES_SIDE_SELF)
			return self_input(p, &decision);
		return flow_open(p, &decision, &route);
	case RULES_MASQUERADE:
	case RULES_PUBLISH: return flow_open(p, &decision, &route);
	case RULES_DROP: break;
	}
	return passage_drop(p, decision.rule == RULE_INDEX_NONE ? REASON_POLICY_DEFAULT : REASON_POLICY_DROP);
}
