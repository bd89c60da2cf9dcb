// SPDX-License-Identifier: BSD-2-Clause
/*
 * Limits, logs and counters: the buckets against exact arithmetic, and what the router does with them.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"

/*
 * The exact bucket counts in tokens times seconds times 10^9, so that nothing is ever rounded. The real one may be behind
 * it by rounding, never ahead.
 */
Test(net_meter, a_bucket_never_gives_more_than_exact_arithmetic_and_hardly_less)
{
	static const struct rules_rate rates[] = {
		{.amount = 20, .burst = 40, .seconds = 1},
		{.amount = 1, .burst = 3, .seconds = 60},
		{.amount = 100, .burst = 7, .seconds = 3600},
		{.amount = 10000000000, .burst = 1000000, .seconds = 1},
		{.amount = 3333333, .burst = 10000000000, .seconds = 1},
		{.amount = 7, .burst = 1, .seconds = 1},
	};
	uint64_t state = 31;

	for (unsigned r = 0; r < sizeof(rates) / sizeof(rates[0]); r++) {
		const struct rules_rate *rate = &rates[r];
		__int128 unit = (__int128)rate->seconds * 1000000000, exact = rate->burst * unit;
		uint32_t dear = rate->burst >= 1000000 ? 250000 : 1; /* what a taking costs about */
		uint64_t token_ns = rate->seconds * SECOND * dear / rate->amount + 1, now = 5, given = 0;
		struct meter_bucket bucket = {0};

		for (int i = 0; i < 20000; i++) {
			uint64_t gap = dice(&state) % (i % 100 ? 2 * token_ns + 1 : 50 * token_ns);
			uint32_t cost = dear == 1 ? 1 : (uint32_t)(dice(&state) % (2 * dear));
			bool got;

			now += gap;
			exact += i ? (__int128)gap * rate->amount : 0;
			exact = exact > rate->burst * unit ? rate->burst * unit : exact;
			got = meter_take(&bucket, rate, now, cost);
			cr_assert(!got || exact > 0, "rate %u, step %d: gave what it had not", r, i);
			cr_assert(got || exact < 2 * unit, "rate %u, step %d: kept what it had", r, i);
			exact -= got ? cost * unit : 0;
			given += got;
		}
		cr_assert_gt(given, 100);
	}
}

/* Tokens that come faster than the clock's grain: what was earned is never earned again. */
Test(net_meter, a_bucket_asked_in_every_nanosecond_gives_no_more_than_its_rate)
{
	struct rules_rate rate = {.amount = 1500000000, .burst = 10, .seconds = 1};
	struct meter_bucket bucket = {0};
	uint64_t given = 0;

	for (uint64_t now = 1; now <= 10000; now++) {
		for (int i = 0; i < 4; i++)
			given += meter_take(&bucket, &rate, now, 1);
		cr_assert_leq(2 * given, 2 * rate.burst + 3 * (now - 1));
	}
	cr_assert_gt(given, 9000);
}

Test(net_meter, a_bucket_stands_a_clock_at_its_ends)
{
	struct rules_rate rate = {.amount = RULES_RATE_MAX, .burst = RULES_RATE_MAX, .seconds = RULES_RATE_SECONDS_MAX};
	struct meter_bucket bucket = {0};

	cr_assert(meter_take(&bucket, &rate, 0, 1));
	cr_assert(meter_take(&bucket, &rate, 1, 1));
	cr_assert(meter_take(&bucket, &rate, ~0ull, 1));
	cr_assert_eq(bucket.tokens, (int64_t)RULES_RATE_MAX - 1);
}

Test(net_meter, new_flows_of_a_source_are_limited_and_others_go_on)
{
	struct world *world = world_new("limit few { new 2/s burst 3 }\n"
					"from inner to net { nat udp limit few }",
					64);
	struct spec one = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 1000, 53);
	struct spec two = spec_from_inner(2, IP_PROTO_UDP, FAR_IP, 1000, 53);

	for (int i = 0; i < 3; i++, one.sport++)
		world_fares(world, 1, &one, VERDICT_FORWARD, REASON_NONE);
	world_fares(world, 1, &one, VERDICT_DROP, REASON_LIMIT_FLOWS);
	world_fares(world, 2, &two, VERDICT_FORWARD, REASON_NONE);
	cr_assert_eq(router_get_flow_count(&world->r), 4);
	/* a flow that is open goes on */
	one.sport = 1000;
	world_fares(world, 1, &one, VERDICT_FORWARD, REASON_NONE);
	world->now += SECOND;
	one.sport = 2000;
	for (int i = 0; i < 2; i++, one.sport++)
		world_fares(world, 1, &one, VERDICT_FORWARD, REASON_NONE);
	world_fares(world, 1, &one, VERDICT_DROP, REASON_LIMIT_FLOWS);
	world_free(world);
}

