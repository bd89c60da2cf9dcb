// SPDX-License-Identifier: BSD-2-Clause
/*
 * Translation through the whole router: out and back, published ports, quoted packets, ports that
 * run out.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"

/* Send @spec and read what comes out, whose checksums and payload must be right. */
static struct spec pass(struct world *world, unsigned in_if, struct frame *frame, const struct spec *spec)
{
	struct spec seen;

	cr_assert_eq(world_send(world, in_if, frame, spec), VERDICT_FORWARD, "dropped: %s",
		     reason_get_name(world->out.reason));
	cr_assert(frame_read(frame, &seen), "a checksum or length is wrong");
	cr_assert(frame_payload_is_intact(frame, spec));
	cr_assert_eq(seen.ttl, spec->ttl - 1);
	cr_assert_eq(seen.blank, spec->blank);
	return seen;
}

/* The answer to @seen, as its receiver behind the gateway would send it. */
static struct spec answer_from_outside(const struct spec *seen)
{
	struct spec answer = spec_from_outside(seen->proto, seen->dst, seen->src, seen->dport, seen->sport);

	if (seen->proto == IP_PROTO_ICMP) {
		answer.sport = seen->sport;
		answer.flags = ICMP_ECHO_REPLY;
	}
	answer.flags = seen->proto == IP_PROTO_TCP ? TCP_SYN | TCP_ACK : answer.flags;
	answer.ack = seen->seq + 1;
	return answer;
}

Test(net_nat, a_masqueraded_flow_comes_back_to_who_sent_it)
{
	static const uint8_t protos[] = {IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP};
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();

	for (unsigned i = 0; i < 12; i++) {
		struct spec spec = spec_from_inner(1 + i % 2, protos[i % 3], FAR_IP, 4000 + i / 6, 80);
		struct spec seen, answer, back;

		spec.blank = i >= 6 && spec.proto != IP_PROTO_ICMP;
		spec.payload_len = spec.proto == IP_PROTO_TCP ? 0 : 100 + i;
		seen = pass(world, 1 + i % 2, frame, &spec);
		cr_assert_eq(world->out.out_if, 0);
		cr_assert_eq(seen.src, UPLINK_IP);
		cr_assert_eq(seen.dst, FAR_IP);
		cr_assert_eq(seen.dport, spec.proto == IP_PROTO_ICMP ? 0 : 80);
		cr_assert(mac_equal(seen.mac_dst, gateway_mac()) && mac_equal(seen.mac_src, router_mac(0)));
		answer = answer_from_outside(&seen);
		back = pass(world, 0, frame, &answer);
		cr_assert_eq(world->out.out_if, 1 + i % 2);
		cr_assert_eq(back.dst, spec.src);
		cr_assert_eq(back.src, FAR_IP);
		cr_assert_eq(spec.proto == IP_PROTO_ICMP ? back.sport : back.dport, spec.sport);
		cr_assert(mac_equal(back.mac_dst, spec.mac_src) && mac_equal(back.mac_src, spec.mac_dst));
	}
	frame_free(frame);
	world_free(world);
}

Test(net_nat, two_domains_with_the_same_port_get_different_ones_and_their_own_answers)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec first = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 4000, 53);
	struct spec second = spec_from_inner(2, IP_PROTO_UDP, FAR_IP, 4000, 53);
	struct spec seen[2], answer, back;

	seen[0] = pass(world, 1, frame, &first);
	seen[1] = pass(world, 2, frame, &second);
	cr_assert_eq(seen[0].sport, 4000, "a free port is kept");
	cr_assert_neq(seen[1].sport, 4000);
	cr_assert_geq(seen[1].sport, NAT_PORT_MIN);
	for (int i = 0; i < 2; i++) {
		answer = answer_from_outside(&seen[i]);
		back = pass(world, 0, frame, &answer);
		cr_assert_eq(back.dst, i == 0 ? ONE_IP : TWO_IP);
		cr_assert_eq(back.dport, 4000);
	}
	frame_free(frame);
	world_free(world);
}

Test(net_nat, a_published_port_is_never_used_for_masquerading)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_TCP, FAR_IP, 80, 443);
	struct spec seen = pass(world, 1, frame, &spec);

	cr_assert_neq(seen.sport, 80);
	frame_free(frame);
	world_free(world);
}

