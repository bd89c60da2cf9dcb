// SPDX-License-Identifier: BSD-2-Clause
/* The router as a whole, for IPv6: as net_router_test.c and net_nat_test.c are for IPv4. */
#include <criterion/criterion.h>
#include <string.h>

#include "net_support6.h"

Test(net_router6, a_domain_sends_only_as_itself)
{
	static const char *const others[] = {TWO6, "2001:db8:1::1", "2001:db8:1::3", FAR6, UPLINK6};
	static const char *const bogons[] = {"::", "::1", "ff02::1", "::10.0.1.2"};
	struct world *world = world6_new_usual();
	struct spec6 good = spec6_from_inner(2, IP_PROTO_UDP, FAR6, 1, 2), bad = good;
	struct frame *frame = frame_new();

	cr_assert_eq(world6_send(world, 2, frame, &good), VERDICT_FORWARD);
	for (unsigned i = 0; i < 5; i++) {
		bad = spec6_from_inner(1, IP_PROTO_UDP, FAR6, 1, 2);
		bad.src = address(others[i]);
		world6_drops(world, 1, &bad, REASON_IP_SPOOF);
	}
	for (unsigned i = 0; i < 4; i++) {
		bad.src = address(bogons[i]);
		world6_drops(world, 1, &bad, REASON_IP_BOGON);
	}
	bad.src = ip_addr_link_local(peer_mac(1));
	world6_drops(world, 1, &bad, REASON_IP_LINK_LOCAL);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, nobody_outside_claims_to_be_inside)
{
	static const char *const inside[] = {ONE6, "2001:db8:2::99", "2001:db8:1::1", UPLINK6};
	struct world *world = world6_new_usual();

	for (unsigned i = 0; i < 4; i++) {
		struct spec6 spec = spec6_from_outside(IP_PROTO_UDP, inside[i], UPLINK6, 1, 53);

		world6_drops(world, 0, &spec, REASON_IP_SPOOF);
	}
	world_free(world);
}

Test(net_router6, destinations_that_are_no_station_are_dropped)
{
	struct world *world = world6_new_usual();
	struct spec6 spec = spec6_from_inner(2, IP_PROTO_UDP, "ff02::1", 1, 2);

	world6_drops(world, 2, &spec, REASON_NOT_UNICAST);
	spec.dst = address("2001:db8:2::");
	world6_drops(world, 2, &spec, REASON_NOT_UNICAST);
	spec.dst = address("::1");
	world6_drops(world, 2, &spec, REASON_IP_BOGON);
	spec.dst = address("fe80::9");
	world6_drops(world, 2, &spec, REASON_IP_LINK_LOCAL);
	/* in the prefix of a link inside, but nobody's: it never leads outside */
	spec.dst = address("2001:db8:1::77");
	world6_drops(world, 2, &spec, REASON_POLICY_DEFAULT);
	world_free(world);
}

