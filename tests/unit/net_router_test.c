// SPDX-License-Identifier: BSD-2-Clause
/*
 * The router as a whole: who may send, what is refused, what it answers by itself, and that it
 * stands any bytes.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net/core/passage.h"
#include "net_support.h"

/* Send @spec; it must be dropped, for @reason. */
static void expect_drop(struct world *world, unsigned in_if, const struct spec *spec, enum reason reason)
{
	struct frame *frame = frame_new();
	uint64_t before = world->r.reasons[reason];

	cr_expect_eq(world_send(world, in_if, frame, spec), VERDICT_DROP);
	cr_expect_eq(world->out.reason, reason, "%s instead of %s", reason_get_name(world->out.reason),
		     reason_get_name(reason));
	cr_expect_eq(world->r.reasons[reason], before + 1);
	frame_free(frame);
}

Test(net_router, without_rules_nothing_passes)
{
	struct world *world = world_new("", 16);
	struct spec out = spec_from_inner(1, IP_PROTO_TCP, FAR_IP, 1, 2);
	struct spec in = spec_from_outside(IP_PROTO_UDP, FAR_IP, UPLINK_IP, 1, 53);
	struct spec across = spec_from_inner(1, IP_PROTO_UDP, TWO_IP, 1, 2);
	struct spec ping = spec_from_inner(1, IP_PROTO_ICMP, IP(10, 0, 1, 1), 1, 0);

	expect_drop(world, 1, &out, REASON_POLICY_DEFAULT);
	expect_drop(world, 0, &in, REASON_POLICY_DEFAULT);
	expect_drop(world, 1, &across, REASON_POLICY_DEFAULT);
	expect_drop(world, 1, &ping, REASON_POLICY_DEFAULT);
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	world_free(world);
}

Test(net_router, a_domain_sends_only_as_itself)
{
	struct world *world = world_new_usual();
	struct spec good = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 1, 2), bad = good;

	bad.src = TWO_IP;
	expect_drop(world, 1, &bad, REASON_IP_SPOOF);
	bad.src = IP(10, 0, 1, 1);
	expect_drop(world, 1, &bad, REASON_IP_SPOOF);
	bad.src = FAR_IP;
	expect_drop(world, 1, &bad, REASON_IP_SPOOF);
	bad = good;
	bad.mac_src = peer_mac(2);
	expect_drop(world, 1, &bad, REASON_MAC_SPOOF);
	bad.mac_src = router_mac(1);
	expect_drop(world, 1, &bad, REASON_MAC_SPOOF);
	bad = good;
	bad.mac_dst = router_mac(2);
	expect_drop(world, 1, &bad, REASON_MAC_DESTINATION);
	bad = spec_from_inner(2, IP_PROTO_UDP, FAR_IP, 1, 2);
	expect_drop(world, 1, &bad, REASON_MAC_SPOOF);
	world_free(world);
}

/* Of an open flow the router has looked at the sender already: it must not go by that where it does not hold. */
Test(net_router, the_sender_of_an_open_flow_is_looked_at_anew_where_that_may_come_out_otherwise)
{
	struct world *world = world_new_usual();
	struct spec outside = spec_from_outside(IP_PROTO_UDP, FAR_IP, UPLINK_IP, 4000, 53);
	struct spec inside = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 1, 53), forged = inside;
	struct iface_config config = world->r.iface[2];
	struct frame *frame = frame_new();

	for (unsigned i = 0; i < 3; i++) {
		cr_assert_eq(world_send(world, 0, frame, &outside), VERDICT_FORWARD);
		cr_assert_eq(world_send(world, 1, frame, &inside), VERDICT_FORWARD);
	}
	forged.mac_src = peer_mac(2);
	forged.mac_dst = router_mac(2);
	expect_drop(world, 2, &forged, REASON_IP_SPOOF);
	config.v4 = (struct iface_net){ip_addr_from_v4(FAR_IP - 1), ip_addr_from_v4(FAR_IP + 1), 24};
	config.v6 = (struct iface_net){.prefix_len = 0};
	cr_assert(router_iface_set(&world->r, 3, &config));
	expect_drop(world, 0, &outside, REASON_IP_SPOOF);
	router_iface_clear(&world->r, 3);
	cr_assert_eq(world_send(world, 0, frame, &outside), VERDICT_FORWARD);

	config.kind = IFACE_UPLINK;
	config.v4 = (struct iface_net){.prefix_len = 0};
	config.dhcp = true;
	cr_assert(router_iface_set(&world->r, 3, &config));
	cr_assert_eq(world_send(world, 0, frame, &outside), VERDICT_FORWARD);
	router_set_net(&world->r, 3, &(struct iface_net){.addr = ip_addr_from_v4(FAR_IP), .prefix_len = 24}, true);
	expect_drop(world, 0, &outside, REASON_IP_SPOOF);
	frame_free(frame);
	world_free(world);
}

