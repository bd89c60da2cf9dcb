// SPDX-License-Identifier: BSD-2-Clause
/* An uplink that has its IPv4 from a DHCP server: when it asks, and for how long it has what it gets. */
#include <criterion/criterion.h>
#include <string.h>

#include "net_bytes.h"
#include "net_dhcp.h"

Test(net_dhcp, nobody_answers_and_it_asks_again_ever_more_seldom_and_says_so)
{
	static const unsigned gaps[] = {4, 8, 16, 32, 64, 64, 64};
	struct world *world = world_dhcp();
	struct asked a;
	uint64_t last;
	uint32_t xid;

	client_says(world, &a, DISCOVER, 2 * SECOND);
	cr_assert(a.src == 0 && a.dst == ALL && a.broadcast && !a.ciaddr && !a.wanted && !a.server);
	xid = a.xid;
	for (unsigned i = 0; i < 7; i++) {
		last = world->now;
		client_says(world, &a, DISCOVER, 70 * SECOND);
		cr_assert_gt(world->now - last, (gaps[i] - 1) * SECOND);
		cr_assert_lt(world->now - last, (gaps[i] + 1) * SECOND + SECOND / 5);
		cr_assert_eq(a.xid, xid);
		cr_assert_eq(router_take_news(&world->r, 0), i == 2 ? DHCP_NEWS_NOBODY : DHCP_NEWS_NONE);
	}
	cr_assert_gt(a.secs, 200);
	world_free(world);
}

Test(net_dhcp, an_offer_is_requested_probed_used_and_told)
{
	unsigned probes, all = 0;
	struct asked a = {0};
	struct world *world = world_requesting(&a);

	cr_assert(a.wanted == LEASED_IP && a.server == SERVER_IP && a.src == 0 && a.dst == ALL && a.ciaddr == 0);
	cr_assert_eq(server_says_usual(world, ACK, &a), REASON_DHCP_HEARD);
	for (unsigned i = 0; i < 9; i++) {
		cr_assert_eq(client_sent(world, &a, &probes), 0);
		all += probes;
		cr_assert(uplink_has(world, 0), "not yet");
		world_pass(world, SECOND / 10);
	}
	cr_assert_eq(all, 3);
	world_pass(world, SECOND / 5);
	cr_assert(uplink_has(world, LEASED_IP) && uplink_net(world)->prefix_len == 24);
	cr_assert(ip_addr_equal(uplink_net(world)->peer, ip_addr_from_v4(GATEWAY_IP)));
	cr_assert_eq(router_take_news(&world->r, 0), DHCP_NEWS_LEASED);
	cr_assert_eq(router_take_news(&world->r, 0), DHCP_NEWS_NONE);
	world_free(world);
}

Test(net_dhcp, flows_are_translated_and_published_at_the_leased_address_and_end_with_it)
{
	struct asked a = {0};
	struct world *world = world_bound(&a);
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 1000, 53), seen;

	world_send(world, 1, frame, &spec);
	world_answer(world);
	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame_read(frame, &seen) && seen.src == LEASED_IP);
	spec = spec_from_outside(IP_PROTO_UDP, FAR_IP, LEASED_IP, 2000, 53);
	cr_assert_eq(world_send(world, 0, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame_read(frame, &seen) && seen.dst == TWO_IP);
	cr_assert_eq(router_get_flow_count(&world->r), 2);
	world_pass(world, SECONDS * SECOND);
	cr_assert(uplink_has(world, 0) && router_get_flow_count(&world->r) == 0);
	cr_assert_eq(router_take_news(&world->r, 0), DHCP_NEWS_ENDED);
	cr_assert_eq(world_send(world, 0, frame, &spec), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_IP_FAMILY);
	frame_free(frame);
	world_free(world);
}

/* RFC 2131 section 4.4.5: T1, T2 and the end; between them again in half of the time that is left. */
Test(net_dhcp, a_lease_is_extended_by_its_server_then_by_any_and_ends)
{
	struct asked a = {0};
	struct world *world = world_bound(&a);
	uint64_t bound = world->now;
	unsigned renewed = 0, rebound = 0;

	for (unsigned i = 0; i < SECONDS; i++) {
		uint64_t since = world->now - bound;

		world_pass(world, SECOND);
		if (!client_sent(world, &a, NULL))
			continue;
		if (!uplink_has(world, LEASED_IP))
			break;
		cr_assert(a.type == REQUEST && a.ciaddr == LEASED_IP && a.src == LEASED_IP && !a.wanted && !a.server);
		cr_assert_gt(since, (SECONDS / 2 - 5) * SECOND);
		cr_assert_eq(a.dst, a.broadcast ? ALL : SERVER_IP);
		cr_assert_eq(a.broadcast, since > (SECONDS * 7 / 8 - 3) * SECOND, "%u s", (unsigned)(since / SECOND));
		renewed += !a.broadcast;
		rebound += a.broadcast;
	}
	cr_assert_eq(renewed, 6, "at 2000, 2750, 3125, 3312, 3406, 3466 s: %u", renewed);
	cr_assert_eq(rebound, 5, "at 3500, 3750, 3875, 3937, 3997 s: %u", rebound);
	world_pass(world, 5 * SECOND);
	cr_assert(uplink_has(world, 0));
	world_free(world);
}