Test(net_nat, ports_that_run_out_are_reported_and_never_shared)
{
	/* every port is published: none is left */
	struct world *world = world_new(
		"from net to router { publish udp 1024-65535 to one } from inner to net { nat any }", 16);
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 1500, 53);

	cr_assert_eq(world_send(world, 1, frame, &spec), VERDICT_DROP);
	cr_assert_eq(world->out.reason, REASON_NAT_PORTS);
	cr_assert_eq(router_get_flow_count(&world->r), 0);
	frame_free(frame);
	world_free(world);
}

Test(net_nat, a_published_port_leads_inside_and_its_answers_look_like_the_router)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();

	for (unsigned blank = 0; blank < 2; blank++) {
		struct spec spec = spec_from_outside(IP_PROTO_TCP, FAR_IP, UPLINK_IP, 5555 + blank, 80);
		struct spec seen, answer, back;

		spec.blank = blank;
		seen = pass(world, 0, frame, &spec);
		cr_assert_eq(world->out.out_if, 1);
		cr_assert_eq(world->out.rule, 0);
		cr_assert(seen.src == FAR_IP && seen.dst == ONE_IP && seen.sport == 5555 + blank && seen.dport == 8080);
		answer = spec_from_inner(1, IP_PROTO_TCP, FAR_IP, 8080, 5555 + blank);
		answer.flags = TCP_SYN | TCP_ACK;
		answer.ack = 1;
		answer.blank = blank;
		back = pass(world, 1, frame, &answer);
		cr_assert_eq(world->out.out_if, 0);
		cr_assert(back.src == UPLINK_IP && back.sport == 80 && back.dst == FAR_IP);
	}
	cr_assert_eq(world->r.rule_hits[0], 2);
	frame_free(frame);
	world_free(world);
}

Test(net_nat, a_superframe_is_translated_whole)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_TCP, FAR_IP, 4000, 80), seen, answer;

	seen = pass(world, 1, frame, &spec);
	answer = answer_from_outside(&seen);
	answer.window = 65535;
	pass(world, 0, frame, &answer);
	spec.flags = TCP_ACK;
	spec.seq = 1;
	spec.ack = 1;
	spec.payload_len = 65535 - 40;
	spec.blank = true;
	frame_build(frame, &spec);
	frame->pkt.gso_type = PACKET_GSO_TCP4;
	frame->pkt.gso_size = 1460;
	cr_assert_eq(world_input(world, 1, frame), VERDICT_FORWARD, "%s", reason_get_name(world->out.reason));
	cr_assert(frame_read(frame, &seen));
	cr_assert(frame_payload_is_intact(frame, &spec));
	cr_assert_eq(seen.src, UPLINK_IP);
	cr_assert_eq(frame->pkt.gso_size, 1460);
	frame_build(frame, &spec);
	frame->pkt.gso_type = PACKET_GSO_TCP4;
	frame->pkt.gso_size = 1461;
	cr_assert_eq(world_input(world, 1, frame), VERDICT_REPLY);
	cr_assert_eq(world->out.reason, REASON_TOO_BIG);
	frame_free(frame);
	world_free(world);
}

Test(net_nat, only_the_head_of_a_long_frame_is_needed)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 4000, 80), seen;
	uint8_t *head = malloc(256), *whole = frame->bytes;

	spec.payload_len = 1400;
	frame_build(frame, &spec);
	memcpy(head, whole, 256);
	frame->pkt.data = head;
	frame->pkt.head_len = frame->pkt.capacity = 256;
	cr_assert_eq(world_input(world, 1, frame), VERDICT_FORWARD);
	memcpy(whole, head, 256);
	frame->pkt.data = whole;
	frame->pkt.head_len = frame->pkt.len;
	cr_assert(frame_read(frame, &seen));
	cr_assert_eq(seen.src, UPLINK_IP);
	free(head);
	frame_free(frame);
	world_free(world);
}

Test(net_nat, a_udp_packet_without_checksum_stays_without)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 4000, 80), seen;

	spec.no_csum = 1;
	seen = pass(world, 1, frame, &spec);
	cr_assert_eq(seen.no_csum, 1);
	frame_free(frame);
	world_free(world);
}