Test(net_router, nobody_outside_claims_to_be_inside)
{
	static const uint32_t inside[] = {ONE_IP, TWO_IP, IP(10, 0, 1, 1), IP(10, 0, 2, 99), UPLINK_IP};
	static const uint32_t bogons[] = {0, IP(127, 0, 0, 1), IP(224, 0, 0, 1), IP(240, 0, 0, 1), 0xffffffff};
	struct world *world = world_new_usual();

	for (size_t i = 0; i < 5; i++) {
		struct spec spec = spec_from_outside(IP_PROTO_UDP, inside[i], UPLINK_IP, 1, 53);

		expect_drop(world, 0, &spec, REASON_IP_SPOOF);
		spec.src = bogons[i];
		expect_drop(world, 0, &spec, REASON_IP_BOGON);
	}
	world_free(world);
}

Test(net_router, broadcast_multicast_and_impossible_destinations_are_dropped)
{
	struct world *world = world_new_usual();
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, 0xffffffff, 1, 2);

	expect_drop(world, 1, &spec, REASON_NOT_UNICAST);
	spec.dst = IP(239, 1, 1, 1);
	expect_drop(world, 1, &spec, REASON_NOT_UNICAST);
	spec.dst = IP(10, 0, 1, 255);
	expect_drop(world, 1, &spec, REASON_NOT_UNICAST);
	spec.dst = IP(127, 0, 0, 1);
	expect_drop(world, 1, &spec, REASON_IP_BOGON);
	spec.dst = FAR_IP;
	spec.mac_dst = (struct mac){{255, 255, 255, 255, 255, 255}};
	expect_drop(world, 1, &spec, REASON_NOT_UNICAST);
	world_free(world);
}

Test(net_router, an_unset_interface_takes_and_gives_nothing)
{
	struct world *world = world_new("from one to two { allow tcp }", 16);
	struct spec spec = spec_from_inner(1, IP_PROTO_TCP, TWO_IP, 1, 5432);
	struct frame *frame = frame_new();

	expect_drop(world, 31, &spec, REASON_IFACE_UNSET);
	expect_drop(world, 32, &spec, REASON_IFACE_UNSET);
	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_FORWARD);
	router_iface_clear(&world->r, 2);
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	expect_drop(world, 1, &spec, REASON_POLICY_DEFAULT);
	cr_assert_eq(world_send(world, 2, frame, &spec), VERDICT_DROP);
	frame_free(frame);
	world_free(world);
}

Test(net_router, a_domain_that_starts_anew_loses_its_flows_but_keeps_its_addresses)
{
	struct world *world = world_new_usual();
	struct spec spec = spec_from_inner(1, IP_PROTO_TCP, TWO_IP, 1, 5432);
	struct frame *frame = frame_new();

	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_FORWARD);
	router_iface_flush(&world->r, 2);
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_FORWARD);
	cr_assert_eq(world->out.out_if, 2);
	frame_free(frame);
	world_free(world);
}

Test(net_router, only_the_allowed_service_of_another_domain_is_reached)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_TCP, TWO_IP, 1000, 5432), seen;

	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame_read(frame, &seen));
	cr_assert(seen.src == ONE_IP && seen.dst == TWO_IP && world->out.out_if == 2);
	cr_assert(mac_equal(seen.mac_dst, peer_mac(2)) && mac_equal(seen.mac_src, router_mac(2)));
	spec.dport = 5433;
	expect_drop(world, 1, &spec, REASON_POLICY_DEFAULT);
	frame_free(frame);
	world_free(world);
}