Test(net_meter, a_flood_of_sources_cannot_make_room_for_one_that_used_its_share)
{
	struct rules_meters *meters = calloc(1, sizeof(*meters));
	struct rules_limit limit = {.name = "few", .flows = {.amount = 1, .burst = 3, .seconds = 3600}};
	struct rules_table table = {.limits = &limit};
	struct rules_rule rule = {.limit = 0};
	struct ip_addr thief = ip_addr_from_v4(FAR_IP);
	unsigned passed = 0;

	meters_init(meters, (struct siphash_key){{3, 4}});
	for (unsigned i = 0; i < 3; i++)
		cr_assert(meters_admit_flow(meters, &table, &rule, thief, SECOND));
	for (uint32_t i = 0; i < 100000; i++) {
		meters_admit_flow(meters, &table, &rule, ip_addr_from_v4(0x0b000000u + i), 2 * SECOND);
		passed += i % 1000 == 0 && meters_admit_flow(meters, &table, &rule, thief, 2 * SECOND);
	}
	cr_assert_eq(passed, 0);
	free(meters);
}

Test(net_meter, traffic_is_limited_each_way_by_itself_and_drops_change_no_flow)
{
	/* 61 bytes of IPv4 are 488 bits */
	struct world *world = world_new("limit slow { forth 1kbit/s burst 1kbit back 2packets/s burst 2 }\n"
					"from one to two { allow udp limit slow }",
					64);
	struct spec out = spec_from_inner(1, IP_PROTO_UDP, TWO_IP, 1000, 53);
	struct spec back = spec_from_inner(2, IP_PROTO_UDP, ONE_IP, 53, 1000);

	for (int i = 0; i < 3; i++)
		world_fares(world, 1, &out, VERDICT_FORWARD, REASON_NONE);
	world_fares(world, 1, &out, VERDICT_DROP, REASON_LIMIT_TRAFFIC);
	world_fares(world, 2, &back, VERDICT_FORWARD, REASON_NONE);
	world_fares(world, 2, &back, VERDICT_FORWARD, REASON_NONE);
	world_fares(world, 2, &back, VERDICT_DROP, REASON_LIMIT_TRAFFIC);
	world->now += SECOND;
	world_fares(world, 2, &back, VERDICT_FORWARD, REASON_NONE);
	world_fares(world, 1, &out, VERDICT_FORWARD, REASON_NONE);
	/* the burst was spent, and more: a second earned 1000 of 1464 + 488 bits */
	world_fares(world, 1, &out, VERDICT_FORWARD, REASON_NONE);
	world_fares(world, 1, &out, VERDICT_DROP, REASON_LIMIT_TRAFFIC);
	world_free(world);
}

Test(net_meter, an_echo_to_the_router_is_limited_too)
{
	struct world *world = world_new("limit few { new 1/s }\nfrom inner to router { allow icmp limit few }", 64);
	struct spec ping = spec_from_inner(1, IP_PROTO_ICMP, IP(10, 0, 1, 1), 7, 0);

	world_fares(world, 1, &ping, VERDICT_REPLY, REASON_SELF_ECHO);
	world_fares(world, 1, &ping, VERDICT_DROP, REASON_LIMIT_FLOWS);
	world_free(world);
}

Test(net_meter, counters_tell_flows_packets_and_bytes_of_their_rules)
{
	struct world *world = world_new("from one to two { allow udp 53 count names allow udp 54 count names"
					" drop udp count others }",
					64);
	struct spec out = spec_from_inner(1, IP_PROTO_UDP, TWO_IP, 1000, 53);
	struct spec back = spec_from_inner(2, IP_PROTO_UDP, ONE_IP, 53, 1000);
	struct meter_counter *c = world->r.meters->state.counters;

	world_fares(world, 1, &out, VERDICT_FORWARD, REASON_NONE);
	world_fares(world, 2, &back, VERDICT_FORWARD, REASON_NONE);
	out.dport = 54;
	world_fares(world, 1, &out, VERDICT_FORWARD, REASON_NONE);
	out.dport = 55;
	world_fares(world, 1, &out, VERDICT_DROP, REASON_POLICY_DROP);
	cr_assert(c[0].flows == 2 && c[0].packets == 3 && c[0].bytes == 3 * 61);
	cr_assert(c[1].flows == 1 && c[1].packets == 1 && c[1].bytes == 61);
	world_free(world);
}