Test(net_nat, a_udp_checksum_that_becomes_zero_is_sent_as_ones)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 4000, 80), seen;
	uint32_t word, field;

	pass(world, 1, frame, &spec);
	field = be16_get(frame->bytes + 40);
	frame_build(frame, &spec);
	/* A payload word larger by what the translated checksum was makes that checksum zero; the sent one follows. */
	word = be16_get(frame->bytes + 42) + field;
	be16_put(frame->bytes + 42, (uint16_t)(word % 65535));
	word = be16_get(frame->bytes + 40) + 65535u - field;
	be16_put(frame->bytes + 40, (uint16_t)(word % 65535));
	cr_assert(frame_read(frame, &seen));
	cr_assert_eq(world_input(world, 1, frame), VERDICT_FORWARD);
	cr_assert_eq(be16_get(frame->bytes + 40), 0xffff);
	frame_free(frame);
	world_free(world);
}

Test(net_nat, a_wrong_checksum_is_not_mended_by_translation)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 4000, 80), seen;

	frame_build(frame, &spec);
	frame->bytes[50] ^= 0x10;
	cr_assert_eq(world_input(world, 1, frame), VERDICT_FORWARD);
	cr_assert_not(frame_read(frame, &seen));
	frame_free(frame);
	world_free(world);
}

/*
 * An ICMP error about the packet @quoted (as it was seen outside) from @from, of which @len bytes
 * are quoted.
 */
static enum verdict error_from_outside_to(struct world *world, struct frame *frame, const struct frame *quoted,
					  uint32_t to, uint32_t from, uint32_t len)
{
	struct spec spec = spec_from_outside(IP_PROTO_ICMP, from, to, 0, 0);

	spec.flags = ICMP_UNREACHABLE;
	spec.code = 4;
	frame_build_error(frame, &spec, quoted->bytes + 14, len);
	return world_input(world, 0, frame);
}

static enum verdict error_from_outside(struct world *world, struct frame *frame, const struct frame *quoted,
				       uint32_t from, uint32_t len)
{
	return error_from_outside_to(world, frame, quoted, UPLINK_IP, from, len);
}

Test(net_nat, an_icmp_error_about_a_flow_reaches_its_opener_as_about_its_own_packet)
{
	static const uint8_t protos[] = {IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP};
	struct world *world = world_new_usual();
	struct frame *frame = frame_new(), *sent = frame_new(), *original = frame_new();

	for (unsigned i = 0; i < 12; i++) {
		struct spec spec = spec_from_inner(1 + i % 2, protos[i % 3], FAR_IP, 4000, 80), seen;
		uint32_t from = i < 6 ? FAR_IP : IP(192, 0, 2, 9); /* the end itself, or a router on the way */
		uint32_t len = i % 4 < 2 ? 28 : 40;

		spec.seq = 7;
		frame_build(original, &spec);
		pass(world, 1 + i % 2, sent, &spec);
		cr_assert_eq(error_from_outside(world, frame, sent, from, len), VERDICT_FORWARD);
		cr_assert_eq(world->out.out_if, 1 + i % 2);
		cr_assert(frame_read(frame, &seen));
		cr_assert(seen.src == from && seen.dst == spec.src && seen.flags == ICMP_UNREACHABLE);
		/*
		 * The quote is the packet as its sender made it, but for TTL and header checksum.
		 */
		original->bytes[22]--;
		original->bytes[24] = original->bytes[25] = 0;
		be16_put(original->bytes + 24, (uint16_t)(65535 - naive_sum(original->bytes + 14, 20)));
		cr_assert_arr_eq(frame->bytes + 42, original->bytes + 14, len, "protocol %u", protos[i % 3]);
		conntrack_clear_iface(&world->r.flows, 0);
	}
	frame_free(original);
	frame_free(sent);
	frame_free(frame);
	world_free(world);
}

