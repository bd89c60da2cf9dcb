// SPDX-License-Identifier: BSD-2-Clause
/* The segment size that a SYN offers, through the router, against a naive reader of options. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_bytes.h"
#include "net_support6.h"

#define OPTIONS_MAX 40u

static struct world *mss_world(uint16_t outside, uint16_t inside)
{
	struct world *world = world_new("from net to router { publish tcp 80 to one port 8080 }\n"
					"from inner to any { allow any }\n",
					256);
	struct mac mac;
	uint16_t hold;

	neighbour_resolve(&world->r.neighbours, 0, address("2001:db8:100::1"), true, world->now, &mac, &hold);
	neighbour_learn(&world->r.neighbours, 0, address("2001:db8:100::1"), gateway_mac(), true, world->now);
	world->r.iface[0].mtu = outside;
	world->r.iface[1].mtu = inside;
	return world;
}

/* Put @len bytes of options (a multiple of four) behind the TCP header of @frame, checksum included, unless it is blank. */
static void options_put(struct frame *frame, const uint8_t *options, uint32_t len)
{
	bool v6 = get16(frame->bytes + 12) == 0x86dd;
	uint8_t *ip = frame->bytes + 14, *tcp = ip + (v6 ? 40 : 20);
	uint32_t l4_len = 20 + len;
	uint64_t sum;

	memcpy(tcp + 20, options, len);
	tcp[12] = (uint8_t)((5 + len / 4) << 4);
	put16(tcp + 16, 0);
	if (v6) {
		put16(ip + 4, l4_len);
		sum = naive_sum(ip + 8, 32) + 6ull + l4_len;
	} else {
		put16(ip + 2, 20 + l4_len);
		put16(ip + 10, 0);
		put16(ip + 10, 65535u - naive_sum(ip, 20));
		sum = naive_sum(ip + 12, 8) + 6ull + l4_len;
	}
	if (!(frame->pkt.flags & PACKET_CSUM_BLANK))
		sum += naive_sum(tcp, l4_len);
	sum %= 65535;
	put16(tcp + 16, frame->pkt.flags & PACKET_CSUM_BLANK ? (uint32_t)sum : 65535u - (uint32_t)sum);
	frame->pkt.len = frame->pkt.head_len = (uint32_t)(tcp - frame->bytes) + l4_len;
}

/* The naive idea of it: every MSS among well-formed options, up to the first that is not. */
static void naive_clamp(uint8_t *options, uint32_t len, uint32_t most)
{
	for (uint32_t at = 0; at < len && options[at] != 0;) {
		uint32_t size = options[at] == 1 ? 1 : at + 1 < len ? options[at + 1] : 0;

		if (size == 0 || (size == 1 && options[at] != 1) || at + size > len)
			return;
		if (options[at] == 2 && size == 4 && get16(options + at + 2) > most)
			put16(options + at + 2, most);
		at += size;
	}
}

static bool tcp_is_right(const struct frame *frame)
{
	bool v6 = get16(frame->bytes + 12) == 0x86dd;
	const uint8_t *ip = frame->bytes + 14, *tcp = ip + (v6 ? 40 : 20);
	uint32_t len = frame->pkt.len - (uint32_t)(tcp - frame->bytes);
	uint64_t sum = (v6 ? naive_sum(ip + 8, 32) : naive_sum(ip + 12, 8)) + 6ull + len;

	if (frame->pkt.flags & PACKET_CSUM_BLANK)
		return get16(tcp + 16) % 65535 == sum % 65535;
	return (sum + naive_sum(tcp, len)) % 65535 == 0;
}

static void syn_build(struct frame *frame, bool v6, bool blank, uint16_t sport)
{
	struct spec s = spec_from_inner(1, IP_PROTO_TCP, FAR_IP, sport, 80);
	struct spec6 s6 = {.mac_src = peer_mac(1),
			   .mac_dst = router_mac(1),
			   .src = address("2001:db8:1::2"),
			   .dst = address("2001:db8:ffff::77"),
			   .hops = 64,
			   .proto = IP_PROTO_TCP,
			   .sport = sport,
			   .dport = 80,
			   .flags = TCP_SYN,
			   .blank = blank};

	s.blank = blank;
	if (v6)
		frame6_build(frame, &s6);
	else
		frame_build(frame, &s);
}

