// SPDX-License-Identifier: BSD-2-Clause
/* The router stands any bytes, and nothing leaves that must not. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"

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

Test(net_noise, any_bytes_are_survived_and_no_forged_source_ever_leaves, .timeout = 120)
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

Test(net_noise, pure_noise_is_survived)
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