Test(net_meter, new_flows_are_logged_within_the_rate_with_who_it_was)
{
	struct world *world = world_new("from one to two { drop udp log 2/min burst 3 allow tcp }", 64);
	struct spec out = spec_from_inner(1, IP_PROTO_UDP, TWO_IP, 1000, 53);
	unsigned logged = 0;

	for (int i = 0; i < 10; i++) {
		world_fares(world, 1, &out, VERDICT_DROP, REASON_POLICY_DROP);
		logged += world->out.log;
		if (world->out.log)
			cr_assert(world->out.opening.sport == 1000 && world->out.opening.dport == 53 &&
				  ip_addr_to_v4(world->out.opening.src) == ONE_IP);
	}
	cr_assert_eq(logged, 3);
	world->now += 30 * SECOND;
	world_fares(world, 1, &out, VERDICT_DROP, REASON_POLICY_DROP);
	cr_assert(world->out.log);
	out = spec_from_inner(1, IP_PROTO_TCP, TWO_IP, 1000, 53);
	world_fares(world, 1, &out, VERDICT_FORWARD, REASON_NONE);
	cr_assert_not(world->out.log);
	world_free(world);
}

Test(net_meter, published_flows_are_spread_and_each_stays_where_it_went)
{
	struct world *world = world_new("from net to router { publish tcp 80 to one, two port 8080 }", 512);
	struct frame *frame = frame_new();
	unsigned to[3] = {0};

	for (uint16_t i = 0; i < 200; i++) {
		struct spec spec = spec_from_outside(IP_PROTO_TCP, FAR_IP - (i << 8), UPLINK_IP, 5000, 80), seen;
		unsigned first;

		world->now += SECOND; /* no flood */
		cr_assert_eq(world_send(world, 0, frame, &spec), VERDICT_FORWARD);
		first = world->out.out_if;
		cr_assert(frame_read(frame, &seen) && seen.dport == 8080);
		cr_assert_eq(seen.dst, first == 1 ? ONE_IP : TWO_IP);
		to[first]++;
		cr_assert_eq(world_send(world, 0, frame, &spec), VERDICT_FORWARD); /* the SYN again */
		cr_assert_eq(world->out.out_if, first);
	}
	cr_assert(to[1] > 60 && to[2] > 60, "%u and %u", to[1], to[2]);
	/* an instance that is not there is left out */
	router_iface_clear(&world->r, 1);
	for (uint16_t i = 0; i < 50; i++) {
		struct spec spec = spec_from_outside(IP_PROTO_TCP, FAR_IP - (i << 8), UPLINK_IP, 9000, 80);

		world->now += SECOND;
		cr_assert_eq(world_send(world, 0, frame, &spec), VERDICT_FORWARD);
		cr_assert_eq(world->out.out_if, 2);
	}
	frame_free(frame);
	world_free(world);
}

Test(net_meter, flows_of_before_do_not_count_for_the_new_rules)
{
	struct world *world = world_new("from one to two { allow udp count old }", 64);
	struct spec out = spec_from_inner(1, IP_PROTO_UDP, TWO_IP, 1000, 53);
	size_t len;
	void *table = rules_new(WORLD_INTERFACES "from two to one { allow udp count new }", &len);

	world_fares(world, 1, &out, VERDICT_FORWARD, REASON_NONE);
	cr_assert_eq(world->out.rule, 0);
	cr_assert(router_rules_set(&world->r, &world->stage, table, len, NULL, NULL));
	world_fares(world, 1, &out, VERDICT_DROP, REASON_FLOW_CUT);
	cr_assert_eq(world->out.rule, RULE_INDEX_NONE);
	cr_assert_eq(world->r.meters->state.counters[0].packets, 0);
	world_free(world);
	free(table);
}
