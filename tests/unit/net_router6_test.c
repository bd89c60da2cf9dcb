// SPDX-License-Identifier: BSD-2-Clause
/* The router as a whole, for IPv6: as net_router_test.c and net_nat_test.c are for IPv4. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_support6.h"

#define UPLINK6 "2001:db8:100::10"
#define GATEWAY6 "2001:db8:100::1"
#define ONE6 "2001:db8:1::2"
#define TWO6 "2001:db8:2::2"
#define FAR6 "2001:db8:ffff::77"

/* Rules with their numbers, in a world whose gateway is known by IPv6 too. */
static struct world *world6_new(void)
{
	struct world *world = world_new("from net to router {\n"
					"	publish tcp 80 to one port 8080\n" /* 0 */
					"	publish udp 53 to two\n"           /* 1 */
					"	allow icmp\n"                      /* 2 */
					"}\n"
					"from net to two { allow tcp 443, icmp reject tcp }\n"   /* 3, 4 */
					"from inner to router { allow icmp }\n"                  /* 5 */
					"from one to two { allow tcp 5432 }\n"                   /* 6 */
					"from two to one { reject any }\n"                       /* 7 */
					"from one to net { nat any }\n"                          /* 8 */
					"from two to net { allow any to ipv6 nat any to ipv4 }", /* 9, 10 */
					256);
	struct mac mac;
	uint16_t hold;

	neighbour_resolve(&world->r.neighbours, 0, address(GATEWAY6), true, world->now, &mac, &hold);
	cr_assert(neighbour_learn(&world->r.neighbours, 0, address(GATEWAY6), gateway_mac(), true, world->now));
	return world;
}

static struct spec6 from_inner(unsigned index, uint8_t proto, const char *dst, uint16_t sport, uint16_t dport)
{
	return (struct spec6){.mac_src = peer_mac(index),
			      .mac_dst = router_mac(index),
			      .src = address(index == 1 ? ONE6 : TWO6),
			      .dst = address(dst),
			      .hops = 64,
			      .proto = proto,
			      .sport = sport,
			      .dport = dport,
			      .flags = proto == IP_PROTO_TCP ? TCP_SYN : ICMP6_ECHO_REQUEST,
			      .window = 60000,
			      .payload_len = proto == IP_PROTO_TCP ? 0 : 33};
}

static struct spec6 from_outside(uint8_t proto, const char *src, const char *dst, uint16_t sport, uint16_t dport)
{
	struct spec6 spec = from_inner(1, proto, dst, sport, dport);

	spec.mac_src = gateway_mac();
	spec.mac_dst = router_mac(0);
	spec.src = address(src);
	return spec;
}

static enum verdict send6(struct world *world, unsigned in_if, struct frame *frame, const struct spec6 *spec)
{
	frame6_build(frame, spec);
	return world_input(world, in_if, frame);
}

static void expect_drop(struct world *world, unsigned in_if, const struct spec6 *spec, enum reason reason)
{
	struct frame *frame = frame_new();

	cr_expect_eq(send6(world, in_if, frame, spec), VERDICT_DROP);
	cr_expect_eq(world->out.reason, reason, "%s instead of %s", reason_get_name(world->out.reason),
		     reason_get_name(reason));
	frame_free(frame);
}

static bool is(struct ip_addr addr, const char *text)
{
	return ip_addr_equal(addr, address(text));
}

Test(net_router6, a_domain_sends_only_as_itself)
{
	static const char *const others[] = {TWO6, "2001:db8:1::1", "2001:db8:1::3", FAR6, UPLINK6};
	static const char *const bogons[] = {"::", "::1", "ff02::1", "::10.0.1.2"};
	struct world *world = world6_new();
	struct spec6 good = from_inner(2, IP_PROTO_UDP, FAR6, 1, 2), bad = good;
	struct frame *frame = frame_new();

	cr_assert_eq(send6(world, 2, frame, &good), VERDICT_FORWARD);
	for (unsigned i = 0; i < 5; i++) {
		bad = from_inner(1, IP_PROTO_UDP, FAR6, 1, 2);
		bad.src = address(others[i]);
		expect_drop(world, 1, &bad, REASON_IP_SPOOF);
	}
	for (unsigned i = 0; i < 4; i++) {
		bad.src = address(bogons[i]);
		expect_drop(world, 1, &bad, REASON_IP_BOGON);
	}
	bad.src = ip_addr_link_local(peer_mac(1));
	expect_drop(world, 1, &bad, REASON_IP_LINK_LOCAL);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, nobody_outside_claims_to_be_inside)
{
	static const char *const inside[] = {ONE6, "2001:db8:2::99", "2001:db8:1::1", UPLINK6};
	struct world *world = world6_new();

	for (unsigned i = 0; i < 4; i++) {
		struct spec6 spec = from_outside(IP_PROTO_UDP, inside[i], UPLINK6, 1, 53);

		expect_drop(world, 0, &spec, REASON_IP_SPOOF);
	}
	world_free(world);
}

