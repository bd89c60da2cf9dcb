// SPDX-License-Identifier: BSD-2-Clause
/* New rules while flows are open: what goes on, what is cut and how its ends hear of it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"

#define CLIENT 40000

/* A TCP connection from outside to what is published as @port of the uplink; its target is peer @inner, port @to. */
struct conversation {
	struct spec forth, back; /* the next packet of each end */
	unsigned inner;
};

static struct conversation talk(struct world *world, uint16_t sport, uint16_t port, unsigned inner, uint16_t to)
{
	struct conversation c = {.inner = inner};

	c.forth = spec_from_outside(IP_PROTO_TCP, FAR_IP, UPLINK_IP, sport, port);
	c.forth.flags = TCP_SYN;
	c.forth.seq = 1000;
	c.forth.window = 8000;
	c.back = spec_from_inner(inner, IP_PROTO_TCP, FAR_IP, to, sport);
	c.back.flags = TCP_SYN | TCP_ACK;
	c.back.seq = 70000;
	c.back.ack = 1001;
	c.back.window = 8000;
	world_fares(world, 0, &c.forth, VERDICT_FORWARD, REASON_NONE);
	world_fares(world, inner, &c.back, VERDICT_FORWARD, REASON_NONE);
	c.forth.flags = TCP_ACK;
	c.forth.seq = 1001;
	c.forth.ack = 70001;
	world_fares(world, 0, &c.forth, VERDICT_FORWARD, REASON_NONE);
	c.back.flags = TCP_ACK;
	c.back.seq = 70001;
	c.back.ack = 1001;
	world_fares(world, inner, &c.back, VERDICT_FORWARD, REASON_NONE);
	return c;
}

/* Takes the events until a RST comes, which @rst then is and @at its interface. */
static bool reset_next(struct world *world, struct spec *rst, unsigned *at)
{
	struct frame *frame = frame_new();
	struct router_event event;
	bool found = false;

	while (!found && event_next(&world->r, &event)) {
		if (event.kind != EVENT_SEND || event.frame[12] != 0x08 || event.frame[13] != 0x00)
			continue;
		memcpy(frame->bytes, event.frame, event.len);
		frame->pkt = (struct packet){
			.data = frame->bytes, .len = event.len, .head_len = event.len, .capacity = FRAME_ROOM};
		cr_assert(frame_read(frame, rst), "the RST is malformed");
		cr_assert_eq(rst->flags & TCP_RST, TCP_RST);
		*at = event.out_if;
		found = true;
	}
	frame_free(frame);
	return found;
}

Test(net_reload, a_flow_that_the_new_rules_let_be_goes_on_as_it_was)
{
	struct world *world = world_new("from net to router { publish tcp 80 to one port 8080 count pages }", 64);
	struct conversation c = talk(world, CLIENT, 80, 1, 8080);
	struct frame *frame = frame_new();
	struct spec seen;

	world_reload(
		world,
		"set bad = { 192.0.2.0/24 } first { drop any from bad }\n"
		"from net to router { publish tcp 22 to two count pages2 publish tcp 80 to one port 8080 count pages }");
	cr_assert_eq(world_send(world, 0, frame, &c.forth), VERDICT_FORWARD);
	cr_assert(frame_read(frame, &seen));
	cr_assert_eq(seen.dst, ONE_IP);
	cr_assert_eq(seen.dport, 8080);
	cr_assert_eq(world->out.rule, 2);
	cr_assert_eq(world_send(world, 1, frame, &c.back), VERDICT_FORWARD);
	cr_assert(frame_read(frame, &seen));
	cr_assert_eq(seen.src, UPLINK_IP);
	cr_assert_eq(seen.sport, 80);
	/* the flow and its six packets, under the same name in another place */
	cr_assert_eq(world->r.meters->state.counters[1].flows, 1);
	cr_assert_eq(world->r.meters->state.counters[1].packets, 6);
	cr_assert_eq(world->r.meters->state.counters[0].packets, 0);
	cr_assert_eq(world->r.rule_hits[2], 1);
	cr_assert_eq(world->r.rule_hits[0] + world->r.rule_hits[1], 0);
	cr_assert_eq(world->r.flows_cut, 0);
	frame_free(frame);
	world_free(world);
}

