// SPDX-License-Identifier: BSD-2-Clause
/*
 * The rules table: what its check lets through. That the table decides as the text says is in net_rules_text_test.c.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"

/* One of everything. */
static const char *const everything = WORLD_INTERFACES
	"limit slow { new 20/s burst 40 forth 1mbit/s back 10mbit/s burst 2mbit forth 100packets/s }\n"
	"first { drop any from 192.0.2.0/24 }\n"
	"from net to router {\n"
	"	publish tcp 80 to one, two port 8080 limit slow count web\n"
	"	publish tcp 8000-8010 from 203.0.113.0/24 to one log 5/min\n"
	"	allow icmp\n"
	"}\n"
	"from inner to net { reject udp 1900 nat any from ipv4 nat tcp to 2001:db8::/32 }\n"
	"from one to two { allow tcp 10-19 drop tcp 15-29 }\n";

struct table {
	union {
		struct rules_header *header;
		uint8_t *bytes;
	};
	size_t len;
	struct rules_table view;
};

static struct table table_new(const char *text)
{
	struct table t;

	t.bytes = rules_new(text, &t.len);
	t.view = rules_view(t.bytes);
	return t;
}

/* What the check says with field @at of the table changed and the digest repaired; the table is whole again after. */
static enum rules_error check_changed(struct table *t, const void *at, const void *value, size_t size)
{
	uint8_t *field = t->bytes + ((const uint8_t *)at - t->bytes), before[64];
	enum rules_error error;

	memcpy(before, field, size);
	memcpy(field, value, size);
	rules_repair(t->bytes, t->len);
	error = rules_check(t->bytes, t->len, ~0u, NULL);
	memcpy(field, before, size);
	rules_repair(t->bytes, t->len);
	return error;
}

#define CHANGED(place, new_value)                                                                                      \
	({                                                                                                             \
		uint64_t wide = (uint64_t)(new_value);                                                                 \
		check_changed(&t, &(place), &wide, sizeof(place));                                                     \
	})

Test(net_rules, an_empty_policy_is_good_and_drops_everything)
{
	struct table t = table_new("");
	struct rules_query query = {.family = RULES_FAMILY_IPV4, .proto = IP_PROTO_TCP, .dport = 80};
	struct decision decision;

	cr_assert_eq(rules_check(t.bytes, t.len, 0, NULL), RULES_OK);
	decision = rules_decide(&t.view, &query);
	cr_assert_eq(decision.action, RULES_DROP);
	cr_assert_eq(decision.rule, RULE_INDEX_NONE);
	decision = rules_decide(&(struct rules_table){0}, &query);
	cr_assert_eq(decision.action, RULES_DROP);
	free(t.bytes);
}

Test(net_rules, each_fault_of_a_header_is_found_by_name)
{
	struct table t = table_new(everything);
	struct rules_header *h = t.header;
	uint32_t index = 7;

	cr_assert_eq(rules_check(h, t.len, ~0u, &index), RULES_OK);
	cr_expect_eq(index, RULE_INDEX_NONE);
	cr_expect_eq(rules_check(h, t.len - 1, ~0u, &index), RULES_ERROR_SIZE);
	cr_expect_eq(rules_check(h, 127, ~0u, &index), RULES_ERROR_SHORT);
	cr_expect_eq(rules_check(t.bytes + 4, t.len - 4, ~0u, &index), RULES_ERROR_ALIGNMENT);
	cr_expect_eq(CHANGED(h->magic, 1), RULES_ERROR_MAGIC);
	cr_expect_eq(CHANGED(h->version, 0), RULES_ERROR_VERSION);
	cr_expect_eq(CHANGED(h->header_size, 127), RULES_ERROR_SIZE);
	cr_expect_eq(CHANGED(h->rule_count, h->rule_count + 1), RULES_ERROR_SIZE);
	cr_expect_eq(CHANGED(h->range_count, 0xffffffff), RULES_ERROR_SIZE);
	cr_expect_eq(CHANGED(h->reserved[6], 1), RULES_ERROR_RESERVED);
	cr_expect_eq(CHANGED(h->first_block, 3), RULES_ERROR_BLOCK);
	cr_expect_eq(CHANGED(h->features, h->features & ~RULES_FEATURE_IPV6), RULES_ERROR_FEATURES);
	cr_expect_eq(CHANGED(h->features, h->features | 0x80000000u), RULES_ERROR_FEATURES);
	h->sha256[31] ^= 1;
	cr_expect_eq(rules_check(h, t.len, ~0u, &index), RULES_ERROR_DIGEST);
	free(t.bytes);
}