Test(net_router6, destinations_that_are_no_station_are_dropped)
{
	struct world *world = world6_new();
	struct spec6 spec = from_inner(2, IP_PROTO_UDP, "ff02::1", 1, 2);

	expect_drop(world, 2, &spec, REASON_NOT_UNICAST);
	spec.dst = address("2001:db8:2::");
	expect_drop(world, 2, &spec, REASON_NOT_UNICAST);
	spec.dst = address("::1");
	expect_drop(world, 2, &spec, REASON_IP_BOGON);
	spec.dst = address("fe80::9");
	expect_drop(world, 2, &spec, REASON_IP_LINK_LOCAL);
	/* in the prefix of a link inside, but nobody's: it never leads outside */
	spec.dst = address("2001:db8:1::77");
	expect_drop(world, 2, &spec, REASON_POLICY_DEFAULT);
	world_free(world);
}

Test(net_router6, an_interface_without_ipv6_passes_none)
{
	struct world *world = world6_new();
	struct spec6 spec = from_inner(1, IP_PROTO_TCP, TWO6, 1000, 5432);
	struct spec v4 = spec_from_inner(1, IP_PROTO_TCP, TWO_IP, 1000, 5432);
	struct iface_config config = world->r.iface[1];
	struct frame *frame = frame_new();

	config.v6 = (struct iface_net){.prefix_len = 0};
	router_iface_clear(&world->r, 1);
	cr_assert(router_iface_set(&world->r, 1, &config));
	expect_drop(world, 1, &spec, REASON_IP_FAMILY);
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
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct spec6 spec = from_inner(1, IP_PROTO_TCP, TWO6, 1000, 5432), seen;

	cr_assert_eq(send6(world, 1, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame6_read(frame, &seen));
	cr_assert(is(seen.src, ONE6) && is(seen.dst, TWO6) && world->out.out_if == 2 && seen.hops == 63);
	cr_assert(mac_equal(seen.mac_dst, peer_mac(2)) && mac_equal(seen.mac_src, router_mac(2)));
	cr_assert_eq(world->out.rule, 6);
	spec = from_inner(2, IP_PROTO_TCP, ONE6, 5432, 1000);
	spec.flags = TCP_SYN | TCP_ACK;
	spec.ack = 1;
	cr_assert_eq(send6(world, 2, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame6_read(frame, &seen) && is(seen.src, TWO6) && is(seen.dst, ONE6) && world->out.out_if == 1);
	cr_assert_eq(router_get_flow_count(&world->r), 1);
	spec = from_inner(1, IP_PROTO_TCP, TWO6, 1000, 5433);
	expect_drop(world, 1, &spec, REASON_POLICY_DEFAULT);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, flows_of_the_two_families_do_not_meet)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct spec v4 = spec_from_inner(1, IP_PROTO_TCP, TWO_IP, 1000, 5432);
	struct spec6 v6 = from_inner(1, IP_PROTO_TCP, TWO6, 1000, 5432);

	cr_assert_eq(world_send(world, 1, frame, &v4), VERDICT_FORWARD);
	cr_assert_eq(send6(world, 1, frame, &v6), VERDICT_FORWARD);
	cr_assert_eq(router_get_flow_count(&world->r), 2);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, extension_headers_pass_with_their_packet)
{
	static const uint8_t options[] = {6, 0, 1, 4, 0, 0, 0, 0};
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct spec6 spec = from_inner(1, IP_PROTO_TCP, TWO6, 1000, 5432);

	spec.extension = options;
	spec.extension_len = sizeof options;
	spec.next = 60;
	cr_assert_eq(send6(world, 1, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame->bytes[20] == 60 && memcmp(frame->bytes + 54, options, sizeof options) == 0);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, a_published_port_leads_inside_and_its_answers_look_like_the_router)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct spec6 spec = from_outside(IP_PROTO_TCP, FAR6, UPLINK6, 40000, 80), seen;

	cr_assert_eq(send6(world, 0, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame6_read(frame, &seen) && is(seen.src, FAR6) && is(seen.dst, ONE6));
	cr_assert(seen.sport == 40000 && seen.dport == 8080 && world->out.out_if == 1 && world->out.rule == 0);
	spec = from_inner(1, IP_PROTO_TCP, FAR6, 8080, 40000);
	spec.flags = TCP_SYN | TCP_ACK;
	spec.ack = 1;
	cr_assert_eq(send6(world, 1, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame6_read(frame, &seen) && is(seen.src, UPLINK6) && seen.sport == 80 && is(seen.dst, FAR6));
	cr_assert(mac_equal(seen.mac_dst, gateway_mac()));
	frame_free(frame);
	world_free(world);
}

Test(net_router6, a_target_without_ipv6_is_not_published_by_it)
{
	struct world *world = world6_new();
	struct spec6 spec = from_outside(IP_PROTO_TCP, FAR6, UPLINK6, 40000, 80);
	struct iface_config config = world->r.iface[1];

	config.v6 = (struct iface_net){.prefix_len = 0};
	router_iface_clear(&world->r, 1);
	cr_assert(router_iface_set(&world->r, 1, &config));
	expect_drop(world, 0, &spec, REASON_NO_ROUTE);
	world_free(world);
}

Test(net_router6, nothing_is_translated_unless_a_rule_says_so)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct spec6 spec = from_inner(2, IP_PROTO_UDP, FAR6, 4000, 53), seen;

	cr_assert_eq(send6(world, 2, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame6_read(frame, &seen) && is(seen.src, TWO6) && seen.sport == 4000 && world->out.rule == 9);
	spec = from_outside(IP_PROTO_TCP, FAR6, TWO6, 4000, 443);
	cr_assert_eq(send6(world, 0, frame, &spec), VERDICT_FORWARD);
	cr_assert(frame6_read(frame, &seen) && is(seen.dst, TWO6) && seen.dport == 443);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, random_masqueraded_flows_out_and_back_are_the_identity)
{
	static const uint8_t protos[] = {IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP6};
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	uint64_t state = 3;

	for (unsigned i = 0; i < 3000; i++) {
		uint8_t proto = protos[i % 3];
		struct spec6 spec = from_inner(1, proto, FAR6, (uint16_t)(1000 + i), 443), seen, back;

		spec.dst.octets[15] = (uint8_t)dice(&state);
		spec.seq = (uint32_t)dice(&state);
		spec.payload_len = (uint32_t)(dice(&state) % 1200);
		spec.blank = proto != IP_PROTO_ICMP6 && dice(&state) % 2;
		cr_assert_eq(send6(world, 1, frame, &spec), VERDICT_FORWARD);
		cr_assert(frame6_read(frame, &seen) && frame6_payload_is_intact(frame, &spec));
		cr_assert(is(seen.src, UPLINK6) && ip_addr_equal(seen.dst, spec.dst) && world->out.rule == 8);
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
		cr_assert_eq(send6(world, 0, frame, &back), VERDICT_FORWARD, "%s", reason_get_name(world->out.reason));
		cr_assert(frame6_read(frame, &seen) && frame6_payload_is_intact(frame, &back));
		cr_assert(is(seen.dst, ONE6) && seen.hops == 8 && world->out.out_if == 1);
		cr_assert_eq(proto == IP_PROTO_ICMP6 ? seen.sport : seen.dport, spec.sport);
		world->now += SECOND;
	}
	frame_free(frame);
	world_free(world);
}

Test(net_router6, what_is_rejected_is_told_so)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct spec6 spec = from_inner(2, IP_PROTO_TCP, ONE6, 1000, 22), seen;

	spec.seq = 0xffffffff;
	cr_assert_eq(send6(world, 2, frame, &spec), VERDICT_REPLY);
	cr_assert(frame6_read(frame, &seen) && is(seen.src, ONE6) && is(seen.dst, TWO6));
	cr_assert(seen.sport == 22 && seen.dport == 1000 && seen.flags == (TCP_RST | TCP_ACK) && seen.ack == 0);
	spec = from_inner(2, IP_PROTO_UDP, ONE6, 1000, 22);
	cr_assert_eq(send6(world, 2, frame, &spec), VERDICT_REPLY);
	cr_assert(frame6_read(frame, &seen) && is(seen.src, "2001:db8:2::1") && is(seen.dst, TWO6));
	cr_assert(seen.proto == IP_PROTO_ICMP6 && seen.flags == 1 && seen.code == 1);
	cr_assert(memcmp(frame->bytes + 62 + 8, spec.src.octets, 16) == 0, "it quotes the packet");
	for (unsigned i = 0; i < 200; i++)
		send6(world, 2, frame, &spec);
	cr_assert_eq(world->r.budget[2].tokens, 0);
	cr_assert_eq(send6(world, 2, frame, &spec), VERDICT_DROP);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, a_packet_that_has_travelled_too_far_is_reported_to_its_sender)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct spec6 spec = from_inner(1, IP_PROTO_UDP, FAR6, 5, 33434), seen;

	spec.hops = 1;
	cr_assert_eq(send6(world, 1, frame, &spec), VERDICT_REPLY);
	cr_assert_eq(world->out.reason, REASON_TTL_EXPIRED);
	cr_assert(frame6_read(frame, &seen) && seen.flags == 3 && seen.code == 0 && is(seen.src, "2001:db8:1::1"));
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	/* of an error, or of what is no packet of a flow, nobody is told */
	spec = from_inner(1, IP_PROTO_ICMP6, FAR6, 5, 0);
	spec.flags = ICMP6_ECHO_REPLY;
	spec.hops = 1;
	cr_assert_eq(send6(world, 1, frame, &spec), VERDICT_DROP);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, a_packet_too_large_for_the_way_out_is_reported_with_its_mtu)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct spec6 spec = from_inner(1, IP_PROTO_UDP, FAR6, 5, 6), seen;

	world->r.iface[0].mtu = 1280;
	spec.payload_len = 1281 - 48;
	cr_assert_eq(send6(world, 1, frame, &spec), VERDICT_REPLY);
	cr_assert(frame6_read(frame, &seen) && seen.flags == 2 && seen.code == 0);
	cr_assert_eq(be32_get(frame->bytes + 58), 1280);
	cr_assert_eq(frame->pkt.len, 14 + 1280);
	spec.payload_len = 1280 - 48;
	cr_assert_eq(send6(world, 1, frame, &spec), VERDICT_FORWARD);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, a_ping_of_the_router_is_answered_where_a_rule_allows_it)
{
	static const uint8_t options[] = {58, 0, 1, 4, 0, 0, 0, 0};
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct spec6 spec = from_inner(1, IP_PROTO_ICMP6, "2001:db8:1::1", 77, 0), seen;

	for (uint32_t len = 0; len < 1400; len += 133) {
		spec.payload_len = len;
		spec.extension = options;
		spec.extension_len = len % 2 ? sizeof options : 0;
		spec.next = 60;
		cr_assert_eq(send6(world, 1, frame, &spec), VERDICT_REPLY);
		cr_assert(frame6_read(frame, &seen) && frame6_payload_is_intact(frame, &spec));
		cr_assert(ip_addr_equal(seen.src, spec.dst) && is(seen.dst, ONE6) && seen.sport == 77);
		cr_assert(seen.flags == ICMP6_ECHO_REPLY && seen.payload_len == len && world->out.rule == 5);
	}
	spec.extension_len = 0;
	spec.dst = address("2001:db8:2::1");
	expect_drop(world, 1, &spec, REASON_POLICY_DEFAULT);
	frame_free(frame);
	world_free(world);
}

