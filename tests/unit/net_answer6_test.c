// SPDX-License-Identifier: BSD-2-Clause
/* What the router answers by itself, for IPv6, and errors about translated flows: as net_answer_test.c is for IPv4. */
#include <criterion/criterion.h>
#include <string.h>

#include "net_support6.h"

Test(net_answer6, what_is_rejected_is_told_so)
{
	struct world *world = world6_new_usual();
	struct frame *frame = frame_new();
	struct spec6 spec = spec6_from_inner(2, IP_PROTO_TCP, ONE6, 1000, 22), seen;

	spec.seq = 0xffffffff;
	cr_assert_eq(world6_send(world, 2, frame, &spec), VERDICT_REPLY);
	cr_assert(frame6_read(frame, &seen) && address_is(seen.src, ONE6) && address_is(seen.dst, TWO6));
	cr_assert(seen.sport == 22 && seen.dport == 1000 && seen.flags == (TCP_RST | TCP_ACK) && seen.ack == 0);
	spec = spec6_from_inner(2, IP_PROTO_UDP, ONE6, 1000, 22);
	cr_assert_eq(world6_send(world, 2, frame, &spec), VERDICT_REPLY);
	cr_assert(frame6_read(frame, &seen) && address_is(seen.src, "2001:db8:2::1") && address_is(seen.dst, TWO6));
	cr_assert(seen.proto == IP_PROTO_ICMP6 && seen.flags == 1 && seen.code == 1);
	cr_assert(memcmp(frame->bytes + 62 + 8, spec.src.octets, 16) == 0, "it quotes the packet");
	for (unsigned i = 0; i < 200; i++)
		world6_send(world, 2, frame, &spec);
	cr_assert_eq(world->r.budget[2].tokens, 0);
	cr_assert_eq(world6_send(world, 2, frame, &spec), VERDICT_DROP);
	frame_free(frame);
	world_free(world);
}

Test(net_answer6, a_packet_that_has_travelled_too_far_is_reported_to_its_sender)
{
	struct world *world = world6_new_usual();
	struct frame *frame = frame_new();
	struct spec6 spec = spec6_from_inner(1, IP_PROTO_UDP, FAR6, 5, 33434), seen;

	spec.hops = 1;
	cr_assert_eq(world6_send(world, 1, frame, &spec), VERDICT_REPLY);
	cr_assert_eq(world->out.reason, REASON_TTL_EXPIRED);
	cr_assert(frame6_read(frame, &seen) && seen.flags == 3 && seen.code == 0 &&
		  address_is(seen.src, "2001:db8:1::1"));
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	/* of an error, or of what is no packet of a flow, nobody is told */
	spec = spec6_from_inner(1, IP_PROTO_ICMP6, FAR6, 5, 0);
	spec.flags = ICMP6_ECHO_REPLY;
	spec.hops = 1;
	cr_assert_eq(world6_send(world, 1, frame, &spec), VERDICT_DROP);
	frame_free(frame);
	world_free(world);
}

Test(net_answer6, a_packet_too_large_for_the_way_out_is_reported_with_its_mtu)
{
	struct world *world = world6_new_usual();
	struct frame *frame = frame_new();
	struct spec6 spec = spec6_from_inner(1, IP_PROTO_UDP, FAR6, 5, 6), seen;

	world->r.iface[0].mtu = 1280;
	spec.payload_len = 1281 - 48;
	cr_assert_eq(world6_send(world, 1, frame, &spec), VERDICT_REPLY);
	cr_assert(frame6_read(frame, &seen) && seen.flags == 2 && seen.code == 0);
	cr_assert_eq(be32_get(frame->bytes + 58), 1280);
	cr_assert_eq(frame->pkt.len, 14 + 1280);
	spec.payload_len = 1280 - 48;
	cr_assert_eq(world6_send(world, 1, frame, &spec), VERDICT_FORWARD);
	frame_free(frame);
	world_free(world);
}