Test(net_dhcp, who_extends_a_lease_cuts_no_flow)
{
	struct asked a = {0};
	struct world *world = world_bound(&a);
	struct frame *frame = frame_new();
	struct spec spec = spec_from_outside(IP_PROTO_UDP, FAR_IP, LEASED_IP, 2000, 53);

	for (unsigned i = 0; i < 5; i++) {
		struct answer s;

		client_says(world, &a, REQUEST, SECONDS * SECOND);
		cr_assert_not(a.broadcast);
		world_send(world, 0, frame, &spec);
		s = server_answer(ACK, &a);
		s.dst = LEASED_IP;
		s.mac_dst = router_mac(0);
		cr_assert_eq(server_says(world, &s), REASON_DHCP_HEARD);
		cr_assert(uplink_has(world, LEASED_IP) && router_get_flow_count(&world->r) == 1);
	}
	frame_free(frame);
	world_free(world);
}

Test(net_dhcp, a_refusal_by_the_server_ends_the_lease_and_each_makes_it_more_patient)
{
	struct asked a = {0};
	struct world *world = world_bound(&a);
	uint64_t last;

	client_says(world, &a, REQUEST, SECONDS * SECOND);
	cr_assert_eq(server_says_usual(world, NAK, &a), REASON_DHCP_HEARD);
	cr_assert(uplink_has(world, 0));
	cr_assert_eq(router_take_news(&world->r, 0), DHCP_NEWS_REFUSED);
	for (unsigned i = 0; i < 4; i++) {
		last = world->now;
		client_says(world, &a, DISCOVER, 70 * SECOND);
		cr_assert_gt(world->now - last, ((4u << i) - 1) * SECOND);
		server_says_usual(world, OFFER, &a);
		client_sent(world, &a, NULL);
		cr_assert_eq(server_says_usual(world, NAK, &a), REASON_DHCP_HEARD);
	}
	world_free(world);
}

Test(net_dhcp, an_address_that_somebody_has_is_declined)
{
	for (unsigned wants = 0; wants < 2; wants++) {
		struct asked a = {0};
		struct world *world = world_requesting(&a);
		struct frame *frame = frame_new();
		struct mac all = {{255, 255, 255, 255, 255, 255}};
		uint64_t last;

		server_says_usual(world, ACK, &a);
		frame_build_arp(frame, wants, peer_mac(7), wants ? all : router_mac(0), wants ? 0 : LEASED_IP,
				wants ? LEASED_IP : 0);
		world_input(world, 0, frame);
		world_pass(world, SECOND / 10);
		last = world->now;
		cr_assert_eq(client_sent(world, &a, &(unsigned){0}), 1);
		cr_assert(a.type == DECLINE && a.wanted == LEASED_IP && a.server == SERVER_IP && a.dst == ALL &&
			  !a.ciaddr && !a.secs);
		cr_assert_eq(router_take_news(&world->r, 0), DHCP_NEWS_TAKEN);
		client_says(world, &a, DISCOVER, 20 * SECOND);
		cr_assert_geq(world->now - last, 10 * SECOND);
		cr_assert(uplink_has(world, 0));
		frame_free(frame);
		world_free(world);
	}
}

Test(net_dhcp, a_server_that_offers_and_then_is_silent_is_left)
{
	struct asked a = {0};
	struct world *world = world_requesting(&a);
	uint32_t xid = a.xid;

	for (unsigned i = 0; i < 3; i++) {
		client_says(world, &a, REQUEST, 70 * SECOND);
		cr_assert_eq(a.xid, xid);
	}
	client_says(world, &a, DISCOVER, 70 * SECOND);
	cr_assert_neq(a.xid, xid);
	world_free(world);
}

Test(net_dhcp, a_lease_without_end_does_not_end)
{
	struct asked a = {0};
	struct world *world = world_requesting(&a);
	struct answer s = server_answer(ACK, &a);

	s.seconds = ALL;
	server_says(world, &s);
	for (unsigned i = 0; i < 12; i++)
		world_pass(world, SECOND / 10);
	client_sent(world, &a, NULL);
	world_pass(world, 5000000000 * SECOND);
	cr_assert(uplink_has(world, LEASED_IP) && client_sent(world, &a, NULL) == 0);
	world_free(world);
}

Test(net_dhcp, questions_differ_from_router_to_router_and_from_time_to_time)
{
	struct world *one = world_dhcp(), *two = world_new_bare(16, 77);
	struct iface_config config = two->r.iface[0];
	struct asked a, b, c;

	config.v4 = (struct iface_net){.prefix_len = 0};
	config.dhcp = true;
	router_iface_clear(&two->r, 0);
	cr_assert(router_iface_set(&two->r, 0, &config));
	client_sent(two, &b, NULL);
	client_says(one, &a, DISCOVER, 2 * SECOND);
	client_says(two, &b, DISCOVER, 2 * SECOND);
	cr_assert_neq(a.xid, b.xid);
	server_says_usual(one, OFFER, &a);
	client_sent(one, &c, NULL);
	server_says_usual(one, NAK, &a);
	client_says(one, &c, DISCOVER, 10 * SECOND);
	cr_assert_neq(a.xid, c.xid);
	world_free(one);
	world_free(two);
}