Test(net_reload, a_rejected_connection_is_reset_at_both_ends_with_numbers_that_they_believe)
{
	struct world *world = world_new("from net to router { publish tcp 80 to one port 8080 }", 64);
	struct conversation c = talk(world, CLIENT, 80, 1, 8080);
	struct frame *frame = frame_new();
	struct spec rst;
	unsigned at;

	world_reload(world, "from net to router { reject tcp 80 }");
	c.forth.payload_len = 100;
	cr_assert_eq(world_send(world, 0, frame, &c.forth), VERDICT_REPLY);
	cr_assert_eq(world->out.reason, REASON_FLOW_CUT);
	cr_assert(frame_read(frame, &rst));
	cr_assert(rst.flags & TCP_RST);
	cr_assert_eq(rst.seq, 70001);
	cr_assert_eq(rst.sport, 80);
	cr_assert(reset_next(world, &rst, &at));
	cr_assert_eq(at, 1);
	cr_assert_eq(rst.src, FAR_IP);
	cr_assert_eq(rst.dst, ONE_IP);
	cr_assert_eq(rst.sport, CLIENT);
	cr_assert_eq(rst.dport, 8080);
	cr_assert_eq(rst.seq, 1001, "%u is not what the server expects next", rst.seq);
	cr_assert_not(reset_next(world, &rst, &at));
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	frame_free(frame);
	world_free(world);
}

Test(net_reload, a_dropped_flow_ends_in_silence)
{
	struct world *world = world_new("from net to router { publish tcp 80 to one port 8080 }", 64);
	struct conversation c = talk(world, CLIENT, 80, 1, 8080);
	struct spec rst;
	unsigned at;

	world_reload(world, "");
	world_fares(world, 1, &c.back, VERDICT_DROP, REASON_FLOW_CUT);
	cr_assert_not(reset_next(world, &rst, &at));
	world_fares(world, 1, &c.back, VERDICT_DROP, REASON_NO_FLOW);
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	world_free(world);
}

/* What the policy lets be, but in another way, cannot go on: its ends hear of it as strays do. */
Test(net_reload, a_flow_whose_way_has_changed_is_reset)
{
	static const char *const ways[] = {
		"from net to router { publish tcp 80 to two port 8080 }",
		"from net to router { publish tcp 80 to one port 8081 }",
	};
	struct spec rst;
	unsigned at;

	for (unsigned i = 0; i < 2; i++) {
		struct world *world = world_new("from net to router { publish tcp 80 to one port 8080 }", 64);

		talk(world, CLIENT, 80, 1, 8080);
		world_reload(world, ways[i]);
		cr_assert_not(router_review(&world->r, world->now, 1000));
		cr_assert(reset_next(world, &rst, &at));
		cr_assert(reset_next(world, &rst, &at));
		cr_assert_eq(router_get_flow_count(&world->r), 0);
		world_free(world);
	}
}

Test(net_reload, a_rejected_datagram_flow_is_answered_once_with_prohibited)
{
	struct world *world = world_new("from one to two { allow udp 53 }", 64);
	struct spec query = spec_from_inner(1, IP_PROTO_UDP, TWO_IP, 5000, 53);

	world_fares(world, 1, &query, VERDICT_FORWARD, REASON_NONE);
	world_reload(world, "from one to two { reject udp }");
	world_fares(world, 1, &query, VERDICT_REPLY, REASON_FLOW_CUT);
	world_fares(world, 1, &query, VERDICT_REPLY, REASON_POLICY_REJECT);
	world_free(world);
}