Test(net_router, a_rejected_connection_is_answered_as_by_its_target)
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

Test(net_router, answers_are_bounded_per_interface_and_come_back_with_time)
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

Test(net_router, a_ping_of_the_router_is_answered_where_a_rule_allows_it)
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
	expect_drop(world, 1, &spec, REASON_POLICY_DEFAULT);
	frame_free(frame);
	world_free(world);
}

Test(net_router, a_packet_that_has_travelled_too_far_is_reported_to_its_sender)
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

Test(net_router, a_packet_too_large_for_the_way_out_is_reported_with_its_mtu)
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

Test(net_router, an_answer_never_outgrows_the_memory_it_stands_in)
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

Test(net_router, a_stray_segment_is_reset_only_where_the_policy_would_have_let_it_be)
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
	expect_drop(world, 0, &spec, REASON_NO_FLOW);
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	frame_free(frame);
	world_free(world);
}

/* After a restart of the router; the callers of the service may be gone for good. */
Test(net_router, a_stray_segment_of_a_published_service_is_reset_too)
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
	expect_drop(world, 1, &spec, REASON_NO_FLOW);
	spec.sport = 8079;
	expect_drop(world, 1, &spec, REASON_NO_FLOW);
	spec.sport = 8080;
	spec.dst = TWO_IP;
	expect_drop(world, 1, &spec, REASON_NO_FLOW);
	spec.dst = FAR_IP;
	spec.flags = TCP_RST;
	expect_drop(world, 1, &spec, REASON_NO_FLOW);
	spec = spec_from_inner(2, IP_PROTO_TCP, FAR_IP, 8080, 5555);
	spec.flags = TCP_ACK;
	expect_drop(world, 2, &spec, REASON_NO_FLOW);
	/* a service of another domain, whose rule is an allow */
	spec = spec_from_inner(2, IP_PROTO_TCP, ONE_IP, 5432, 5555);
	spec.flags = TCP_ACK;
	cr_assert_eq(world_send(world, 2, frame, &spec), VERDICT_REPLY);
	spec.sport = 5433;
	expect_drop(world, 2, &spec, REASON_NO_FLOW);
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	frame_free(frame);
	world_free(world);
}

Test(net_router, a_stray_segment_is_not_reset_for_a_source_that_the_rule_leaves_out)
{
	struct world *world = world_new("from net to router { publish tcp 80 from 203.0.113.77 to one port 8080 }", 16);
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_TCP, FAR_IP, 8080, 5555);

	spec.flags = TCP_ACK;
	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_REPLY);
	spec.dst = FAR_IP + 1;
	expect_drop(world, 1, &spec, REASON_NO_FLOW);
	world_free(world);
	frame_free(frame);
}

Test(net_router, a_known_flow_is_not_entered_from_another_interface)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct iface_config uplink = {.kind = IFACE_UPLINK,
				      .mac = router_mac(3),
				      .v4 = {.addr = ip_addr_from_v4(IP(192, 0, 2, 1)), .prefix_len = 24},
				      .mtu = 1500};
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 4000, 53), answer;

	cr_assert(router_iface_set(&world->r, 3, &uplink));
	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_FORWARD);
	answer = spec_from_outside(IP_PROTO_UDP, FAR_IP, UPLINK_IP, 53, 4000);
	answer.mac_dst = router_mac(3);
	expect_drop(world, 3, &answer, REASON_FLOW_IFACE);
	frame_free(frame);
	world_free(world);
}

