// SPDX-License-Identifier: BSD-2-Clause
/*
 * Datagrams in fragments through the whole router. The oracle is the router itself, without fragments: of two routers of the same seed
 * one gets the datagram whole, over links long enough, and what the other one sends in pieces is put together by the naive
 * side (net_pieces.h) and has to be the same, byte by byte.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_bytes.h"
#include "net_pieces.h"

Test(net_pieces, a_datagram_in_fragments_fares_as_it_does_whole_and_leaves_in_the_same_pieces, .timeout = 300)
{
	struct world *cut = twin_new(1500), *straight = twin_new(65535);
	struct frame *frame = frame_new(), *joined = frame_new();
	uint64_t state = 4711;
	unsigned passed = 0, answered = 0, dropped = 0;

	for (unsigned round = 0; round < 3000; round++) {
		unsigned in_if = datagram_roll(frame, &state);
		bool v6 = get16(frame->bytes + 12) == 0x86dd;
		uint32_t head = v6 ? 54 : 34, ends[PIECES_MAX], seen[PIECES_MAX];
		uint32_t count = cuts_roll(&state, frame->pkt.len - head, ends);
		uint32_t id = (uint32_t)(v6 ? dice(&state) : 0x1234);
		struct outcome pieces = fragments_send(cut, in_if, frame, &state, ends, count, id);
		struct outcome whole = outcome_of(straight, in_if, frame);

		cr_assert_eq(pieces.reason, whole.reason, "%s, not %s", reason_get_name(pieces.reason),
			     reason_get_name(whole.reason));
		cr_assert_eq(pieces.count > 0, whole.count > 0);
		if (whole.count > 0)
			cr_assert(pieces.verdict == VERDICT_PIECES && pieces.out_if == whole.out_if);
		if (pieces.count > 1) {
			outcome_join(&pieces, joined, seen, id);
			if (whole.verdict == VERDICT_REPLY &&
			    !v6) { /* which says: do not fragment, and has no number */
				for (uint32_t i = 0; i < pieces.count; i++)
					cr_assert_eq(pieces.frames[i].bytes[20] & 0x40, 0, "that one cannot say it");
				memcpy(joined->bytes + 18, whole.frames[0].bytes + 18, 4);
				memcpy(joined->bytes + 24, whole.frames[0].bytes + 24, 2);
			} else if (whole.verdict == VERDICT_FORWARD) {
				cr_assert_eq(pieces.count, count);
				cr_assert_arr_eq(seen, ends, count * sizeof(ends[0]));
			}
			cr_assert_eq(joined->pkt.len, whole.frames[0].len);
			cr_assert_arr_eq(joined->bytes, whole.frames[0].bytes, joined->pkt.len);
		} else if (pieces.count == 1) {
			cr_assert_eq(pieces.frames[0].len, whole.frames[0].len);
			cr_assert_arr_eq(pieces.frames[0].bytes, whole.frames[0].bytes, whole.frames[0].len);
		}
		passed += whole.verdict == VERDICT_FORWARD;
		answered += whole.verdict == VERDICT_REPLY;
		dropped += whole.count == 0;
		cut->now += SECOND / 50;
		straight->now = cut->now;
		outcome_free(&pieces);
		outcome_free(&whole);
		cr_assert_eq(cut->r.fragments->all.datagrams, 0);
	}
	cr_expect(passed > 1500 && answered > 200, "%u passed, %u answered, %u dropped", passed, answered, dropped);
	frame_free(joined);
	frame_free(frame);
	world_free(cut);
	world_free(straight);
}

Test(net_pieces, what_does_not_fit_and_may_be_cut_is_cut)
{
	struct world *world = twin_new(1500), *straight = twin_new(1500);
	struct frame *frame = frame_new(), *joined = frame_new();

	for (uint32_t mtu = 68; mtu < 1500; mtu += 31) {
		uint32_t step = (mtu - 20) / 8 * 8, total = 1480, ends[PIECES_MAX];
		struct outcome pieces, whole;

		for (unsigned blank = 0; blank < 2; blank++) {
			struct spec s = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, (uint16_t)(4000 + mtu), 53);

			s.payload_len = 1472;
			frame_build(frame, &s);
			dont_clear(frame);
			whole = outcome_of(straight, 1, frame);
			s.blank = blank;
			frame_build(frame, &s);
			dont_clear(frame);
			world->r.iface[0].mtu = (uint16_t)mtu;
			pieces = outcome_of(world, 1, frame);
			cr_assert_eq(pieces.verdict, VERDICT_PIECES);
			cr_assert_eq(pieces.count, (total + step - 1) / step);
			outcome_join(&pieces, joined, ends, 0x1234);
			for (uint32_t i = 0; i + 1 < pieces.count; i++)
				cr_assert_eq(ends[i], (i + 1) * step);
			cr_assert_eq(joined->pkt.len, whole.frames[0].len);
			cr_assert_arr_eq(joined->bytes, whole.frames[0].bytes, joined->pkt.len);
			outcome_free(&pieces);
			outcome_free(&whole);
		}
	}
	frame_free(joined);
	frame_free(frame);
	world_free(world);
	world_free(straight);
}