Test(net_reload, translated_flows_keep_their_port_and_lose_the_flow_when_they_would_go_untranslated)
{
	struct world *world = world_new("from one to net { nat any }", 64);
	struct spec out = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 5000, 53), seen;
	struct spec busy = spec_from_inner(2, IP_PROTO_UDP, FAR_IP, 5000, 53);
	struct frame *frame = frame_new();
	uint16_t port;

	world_reload(world, "from inner to net { nat any }");
	/* the second of one port and one far end gets another one */
	cr_assert_eq(world_send(world, 2, frame, &busy), VERDICT_FORWARD);
	cr_assert_eq(world_send(world, 1, frame, &out), VERDICT_FORWARD);
	cr_assert(frame_read(frame, &seen));
	port = seen.sport;
	cr_assert_neq(port, 5000);
	world_reload(world, "from one to net { nat udp 53 }");
	cr_assert_eq(world_send(world, 1, frame, &out), VERDICT_FORWARD);
	cr_assert(frame_read(frame, &seen));
	cr_assert_eq(seen.sport, port);
	world_fares(world, 2, &busy, VERDICT_DROP, REASON_FLOW_CUT);
	world_reload(world, "from one to net { allow udp 53 }");
	world_fares(world, 1, &out, VERDICT_REPLY, REASON_FLOW_CUT);
	frame_free(frame);
	world_free(world);
}

/* Nor would it be chosen: what comes for the port belongs to the service. */
Test(net_reload, a_translated_flow_whose_port_is_published_by_now_gets_another)
{
	struct world *world = world_new("from one to net { nat any }", 64);
	struct spec out = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 5000, 53), seen;
	struct frame *frame = frame_new();

	world_fares(world, 1, &out, VERDICT_FORWARD, REASON_NONE);
	world_reload(world, "from net to router { publish udp 5000 to two } from one to net { nat any }");
	world_fares(world, 1, &out, VERDICT_REPLY, REASON_FLOW_CUT);
	cr_assert_eq(world_send(world, 1, frame, &out), VERDICT_FORWARD);
	cr_assert(frame_read(frame, &seen));
	cr_assert_neq(seen.sport, 5000);
	frame_free(frame);
	world_free(world);
}

Test(net_reload, idle_flows_are_cut_by_the_sweep_a_bounded_number_at_a_time)
{
	struct world *world = world_new("from net to router { publish tcp 1-1000 to one }", 512);
	unsigned resets = 0, steps = 0, at;
	struct spec rst;
	bool more = true;

	for (uint16_t i = 1; i <= 200; i++)
		talk(world, (uint16_t)(CLIENT + i), i, 1, i);
	world_reload(world, "from net to router { reject tcp 1-100 publish tcp 1-1000 to one }");
	for (; more; steps++) {
		uint32_t before = router_get_flow_count(&world->r);

		more = router_review(&world->r, world->now, 16);
		cr_assert_leq(before - router_get_flow_count(&world->r), 16);
		while (reset_next(world, &rst, &at)) {
			cr_assert_eq(rst.seq, at == 1 ? 1001 : 70001);
			resets++;
		}
	}
	cr_assert_eq(router_get_flow_count(&world->r), 100);
	cr_assert_eq(world->r.flows_cut, 100);
	cr_assert_eq(resets, 200);
	cr_assert_geq(steps, world->r.flows.capacity / 16);
	world_free(world);
}

/* With nobody who takes the events the sweep waits, and no end is forgotten. */
Test(net_reload, the_sweep_waits_for_room_for_its_resets)
{
	struct world *world = world_new("from net to router { publish tcp 1-1000 to one }", 512);
	unsigned resets = 0, at;
	struct spec rst;

	for (uint16_t i = 1; i <= 100; i++)
		talk(world, (uint16_t)(CLIENT + i), i, 1, i);
	world_reload(world, "from net to router { reject tcp }");
	cr_assert(router_review(&world->r, world->now, 1000));
	cr_assert_eq(router_get_flow_count(&world->r), 100 - ROUTER_CUT_COUNT / 2);
	while (router_review(&world->r, world->now, 1000))
		while (reset_next(world, &rst, &at))
			resets++;
	while (reset_next(world, &rst, &at))
		resets++;
	cr_assert_eq(resets, 200);
	world_free(world);
}