Test(net_router, frames_wait_for_an_unknown_next_hop_and_leave_in_order)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct router_event event;
	uint32_t neighbour = IP(198, 51, 100, 50);
	uint16_t holds[5];

	world_answer(world);
	for (uint16_t i = 0; i < 5; i++) {
		struct spec spec = spec_from_inner(1, IP_PROTO_UDP, neighbour, 4000 + i, 53);

		cr_assert_eq(world_send(world, 1, frame, &spec), i < 4 ? VERDICT_HOLD : VERDICT_DROP);
		holds[i] = world->out.hold;
		cr_assert(i < 4 || world->out.reason == REASON_HOLD_FULL);
	}
	cr_assert(event_next(&world->r, &event));
	cr_assert(event.kind == EVENT_SEND && event.out_if == 0 && event.len == 60);
	cr_assert_eq(be32_get(event.frame + 38), neighbour);
	cr_assert_not(event_next(&world->r, &event));
	frame_build_arp(frame, false, peer_mac(50), router_mac(0), neighbour, UPLINK_IP);
	cr_assert_eq(world_input(world, 0, frame), VERDICT_CONSUMED);
	for (uint16_t i = 0; i < 4; i++) {
		cr_assert(event_next(&world->r, &event));
		cr_assert(event.kind == EVENT_RELEASE && event.hold == holds[i] && event.out_if == 0);
		cr_assert(mac_equal(event.mac, peer_mac(50)));
	}
	cr_assert_not(event_next(&world->r, &event));
	frame_free(frame);
	world_free(world);
}

/* Send a packet to the unknown next hop 198.51.100.@host; the number it is held by. */
static uint16_t send_to_hold(struct world *world, struct frame *frame, uint32_t host, uint16_t sport)
{
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, IP(198, 51, 100, host), sport, 53);

	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_HOLD);
	return world->out.hold;
}

Test(net_router, the_order_of_held_frames_is_that_of_arrival_though_numbers_are_used_again)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct router_event event;
	uint16_t holds[3];
	int released = 0;

	send_to_hold(world, frame, 50, 1);
	holds[0] = send_to_hold(world, frame, 51, 2);
	holds[1] = send_to_hold(world, frame, 51, 3);
	frame_build_arp(frame, false, peer_mac(50), router_mac(0), IP(198, 51, 100, 50), UPLINK_IP);
	world_input(world, 0, frame);
	world_answer(world);
	holds[2] = send_to_hold(world, frame, 51, 4);
	frame_build_arp(frame, false, peer_mac(51), router_mac(0), IP(198, 51, 100, 51), UPLINK_IP);
	world_input(world, 0, frame);
	while (event_next(&world->r, &event)) {
		if (event.kind == EVENT_RELEASE)
			cr_assert_eq(event.hold, holds[released++]);
	}
	cr_assert_eq(released, 3);
	frame_free(frame);
	world_free(world);
}

Test(net_router, a_next_hop_that_never_answers_is_given_up_and_its_frames_come_back)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct router_event event;
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, IP(198, 51, 100, 50), 4000, 53);
	unsigned requests = 0, discards = 0;

	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_HOLD);
	for (int i = 0; i < 50; i++, world->now += SECOND / 10) {
		router_tick(&world->r, world->now);
		while (event_next(&world->r, &event)) {
			requests += event.kind == EVENT_SEND && be32_get(event.frame + 38) == spec.dst;
			discards += event.kind == EVENT_DISCARD;
		}
	}
	cr_assert_eq(requests, NEIGHBOUR_TRIES);
	cr_assert_eq(discards, 1);
	expect_drop(world, 1, &spec, REASON_NEIGHBOUR_FAILED);
	frame_free(frame);
	world_free(world);
}

Test(net_router, a_domain_that_scans_the_link_does_not_cut_off_the_gateway)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct mac mac;
	uint16_t hold;

	for (uint32_t host = 20; host < 220; host++) {
		struct spec spec = spec_from_inner(1, IP_PROTO_UDP, IP(198, 51, 100, host), 4000, 53);

		world_send(world, 1, frame, &spec);
	}
	cr_assert_gt(world->r.reasons[REASON_NEIGHBOUR_FULL], 0);
	cr_assert_gt(world->r.reasons[REASON_HOLD_FULL], 0);
	cr_assert_eq(
		neighbour_resolve(&world->r.neighbours, 0, ip_addr_from_v4(GATEWAY_IP), true, world->now, &mac, &hold),
		NEIGHBOUR_RESULT_MAC);
	cr_assert_eq(neighbour_resolve(&world->r.neighbours, 0, ip_addr_from_v4(IP(198, 51, 100, 2)), true, world->now,
				       &mac, &hold),
		     NEIGHBOUR_RESULT_HOLD, "another gateway still finds a place");
	frame_free(frame);
	world_free(world);
}

