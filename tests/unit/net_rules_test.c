// SPDX-License-Identifier: BSD-2-Clause
/*
 * The rules table: what its check lets through, and that the first match decides as a naive matcher
 * says.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"

/* Check a table of one rule, and that a fault in it is reported for rule 0. */
static enum rules_error check_rule(struct rules_rule rule)
{
	size_t len;
	uint32_t index;
	void *table = rules_new(&rule, 1, &len);
	enum rules_error error = rules_check(table, len, &index);

	cr_assert_eq(index, error == RULES_OK ? RULE_INDEX_NONE : 0);
	free(table);
	return error;
}

#define CHANGED(base, field, value)                                                                                    \
	({                                                                                                             \
		struct rules_rule changed = (base);                                                                    \
		changed.field = (value);                                                                               \
		check_rule(changed);                                                                                   \
	})

Test(net_rules, an_empty_table_is_good_and_drops_everything)
{
	size_t len;
	void *table = rules_new(NULL, 0, &len);
	struct rules_table view;
	struct rules_query query = {.proto = IP_PROTO_TCP, .dport = 80};
	struct decision decision;

	cr_assert_eq(rules_check(table, len, NULL), RULES_OK);
	view = rules_view(table);
	decision = rules_decide(&view, &query);
	cr_assert_eq(decision.action, RULES_DROP);
	cr_assert_eq(decision.rule, RULE_INDEX_NONE);
	free(table);
}

Test(net_rules, each_fault_of_a_rule_is_found_by_name)
{
	struct rules_rule allow = rule_of(RULES_KIND_ALLOW, IP_PROTO_TCP, RULES_IF_ANY, 3);
	struct rules_rule masq = rule_of(RULES_KIND_MASQUERADE, RULES_PROTO_ANY, RULES_IF_INNER, RULES_IF_UPLINK);
	struct rules_rule publish = rule_publish(IP_PROTO_TCP, 80, 1, 8080);

	cr_assert_eq(check_rule(allow), RULES_OK);
	cr_assert_eq(check_rule(masq), RULES_OK);
	cr_assert_eq(check_rule(publish), RULES_OK);
	cr_expect_eq(CHANGED(allow, kind, 0), RULES_ERROR_KIND);
	cr_expect_eq(CHANGED(allow, kind, 6), RULES_ERROR_KIND);
	cr_expect_eq(CHANGED(allow, proto, 47), RULES_ERROR_PROTO);
	cr_expect_eq(CHANGED(publish, proto, IP_PROTO_ICMP), RULES_ERROR_PROTO);
	cr_expect_eq(CHANGED(allow, from_if, 32), RULES_ERROR_IFACE);
	cr_expect_eq(CHANGED(allow, from_if, RULES_IF_SELF), RULES_ERROR_IFACE);
	cr_expect_eq(CHANGED(allow, to_if, RULES_IF_SELF), RULES_OK);
	cr_expect_eq(CHANGED(publish, from_if, RULES_IF_INNER), RULES_ERROR_IFACE);
	cr_expect_eq(CHANGED(publish, to_if, RULES_IF_ANY), RULES_ERROR_IFACE);
	cr_expect_eq(CHANGED(masq, from_if, RULES_IF_UPLINK), RULES_ERROR_IFACE);
	cr_expect_eq(CHANGED(masq, to_if, RULES_IF_INNER), RULES_ERROR_IFACE);
	cr_expect_eq(CHANGED(allow, flags, 2), RULES_ERROR_FLAGS);
	cr_expect_eq(CHANGED(allow, port_lo, 1), RULES_OK);
	cr_expect_eq(CHANGED(masq, port_lo, 1), RULES_ERROR_PORTS);
	cr_expect_eq(CHANGED(publish, port_lo, 81), RULES_ERROR_PORTS);
	cr_expect_eq(CHANGED(publish, port_hi, 80 + 65535 - 8080), RULES_OK);
	cr_expect_eq(CHANGED(publish, port_hi, 81 + 65535 - 8080), RULES_ERROR_TARGET);
	cr_expect_eq(CHANGED(publish, target_port, 0), RULES_ERROR_TARGET);
	cr_expect_eq(CHANGED(publish, target_addr[4], 1), RULES_ERROR_TARGET);
	cr_expect_eq(CHANGED(allow, target_port, 1), RULES_ERROR_TARGET);
	cr_expect_eq(CHANGED(allow, target_addr[0], 1), RULES_ERROR_TARGET);
	cr_expect_eq(CHANGED(allow, reserved, 1), RULES_ERROR_RESERVED);
	cr_expect_eq(CHANGED(allow, from.reserved[1], 1), RULES_ERROR_RESERVED);
	cr_expect_eq(CHANGED(allow, from.len, 1), RULES_ERROR_PREFIX);
	cr_expect_eq(CHANGED(allow, to.family, 6), RULES_ERROR_PREFIX);
	allow.to = (struct rules_prefix){.addr = {10, 128}, .family = RULES_FAMILY_IPV4, .len = 9};
	cr_expect_eq(check_rule(allow), RULES_OK);
	cr_expect_eq(CHANGED(allow, to.len, 8), RULES_ERROR_PREFIX);
	cr_expect_eq(CHANGED(allow, to.len, 33), RULES_ERROR_PREFIX);
	cr_expect_eq(CHANGED(allow, to.addr[15], 1), RULES_ERROR_PREFIX);
}