/* Nor is one forgotten by a packet that comes while there is no room for resets: it is dropped, and its flow cut later. */
Test(net_reload, while_resets_have_no_room_nothing_is_cut_in_silence)
{
	struct world *world = world_new("from net to router { publish tcp 1-1000 to one }", 512);
	struct conversation c = {0};
	unsigned resets = 0, at;
	struct spec rst;
	uint8_t out_if;

	for (uint16_t i = 1; i <= 100; i++)
		c = talk(world, (uint16_t)(CLIENT + i), i, 1, i);
	cr_assert_not(router_get_reset_if(&world->r, &out_if));
	world_reload(world, "from net to router { reject tcp }");
	world->r.resets_wait = true;
	while (world->r.cut_count + 2 <= ROUTER_CUT_COUNT)
		cr_assert(router_review(&world->r, world->now, 1));
	cr_assert_not(reset_next(world, &rst, &at));
	cr_assert(router_get_reset_if(&world->r, &out_if));
	for (uint16_t i = 1; i <= 100; i++) {
		uint32_t before = router_get_flow_count(&world->r);
		struct frame *frame = frame_new();

		c.forth.sport = (uint16_t)(CLIENT + i);
		c.forth.dport = i;
		world_send(world, 0, frame, &c.forth);
		cr_assert_eq(router_get_flow_count(&world->r), before);
		frame_free(frame);
	}
	world->r.resets_wait = false;
	do
		while (reset_next(world, &rst, &at))
			resets++;
	while (router_review(&world->r, world->now, 1000));
	while (reset_next(world, &rst, &at))
		resets++;
	cr_assert_eq(resets, 200);
	world_free(world);
}

Test(net_reload, an_error_about_a_flow_that_is_forbidden_now_goes_nowhere)
{
	struct world *world = world_new("from one to net { nat any }", 64);
	struct spec out = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 5000, 53), error;
	struct frame *frame = frame_new(), *sent = frame_new();

	cr_assert_eq(world_send(world, 1, sent, &out), VERDICT_FORWARD);
	world_reload(world, "");
	error = spec_from_outside(IP_PROTO_ICMP, FAR_IP, UPLINK_IP, 0, 0);
	error.flags = ICMP_UNREACHABLE;
	error.code = 3;
	frame_build_error(frame, &error, sent->bytes + 14, 28);
	cr_assert_eq(world_input(world, 0, frame), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_FLOW_CUT);
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	frame_free(frame);
	frame_free(sent);
	world_free(world);
}

/* The epoch is kept with a flow in a few bits: thousands of reloads later it is still the same flow, and then none. */
Test(net_reload, a_flow_survives_any_number_of_reloads_and_not_one_that_forbids_it)
{
	struct world *world = world_new("from net to router { publish tcp 80 to one port 8080 }", 16);
	struct conversation c = talk(world, CLIENT, 80, 1, 8080);

	for (unsigned i = 0; i < 4096 + 5; i++) {
		size_t len = rules_get_size(world->r.rules.header);

		cr_assert(router_rules_set(&world->r, &world->stage, world->rules, len, NULL, NULL));
		cr_assert_not(router_review(&world->r, world->now, 1000));
		if (i % 1000 == 0)
			world_fares(world, 0, &c.forth, VERDICT_FORWARD, REASON_NONE);
	}
	cr_assert_eq(world->r.rule_hits[0], 1);
	world_reload(world, "from net to router { drop tcp 80 }");
	world_fares(world, 0, &c.forth, VERDICT_DROP, REASON_FLOW_CUT);
	world_free(world);
}