Test(net_router, nobody_moves_the_gateway_by_announcing_it)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct mac mac;
	uint16_t hold;

	frame_build_arp(frame, false, peer_mac(66), router_mac(0), GATEWAY_IP, UPLINK_IP);
	cr_assert_eq(world_input(world, 0, frame), VERDICT_CONSUMED);
	frame_build_arp(frame, true, peer_mac(66), (struct mac){{255, 255, 255, 255, 255, 255}}, GATEWAY_IP,
			GATEWAY_IP);
	cr_assert_eq(world_input(world, 0, frame), VERDICT_CONSUMED);
	cr_assert_eq(world->out.reason, REASON_ARP_IGNORED);
	cr_assert_eq(
		neighbour_resolve(&world->r.neighbours, 0, ip_addr_from_v4(GATEWAY_IP), true, world->now, &mac, &hold),
		NEIGHBOUR_RESULT_MAC);
	cr_assert(mac_equal(mac, gateway_mac()));
	frame_free(frame);
	world_free(world);
}

Test(net_router, arp_requests_are_answered_for_its_own_address_and_to_honest_askers_only)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct mac all = {{255, 255, 255, 255, 255, 255}};

	frame_build_arp(frame, true, peer_mac(1), all, ONE_IP, IP(10, 0, 1, 1));
	cr_assert_eq(world_input(world, 1, frame), VERDICT_REPLY);
	cr_assert(frame->bytes[21] == 2 && frame->pkt.len == 60);
	cr_assert(memcmp(frame->bytes, peer_mac(1).octets, 6) == 0);
	cr_assert(memcmp(frame->bytes + 22, router_mac(1).octets, 6) == 0);
	cr_assert(be32_get(frame->bytes + 28) == IP(10, 0, 1, 1) && be32_get(frame->bytes + 38) == ONE_IP);
	frame_build_arp(frame, true, peer_mac(1), all, ONE_IP, IP(10, 0, 1, 7));
	cr_assert_eq(world_input(world, 1, frame), VERDICT_CONSUMED);
	frame_build_arp(frame, true, peer_mac(1), all, TWO_IP, IP(10, 0, 1, 1));
	cr_assert_eq(world_input(world, 1, frame), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_ARP_SPOOF);
	frame_build_arp(frame, true, peer_mac(1), all, ONE_IP, IP(10, 0, 1, 1));
	frame->bytes[27] ^= 1;
	cr_assert_eq(world_input(world, 1, frame), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_ARP_INVALID);
	frame_build_arp(frame, true, gateway_mac(), all, ONE_IP, UPLINK_IP);
	cr_assert_eq(world_input(world, 0, frame), VERDICT_DROP);
	frame_free(frame);
	world_free(world);
}

Test(net_router, a_new_uplink_announces_itself_once)
{
	struct world *world = calloc(1, sizeof(*world));
	struct iface_config uplink = {.kind = IFACE_UPLINK,
				      .mac = router_mac(0),
				      .v4 = {.addr = ip_addr_from_v4(UPLINK_IP), .prefix_len = 24},
				      .mtu = 1500};
	size_t len = router_get_memory_size(4);
	struct router_event event;

	world->memory = malloc(len);
	cr_assert(router_init(&world->r, world->memory, len, (struct router_seed){{1, 2}}));
	cr_assert(router_iface_set(&world->r, 0, &uplink));
	cr_assert(event_next(&world->r, &event));
	cr_assert(be32_get(event.frame + 28) == UPLINK_IP && be32_get(event.frame + 38) == UPLINK_IP);
	cr_assert_not(event_next(&world->r, &event));
	world_free(world);
}