Test(net_nat, an_icmp_error_from_a_published_service_hides_its_address)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new(), *sent = frame_new();
	struct spec spec = spec_from_outside(IP_PROTO_UDP, FAR_IP, UPLINK_IP, 5555, 53), error, seen;

	pass(world, 0, sent, &spec);
	error = spec_from_inner(2, IP_PROTO_ICMP, FAR_IP, 0, 0);
	error.flags = ICMP_UNREACHABLE;
	error.code = 3;
	frame_build_error(frame, &error, sent->bytes + 14, 28);
	cr_assert_eq(world_input(world, 2, frame), VERDICT_FORWARD, "%s", reason_get_name(world->out.reason));
	cr_assert(frame_read(frame, &seen));
	cr_assert(seen.src == UPLINK_IP && seen.dst == FAR_IP);
	cr_assert_eq(be32_get(frame->bytes + 42 + 16), UPLINK_IP);
	cr_assert_eq(be16_get(frame->bytes + 42 + 22), 53);
	frame_free(sent);
	frame_free(frame);
	world_free(world);
}

Test(net_nat, an_icmp_error_about_nothing_known_is_dropped)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new(), *sent = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_TCP, FAR_IP, 4000, 80), seen;

	seen = pass(world, 1, sent, &spec);
	for (uint32_t len = 0; len < 28; len++)
		cr_assert_eq(error_from_outside(world, frame, sent, FAR_IP, len), VERDICT_DROP);
	seen.seq += 5;
	frame_build(sent, &seen);
	cr_assert_eq(error_from_outside(world, frame, sent, FAR_IP, 28), VERDICT_DROP, "a sequence number never sent");
	seen.seq -= 5;
	seen.sport++;
	frame_build(sent, &seen);
	cr_assert_eq(error_from_outside(world, frame, sent, FAR_IP, 28), VERDICT_DROP, "another port");
	seen.sport--;
	frame_build(sent, &seen);
	sent->bytes[14] = 0x46;
	cr_assert_eq(error_from_outside(world, frame, sent, FAR_IP, 40), VERDICT_DROP, "options");
	sent->bytes[14] = 0x45;
	sent->bytes[21] = 9;
	cr_assert_eq(error_from_outside(world, frame, sent, FAR_IP, 28), VERDICT_DROP, "a later fragment");
	sent->bytes[21] = 0;
	cr_assert_eq(error_from_outside_to(world, frame, sent, TWO_IP, FAR_IP, 28), VERDICT_DROP, "to another address");
	cr_assert_eq(world->out.reason, REASON_ICMP_UNRELATED);
	cr_assert_eq(error_from_outside(world, frame, sent, FAR_IP, 28), VERDICT_FORWARD);
	frame_free(sent);
	frame_free(frame);
	world_free(world);
}

Test(net_nat, random_flows_out_and_back_are_the_identity)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	uint64_t state = 2024;

	for (int round = 0; round < 4000; round++) {
		unsigned in_if = 1 + dice(&state) % 2;
		uint32_t far = IP(203, 0, 113, 1 + dice(&state) % 4);
		struct spec spec = spec_from_inner(in_if, dice(&state) % 2 ? IP_PROTO_UDP : IP_PROTO_ICMP, far,
						   2000 + dice(&state) % 40, 1 + dice(&state) % 3);
		struct spec seen, answer, back;

		spec.payload_len = dice(&state) % 1400;
		seen = pass(world, in_if, frame, &spec);
		answer = answer_from_outside(&seen);
		answer.payload_len = dice(&state) % 1400;
		back = pass(world, 0, frame, &answer);
		cr_assert(world->out.out_if == in_if && back.dst == spec.src && back.src == far);
		cr_assert_eq(spec.proto == IP_PROTO_ICMP ? back.sport : back.dport, spec.sport);
		world->now += SECOND / 10;
		router_tick(&world->r, world->now);
		world_answer(world);
	}
	frame_free(frame);
	world_free(world);
}

Test(net_nat, of_an_echo_reply_that_cannot_pass_its_sender_is_told)
{
	struct world *world = world_new_usual();
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_ICMP, FAR_IP, 7, 0), seen, answer;

	seen = pass(world, 1, frame, &spec);
	answer = answer_from_outside(&seen);
	answer.ttl = 1;
	cr_assert_eq(world_send(world, 0, frame, &answer), VERDICT_REPLY);
	cr_assert_eq(world->out.reason, REASON_TTL_EXPIRED);
	cr_assert(frame_read(frame, &seen) && seen.flags == ICMP_TIME_EXCEEDED && seen.dst == FAR_IP);
	frame_free(frame);
	world_free(world);
}