Test(net_pieces, fragments_that_do_not_fit_are_cut_anew_or_reported)
{
	struct world *world = twin_new(1500);
	struct frame *whole = frame_new(), *frame = frame_new(), *joined = frame_new();
	uint32_t ends[2] = {1480, 2008}, seen[PIECES_MAX];
	struct outcome o;
	uint64_t state = 3;

	world->r.iface[0].mtu = 1000;
	udp_build(whole, FAR_IP, 2000);
	o = fragments_send(world, 1, whole, &state, ends, 2, 0x1234);
	cr_assert_eq(o.verdict, VERDICT_PIECES);
	outcome_join(&o, joined, seen, 0x1234);
	cr_assert_eq(o.count, 3);
	cr_assert(seen[0] == 976 && seen[1] == 1952 && seen[2] == 2008);
	outcome_free(&o);
	for (unsigned i = 0; i < 2; i++) {
		fragment_build(frame, whole, i ? ends[0] : 0, ends[i], 0x77);
		frame->bytes[20] |= 0x40;
		put16(frame->bytes + 24, 0);
		put16(frame->bytes + 24, 65535u - naive_sum(frame->bytes + 14, 20));
		o = outcome_of(world, 1, frame);
	}
	cr_assert(o.reason == REASON_TOO_BIG && o.count == 1 && o.out_if == 1);
	cr_assert(o.frames[0].bytes[34] == ICMP_UNREACHABLE && o.frames[0].bytes[35] == 4);
	cr_assert_eq(get16(o.frames[0].bytes + 40), 1000, "the MTU");
	outcome_free(&o);
	frame_free(joined);
	frame_free(frame);
	frame_free(whole);
	world_free(world);
}

Test(net_pieces, an_ipv6_packet_of_a_single_fragment_is_a_whole_one)
{
	struct world *world = twin_new(1500);
	struct frame *frame = frame_new();
	static const uint8_t atomic[] = {17, 0, 0, 0, 1, 2, 3, 4};
	struct spec6 s = {.mac_src = peer_mac(1),
			  .mac_dst = router_mac(1),
			  .src = address("2001:db8:1::2"),
			  .dst = address("2001:db8:2::2"),
			  .hops = 64,
			  .proto = IP_PROTO_UDP,
			  .sport = 1,
			  .dport = 2,
			  .payload_len = 99,
			  .extension = atomic,
			  .extension_len = sizeof(atomic),
			  .next = 44};
	struct outcome o;

	frame6_build(frame, &s);
	o = outcome_of(world, 1, frame);
	cr_assert(o.verdict == VERDICT_FORWARD && o.out_if == 2);
	cr_assert_arr_eq(o.frames[0].bytes + 54, atomic, sizeof(atomic));
	cr_assert_eq(world->r.fragments->all.datagrams, 0);
	outcome_free(&o);
	frame_free(frame);
	world_free(world);
}

/* --- what its sender is told --- */
Test(net_pieces, the_sender_of_an_incomplete_datagram_is_told_when_its_first_fragment_came)
{
	struct world *world = twin_new(1500);
	struct frame *whole = frame_new(), *frame = frame_new();
	struct router_event event;
	unsigned told = 0;

	for (unsigned v6 = 0; v6 < 2; v6++) {
		tcp_build(whole, v6);
		cr_assert_eq(piece_send(world, 0, whole, 0, 64, 1), REASON_FRAGMENT_WAITS);
		cr_assert_eq(piece_send(world, 0, whole, 64, 120, 2), REASON_FRAGMENT_WAITS);
	}
	/* an error is never answered */
	cr_assert_eq(piece_send(world, 0, whole, 0, 64, 1), REASON_FRAGMENT_DUPLICATE);
	whole->bytes[20] = IP_PROTO_ICMP6;
	whole->bytes[54] = ICMP6_TIME_EXCEEDED;
	cr_assert_eq(piece_send(world, 0, whole, 0, 64, 3), REASON_FRAGMENT_WAITS);
	world->now += 29 * SECOND;
	router_tick(&world->r, world->now);
	while (event_next(&world->r, &event))
		cr_assert_neq(event.kind, EVENT_PIECE, "too early");
	world->now += 2 * SECOND;
	router_tick(&world->r, world->now);
	cr_assert_eq(world->r.reasons[REASON_FRAGMENT_TIMEOUT], 5);
	while (event_next(&world->r, &event)) {
		bool is_v6;
		uint32_t icmp;

		if (event.kind != EVENT_PIECE)
			continue;
		is_v6 = get16(event.bytes + 12) == 0x86dd;
		icmp = is_v6 ? 54 : 34;
		cr_assert_eq(event.out_if, 0);
		cr_assert_arr_eq(event.bytes, gateway_mac().octets, 6);
		cr_assert_arr_eq(event.bytes + 6, router_mac(0).octets, 6);
		cr_assert(event.bytes[icmp] == (is_v6 ? 3 : 11) && event.bytes[icmp + 1] == 1);
		tcp_build(whole, is_v6);
		fragment_build(frame, whole, 0, 64, 1);
		cr_assert_eq(event.len, icmp + 8 + frame->pkt.len - 14);
		cr_assert_arr_eq(event.bytes + icmp + 8, frame->bytes + 14, frame->pkt.len - 14,
				 "the fragment as it came");
		cr_assert(is_v6 || naive_sum(event.bytes + icmp, event.len - icmp) == 0);
		told |= 1u << is_v6;
	}
	cr_assert_eq(told, 3);
	cr_assert_eq(world->r.fragments->all.datagrams, 0);
	frame_free(frame);
	frame_free(whole);
	world_free(world);
}

