// SPDX-License-Identifier: BSD-2-Clause
/* What the router answers by itself: refusals, pings, reports, resets; and how often. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"

Test(net_answer, a_rejected_connection_is_answered_as_by_its_target)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(2, IP_PROTO_TCP, ONE_IP, 1000, 22), seen;

	spec.seq = 0xffffffff;
	cr_assert_eq(world_send(world, 2, frame, &spec), VERDICT_REPLY);
	cr_assert_eq(world->out.reason, REASON_POLICY_REJECT);
	cr_assert_eq(world->out.out_if, 2);
	cr_assert(frame_read(frame, &seen));
	cr_assert(seen.src == ONE_IP && seen.dst == TWO_IP && seen.sport == 22 && seen.dport == 1000);
	cr_assert(seen.flags == (TCP_RST | TCP_ACK) && seen.ack == 0 && seen.seq == 0);
	cr_assert(mac_equal(seen.mac_dst, peer_mac(2)) && mac_equal(seen.mac_src, router_mac(2)));
	spec = spec_from_inner(2, IP_PROTO_UDP, ONE_IP, 1000, 22);
	cr_assert_eq(world_send(world, 2, frame, &spec), VERDICT_REPLY);
	cr_assert(frame_read(frame, &seen));
	cr_assert(seen.proto == IP_PROTO_ICMP && seen.flags == 3 && seen.code == 13 && seen.src == IP(10, 0, 2, 1));
	cr_assert_eq(be32_get(frame->bytes + 42 + 12), TWO_IP);
	frame_free(frame);
	world_free(world);
}

Test(net_answer, answers_are_bounded_per_interface_and_come_back_with_time)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(2, IP_PROTO_UDP, ONE_IP, 1000, 22);
	unsigned replies = 0;

	for (int i = 0; i < 1000; i++)
		replies += world_send(world, 2, frame, &spec) == VERDICT_REPLY;
	cr_assert_eq(replies, 100);
	world->now += SECOND / 10;
	for (int i = 0; i < 1000; i++)
		replies += world_send(world, 2, frame, &spec) == VERDICT_REPLY;
	cr_assert_eq(replies, 110);
	frame_free(frame);
	world_free(world);
}

Test(net_answer, a_ping_of_the_router_is_answered_where_a_rule_allows_it)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_ICMP, IP(10, 0, 1, 1), 77, 0), seen;

	for (uint32_t len = 0; len < 1400; len += 133) {
		spec.payload_len = len;
		cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_REPLY);
		cr_assert(frame_read(frame, &seen) && frame_payload_is_intact(frame, &spec));
		cr_assert(seen.src == spec.dst && seen.dst == ONE_IP && seen.flags == 0 && seen.sport == 77);
		cr_assert_eq(world->out.rule, 3);
	}
	spec.dst = IP(10, 0, 2, 1);
	world_drops(world, 1, &spec, REASON_POLICY_DEFAULT);
	frame_free(frame);
	world_free(world);
}

Test(net_answer, a_packet_that_has_travelled_too_far_is_reported_to_its_sender)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 5, 33434), seen;

	spec.ttl = 1;
	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_REPLY);
	cr_assert_eq(world->out.reason, REASON_TTL_EXPIRED);
	cr_assert(frame_read(frame, &seen));
	cr_assert(seen.flags == 11 && seen.src == IP(10, 0, 1, 1) && seen.dst == ONE_IP);
	cr_assert_eq(be32_get(frame->bytes + 42 + 12), ONE_IP, "the quote is not translated");
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	frame_free(frame);
	world_free(world);
}

Test(net_answer, a_packet_too_large_for_the_way_out_is_reported_with_its_mtu)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 5, 6), seen;

	world->r.iface[0].mtu = 1000;
	spec.payload_len = 1001 - 28;
	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_REPLY);
	cr_assert(frame_read(frame, &seen));
	cr_assert(seen.flags == 3 && seen.code == 4 && be16_get(frame->bytes + 40) == 1000);
	cr_assert_leq(frame->pkt.len, 14 + 576);
	spec.payload_len = 1000 - 28;
	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_FORWARD);
	frame_free(frame);
	world_free(world);
}

Test(net_answer, an_answer_never_outgrows_the_memory_it_stands_in)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(2, IP_PROTO_UDP, ONE_IP, 5, 6);

	for (uint32_t payload = 0; payload < 600; payload += 7) {
		for (uint32_t spare = 0; spare <= 40; spare += 4) {
			uint32_t len = 42 + payload;
			uint8_t *exact = malloc(len + spare);
			enum verdict verdict;

			spec.payload_len = payload;
			frame_build(frame, &spec);
			memcpy(exact, frame->bytes, len);
			frame->pkt.data = exact;
			frame->pkt.capacity = len + spare;
			world->now += SECOND;
			verdict = world_input(world, 2, frame);
			cr_assert_eq(verdict, len + spare < 70 ? VERDICT_DROP : VERDICT_REPLY);
			if (verdict == VERDICT_REPLY)
				cr_assert_leq(frame->pkt.len, frame->pkt.capacity);
			free(exact);
		}
	}
	frame_free(frame);
	world_free(world);
}

Test(net_answer, a_stray_segment_is_reset_only_where_the_policy_would_have_let_it_be)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_outside(IP_PROTO_TCP, FAR_IP, UPLINK_IP, 5555, 80), seen;

	spec.flags = TCP_ACK;
	spec.ack = 4711;
	cr_assert_eq(world_send(world, 0, frame, &spec), VERDICT_REPLY);
	cr_assert(frame_read(frame, &seen));
	cr_assert(seen.flags == TCP_RST && seen.seq == 4711 && seen.sport == 80);
	spec.dport = 81;
	world_drops(world, 0, &spec, REASON_NO_FLOW);
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	frame_free(frame);
	world_free(world);
}

/* After a restart of the router; the callers of the service may be gone for good. */
Test(net_answer, a_stray_segment_of_a_published_service_is_reset_too)
{
	struct world *world = world_new("from net to router { publish tcp 80-81 to one port 8080 }"
					"from one to two { allow tcp 5432 }",
					16);
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_TCP, FAR_IP, 8081, 5555), seen;

	spec.flags = TCP_ACK | TCP_FIN;
	spec.ack = 4711;
	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_REPLY);
	cr_assert(frame_read(frame, &seen));
	cr_assert(seen.flags == TCP_RST && seen.seq == 4711 && seen.sport == 5555 && seen.dport == 8081);
	cr_assert_eq(world->out.out_if, 1);
	/* beyond the published ports, another's, not TCP, to whom no rule leads from, what resets by itself */
	spec.sport = 8082;
	world_drops(world, 1, &spec, REASON_NO_FLOW);
	spec.sport = 8079;
	world_drops(world, 1, &spec, REASON_NO_FLOW);
	spec.sport = 8080;
	spec.dst = TWO_IP;
	world_drops(world, 1, &spec, REASON_NO_FLOW);
	spec.dst = FAR_IP;
	spec.flags = TCP_RST;
	world_drops(world, 1, &spec, REASON_NO_FLOW);
	spec = spec_from_inner(2, IP_PROTO_TCP, FAR_IP, 8080, 5555);
	spec.flags = TCP_ACK;
	world_drops(world, 2, &spec, REASON_NO_FLOW);
	/* a service of another domain, whose rule is an allow */
	spec = spec_from_inner(2, IP_PROTO_TCP, ONE_IP, 5432, 5555);
	spec.flags = TCP_ACK;
	cr_assert_eq(world_send(world, 2, frame, &spec), VERDICT_REPLY);
	spec.sport = 5433;
	world_drops(world, 2, &spec, REASON_NO_FLOW);
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	frame_free(frame);
	world_free(world);
}

Test(net_answer, a_stray_segment_is_not_reset_for_a_source_that_the_rule_leaves_out)
{
	struct world *world = world_new("from net to router { publish tcp 80 from 203.0.113.77 to one port 8080 }", 16);
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_TCP, FAR_IP, 8080, 5555);

	spec.flags = TCP_ACK;
	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_REPLY);
	spec.dst = FAR_IP + 1;
	world_drops(world, 1, &spec, REASON_NO_FLOW);
	world_free(world);
	frame_free(frame);
}