Test(net_router6, an_interface_without_ipv6_passes_none)
{
	struct world *world = world6_new_usual();
	struct spec6 spec = spec6_from_inner(1, IP_PROTO_TCP, TWO6, 1000, 5432);
	struct spec v4 = spec_from_inner(1, IP_PROTO_TCP, TWO_IP, 1000, 5432);
	struct iface_config config = world->r.iface[1];
	struct frame *frame = frame_new();

	config.v6 = (struct iface_net){.prefix_len = 0};
	router_iface_clear(&world->r, 1);
	cr_assert(router_iface_set(&world->r, 1, &config));
	world6_drops(world, 1, &spec, REASON_IP_FAMILY);
	cr_assert_eq(world_send(world, 1, frame, &v4), VERDICT_FORWARD);
	config.v6 = world->r.iface[2].v6;
	config.v4 = (struct iface_net){.prefix_len = 0};
	router_iface_clear(&world->r, 1);
	router_iface_clear(&world->r, 2);
	cr_assert(router_iface_set(&world->r, 1, &config));
	cr_assert_eq(world_send(world, 1, frame, &v4), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_IP_FAMILY);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, an_allowed_flow_passes_both_ways_as_it_is)
{
	struct world *world = world6_new_usual();
	struct frame *frame = frame_new();
	struct spec6 spec = spec6_from_inner(1, IP_PROTO_TCP, TWO6, 1000, 5432), seen;

	cr_assert_eq(world6_send(world, 1, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame6_read(frame, &seen));
	cr_assert(address_is(seen.src, ONE6) && address_is(seen.dst, TWO6) && world->out.out_if == 2 &&
		  seen.hops == 63);
	cr_assert(mac_equal(seen.mac_dst, peer_mac(2)) && mac_equal(seen.mac_src, router_mac(2)));
	cr_assert_eq(world->out.rule, 6);
	spec = spec6_from_inner(2, IP_PROTO_TCP, ONE6, 5432, 1000);
	spec.flags = TCP_SYN | TCP_ACK;
	spec.ack = 1;
	cr_assert_eq(world6_send(world, 2, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame6_read(frame, &seen) && address_is(seen.src, TWO6) && address_is(seen.dst, ONE6) &&
		  world->out.out_if == 1);
	cr_assert_eq(router_get_flow_count(&world->r), 1);
	spec = spec6_from_inner(1, IP_PROTO_TCP, TWO6, 1000, 5433);
	world6_drops(world, 1, &spec, REASON_POLICY_DEFAULT);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, flows_of_the_two_families_do_not_meet)
{
	struct world *world = world6_new_usual();
	struct frame *frame = frame_new();
	struct spec v4 = spec_from_inner(1, IP_PROTO_TCP, TWO_IP, 1000, 5432);
	struct spec6 v6 = spec6_from_inner(1, IP_PROTO_TCP, TWO6, 1000, 5432);

	cr_assert_eq(world_send(world, 1, frame, &v4), VERDICT_FORWARD);
	cr_assert_eq(world6_send(world, 1, frame, &v6), VERDICT_FORWARD);
	cr_assert_eq(router_get_flow_count(&world->r), 2);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, extension_headers_pass_with_their_packet)
{
	static const uint8_t options[] = {6, 0, 1, 4, 0, 0, 0, 0};
	struct world *world = world6_new_usual();
	struct frame *frame = frame_new();
	struct spec6 spec = spec6_from_inner(1, IP_PROTO_TCP, TWO6, 1000, 5432);

	spec.extension = options;
	spec.extension_len = sizeof options;
	spec.next = 60;
	cr_assert_eq(world6_send(world, 1, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame->bytes[20] == 60 && memcmp(frame->bytes + 54, options, sizeof options) == 0);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, a_published_port_leads_inside_and_its_answers_look_like_the_router)
{
	struct world *world = world6_new_usual();
	struct frame *frame = frame_new();
	struct spec6 spec = spec6_from_outside(IP_PROTO_TCP, FAR6, UPLINK6, 40000, 80), seen;

	cr_assert_eq(world6_send(world, 0, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame6_read(frame, &seen) && address_is(seen.src, FAR6) && address_is(seen.dst, ONE6));
	cr_assert(seen.sport == 40000 && seen.dport == 8080 && world->out.out_if == 1 && world->out.rule == 0);
	spec = spec6_from_inner(1, IP_PROTO_TCP, FAR6, 8080, 40000);
	spec.flags = TCP_SYN | TCP_ACK;
	spec.ack = 1;
	cr_assert_eq(world6_send(world, 1, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame6_read(frame, &seen) && address_is(seen.src, UPLINK6) && seen.sport == 80 &&
		  address_is(seen.dst, FAR6));
	cr_assert(mac_equal(seen.mac_dst, gateway_mac()));
	frame_free(frame);
	world_free(world);
}

Test(net_router6, a_target_without_ipv6_is_not_published_by_it)
{
	struct world *world = world6_new_usual();
	struct spec6 spec = spec6_from_outside(IP_PROTO_TCP, FAR6, UPLINK6, 40000, 80);
	struct iface_config config = world->r.iface[1];

	config.v6 = (struct iface_net){.prefix_len = 0};
	router_iface_clear(&world->r, 1);
	cr_assert(router_iface_set(&world->r, 1, &config));
	world6_drops(world, 0, &spec, REASON_NO_ROUTE);
	world_free(world);
}

Test(net_router6, nothing_is_translated_unless_a_rule_says_so)
{
	struct world *world = world6_new_usual();
	struct frame *frame = frame_new();
	struct spec6 spec = spec6_from_inner(2, IP_PROTO_UDP, FAR6, 4000, 53), seen;

	cr_assert_eq(world6_send(world, 2, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame6_read(frame, &seen) && address_is(seen.src, TWO6) && seen.sport == 4000 &&
		  world->out.rule == 9);
	spec = spec6_from_outside(IP_PROTO_TCP, FAR6, TWO6, 4000, 443);
	cr_assert_eq(world6_send(world, 0, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame6_read(frame, &seen) && address_is(seen.dst, TWO6) && seen.dport == 443);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, random_masqueraded_flows_out_and_back_are_the_identity)
{
	static const uint8_t protos[] = {IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP6};
	struct world *world = world6_new_usual();
	struct frame *frame = frame_new();
	uint64_t state = 3;

	for (unsigned i = 0; i < 3000; i++) {
		uint8_t proto = protos[i % 3];
		struct spec6 spec = spec6_from_inner(1, proto, FAR6, (uint16_t)(1000 + i), 443), seen, back;

		spec.dst.octets[15] = (uint8_t)dice(&state);
		spec.seq = (uint32_t)dice(&state);
		spec.payload_len = (uint32_t)(dice(&state) % 1200);
		spec.blank = proto != IP_PROTO_ICMP6 && dice(&state) % 2;
		cr_assert_eq(world6_send(world, 1, frame, &spec), VERDICT_FORWARD);
		cr_assert(frame6_read(frame, &seen) && frame6_payload_is_intact(frame, &spec));
		cr_assert(address_is(seen.src, UPLINK6) && ip_addr_equal(seen.dst, spec.dst) && world->out.rule == 8);
		back = seen;
		back.mac_src = gateway_mac();
		back.mac_dst = router_mac(0);
		back.src = seen.dst;
		back.dst = seen.src;
		back.hops = 9;
		if (proto == IP_PROTO_ICMP6) {
			back.flags = ICMP6_ECHO_REPLY;
		} else {
			back.sport = seen.dport;
			back.dport = seen.sport;
		}
		back.flags = proto == IP_PROTO_TCP ? TCP_SYN | TCP_ACK : back.flags;
		back.ack = spec.seq + spec.payload_len + 1;
		cr_assert_eq(world6_send(world, 0, frame, &back), VERDICT_FORWARD, "%s",
			     reason_get_name(world->out.reason));
		cr_assert(frame6_read(frame, &seen) && frame6_payload_is_intact(frame, &back));
		cr_assert(address_is(seen.dst, ONE6) && seen.hops == 8 && world->out.out_if == 1);
		cr_assert_eq(proto == IP_PROTO_ICMP6 ? seen.sport : seen.dport, spec.sport);
		world->now += SECOND;
	}
	frame_free(frame);
	world_free(world);
}

Test(net_router6, a_source_is_a_whole_64_for_limits)
{
	struct world *world = world_new("limit few { new 2/h burst 2 }\n"
					"from net to two { allow tcp 443 limit few }",
					64);
	struct frame *frame = frame_new();
	struct spec6 spec = spec6_from_outside(IP_PROTO_TCP, "2001:db8:ffff::1", TWO6, 4000, 443);

	for (uint16_t i = 0; i < 3; i++) {
		spec.src.octets[15] = (uint8_t)(i + 1);
		spec.sport = (uint16_t)(4000 + i);
		cr_assert_eq(world6_send(world, 0, frame, &spec), i < 2 ? VERDICT_FORWARD : VERDICT_DROP);
	}
	cr_assert_eq(world->out.reason, REASON_LIMIT_FLOWS);
	spec.src.octets[7] = 1;
	cr_assert_eq(world6_send(world, 0, frame, &spec), VERDICT_FORWARD);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, what_is_for_a_domain_over_its_budget_is_dropped_early)
{
	struct world *world = world6_new_usual();
	struct frame *frame = frame_new();
	struct spec6 spec = spec6_from_outside(IP_PROTO_TCP, FAR6, UPLINK6, 40000, 80);

	cr_assert_eq(world6_send(world, 0, frame, &spec), VERDICT_FORWARD);
	router_set_over(&world->r, 1u << 1);
	world6_drops(world, 0, &spec, REASON_OVER_BUDGET);
	router_set_over(&world->r, 1u << 2);
	cr_assert_eq(world6_send(world, 0, frame, &spec), VERDICT_FORWARD);
	frame_free(frame);
	world_free(world);
}

#define REFUSED(field, value)                                                                                          \
	do {                                                                                                           \
		struct iface_config bad = good;                                                                        \
		bad.field = (value);                                                                                   \
		cr_expect_not(router_iface_set(&world->r, 5, &bad), #field " = " #value);                              \
	} while (0)

Test(net_router6, an_interface_that_makes_no_sense_is_refused)
{
	struct world *world = world6_new_usual();
	struct iface_config good = {.kind = IFACE_INNER,
				    .mac = router_mac(5),
				    .peer_mac = peer_mac(5),
				    .v6 = {address("2001:db8:5::1"), address("2001:db8:5::2"), 64},
				    .mtu = 1500};

	REFUSED(mtu, 1279);
	REFUSED(v6.prefix_len, 0);
	REFUSED(v6.prefix_len, 129);
	REFUSED(v6.prefix_len, 127);
	REFUSED(v6.addr, address("2001:db8:5::"));
	REFUSED(v6.addr, address("2001:db8:5::2"));
	REFUSED(v6.addr, address("2001:db8:6::1"));
	REFUSED(v6.addr, address("fe80::1"));
	REFUSED(v6.addr, address("ff02::1"));
	REFUSED(v6.addr, address("10.0.5.1"));
	REFUSED(v6.addr, address(ONE6));
	REFUSED(v6.addr, address("::"));
	REFUSED(v6.peer, address("::"));
	REFUSED(v6.peer, address("fe80::2"));
	REFUSED(v4.prefix_len, 24);
	REFUSED(v4.addr, address("2001:db8:5::9"));
	cr_assert(router_iface_set(&world->r, 5, &good));
	good.kind = IFACE_UPLINK;
	good.v6 = (struct iface_net){address("2001:db8:6::1"), address("fe80::1"), 64};
	cr_assert(router_iface_set(&world->r, 6, &good));
	world_free(world);
}

Test(net_router6, any_bytes_are_survived_and_what_leaves_is_whole)
{
	static const uint8_t protos[] = {IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP6};
	static const char *const places[] = {ONE6, TWO6, FAR6, UPLINK6, "2001:db8:1::1"};
	struct world *world = world6_new_usual();
	struct frame *frame = frame_new();
	uint64_t state = 17;
	unsigned left = 0;

	for (unsigned i = 0; i < 60000; i++) {
		unsigned in_if = (unsigned)(dice(&state) % 3), changes = (unsigned)(dice(&state) % 3);
		struct spec6 spec = spec6_from_inner(1, protos[dice(&state) % 3], places[dice(&state) % 5], 1000, 80);
		enum verdict verdict;

		spec.mac_src = in_if ? peer_mac(in_if) : gateway_mac();
		spec.mac_dst = router_mac(in_if);
		spec.src = address(in_if ? places[in_if - 1] : FAR6);
		spec.dport = (uint16_t[]){80, 53, 443, 5432}[dice(&state) % 4];
		frame6_build(frame, &spec);
		while (changes--)
			frame->bytes[12 + dice(&state) % (frame->pkt.len - 12)] = (uint8_t)dice(&state);
		verdict = world_input(world, in_if, frame);
		if (verdict == VERDICT_FORWARD && frame->bytes[12] == 0x86) {
			struct packet_info info;

			left++;
			cr_assert_eq(packet_parse(&frame->pkt, &info), REASON_NONE);
			cr_assert(in_if == 0 || address_is(info.src, places[in_if - 1]) ||
				  address_is(info.src, UPLINK6));
		}
		world->now += SECOND / 100;
	}
	cr_assert_gt(left, 1000);
	frame_free(frame);
	world_free(world);
}