Test(net_answer6, a_ping_of_the_router_is_answered_where_a_rule_allows_it)
{
	static const uint8_t options[] = {58, 0, 1, 4, 0, 0, 0, 0};
	struct world *world = world6_new_usual();
	struct frame *frame = frame_new();
	struct spec6 spec = spec6_from_inner(1, IP_PROTO_ICMP6, "2001:db8:1::1", 77, 0), seen;

	for (uint32_t len = 0; len < 1400; len += 133) {
		spec.payload_len = len;
		spec.extension = options;
		spec.extension_len = len % 2 ? sizeof options : 0;
		spec.next = 60;
		cr_assert_eq(world6_send(world, 1, frame, &spec), VERDICT_REPLY);
		cr_assert(frame6_read(frame, &seen) && frame6_payload_is_intact(frame, &spec));
		cr_assert(ip_addr_equal(seen.src, spec.dst) && address_is(seen.dst, ONE6) && seen.sport == 77);
		cr_assert(seen.flags == ICMP6_ECHO_REPLY && seen.payload_len == len && world->out.rule == 5);
	}
	spec.extension_len = 0;
	spec.dst = address("2001:db8:2::1");
	world6_drops(world, 1, &spec, REASON_POLICY_DEFAULT);
	frame_free(frame);
	world_free(world);
}

/* RFC 8200 section 4.2: the two high bits of an option's kind. */
Test(net_answer6, a_ping_of_the_router_with_an_option_that_must_be_known_is_dropped)
{
	static const uint8_t headers[] = {0, 60}; /* hop-by-hop and destination options */
	uint8_t options[] = {58, 0, 1, 0, 0, 2, 0, 0};
	struct world *world = world6_new_usual();
	struct frame *frame = frame_new();
	struct spec6 spec = spec6_from_inner(1, IP_PROTO_ICMP6, "2001:db8:1::1", 77, 0);

	spec.extension = options;
	spec.extension_len = sizeof options;
	for (unsigned i = 0; i < sizeof headers; i++) {
		spec.next = headers[i];
		options[4] = 0x3f;
		cr_assert_eq(world6_send(world, 1, frame, &spec), VERDICT_REPLY);
		for (unsigned action = 1; action < 4; action++) {
			options[4] = (uint8_t)(action << 6 | 3);
			world6_drops(world, 1, &spec, REASON_IP6_OPTION);
		}
	}
	frame_free(frame);
	world_free(world);
}

Test(net_answer6, an_error_about_a_translated_flow_reaches_its_end_and_quotes_what_it_sent)
{
	struct world *world = world6_new_usual();
	struct frame *frame = frame_new();
	struct spec6 spec = spec6_from_inner(1, IP_PROTO_UDP, FAR6, 4000, 53), error, seen;
	uint8_t body[4 + 40 + 8 + 33] = {0, 0, 5, 0};

	cr_assert_eq(world6_send(world, 1, frame, &spec), VERDICT_FORWARD);
	memcpy(body + 4, frame->bytes + 14, sizeof body - 4);
	error = spec6_from_outside(IP_PROTO_ICMP6, "2001:db8:eeee::1", UPLINK6, 0, 0);
	error.flags = ICMP6_TOO_BIG;
	frame6_build_icmp(frame, &error, body, sizeof body);
	cr_assert_eq(world_input(world, 0, frame), VERDICT_FORWARD, "%s", reason_get_name(world->out.reason));
	cr_assert(frame6_read(frame, &seen) && address_is(seen.src, "2001:db8:eeee::1") && address_is(seen.dst, ONE6));
	cr_assert_eq(be32_get(frame->bytes + 58), 0x500, "the MTU stays");
	/* the quote is the packet as it was sent, its checksum included: only the hop limit has changed */
	error = spec;
	error.hops = 63;
	memmove(frame->bytes + 14, frame->bytes + 62, sizeof body - 4);
	frame->pkt.len = frame->pkt.head_len = 14 + sizeof body - 4;
	cr_assert(frame6_read(frame, &seen) && address_is(seen.src, ONE6) && address_is(seen.dst, FAR6) &&
		  seen.sport == 4000);
	/* and about none */
	body[4 + 40 + 1]++;
	error = spec6_from_outside(IP_PROTO_ICMP6, "2001:db8:eeee::1", UPLINK6, 0, 0);
	error.flags = ICMP6_UNREACHABLE;
	frame6_build_icmp(frame, &error, body, sizeof body);
	cr_assert_eq(world_input(world, 0, frame), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_ICMP_UNRELATED);
	frame_free(frame);
	world_free(world);
}