#define REFUSED(field, value)                                                                                          \
	do {                                                                                                           \
		struct iface_config bad = good;                                                                        \
		bad.field = value;                                                                                     \
		cr_expect_not(router_iface_set(&world->r, 5, &bad), #field);                                           \
	} while (0)

Test(net_router, an_interface_that_makes_no_sense_is_refused)
{
	struct world *world = world_new_usual();
	struct iface_config good = {.kind = IFACE_INNER,
				    .mac = router_mac(5),
				    .peer_mac = peer_mac(5),
				    .v4 = {.addr = ip_addr_from_v4(IP(10, 0, 5, 1)),
					   .peer = ip_addr_from_v4(IP(10, 0, 5, 2)),
					   .prefix_len = 30},
				    .mtu = 1500};

	REFUSED(kind, (enum iface_kind)3);
	REFUSED(v4.prefix_len, 0);
	REFUSED(v4.prefix_len, 33);
	REFUSED(mtu, 67);
	REFUSED(mac.octets[0], 1);
	REFUSED(peer_mac, (struct mac){{0}});
	REFUSED(peer_mac, good.mac);
	REFUSED(v4.addr, ip_addr_from_v4(0));
	REFUSED(v4.addr, ip_addr_from_v4(IP(10, 0, 5, 3)));
	REFUSED(v4.addr, good.v4.peer);
	REFUSED(v4.addr, ip_addr_from_v4(UPLINK_IP));
	REFUSED(v4.peer, ip_addr_from_v4(IP(10, 0, 5, 5)));
	REFUSED(v4.peer, ip_addr_from_v4(0));
	cr_assert_not(router_iface_set(&world->r, 1, &good));
	cr_assert_not(router_iface_set(&world->r, 32, &good));
	cr_assert(router_iface_set(&world->r, 5, &good));
	world_free(world);
}

Test(net_router, interface_counters_are_what_went_in_and_out)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 4000, 53);
	struct iface_counters *in = &world->r.counters[1], *out = &world->r.counters[0];
	uint64_t before = out->tx_bytes;

	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_FORWARD);
	cr_assert(in->rx_packets == 1 && in->rx_bytes == 75 && out->tx_bytes == before + 75);
	spec.src = TWO_IP;
	expect_drop(world, 1, &spec, REASON_IP_SPOOF);
	cr_assert(in->rx_packets == 2 && in->rx_dropped == 1);
	cr_assert_eq(world->r.rule_hits[6], 1);
	frame_free(frame);
	world_free(world);
}

/*
 * A plausible frame at @in_if, in which a few bytes are then changed and its offload fields thrown.
 */
static void random_frame(struct frame *frame, unsigned in_if, uint64_t *state)
{
	static const uint8_t protos[] = {IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP};
	static const uint32_t addrs[] = {ONE_IP, TWO_IP, UPLINK_IP, FAR_IP, GATEWAY_IP, IP(10, 0, 1, 1)};
	static const uint16_t ports[] = {80, 53, 8080, 4000, 5432};
	static const uint8_t flags[] = {TCP_SYN,           TCP_SYN | TCP_ACK, TCP_ACK,
					TCP_ACK | TCP_FIN, TCP_RST,           TCP_RST | TCP_ACK};
	struct spec spec = spec_from_inner(in_if ? in_if : 1, protos[dice(state) % 3], addrs[dice(state) % 6],
					   ports[dice(state) % 5], ports[dice(state) % 5]);

	if (in_if == 0) {
		spec.mac_src = gateway_mac();
		spec.mac_dst = router_mac(0);
	}
	if (in_if == 0 || dice(state) % 4 == 0)
		spec.src = addrs[dice(state) % 6];
	spec.ttl = (uint8_t)(1 + dice(state) % 3);
	spec.flags = spec.proto == IP_PROTO_TCP ? flags[dice(state) % 6] : (uint8_t)(dice(state) % 13);
	spec.seq = (uint32_t)(dice(state) % 5);
	spec.ack = (uint32_t)(dice(state) % 5);
	spec.blank = spec.proto != IP_PROTO_ICMP && dice(state) % 4 == 0;
	spec.payload_len = (uint32_t)(dice(state) % 80);
	if (dice(state) % 8 == 0)
		frame_build_arp(frame, dice(state) % 2, spec.mac_src, spec.mac_dst, spec.src, spec.dst);
	else
		frame_build(frame, &spec);
	for (uint64_t n = dice(state) % 4; n > 0 && dice(state) % 2; n--)
		frame->bytes[dice(state) % frame->pkt.len] = (uint8_t)dice(state);
	if (dice(state) % 2 && frame->bytes[12] == 8 && frame->bytes[13] == 0) { /* a checksum that fits again */
		frame->bytes[24] = frame->bytes[25] = 0;
		be16_put(frame->bytes + 24, (uint16_t)(65535 - naive_sum(frame->bytes + 14, 20)));
	}
	if (dice(state) % 16 == 0)
		frame->pkt.len = frame->pkt.head_len = (uint32_t)(dice(state) % (frame->pkt.len + 1));
	if (dice(state) % 16 == 0) {
		frame->pkt.gso_type = (uint8_t)(dice(state) % 3);
		frame->pkt.gso_size = (uint16_t)dice(state);
		frame->pkt.csum_start = (uint16_t)(dice(state) % 64);
	}
}