Test(net_rules, a_table_that_needs_more_than_the_router_can_do_is_refused)
{
	static const uint32_t features[] = {RULES_FEATURE_IPV6, RULES_FEATURE_BALANCE, RULES_FEATURE_LIMIT,
					    RULES_FEATURE_LOG, RULES_FEATURE_COUNT};
	struct table t = table_new(everything);

	for (unsigned i = 0; i < 5; i++)
		cr_expect_eq(rules_check(t.bytes, t.len, ~features[i], NULL), RULES_ERROR_UNSUPPORTED, "%u", i);
	cr_expect_eq(rules_check(t.bytes, t.len, 0x1f, NULL), RULES_OK);
	free(t.bytes);
}

Test(net_rules, each_fault_of_interfaces_limits_and_rules_is_found_by_name)
{
	struct table t = table_new(everything);
	const struct rules_table *v = &t.view;

	cr_expect_eq(CHANGED(v->ifaces[0].kind, 3), RULES_ERROR_IFACE);
	cr_expect_eq(CHANGED(v->ifaces[3].kind, 1), RULES_ERROR_NAME);
	cr_expect_eq(CHANGED(v->ifaces[3].len4, 1), RULES_ERROR_IFACE);
	cr_expect_eq(CHANGED(v->ifaces[1].len4, 33), RULES_ERROR_IFACE);
	cr_expect_eq(CHANGED(v->ifaces[1].peer6[3], 1), RULES_ERROR_IFACE);
	cr_expect_eq(CHANGED(v->ifaces[1].name[1], 27), RULES_ERROR_NAME);
	cr_expect_eq(CHANGED(v->ifaces[1].name[15], 'x'), RULES_ERROR_NAME);
	cr_expect_eq(CHANGED(v->ifaces[1].reserved[0], 1), RULES_ERROR_RESERVED);
	cr_expect_eq(CHANGED(v->limits[0].flows.seconds, 0), RULES_ERROR_RATE);
	cr_expect_eq(CHANGED(v->limits[0].bits[1].burst, 0), RULES_ERROR_RATE);
	cr_expect_eq(CHANGED(v->limits[0].packets[0].amount, ~0ull), RULES_ERROR_RATE);
	cr_expect_eq(CHANGED(v->limits[0].packets[1].burst, 1), RULES_ERROR_RATE);
	cr_expect_eq(CHANGED(v->limits[0].name[0], 0), RULES_ERROR_NAME);
	cr_expect_eq(CHANGED(v->logs[0].amount, 0), RULES_ERROR_RATE);
	cr_expect_eq(CHANGED(v->counters[0].name[0], '\n'), RULES_ERROR_NAME);
	cr_expect_eq(CHANGED(v->rules[1].action, 0), RULES_ERROR_ACTION);
	cr_expect_eq(CHANGED(v->rules[1].action, 6), RULES_ERROR_ACTION);
	cr_expect_eq(CHANGED(v->rules[1].limit, 1), RULES_ERROR_INDEX);
	cr_expect_eq(CHANGED(v->rules[0].limit, 0), RULES_ERROR_INDEX);
	cr_expect_eq(CHANGED(v->rules[1].log, 1), RULES_ERROR_INDEX);
	cr_expect_eq(CHANGED(v->rules[1].counter, 1), RULES_ERROR_INDEX);
	cr_expect_eq(CHANGED(v->rules[1].port_lo, 0), RULES_ERROR_TARGET);
	cr_expect_eq(CHANGED(v->rules[1].first_target, 1), RULES_ERROR_TARGET);
	cr_expect_eq(CHANGED(v->rules[1].target_count, 1), RULES_ERROR_TARGET);
	cr_expect_eq(CHANGED(v->rules[2].target_count, 2), RULES_ERROR_TARGET);
	cr_expect_eq(CHANGED(v->rules[3].target_count, 1), RULES_ERROR_TARGET);
	cr_expect_eq(CHANGED(v->targets[0].iface, 0), RULES_ERROR_TARGET);
	cr_expect_eq(CHANGED(v->targets[0].iface, 32), RULES_ERROR_TARGET);
	cr_expect_eq(CHANGED(v->targets[0].port, 0), RULES_ERROR_TARGET);
	cr_expect_eq(CHANGED(v->targets[0].reserved, 1), RULES_ERROR_RESERVED);
	free(t.bytes);
}

