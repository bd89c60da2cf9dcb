// SPDX-License-Identifier: BSD-2-Clause
/* An uplink that has its IPv4 from a DHCP server: whom it believes, and what. */
#include <criterion/criterion.h>
#include <string.h>

#include "net_bytes.h"
#include "net_dhcp.h"

Test(net_dhcp_belief, another_server_takes_nothing_over)
{
	struct asked a = {0};
	struct world *world = world_requesting(&a);
	struct answer s = server_answer(ACK, &a), nak = server_answer(NAK, &a);

	s.server = nak.server = ROGUE_IP;
	cr_assert_eq(server_says(world, &s), REASON_DHCP_IGNORED);
	cr_assert_eq(server_says(world, &nak), REASON_DHCP_IGNORED);
	world_free(world);
	world = world_bound(&a);
	cr_assert_eq(server_says(world, &s), REASON_DHCP_IGNORED);
	client_says(world, &a, REQUEST, SECONDS * SECOND);
	s = server_answer(ACK, &a), nak = server_answer(NAK, &a);
	s.server = nak.server = ROGUE_IP;
	cr_assert_eq(server_says(world, &s), REASON_DHCP_IGNORED);
	cr_assert_eq(server_says(world, &nak), REASON_DHCP_IGNORED);
	do
		client_says(world, &a, REQUEST, SECONDS * SECOND);
	while (!a.broadcast);
	s.xid = nak.xid = a.xid;
	cr_assert_eq(server_says(world, &nak), REASON_DHCP_IGNORED);
	s.gateway = ROGUE_IP;
	s.seconds = 100;
	cr_assert_eq(server_says(world, &s), REASON_DHCP_IGNORED, "shorter");
	s.seconds = SECONDS;
	s.addr = IP(198, 51, 100, 45);
	cr_assert_eq(server_says(world, &s), REASON_DHCP_IGNORED, "another address");
	s.addr = LEASED_IP;
	cr_assert_eq(server_says(world, &s), REASON_DHCP_HEARD, "longer");
	cr_assert(uplink_has(world, LEASED_IP) && ip_addr_equal(uplink_net(world)->peer, ip_addr_from_v4(GATEWAY_IP)));
	world_free(world);
}

Test(net_dhcp_belief, who_asks_for_the_address_by_his_own_does_not_have_it)
{
	struct asked a = {0};
	struct world *world = world_requesting(&a);
	struct frame *frame = frame_new();

	server_says_usual(world, ACK, &a);
	frame_build_arp(frame, true, peer_mac(7), (struct mac){{255, 255, 255, 255, 255, 255}}, SERVER_IP, LEASED_IP);
	world_input(world, 0, frame);
	for (unsigned i = 0; i < 12; i++)
		world_pass(world, SECOND / 10);
	cr_assert(uplink_has(world, LEASED_IP));
	frame_free(frame);
	world_free(world);
}

