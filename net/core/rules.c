/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The decision about a new flow. It reads a checked table and nothing else, and the answer depends
 * on its arguments alone.
 */
#include <string.h>

#include "rules.h"

static const struct ip_addr addr_none;

struct rules_table rules_view(const void *table)
{
	const struct rules_header *header = table;

	return (struct rules_table){
		.rules = (const struct rules_rule *)(const void *)(header + 1),
		.count = header->rule_count,
	};
}

/* Does the interface @number on @side satisfy @wanted, a field of a rule? */
static bool iface_matches(uint8_t wanted, enum rules_side side, uint8_t number)
{
	if (wanted == RULES_IF_ANY)
		return true;
	switch (side) {
	case RULES_SIDE_INNER: return wanted == RULES_IF_INNER || wanted == number;
	case RULES_SIDE_UPLINK: return wanted == RULES_IF_UPLINK || wanted == number;
	case RULES_SIDE_SELF: return wanted == RULES_IF_SELF;
	case RULES_SIDE_NOWHERE: break;
	}
	return false;
}

static bool prefix_matches(const struct rules_prefix *prefix, struct ip_addr addr)
{
	uint32_t differing;

	if (prefix->family == RULES_FAMILY_ANY)
		return true;
	differing = be32_get(prefix->addr) ^ ip_addr_to_v4(addr);
	return prefix->len == 0 || differing >> (32 - prefix->len) == 0;
}

static bool rule_matches(const struct rules_rule *rule, const struct rules_query *query)
{
	if (rule->proto != RULES_PROTO_ANY && rule->proto != query->proto)
		return false;
	if (query->dport < rule->port_lo || query->dport > rule->port_hi)
		return false;
	if (!iface_matches(rule->from_if, query->from_side, query->from_if))
		return false;
	if (rule->kind == RULES_KIND_PUBLISH) {
		if (query->to_side != RULES_SIDE_SELF || query->from_side != RULES_SIDE_UPLINK)
			return false;
	} else if (!iface_matches(rule->to_if, query->to_side, query->to_if)) {
		return false;
	}
	if (rule->kind == RULES_KIND_MASQUERADE &&
	    (query->from_side == RULES_SIDE_UPLINK || query->to_side != RULES_SIDE_UPLINK))
		return false;
	return prefix_matches(&rule->from, query->src) && prefix_matches(&rule->to, query->dst);
}

static enum rules_action action_of(uint8_t kind)
{
	switch (kind) {
	case RULES_KIND_ALLOW: return RULES_ALLOW;
	case RULES_KIND_REJECT: return RULES_REJECT;
	case RULES_KIND_MASQUERADE: return RULES_MASQUERADE;
	case RULES_KIND_PUBLISH: return RULES_PUBLISH;
	}
	return RULES_DROP;
}

struct decision rules_decide(const struct rules_table *table, const struct rules_query *query)
{
	for (uint32_t i = 0; i < table->count; i++) {
		const struct rules_rule *rule = &table->rules[i];
		struct decision decision = {.rule = i};

		if (!rule_matches(rule, query))
			continue;
		decision.action = action_of(rule->kind);
		decision.log = rule->flags & RULES_FLAG_LOG;
		if (rule->kind == RULES_KIND_PUBLISH) {
			decision.target_if = rule->to_if;
			decision.target_port = (uint16_t)(rule->target_port + (query->dport - rule->port_lo));
			memcpy(decision.target.octets, rule->target_addr, 16);
		}
		return decision;
	}
	return (struct decision){.action = RULES_DROP, .rule = RULE_INDEX_NONE, .target = addr_none};
}

bool rules_is_published(const struct rules_table *table, uint8_t uplink, uint8_t proto, uint16_t port)
{
	for (uint32_t i = 0; i < table->count; i++) {
		const struct rules_rule *rule = &table->rules[i];

		if (rule->kind == RULES_KIND_PUBLISH && rule->proto == proto && port >= rule->port_lo &&
		    port <= rule->port_hi && iface_matches(rule->from_if, RULES_SIDE_UPLINK, uplink))
			return true;
	}
	return false;
}

bool rules_is_target(const struct rules_table *table, const struct rules_query *answer, uint16_t sport)
{
	for (uint32_t i = 0; i < table->count; i++) {
		const struct rules_rule *rule = &table->rules[i];
		struct ip_addr target;

		memcpy(target.octets, rule->target_addr, 16);
		if (rule->kind == RULES_KIND_PUBLISH && rule->proto == answer->proto &&
		    rule->to_if == answer->from_if && sport >= rule->target_port &&
		    sport - rule->target_port <= rule->port_hi - rule->port_lo &&
		    answer->to_side == RULES_SIDE_UPLINK &&
		    iface_matches(rule->from_if, answer->to_side, answer->to_if) &&
		    prefix_matches(&rule->from, answer->dst) &&
		    (ip_addr_equal(target, addr_none) || ip_addr_equal(target, answer->src)))
			return true;
	}
	return false;
}