Test(net_mss, any_options_of_a_syn_leave_with_no_more_than_the_smaller_link_carries)
{
	struct frame *frame = frame_new();
	uint64_t state = 12;
	unsigned changed = 0;

	for (unsigned round = 0; round < 4000; round++) {
		bool v6 = round % 2, blank = dice(&state) % 3 == 0;
		uint16_t small = (uint16_t)(1280 + dice(&state) % 200), large = 1500;
		struct world *world = round % 4 < 2 ? mss_world(small, large) : mss_world(large, small);
		uint32_t len = (uint32_t)(dice(&state) % (OPTIONS_MAX / 4 + 1)) * 4, at = 0;
		uint8_t options[OPTIONS_MAX], want[OPTIONS_MAX];
		const uint8_t *got;

		for (uint32_t i = 0; i < len; i++)
			options[i] = (uint8_t)(dice(&state) % 5);
		while (at + 4 <= len) { /* mostly well-formed ones, at any place */
			at += (uint32_t)(dice(&state) % 3);
			if (at + 4 > len)
				break;
			memset(options + (at >= 2 ? at - 2 : 0), 1, at >= 2 ? 2 : at);
			put16(options + at, 0x0204);
			put16(options + at + 2, (uint32_t)dice(&state) & (dice(&state) % 2 ? 0xffff : 0x7ff));
			at += 4;
		}
		syn_build(frame, v6, blank, (uint16_t)(1000 + round));
		options_put(frame, options, len);
		memcpy(want, options, len);
		naive_clamp(want, len, small - (v6 ? 60u : 40u));
		changed += memcmp(want, options, len) != 0;
		cr_assert_eq(world_input(world, 1, frame), VERDICT_FORWARD, "%s", reason_get_name(world->out.reason));
		got = frame->bytes + (v6 ? 74 : 54);
		cr_assert_arr_eq(got, want, len, "round %u", round);
		cr_assert(tcp_is_right(frame), "round %u", round);
		world_free(world);
	}
	cr_assert_gt(changed, 1000);
	frame_free(frame);
}

Test(net_mss, the_answer_is_clamped_too_and_nothing_but_a_syn)
{
	struct world *world = mss_world(1400, 1500);
	struct frame *frame = frame_new();
	static const uint8_t offer[] = {2, 4, 1460 >> 8, 1460 & 255};
	struct spec s = spec_from_outside(IP_PROTO_TCP, FAR_IP, UPLINK_IP, 5000, 80);

	frame_build(frame, &s);
	options_put(frame, offer, sizeof(offer));
	cr_assert_eq(world_input(world, 0, frame), VERDICT_FORWARD);
	cr_assert_eq(get16(frame->bytes + 56), 1360);
	cr_assert(tcp_is_right(frame));
	s = spec_from_inner(1, IP_PROTO_TCP, FAR_IP, 8080, 5000);
	s.flags = TCP_SYN | TCP_ACK;
	s.seq = 100;
	s.ack = 1;
	frame_build(frame, &s);
	options_put(frame, offer, sizeof(offer));
	cr_assert_eq(world_input(world, 1, frame), VERDICT_FORWARD, "%s", reason_get_name(world->out.reason));
	cr_assert_eq(get16(frame->bytes + 56), 1360);
	cr_assert(tcp_is_right(frame));
	s.flags = TCP_ACK;
	s.seq = 101;
	frame_build(frame, &s);
	options_put(frame, offer, sizeof(offer));
	cr_assert_eq(world_input(world, 1, frame), VERDICT_FORWARD, "%s", reason_get_name(world->out.reason));
	cr_assert_eq(get16(frame->bytes + 56), 1460);
	frame_free(frame);
	world_free(world);
}