Test(net_rules, each_fault_of_a_header_is_found_by_name)
{
	struct rules_rule rule = rule_of(RULES_KIND_DROP, 0, RULES_IF_ANY, RULES_IF_ANY);
	size_t len;
	struct rules_header *header = rules_new(&rule, 1, &len), good = *header;
	uint32_t index = 7;

	cr_assert_eq(rules_check(header, len, &index), RULES_OK);
	cr_expect_eq(rules_check(header, len - 1, &index), RULES_ERROR_SIZE);
	cr_expect_eq(index, RULE_INDEX_NONE);
	cr_expect_eq(rules_check(header, 31, &index), RULES_ERROR_SHORT);
	cr_expect_eq(rules_check((uint8_t *)header + 2, len - 2, &index), RULES_ERROR_ALIGNMENT);
	header->magic++;
	cr_expect_eq(rules_check(header, len, &index), RULES_ERROR_MAGIC);
	*header = good;
	header->version = 1;
	cr_expect_eq(rules_check(header, len, &index), RULES_ERROR_VERSION);
	*header = good;
	header->rule_count = 65535;
	cr_expect_eq(rules_check(header, len, &index), RULES_ERROR_SIZE);
	*header = good;
	header->rule_size = 71;
	cr_expect_eq(rules_check(header, len, &index), RULES_ERROR_SIZE);
	*header = good;
	header->reserved[3] = 1;
	cr_expect_eq(rules_check(header, len, &index), RULES_ERROR_RESERVED);
	free(header);
}

static struct rules_prefix random_prefix(uint64_t *state)
{
	struct rules_prefix prefix = {.addr = {0}};
	uint32_t bits;

	if (dice(state) % 2)
		return prefix;
	prefix.family = RULES_FAMILY_IPV4;
	prefix.len = (uint8_t)(dice(state) % 4 * 8 + dice(state) % 9);
	bits = IP(10, dice(state) % 2, dice(state) % 2, dice(state) % 4);
	bits = prefix.len ? bits >> (32 - prefix.len) << (32 - prefix.len) : 0;
	be32_put(prefix.addr, bits);
	return prefix;
}

/* A rule that the check passes. */
static struct rules_rule random_rule(uint64_t *state)
{
	static const uint8_t protos[] = {0, IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP};
	static const uint8_t places[] = {0, 1, 2, RULES_IF_INNER, RULES_IF_UPLINK, RULES_IF_ANY, RULES_IF_SELF};

	for (;;) {
		struct rules_rule rule = rule_of((uint8_t)(1 + dice(state) % 5), protos[dice(state) % 4],
						 places[dice(state) % 6], places[dice(state) % 7]);

		rule.from = random_prefix(state);
		rule.to = random_prefix(state);
		if (rule.proto == IP_PROTO_TCP || rule.proto == IP_PROTO_UDP) {
			rule.port_lo = (uint16_t)(dice(state) % 4);
			rule.port_hi = (uint16_t)(rule.port_lo + dice(state) % 3);
		}
		if (rule.kind == RULES_KIND_PUBLISH)
			rule.target_port = (uint16_t)(1 + dice(state) % 1000);
		if (check_rule(rule) == RULES_OK)
			return rule;
	}
}

static bool naive_prefix(const struct rules_prefix *prefix, uint32_t addr)
{
	if (prefix->family == 0)
		return true;
	for (unsigned bit = 0; bit < prefix->len; bit++) {
		unsigned ours = prefix->addr[bit / 8] >> (7 - bit % 8) & 1;

		if (ours != (addr >> (31 - bit) & 1))
			return false;
	}
	return true;
}

/* The same as the text of include/abi/rules.h says, in the plainest words. */
static bool naive_match(const struct rules_rule *rule, const struct rules_query *q)
{
	bool from, to;

	from = rule->from_if == RULES_IF_ANY || rule->from_if == q->from_if ||
	       (rule->from_if == RULES_IF_INNER && q->from_side == RULES_SIDE_INNER) ||
	       (rule->from_if == RULES_IF_UPLINK && q->from_side == RULES_SIDE_UPLINK);
	to = rule->to_if == RULES_IF_ANY || (rule->to_if == RULES_IF_SELF && q->to_side == RULES_SIDE_SELF) ||
	     (rule->to_if == RULES_IF_INNER && q->to_side == RULES_SIDE_INNER) ||
	     (rule->to_if == RULES_IF_UPLINK && q->to_side == RULES_SIDE_UPLINK) ||
	     (rule->to_if == q->to_if && (q->to_side == RULES_SIDE_INNER || q->to_side == RULES_SIDE_UPLINK));
	if (rule->kind == RULES_KIND_PUBLISH)
		to = q->to_side == RULES_SIDE_SELF && q->from_side == RULES_SIDE_UPLINK;
	if (rule->kind == RULES_KIND_MASQUERADE &&
	    (q->to_side != RULES_SIDE_UPLINK || q->from_side != RULES_SIDE_INNER))
		return false;
	return from && to && (rule->proto == 0 || rule->proto == q->proto) && rule->port_lo <= q->dport &&
	       q->dport <= rule->port_hi && naive_prefix(&rule->from, ip_addr_to_v4(q->src)) &&
	       naive_prefix(&rule->to, ip_addr_to_v4(q->dst));
}