/* What must hold for a frame that leaves, whatever came in. */
static void check_leaving(const struct world *world, unsigned in_if, const struct frame *frame, uint32_t src_before)
{
	uint32_t src = be32_get(frame->bytes + 26), dst = be32_get(frame->bytes + 30);

	cr_assert_neq(world->out.out_if, in_if);
	cr_assert_lt(world->out.out_if, 3);
	cr_assert_eq(naive_sum(frame->bytes + 14, 20), 0);
	if (in_if == 0)
		cr_assert(src_before >> 8 != ONE_IP >> 8 && src_before >> 8 != TWO_IP >> 8 && src_before != UPLINK_IP);
	else
		cr_assert_eq(src_before, in_if == 1 ? ONE_IP : TWO_IP, "a forged source left");
	if (world->out.out_if == 0)
		cr_assert_eq(src, UPLINK_IP, "an inner address left");
	else
		cr_assert_eq(dst, world->out.out_if == 1 ? ONE_IP : TWO_IP);
	cr_assert(memcmp(frame->bytes + 6, router_mac(world->out.out_if).octets, 6) == 0);
}

Test(net_router, any_bytes_are_survived_and_no_forged_source_ever_leaves, .timeout = 120)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	uint64_t state = 4242, left = 0, total = 0;

	for (int round = 0; round < 300000; round++) {
		unsigned in_if = dice(&state) % 3;
		uint32_t len, src;
		uint8_t *exact;
		enum verdict verdict;

		random_frame(frame, in_if, &state);
		len = frame->pkt.len;
		exact = malloc(len + 1);
		memcpy(exact, frame->bytes, len);
		src = len >= 34 ? be32_get(exact + 26) : 0;
		frame->pkt.data = exact;
		frame->pkt.capacity = len;
		verdict = world_input(world, in_if, frame);
		memcpy(frame->bytes, exact, frame->pkt.len);
		free(exact);
		if (verdict == VERDICT_FORWARD || verdict == VERDICT_HOLD) {
			check_leaving(world, in_if, frame, src);
			left++;
		}
		world->now += dice(&state) % (SECOND / 50);
		router_tick(&world->r, world->now);
		world_answer(world);
	}
	for (int i = 0; i < REASON_COUNT; i++)
		total += world->r.reasons[i];
	cr_assert_gt(left, 10000, "only %lu left", (unsigned long)left);
	cr_assert_geq(total, 300000);
	frame_free(frame);
	world_free(world);
}

Test(net_router, pure_noise_is_survived)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	uint64_t state = 9;

	for (int round = 0; round < 100000; round++) {
		uint32_t len = (uint32_t)(dice(&state) % 120);

		for (uint32_t i = 0; i < len; i++)
			frame->bytes[i] = (uint8_t)dice(&state);
		if (len > 14 && round % 2) {
			memcpy(frame->bytes, router_mac(1).octets, 6);
			memcpy(frame->bytes + 6, peer_mac(1).octets, 6);
			be16_put(frame->bytes + 12, round % 4 == 1 ? 0x0800 : 0x0806);
		}
		frame->pkt = (struct packet){.data = frame->bytes, .len = len, .head_len = len, .capacity = FRAME_ROOM};
		frame->pkt.flags = (uint8_t)dice(&state);
		cr_assert_neq(world_input(world, round % 3, frame), VERDICT_FORWARD);
	}
	frame_free(frame);
	world_free(world);
}
