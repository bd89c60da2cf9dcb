// SPDX-License-Identifier: BSD-2-Clause
/* The next hop, by ARP: who is asked and believed, and what waits for the answer. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"

Test(net_arp, frames_wait_for_an_unknown_next_hop_and_leave_in_order)
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

Test(net_arp, the_order_of_held_frames_is_that_of_arrival_though_numbers_are_used_again)
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

Test(net_arp, a_next_hop_that_never_answers_is_given_up_and_its_frames_come_back)
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
	world_drops(world, 1, &spec, REASON_NEIGHBOUR_FAILED);
	frame_free(frame);
	world_free(world);
}

Test(net_arp, a_domain_that_scans_the_link_does_not_cut_off_the_gateway)
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

Test(net_arp, nobody_moves_the_gateway_by_announcing_it)
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

Test(net_arp, arp_requests_are_answered_for_its_own_address_and_to_honest_askers_only)
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

Test(net_arp, a_new_uplink_announces_itself_once)
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