/* RFC 8200 section 4.2: the two high bits of an option's kind. */
Test(net_router6, a_ping_of_the_router_with_an_option_that_must_be_known_is_dropped)
{
	static const uint8_t headers[] = {0, 60}; /* hop-by-hop and destination options */
	uint8_t options[] = {58, 0, 1, 0, 0, 2, 0, 0};
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct spec6 spec = from_inner(1, IP_PROTO_ICMP6, "2001:db8:1::1", 77, 0);

	spec.extension = options;
	spec.extension_len = sizeof options;
	for (unsigned i = 0; i < sizeof headers; i++) {
		spec.next = headers[i];
		options[4] = 0x3f;
		cr_assert_eq(send6(world, 1, frame, &spec), VERDICT_REPLY);
		for (unsigned action = 1; action < 4; action++) {
			options[4] = (uint8_t)(action << 6 | 3);
			expect_drop(world, 1, &spec, REASON_IP6_OPTION);
		}
	}
	frame_free(frame);
	world_free(world);
}

Test(net_router6, an_error_about_a_translated_flow_reaches_its_end_and_quotes_what_it_sent)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct spec6 spec = from_inner(1, IP_PROTO_UDP, FAR6, 4000, 53), error, seen;
	uint8_t body[4 + 40 + 8 + 33] = {0, 0, 5, 0};

	cr_assert_eq(send6(world, 1, frame, &spec), VERDICT_FORWARD);
	memcpy(body + 4, frame->bytes + 14, sizeof body - 4);
	error = from_outside(IP_PROTO_ICMP6, "2001:db8:eeee::1", UPLINK6, 0, 0);
	error.flags = ICMP6_TOO_BIG;
	frame6_build_icmp(frame, &error, body, sizeof body);
	cr_assert_eq(world_input(world, 0, frame), VERDICT_FORWARD, "%s", reason_get_name(world->out.reason));
	cr_assert(frame6_read(frame, &seen) && is(seen.src, "2001:db8:eeee::1") && is(seen.dst, ONE6));
	cr_assert_eq(be32_get(frame->bytes + 58), 0x500, "the MTU stays");
	/* the quote is the packet as it was sent, its checksum included: only the hop limit has changed */
	error = spec;
	error.hops = 63;
	memmove(frame->bytes + 14, frame->bytes + 62, sizeof body - 4);
	frame->pkt.len = frame->pkt.head_len = 14 + sizeof body - 4;
	cr_assert(frame6_read(frame, &seen) && is(seen.src, ONE6) && is(seen.dst, FAR6) && seen.sport == 4000);
	/* and about none */
	body[4 + 40 + 1]++;
	error = from_outside(IP_PROTO_ICMP6, "2001:db8:eeee::1", UPLINK6, 0, 0);
	error.flags = ICMP6_UNREACHABLE;
	frame6_build_icmp(frame, &error, body, sizeof body);
	cr_assert_eq(world_input(world, 0, frame), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_ICMP_UNRELATED);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, a_source_is_a_whole_64_for_limits)
{
	struct world *world = world_new("limit few { new 2/h burst 2 }\n"
					"from net to two { allow tcp 443 limit few }",
					64);
	struct frame *frame = frame_new();
	struct spec6 spec = from_outside(IP_PROTO_TCP, "2001:db8:ffff::1", TWO6, 4000, 443);

	for (uint16_t i = 0; i < 3; i++) {
		spec.src.octets[15] = (uint8_t)(i + 1);
		spec.sport = (uint16_t)(4000 + i);
		cr_assert_eq(send6(world, 0, frame, &spec), i < 2 ? VERDICT_FORWARD : VERDICT_DROP);
	}
	cr_assert_eq(world->out.reason, REASON_LIMIT_FLOWS);
	spec.src.octets[7] = 1;
	cr_assert_eq(send6(world, 0, frame, &spec), VERDICT_FORWARD);
	frame_free(frame);
	world_free(world);
}