static struct rules_query random_query(uint64_t *state)
{
	static const uint8_t protos[] = {IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP};
	struct rules_query q = {.proto = protos[dice(state) % 3]};

	q.from_if = (uint8_t)(dice(state) % 3);
	q.from_side = q.from_if == 0 ? RULES_SIDE_UPLINK : RULES_SIDE_INNER;
	q.to_side = (enum rules_side)(dice(state) % 4);
	q.to_if = q.to_side == RULES_SIDE_INNER ? (uint8_t)(1 + dice(state) % 2) : 0;
	q.dport = q.proto == IP_PROTO_ICMP ? 0 : (uint16_t)(dice(state) % 6);
	q.src = ip_addr_from_v4(IP(10, dice(state) % 2, dice(state) % 2, dice(state) % 4));
	q.dst = ip_addr_from_v4(IP(10, dice(state) % 2, dice(state) % 2, dice(state) % 4));
	return q;
}

Test(net_rules, the_first_matching_rule_decides_as_a_naive_matcher_says)
{
	uint64_t state = 77;
	uint32_t decided = 0;

	for (int round = 0; round < 300; round++) {
		struct rules_rule rules[12];
		size_t len;
		void *table;
		struct rules_table view;

		for (int i = 0; i < 12; i++)
			rules[i] = random_rule(&state);
		table = rules_new(rules, 12, &len);
		cr_assert_eq(rules_check(table, len, NULL), RULES_OK);
		view = rules_view(table);
		for (int i = 0; i < 200; i++) {
			struct rules_query query = random_query(&state);
			struct decision decision = rules_decide(&view, &query);
			uint32_t expected = 0;

			while (expected < 12 && !naive_match(&rules[expected], &query))
				expected++;
			cr_assert_eq(decision.rule, expected < 12 ? expected : RULE_INDEX_NONE);
			decided += expected < 12;
			if (decision.action == RULES_PUBLISH)
				cr_assert_eq(decision.target_port - rules[expected].target_port,
					     query.dport - rules[expected].port_lo);
		}
		free(table);
	}
	cr_assert_gt(decided, 10000);
}

Test(net_rules, a_table_with_random_bytes_changed_is_refused_or_safe_to_use)
{
	uint64_t state = 123;
	uint32_t passed = 0;

	for (int round = 0; round < 40000; round++) {
		struct rules_rule rules[3] = {random_rule(&state), random_rule(&state), random_rule(&state)};
		size_t len;
		uint8_t *table = rules_new(rules, 3, &len);
		uint32_t index;

		for (uint64_t changes = 1 + dice(&state) % 3; changes > 0; changes--)
			table[dice(&state) % len] = (uint8_t)(dice(&state) % 3 ? dice(&state) % 8 : dice(&state));
		if (rules_check(table, dice(&state) % 8 ? len : dice(&state) % (len + 1), &index) == RULES_OK) {
			struct rules_table view = rules_view(table);

			passed++;
			cr_assert_leq(view.count, 3);
			for (int i = 0; i < 20; i++) {
				struct rules_query query = random_query(&state);
				struct decision decision = rules_decide(&view, &query);

				cr_assert(decision.rule == RULE_INDEX_NONE || decision.rule < view.count);
				if (decision.action == RULES_PUBLISH)
					cr_assert(decision.target_if < RULES_IF_COUNT && decision.target_port > 0);
			}
		} else {
			cr_assert(index == RULE_INDEX_NONE || index < 3);
		}
		free(table);
	}
	cr_assert_gt(passed, 1000);
}

Test(net_rules, a_bad_table_never_replaces_the_one_in_force)
{
	struct world *world = world_new_usual();
	struct rules_rule bad = rule_of(9, 0, RULES_IF_ANY, RULES_IF_ANY);
	size_t len;
	void *table = rules_new(&bad, 1, &len);
	enum rules_error error;
	uint32_t index;

	cr_assert_not(router_rules_set(&world->r, table, len, &error, &index));
	cr_assert_eq(error, RULES_ERROR_KIND);
	cr_assert_eq(index, 0);
	cr_assert_eq(world->r.rules.count, 7);
	free(table);
	world_free(world);
}

Test(net_rules, every_error_has_a_text)
{
	for (int i = 0; i <= RULES_ERROR_TARGET; i++)
		cr_assert_neq(strcmp(rules_error_get_text((enum rules_error)i), "unknown error"), 0);
}