Test(net_rules, each_fault_of_blocks_and_ways_is_found_by_name)
{
	struct table t = table_new(everything);
	const struct rules_table *v = &t.view;

	cr_expect_eq(CHANGED(v->blocks[1].first_rule, 0), RULES_ERROR_BLOCK);
	cr_expect_eq(CHANGED(v->blocks[2].rule_count, 4), RULES_ERROR_BLOCK);
	cr_expect_eq(CHANGED(v->blocks[1].tuple_count, 100), RULES_ERROR_BLOCK);
	cr_expect_eq(CHANGED(v->blocks[1].reserved, 1), RULES_ERROR_RESERVED);
	cr_expect_eq(CHANGED(v->rules[0].action, RULES_ACTION_ALLOW), RULES_ERROR_BLOCK);
	cr_expect_eq(CHANGED(t.header->first_block, 2), RULES_ERROR_BLOCK);
	cr_expect_eq(CHANGED(v->pairs->block[0][0], 4), RULES_ERROR_PAIR);
	cr_expect_eq(CHANGED(v->pairs->block[0][0], 0), RULES_ERROR_PAIR);  /* the first block */
	cr_expect_eq(CHANGED(v->pairs->block[3][0], 1), RULES_ERROR_PAIR);  /* no such interface */
	cr_expect_eq(CHANGED(v->pairs->block[0][4], 1), RULES_ERROR_PAIR);  /* no such interface */
	cr_expect_eq(CHANGED(v->pairs->block[1][32], 1), RULES_ERROR_PAIR); /* publishes, from an inner one */
	cr_expect_eq(CHANGED(v->pairs->block[0][1], 1), RULES_ERROR_PAIR);  /* publishes, to another than the router */
	cr_expect_eq(CHANGED(v->pairs->block[0][32], 2), RULES_ERROR_PAIR); /* nat, from an uplink */
	cr_expect_eq(CHANGED(v->pairs->block[1][2], 2), RULES_ERROR_PAIR);  /* nat, between inner ones */
	cr_expect_eq(CHANGED(v->pairs->block[1][0], 0xff), RULES_OK);
	free(t.bytes);
}