/* Changes one thing of a good answer; it is then refused with @why, and nothing else happens. */
#define HOSTILE(change, why)                                                                                           \
	do {                                                                                                           \
		s = server_answer(OFFER, &a);                                                                          \
		change;                                                                                                \
		cr_assert_eq(server_says(world, &s), REASON_DHCP_##why, "%s: %s", #change,                             \
			     reason_get_name(world->out.reason));                                                      \
		cr_assert_eq(client_sent(world, &other, NULL), 0, "%s", #change);                                      \
	} while (0)

Test(net_dhcp_belief, hostile_answers_change_nothing)
{
	struct world *world = world_dhcp();
	struct asked a, other;
	struct answer s;

	client_says(world, &a, DISCOVER, 2 * SECOND);
	HOSTILE(s.xid++, IGNORED);
	HOSTILE(s.type = ACK, IGNORED);
	HOSTILE(s.type = NAK, IGNORED);
	HOSTILE(s.type = 9, IGNORED);
	HOSTILE(s.type = DISCOVER, IGNORED);
	HOSTILE(s.type = 0, INVALID);
	/* from whom and to whom */
	HOSTILE(s.mac_dst = peer_mac(5), SPOOF);
	HOSTILE(s.mac_src = router_mac(0), SPOOF);
	HOSTILE(s.mac_src.octets[0] |= 1, SPOOF);
	HOSTILE(s.src = ONE_IP, SPOOF);
	HOSTILE(s.src = IP(10, 0, 1, 1), SPOOF);
	HOSTILE(s.src = IP(127, 0, 0, 1), SPOOF);
	HOSTILE(s.src = 0, SPOOF);
	HOSTILE(s.src = IP(224, 0, 0, 1), SPOOF);
	HOSTILE(s.dst = IP(198, 51, 100, 99), SPOOF);
	HOSTILE(s.dst = ONE_IP, SPOOF);
	/* what is no address for an uplink */
	HOSTILE(s.addr = 0, IGNORED);
	HOSTILE(s.addr = IP(127, 0, 0, 5), IGNORED);
	HOSTILE(s.addr = IP(224, 0, 0, 5), IGNORED);
	HOSTILE(s.addr = ALL, IGNORED);
	HOSTILE(s.addr = IP(198, 51, 100, 0), IGNORED);
	HOSTILE(s.addr = IP(198, 51, 100, 255), IGNORED);
	HOSTILE((s.addr = ONE_IP, s.gateway = IP(10, 0, 1, 3)), IGNORED);
	HOSTILE((s.addr = IP(10, 0, 1, 9), s.gateway = 0), IGNORED);
	HOSTILE((s.addr = IP(10, 9, 9, 9), s.gateway = 0, s.mask = 0xff000000), IGNORED);
	HOSTILE((s.addr = IP(9, 9, 9, 9), s.gateway = 0, s.mask = 0x80000000), IGNORED);
	HOSTILE(s.gateway = IP(198, 51, 101, 1), IGNORED);
	HOSTILE(s.gateway = LEASED_IP, IGNORED);
	HOSTILE(s.gateway = IP(198, 51, 100, 255), IGNORED);
	HOSTILE(s.mask = 0, IGNORED);
	HOSTILE(s.mask = 0xff00ff00, INVALID);
	HOSTILE(s.seconds = 0, IGNORED);
	HOSTILE(s.seconds = 59, IGNORED);
	HOSTILE(s.server = 0, IGNORED);
	HOSTILE(s.server = IP(127, 0, 0, 1), IGNORED);
	HOSTILE(s.server = ONE_IP, IGNORED);
	HOSTILE(s.server = ALL, IGNORED);
	/* options */
	HOSTILE(MORE(52, 1, 1), INVALID);
	HOSTILE(MORE(1, 4, 255, 255, 255, 0), INVALID);
	HOSTILE(MORE(53, 1, 2), INVALID);
	HOSTILE(MORE(58, 3, 1, 1, 1), INVALID);
	HOSTILE(MORE(59, 0), INVALID);
	HOSTILE(MORE(6, 5, 1, 1, 1, 1, 1), INVALID);
	HOSTILE(MORE(6, 0), INVALID);
	HOSTILE(MORE(26, 4, 0, 0, 2, 9), INVALID);
	HOSTILE(MORE(99, 5, 1, 1), INVALID);
	HOSTILE(MORE(99, 255), INVALID);
	HOSTILE(MORE(99); s.cut = 1, INVALID);
	HOSTILE(MORE(53, 0); s.cut = 1; s.type = 0, INVALID);
	HOSTILE(s.cut = 29, INVALID);
	HOSTILE(s.cut = 200, INVALID);
	cr_assert(uplink_has(world, 0));
	/* and the good one still counts */
	s = server_answer(OFFER, &a);
	MORE(80, 0, 6, 4, 9, 9, 9, 9, 0, 0);
	cr_assert_eq(server_says(world, &s), REASON_DHCP_HEARD);
	cr_assert_eq(world->r.leases[0].client.lease.names[0], IP(9, 9, 9, 9));
	world_free(world);
}

Test(net_dhcp_belief, a_wrong_checksum_is_refused_and_none_is_taken)
{
	struct world *world = world_dhcp();
	struct frame *frame = frame_new();
	struct asked a;
	struct answer s;
	struct spec spec = spec_from_outside(IP_PROTO_UDP, SERVER_IP, ALL, 67, 68);

	client_says(world, &a, DISCOVER, 2 * SECOND);
	spec.payload_len = 300;
	frame_build(frame, &spec);
	frame->bytes[60] ^= 1;
	world_input(world, 0, frame);
	cr_assert_eq(world->out.reason, REASON_DHCP_INVALID);
	frame_free(frame);
	s = server_answer(OFFER, &a);
	s.no_csum = true;
	cr_assert_eq(server_says(world, &s), REASON_DHCP_HEARD);
	world_free(world);
}

Test(net_dhcp_belief, a_smaller_mtu_is_taken_within_bounds_and_goes_with_the_lease)
{
	static const struct {
		uint16_t told, used;
	} cases[] = {{1400, 1400}, {1280, 1280}, {1279, 1500}, {68, 1500}, {9000, 1500}, {0, 1500}};

	for (unsigned i = 0; i < 6; i++) {
		struct asked a = {0};
		struct world *world = world_requesting(&a);
		struct answer s = server_answer(ACK, &a);

		s.mtu = cases[i].told;
		server_says(world, &s);
		for (unsigned k = 0; k < 12; k++)
			world_pass(world, SECOND / 10);
		cr_assert_eq(world->r.iface[0].mtu, cases[i].used, "%u", cases[i].told);
		world_pass(world, SECONDS * SECOND);
		cr_assert_eq(world->r.iface[0].mtu, 1500);
		world_free(world);
	}
}

Test(net_dhcp_belief, what_the_server_says_of_times_is_taken_where_it_makes_sense)
{
	static const struct {
		uint8_t renew, rebind; /* of 4000 s; times 16 */
		unsigned first;
	} cases[] = {{100, 200, 1600}, {200, 100, 2000}, {0, 100, 2000}, {1, 100, 2000}, {250, 251, 2000}};

	for (unsigned i = 0; i < 5; i++) {
		struct asked a = {0};
		struct world *world = world_requesting(&a);
		struct answer s = server_answer(ACK, &a);
		uint64_t asked = world->now;

		MORE(58, 4, 0, 0, cases[i].renew / 16, (uint8_t)(cases[i].renew * 16), 59, 4, 0, 0,
		     cases[i].rebind / 16, (uint8_t)(cases[i].rebind * 16));
		server_says(world, &s);
		client_says(world, &a, REQUEST, SECONDS * SECOND);
		cr_assert_eq((world->now - asked) / SECOND, cases[i].first, "%u", i);
		world_free(world);
	}
}

Test(net_dhcp_belief, without_a_client_nobody_listens_at_its_port)
{
	struct world *world = world_new("from net to router { publish udp 68 to two }", 16);
	struct answer s = server_answer(OFFER, &(struct asked){.xid = 1});

	cr_assert_eq(server_says(world, &s), REASON_NOT_UNICAST);
	s.mac_dst = router_mac(0);
	s.dst = UPLINK_IP;
	cr_assert_eq(server_says(world, &s), REASON_NONE, "it is published");
	world_pass(world, 5 * SECOND);
	cr_assert_eq(client_sent(world, &(struct asked){0}, NULL), 0);
	world_free(world);
}

Test(net_dhcp_belief, only_an_uplink_without_an_address_has_a_client)
{
	struct world *world = world_new("", 16);
	struct iface_config config = world->r.iface[0];

	config.dhcp = true;
	router_iface_clear(&world->r, 0);
	cr_assert_not(router_iface_set(&world->r, 0, &config));
	config.v4 = config.v6 = (struct iface_net){.prefix_len = 0};
	cr_assert(router_iface_set(&world->r, 0, &config));
	config = world->r.iface[1];
	config.v4 = (struct iface_net){.prefix_len = 0};
	config.dhcp = true;
	router_iface_clear(&world->r, 1);
	cr_assert_not(router_iface_set(&world->r, 1, &config));
	world_free(world);
}