Test(net_pieces, pieces_for_an_unknown_next_hop_wait_for_it)
{
	struct world *world = twin_new(1500);
	struct frame *whole = frame_new(), *frame = frame_new();
	struct router_event event;
	uint16_t holds[4];
	unsigned count = 0, released = 0;

	udp_build(whole, IP(198, 51, 100, 50), 4000);
	for (unsigned i = 0; i < 3; i++) {
		fragment_build(frame, whole, i * 1480, i < 2 ? (i + 1) * 1480 : 4008, 9);
		world_input(world, 1, frame);
	}
	cr_assert(world->out.reason == REASON_NONE && world->out.out_if == 0);
	while (event_next(&world->r, &event))
		if (event.kind == EVENT_HOLD_PIECE)
			holds[count++] = event.hold;
	cr_assert_eq(count, 3);
	frame_build_arp(frame, false, peer_mac(9), router_mac(0), IP(198, 51, 100, 50), UPLINK_IP);
	world_input(world, 0, frame);
	while (event_next(&world->r, &event)) {
		cr_assert(event.kind == EVENT_RELEASE && event.hold == holds[released++]);
		cr_assert(mac_equal(event.mac, peer_mac(9)));
	}
	cr_assert_eq(released, 3);
	/* more than may wait: none of what is left */
	udp_build(whole, IP(198, 51, 100, 51), 9000);
	for (uint32_t at = 0; at < 9008; at += 1480) {
		fragment_build(frame, whole, at, at + 1480 < 9008 ? at + 1480 : 9008, 10);
		world_input(world, 1, frame);
	}
	for (count = 0; event_next(&world->r, &event);)
		count += event.kind == EVENT_HOLD_PIECE;
	cr_assert_eq(count, NEIGHBOUR_HOLD_PER_ENTRY);
	cr_assert_eq(world->r.reasons[REASON_HOLD_FULL], 1);
	frame_free(frame);
	frame_free(whole);
	world_free(world);
}

/* --- path MTU through translation --- */
Test(net_pieces, too_big_from_outside_about_a_translated_fragment_reaches_its_sender)
{
	struct world *world = twin_new(1500);
	struct frame *whole = frame_new(), *frame = frame_new();
	struct spec6 error = {.mac_src = gateway_mac(),
			      .mac_dst = router_mac(0),
			      .src = address("2001:db8:fff::1"),
			      .dst = address("2001:db8:100::10"),
			      .hops = 60,
			      .proto = IP_PROTO_ICMP6,
			      .flags = ICMP6_TOO_BIG};
	struct spec6 s = {.mac_src = peer_mac(1),
			  .mac_dst = router_mac(1),
			  .src = address("2001:db8:1::2"),
			  .dst = address("2001:db8:ffff::77"),
			  .hops = 64,
			  .proto = IP_PROTO_UDP,
			  .sport = 4000,
			  .dport = 53,
			  .payload_len = 2000};
	uint32_t ends[2] = {1448, 2008};
	uint8_t body[1004] = {0, 0, 1280 >> 8, 1280 & 255};
	struct outcome o;
	uint64_t state = 9;

	frame6_build(whole, &s);
	o = fragments_send(world, 1, whole, &state, ends, 2, 0xabcd);
	cr_assert_eq(o.verdict, VERDICT_PIECES);
	memcpy(body + 4, o.frames[0].bytes + 14, 1000);
	outcome_free(&o);
	frame6_build_icmp(frame, &error, body, sizeof(body));
	cr_assert_eq(world_input(world, 0, frame), VERDICT_FORWARD, "%s", reason_get_name(world->out.reason));
	cr_assert_eq(world->out.out_if, 1);
	cr_assert_eq(get32(frame->bytes + 58), 1280);
	cr_assert_arr_eq(frame->bytes + 38, address("2001:db8:1::2").octets, 16);
	cr_assert_arr_eq(frame->bytes + 62 + 8, address("2001:db8:1::2").octets, 16, "what it sent");
	cr_assert(frame->bytes[62 + 6] == 44 && get16(frame->bytes + 62 + 48) == 4000);
	/* about a later fragment, which has no ports, nobody can say whose it is */
	put16(body + 4 + 42, 1448 + 1);
	frame6_build_icmp(frame, &error, body, sizeof(body));
	cr_assert_eq(world_input(world, 0, frame), VERDICT_DROP);
	frame_free(frame);
	frame_free(whole);
	world_free(world);
}