Test(net_rules, each_fault_of_what_leads_to_a_rule_is_found_by_name)
{
	struct table t = table_new(everything);
	const struct rules_table *v = &t.view;
	uint32_t group = 0, used = 0, second = 0;

	cr_expect_eq(CHANGED(v->prefixes[0].len, 33), RULES_ERROR_PREFIX);
	cr_expect_eq(CHANGED(v->prefixes[0].len, 8), RULES_ERROR_PREFIX);
	cr_expect_eq(CHANGED(v->prefixes[0].family, 5), RULES_ERROR_PREFIX);
	cr_expect_eq(CHANGED(v->prefixes[0].addr[15], 1), RULES_ERROR_PREFIX);
	cr_expect_eq(CHANGED(v->prefixes[0].reserved[1], 1), RULES_ERROR_RESERVED);
	cr_expect_eq(CHANGED(v->tuples[0].family, 0), RULES_ERROR_TUPLE);
	cr_expect_eq(CHANGED(v->tuples[0].src_len, 23), RULES_ERROR_GROUP);
	cr_expect_eq(CHANGED(v->tuples[0].exact, 2), RULES_ERROR_TUPLE);
	cr_expect_eq(CHANGED(v->tuples[1].min_rule, 5), RULES_ERROR_TUPLE);
	cr_expect_eq(CHANGED(v->tuples[1].first_group, 0), RULES_ERROR_TUPLE);
	cr_expect_eq(CHANGED(v->tuples[1].group_count, 0), RULES_ERROR_TUPLE);
	cr_expect_eq(CHANGED(v->tuples[1].first_slot, 0), RULES_ERROR_TUPLE);
	cr_expect_eq(CHANGED(v->tuples[1].slot_count, 3), RULES_ERROR_TUPLE);
	cr_expect_eq(CHANGED(v->tuples[1].slot_count, 1u << 31), RULES_ERROR_TUPLE);
	cr_expect_eq(CHANGED(v->tuples[1].probe_max, 0), RULES_ERROR_TUPLE);
	cr_expect_eq(CHANGED(v->tuples[1].probe_max, 65), RULES_ERROR_TUPLE);
	cr_expect_eq(CHANGED(v->tuples[1].reserved, 1), RULES_ERROR_RESERVED);
	cr_expect_eq(CHANGED(v->groups[0].src, 100), RULES_ERROR_GROUP);
	cr_expect_eq(CHANGED(v->groups[0].dst, 0), RULES_ERROR_GROUP);
	cr_expect_eq(CHANGED(v->groups[0].service, 1), RULES_ERROR_GROUP);
	cr_expect_eq(CHANGED(v->groups[1].first_range, 0), RULES_ERROR_GROUP);
	cr_expect_eq(CHANGED(v->groups[1].range_count, 0), RULES_ERROR_GROUP);
	cr_expect_eq(CHANGED(v->ranges[0].lo, 1u << 24), RULES_ERROR_RANGE);
	cr_expect_eq(CHANGED(v->ranges[0].hi, 1u << 24), RULES_ERROR_RANGE);
	cr_expect_eq(CHANGED(v->ranges[0].rule, 1), RULES_ERROR_RANGE); /* of another block */
	cr_expect_eq(CHANGED(v->ranges[0].rule, 100), RULES_ERROR_RANGE);
	while (v->ranges[second].lo != RULES_SERVICE(IP_PROTO_TCP, 20))
		second++;
	cr_expect_eq(CHANGED(v->ranges[second].lo, RULES_SERVICE(IP_PROTO_TCP, 19)), RULES_ERROR_RANGE);
	cr_expect_eq(CHANGED(v->ranges[second].lo, RULES_SERVICE(IP_PROTO_TCP, 21)), RULES_OK);
	while (t.view.ranges[t.view.groups[group].first_range].lo != RULES_SERVICE(IP_PROTO_TCP, 8000))
		group++;
	/* a port below the lowest published, and one for which the target has no room */
	cr_expect_eq(CHANGED(v->ranges[v->groups[group].first_range].lo, RULES_SERVICE(IP_PROTO_TCP, 7999)),
		     RULES_ERROR_RANGE);
	cr_expect_eq(CHANGED(v->targets[2].port, 65530), RULES_ERROR_RANGE);
	while (v->slots[used] == RULES_SLOT_NONE)
		used++;
	cr_expect_eq(CHANGED(v->slots[used], RULES_SLOT_NONE), RULES_ERROR_SLOT);
	cr_expect_eq(CHANGED(v->slots[used], 100), RULES_ERROR_SLOT);
	free(t.bytes);
}

/* Decide about packets that the rules of `everything` are about: nothing but what the format defines comes out. */
static void use(const struct rules_table *view)
{
	uint64_t state = 5;

	for (int i = 0; i < 40; i++) {
		struct rules_query q = {.from_if = (uint8_t)(dice(&state) % 40),
					.to_if = (uint8_t)(dice(&state) % 40),
					.from_side = (enum rules_side)(dice(&state) % 4),
					.to_side = (enum rules_side)(dice(&state) % 4),
					.family = dice(&state) % 2 ? RULES_FAMILY_IPV4 : RULES_FAMILY_IPV6,
					.proto = dice(&state) % 2 ? IP_PROTO_TCP : IP_PROTO_UDP,
					.dport = (uint16_t)(dice(&state) % 2 ? 80 : 8000 + dice(&state) % 12)};
		struct decision decision;

		if (i % 2 == 0) {
			q.from_if = 0;
			q.from_side = RULES_SIDE_UPLINK;
			q.to_side = RULES_SIDE_SELF;
		}
		decision = rules_decide(view, &q);
		cr_assert(decision.rule == RULE_INDEX_NONE || decision.rule < view->count);
		cr_assert(decision.action >= RULES_ALLOW && decision.action <= RULES_PUBLISH);
		if (decision.action == RULES_PUBLISH) {
			struct rules_instance instance = rules_get_instance(view, decision.rule, 0, q.dport);

			cr_assert(instance.iface < RULES_IF_COUNT && instance.port > 0);
		}
	}
}

