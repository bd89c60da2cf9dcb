// SPDX-License-Identifier: BSD-2-Clause
/* The router as a whole: who may send, and where it leads. */
#include <criterion/criterion.h>
#include <string.h>

#include "net/core/passage.h"
#include "net_support.h"

Test(net_router, without_rules_nothing_passes)
{
	struct world *world = world_new("", 16);
	struct spec out = spec_from_inner(1, IP_PROTO_TCP, FAR_IP, 1, 2);
	struct spec in = spec_from_outside(IP_PROTO_UDP, FAR_IP, UPLINK_IP, 1, 53);
	struct spec across = spec_from_inner(1, IP_PROTO_UDP, TWO_IP, 1, 2);
	struct spec ping = spec_from_inner(1, IP_PROTO_ICMP, IP(10, 0, 1, 1), 1, 0);

	world_drops(world, 1, &out, REASON_POLICY_DEFAULT);
	world_drops(world, 0, &in, REASON_POLICY_DEFAULT);
	world_drops(world, 1, &across, REASON_POLICY_DEFAULT);
	world_drops(world, 1, &ping, REASON_POLICY_DEFAULT);
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	world_free(world);
}

Test(net_router, a_domain_sends_only_as_itself)
{
	struct world *world = world_new_usual();
	struct spec good = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 1, 2), bad = good;

	bad.src = TWO_IP;
	world_drops(world, 1, &bad, REASON_IP_SPOOF);
	bad.src = IP(10, 0, 1, 1);
	world_drops(world, 1, &bad, REASON_IP_SPOOF);
	bad.src = FAR_IP;
	world_drops(world, 1, &bad, REASON_IP_SPOOF);
	bad = good;
	bad.mac_src = peer_mac(2);
	world_drops(world, 1, &bad, REASON_MAC_SPOOF);
	bad.mac_src = router_mac(1);
	world_drops(world, 1, &bad, REASON_MAC_SPOOF);
	bad = good;
	bad.mac_dst = router_mac(2);
	world_drops(world, 1, &bad, REASON_MAC_DESTINATION);
	bad = spec_from_inner(2, IP_PROTO_UDP, FAR_IP, 1, 2);
	world_drops(world, 1, &bad, REASON_MAC_SPOOF);
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
	world_drops(world, 2, &forged, REASON_IP_SPOOF);
	config.v4 = (struct iface_net){ip_addr_from_v4(FAR_IP - 1), ip_addr_from_v4(FAR_IP + 1), 24};
	config.v6 = (struct iface_net){.prefix_len = 0};
	cr_assert(router_iface_set(&world->r, 3, &config));
	world_drops(world, 0, &outside, REASON_IP_SPOOF);
	router_iface_clear(&world->r, 3);
	cr_assert_eq(world_send(world, 0, frame, &outside), VERDICT_FORWARD);

	config.kind = IFACE_UPLINK;
	config.v4 = (struct iface_net){.prefix_len = 0};
	config.dhcp = true;
	cr_assert(router_iface_set(&world->r, 3, &config));
	cr_assert_eq(world_send(world, 0, frame, &outside), VERDICT_FORWARD);
	router_set_net(&world->r, 3, &(struct iface_net){.addr = ip_addr_from_v4(FAR_IP), .prefix_len = 24}, true);
	world_drops(world, 0, &outside, REASON_IP_SPOOF);
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

		world_drops(world, 0, &spec, REASON_IP_SPOOF);
		spec.src = bogons[i];
		world_drops(world, 0, &spec, REASON_IP_BOGON);
	}
	world_free(world);
}

Test(net_router, broadcast_multicast_and_impossible_destinations_are_dropped)
{
	struct world *world = world_new_usual();
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, 0xffffffff, 1, 2);

	world_drops(world, 1, &spec, REASON_NOT_UNICAST);
	spec.dst = IP(239, 1, 1, 1);
	world_drops(world, 1, &spec, REASON_NOT_UNICAST);
	spec.dst = IP(10, 0, 1, 255);
	world_drops(world, 1, &spec, REASON_NOT_UNICAST);
	spec.dst = IP(127, 0, 0, 1);
	world_drops(world, 1, &spec, REASON_IP_BOGON);
	spec.dst = FAR_IP;
	spec.mac_dst = (struct mac){{255, 255, 255, 255, 255, 255}};
	world_drops(world, 1, &spec, REASON_NOT_UNICAST);
	world_free(world);
}

Test(net_router, an_unset_interface_takes_and_gives_nothing)
{
	struct world *world = world_new("from one to two { allow tcp }", 16);
	struct spec spec = spec_from_inner(1, IP_PROTO_TCP, TWO_IP, 1, 5432);
	struct frame *frame = frame_new();

	world_drops(world, 31, &spec, REASON_IFACE_UNSET);
	world_drops(world, 32, &spec, REASON_IFACE_UNSET);
	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_FORWARD);
	router_iface_clear(&world->r, 2);
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	world_drops(world, 1, &spec, REASON_POLICY_DEFAULT);
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
	world_drops(world, 1, &spec, REASON_POLICY_DEFAULT);
	frame_free(frame);
	world_free(world);
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
	world_drops(world, 3, &answer, REASON_FLOW_IFACE);
	frame_free(frame);
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
	world_drops(world, 1, &spec, REASON_IP_SPOOF);
	cr_assert(in->rx_packets == 2 && in->rx_dropped == 1);
	cr_assert_eq(world->r.rule_hits[6], 1);
	frame_free(frame);
	world_free(world);
}
