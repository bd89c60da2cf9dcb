// SPDX-License-Identifier: BSD-2-Clause
/* New rules: what is counted on, what passes while they are checked, and what is kept of packets that did not pass. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"

Test(net_reload_state, limits_of_the_same_name_remember_who_has_used_them_up)
{
	struct world *world = world_new("limit once { new 1/h burst 1 } limit slow { forth 1mbit/s burst 1mbit }\n"
					"from one to two { allow udp 1 limit once allow udp 2 limit slow }",
					64);
	struct spec a = spec_from_inner(1, IP_PROTO_UDP, TWO_IP, 5000, 1), b = a, c = a;

	c.dport = 2;
	c.payload_len = 1400;
	world_fares(world, 1, &a, VERDICT_FORWARD, REASON_NONE);
	/* uses up the burst of a million bits */
	for (unsigned i = 0; i < 88; i++)
		world_fares(world, 1, &c, VERDICT_FORWARD, REASON_NONE);
	world_fares(world, 1, &c, VERDICT_DROP, REASON_LIMIT_TRAFFIC);
	world_reload(world,
		     "limit other { new 5/s } limit slow { forth 1mbit/s burst 1mbit } limit once { new 1/h burst 1 }\n"
		     "from one to two { allow udp 1 limit once allow udp 2 limit slow }");
	b.sport = 5001;
	world_fares(world, 1, &b, VERDICT_DROP, REASON_LIMIT_FLOWS);
	world_fares(world, 1, &a, VERDICT_FORWARD, REASON_NONE);
	world_fares(world, 1, &c, VERDICT_DROP, REASON_LIMIT_TRAFFIC);
	/* under another name it is another limit, and what was used of the first is nobody's */
	world_reload(world, "limit again { new 1/h burst 1 }\nfrom one to two { allow udp 1 limit again }");
	world_fares(world, 1, &b, VERDICT_FORWARD, REASON_NONE);
	world_free(world);
}

Test(net_reload_state, a_limit_that_became_smaller_gives_no_more_than_its_new_burst)
{
	struct world *world = world_new("limit many { new 100/h burst 100 } from one to two { allow udp limit many }",
					64);
	struct spec a = spec_from_inner(1, IP_PROTO_UDP, TWO_IP, 5000, 1);

	world_fares(world, 1, &a, VERDICT_FORWARD, REASON_NONE);
	world_reload(world, "limit many { new 2/h burst 2 } from one to two { allow udp limit many }");
	for (unsigned i = 0; i < 3; i++) {
		a.sport++;
		world_fares(world, 1, &a, i < 2 ? VERDICT_FORWARD : VERDICT_DROP,
			    i < 2 ? REASON_NONE : REASON_LIMIT_FLOWS);
	}
	world_free(world);
}

struct traffic {
	struct world *world;
	struct spec spec;
	unsigned count;
};

static void traffic_go(void *arg)
{
	struct traffic *t = arg;

	t->spec.sport++;
	world_fares(t->world, 1, &t->spec, VERDICT_FORWARD, REASON_NONE);
	cr_expect_eq(t->world->out.rule, 0);
	t->count++;
}

Test(net_reload_state, packets_pass_by_the_old_rules_while_the_new_ones_are_checked)
{
	static char text[200000] = WORLD_INTERFACES "from one to two {\n";
	struct world *world = world_new("from one to two { allow udp count old }", 8192);
	struct traffic t = {.world = world, .spec = spec_from_inner(1, IP_PROTO_UDP, TWO_IP, 1000, 53)};
	struct rules_pause pause = {traffic_go, &t};
	struct rules_room room = {&world->stage.reload, world->stage.hits[1], RULES_COUNT_MAX};
	enum rules_error error;
	size_t len, at = strlen(text);
	uint8_t *table;

	for (unsigned i = 0; i < 2000; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "drop udp %u from 10.%u.%u.0/24\n", i + 1,
				       i / 256 % 256, i % 256);
	snprintf(text + at, sizeof text - at, "}\n");
	table = rules_new(text, &len);
	cr_assert(router_rules_prepare(&world->r, &room, table, len, &pause, &error, NULL));
	cr_assert_gt(t.count, 20);
	cr_assert_eq(world->r.meters->state.counters[0].flows, t.count);
	router_rules_switch(&world->r);
	world_fares(world, 1, &t.spec, VERDICT_DROP, REASON_FLOW_CUT);
	/* a damaged one leaves those in force */
	table[len - 1] ^= 1;
	cr_assert_not(router_rules_prepare(&world->r, &room, table, len, NULL, &error, NULL));
	cr_assert_eq(error, RULES_ERROR_DIGEST);
	cr_assert_not(world->r.reload);
	table[len - 1] ^= 1;
	world_free(world);
	free(table);
}

Test(net_reload_state, what_is_forgotten_never_comes_into_force)
{
	struct world *world = world_new("from one to two { allow udp }", 16);
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, TWO_IP, 1000, 53);
	struct rules_room room = {&world->stage.reload, world->stage.hits[1], RULES_COUNT_MAX};
	size_t len;
	uint8_t *table = rules_new(WORLD_INTERFACES "from one to two { drop udp }", &len);

	cr_assert(router_rules_prepare(&world->r, &room, table, len, NULL, NULL, NULL));
	router_rules_forget(&world->r);
	cr_assert_not(world->r.reload);
	memset(room.reload, 0xa5, sizeof(*room.reload));
	memset(room.hits, 0xa5, sizeof(*room.hits));
	world_fares(world, 1, &spec, VERDICT_FORWARD, REASON_NONE);
	cr_assert_eq(world->r.rule_hits[0], 1);
	cr_assert(router_rules_prepare(&world->r, &room, table, len, NULL, NULL, NULL));
	router_rules_switch(&world->r);
	world_fares(world, 1, &spec, VERDICT_DROP, REASON_FLOW_CUT);
	world_free(world);
	free(table);
}

Test(net_reload_state, the_last_packets_that_did_not_pass_are_kept_with_the_reason)
{
	struct world *world = world_new("from one to two { reject tcp }", 16);
	struct spec spec = spec_from_inner(1, IP_PROTO_TCP, TWO_IP, 1, 80);
	const struct router_drop *drop = &world->r.drops[0];

	spec.flags = TCP_SYN;
	world_fares(world, 1, &spec, VERDICT_REPLY, REASON_POLICY_REJECT);
	cr_assert_eq(world->r.drop_count, 1);
	cr_assert_eq(drop->reason, REASON_POLICY_REJECT);
	cr_assert_eq(drop->in_if, 1);
	cr_assert_eq(drop->when, world->now);
	cr_assert_eq(drop->tuple.dport, 80);
	cr_assert_eq(ip_addr_to_v4(drop->tuple.dst), TWO_IP);
	for (unsigned i = 1; i <= ROUTER_DROP_COUNT; i++) {
		spec.sport = (uint16_t)i;
		spec.proto = IP_PROTO_UDP;
		world_fares(world, 1, &spec, VERDICT_DROP, REASON_POLICY_DEFAULT);
	}
	cr_assert_eq(drop->tuple.sport, ROUTER_DROP_COUNT);
	cr_assert_eq(drop->reason, REASON_POLICY_DEFAULT);
	world_free(world);
}