Test(net_rules, each_damaged_byte_of_a_table_is_refused)
{
	struct table t = table_new(everything);

	for (size_t i = 0; i < t.len; i++) {
		for (unsigned bit = 0; bit < 8; bit += 1 + i % 3) {
			t.bytes[i] ^= (uint8_t)(1u << bit);
			cr_assert_neq(rules_check(t.bytes, t.len, ~0u, NULL), RULES_OK, "byte %zu bit %u", i, bit);
			t.bytes[i] ^= (uint8_t)(1u << bit);
		}
	}
	cr_assert_eq(rules_check(t.bytes, t.len, ~0u, NULL), RULES_OK);
	free(t.bytes);
}

Test(net_rules, a_table_forged_with_its_digest_right_is_refused_or_safe_to_use)
{
	struct table t = table_new(everything);
	struct rules_published published;
	uint8_t *whole = malloc(t.len);
	uint64_t state = 99;
	uint32_t passed = 0;

	memcpy(whole, t.bytes, t.len);
	for (int round = 0; round < 60000; round++) {
		/* most of a table is interfaces and ways: half of the damage goes behind them */
		size_t tail = (size_t)((const uint8_t *)t.view.blocks - t.bytes);

		for (uint64_t changes = 1 + dice(&state) % 3; changes > 0; changes--) {
			size_t at = dice(&state) % 2 ? dice(&state) % t.len : tail + dice(&state) % (t.len - tail);

			t.bytes[at] = (uint8_t)(dice(&state) % 3 ? dice(&state) % 8 : dice(&state));
		}
		rules_repair(t.bytes, t.len);
		if (rules_check(t.bytes, t.len, ~0u, NULL) == RULES_OK) {
			t.view = rules_view(t.bytes);
			passed++;
			use(&t.view);
			rules_collect_published(&t.view, NULL, &published);
		}
		memcpy(t.bytes, whole, t.len);
	}
	cr_assert_gt(passed, 1000);
	free(whole);
	free(t.bytes);
}

Test(net_rules, a_bad_table_never_replaces_the_one_in_force)
{
	struct world *world = world_new_usual();
	struct table t = table_new(everything);
	enum rules_error error;

	t.bytes[200] ^= 1;
	cr_assert_not(router_rules_set(&world->r, &world->stage, t.bytes, t.len, &error, NULL));
	cr_assert_eq(error, RULES_ERROR_DIGEST);
	cr_assert_eq(world->r.rules.count, 7);
	free(t.bytes);
	world_free(world);
}

Test(net_rules, a_policy_about_another_kind_of_interface_decides_nothing)
{
	struct table t = table_new(WORLD_INTERFACES "from any to any { allow any }");
	struct rules_query query = {.from_if = 1,
				    .to_if = 0,
				    .from_side = RULES_SIDE_INNER,
				    .to_side = RULES_SIDE_UPLINK,
				    .family = RULES_FAMILY_IPV4,
				    .proto = IP_PROTO_UDP};

	cr_assert_eq(rules_decide(&t.view, &query).action, RULES_ALLOW);
	query.from_side = RULES_SIDE_UPLINK;
	cr_assert_eq(rules_decide(&t.view, &query).action, RULES_DROP);
	query.from_side = RULES_SIDE_INNER;
	query.to_side = RULES_SIDE_INNER;
	cr_assert_eq(rules_decide(&t.view, &query).action, RULES_DROP);
	free(t.bytes);
}

Test(net_rules, the_published_ports_are_those_of_the_publish_rules)
{
	struct table t = table_new(everything);
	struct rules_published published;

	rules_collect_published(&t.view, NULL, &published);
	for (uint32_t port = 0; port < 65536; port++) {
		cr_assert_eq(rules_is_published(&published, IP_PROTO_TCP, (uint16_t)port),
			     port == 80 || (port >= 8000 && port <= 8010));
		cr_assert_not(rules_is_published(&published, IP_PROTO_UDP, (uint16_t)port));
	}
	free(t.bytes);
}

Test(net_rules, every_error_has_a_text)
{
	for (int i = 0; i < RULES_ERROR_COUNT; i++)
		cr_assert_neq(strcmp(rules_error_get_text((enum rules_error)i), "unknown error"), 0);
	cr_assert_eq(strcmp(rules_error_get_text(RULES_ERROR_COUNT), "unknown error"), 0);
}