Test(net_router6, what_is_for_a_domain_over_its_budget_is_dropped_early)
{
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	struct spec6 spec = from_outside(IP_PROTO_TCP, FAR6, UPLINK6, 40000, 80);

	cr_assert_eq(send6(world, 0, frame, &spec), VERDICT_FORWARD);
	router_set_over(&world->r, 1u << 1);
	expect_drop(world, 0, &spec, REASON_OVER_BUDGET);
	router_set_over(&world->r, 1u << 2);
	cr_assert_eq(send6(world, 0, frame, &spec), VERDICT_FORWARD);
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
	struct world *world = world6_new();
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
	struct world *world = world6_new();
	struct frame *frame = frame_new();
	uint64_t state = 17;
	unsigned left = 0;

	for (unsigned i = 0; i < 60000; i++) {
		unsigned in_if = (unsigned)(dice(&state) % 3), changes = (unsigned)(dice(&state) % 3);
		struct spec6 spec = from_inner(1, protos[dice(&state) % 3], places[dice(&state) % 5], 1000, 80);
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
			cr_assert(in_if == 0 || is(info.src, places[in_if - 1]) || is(info.src, UPLINK6));
		}
		world->now += SECOND / 100;
	}
	cr_assert_gt(left, 1000);
	frame_free(frame);
	world_free(world);
}
