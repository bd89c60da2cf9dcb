// SPDX-License-Identifier: BSD-2-Clause
/* Fragments that the router refuses, and for how long there is room for the others. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_bytes.h"
#include "net_pieces.h"

Test(net_pieces_refused, a_first_fragment_without_all_headers_is_refused_and_so_is_what_writes_over_them)
{
	struct frame *whole = frame_new();

	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct world *world = twin_new(1500);
		uint8_t *tcp = whole->bytes + (v6 ? 54 : 34);

		tcp_build(whole, v6);
		cr_expect_eq(piece_send(world, 0, whole, 0, 8, 1), REASON_FRAGMENT_TINY, "ports alone (RFC 1858)");
		cr_expect_eq(piece_send(world, 0, whole, 0, 16, 2), REASON_FRAGMENT_TINY, "without the flags' end");
		cr_expect_eq(piece_send(world, 0, whole, 8, 32, 3), REASON_FRAGMENT_TINY, "over the flags (RFC 3128)");
		cr_expect_eq(piece_send(world, 0, whole, 16, 32, 4), REASON_FRAGMENT_TINY);
		cr_assert_eq(world->r.fragments->all.datagrams, 0, "nothing is kept");
		cr_expect_eq(piece_send(world, 0, whole, 0, 24, 5), REASON_FRAGMENT_WAITS);
		cr_expect_eq(piece_send(world, 0, whole, 8, 32, 5), REASON_FRAGMENT_TINY);
		cr_expect_eq(piece_send(world, 0, whole, 24, 120, 5), REASON_FRAGMENT_REFUSED, "with its datagram");
		tcp[12] = 10 << 4;
		cr_expect_eq(piece_send(world, 0, whole, 0, 32, 6), REASON_FRAGMENT_TINY, "options beyond");
		cr_expect_eq(piece_send(world, 0, whole, 0, 40, 7), REASON_FRAGMENT_WAITS);
		world_free(world);
	}
	frame_free(whole);
}

Test(net_pieces_refused, an_overlap_of_any_kind_ends_the_datagram_whatever_comes_later)
{
	struct frame *whole = frame_new();
	static const uint32_t bad[][2] = {{0, 48}, {16, 48}, {24, 40}, {32, 64}, {40, 48}, {24, 120}, {104, 120}};

	for (unsigned v6 = 0; v6 < 2; v6++) {
		struct world *world = twin_new(1500);

		tcp_build(whole, v6);
		for (uint32_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			cr_assert_eq(piece_send(world, 0, whole, 0, 24, i), REASON_FRAGMENT_WAITS);
			cr_assert_eq(piece_send(world, 0, whole, 24, 48, i), REASON_FRAGMENT_WAITS);
			cr_assert_eq(piece_send(world, 0, whole, 96, 120, i), REASON_FRAGMENT_WAITS);
			/* 16 .. 48 falls earlier: it writes over the TCP header */
			cr_assert_eq(piece_send(world, 0, whole, bad[i][0], bad[i][1], i),
				     bad[i][0] == 16 ? REASON_FRAGMENT_TINY : REASON_FRAGMENT_OVERLAP, "%u", i);
			cr_assert_eq(piece_send(world, 0, whole, 48, 96, i), REASON_FRAGMENT_REFUSED);
		}
		cr_assert_eq(router_get_flow_count(&world->r), 0);
		cr_assert_eq(world->r.fragments->all.blocks, 0);
		world->now += 31 * SECOND;
		router_tick(&world->r, world->now);
		cr_assert_eq(world->r.fragments->all.datagrams, 0);
		cr_assert_eq(world->r.reasons[REASON_FRAGMENT_TIMEOUT], 0, "they were refused before");
		world_free(world);
	}
	frame_free(whole);
}

Test(net_pieces_refused, who_may_not_send_takes_no_room)
{
	struct world *world = twin_new(1500);
	struct frame *whole = frame_new();

	udp_build(whole, FAR_IP, 2000);
	put32(whole->bytes + 26, TWO_IP);
	cr_expect_eq(piece_send(world, 1, whole, 0, 1480, 1), REASON_IP_SPOOF);
	udp_build(whole, FAR_IP, 2000);
	whole->bytes[6] ^= 4;
	cr_expect_eq(piece_send(world, 1, whole, 0, 1480, 1), REASON_MAC_SPOOF);
	udp_build(whole, IP(10, 0, 1, 255), 2000);
	cr_expect_eq(piece_send(world, 1, whole, 0, 1480, 1), REASON_NOT_UNICAST);
	udp_build(whole, FAR_IP, 2000);
	cr_expect_eq(piece_send(world, 1, whole, 0, 1488, 1), REASON_FRAME_LONG);
	cr_expect_eq(piece_send(world, 1, whole, 0, 1476, 1), REASON_FRAGMENT_LENGTH);
	cr_expect_eq(piece_send(world, 1, whole, 800, 800, 1), REASON_FRAGMENT_LENGTH);
	cr_assert_eq(world->r.fragments->all.datagrams, 0);
	cr_assert_eq(piece_send(world, 1, whole, 0, 1480, 1), REASON_FRAGMENT_WAITS);
	router_iface_flush(&world->r, 1);
	cr_assert_eq(world->r.fragments->all.datagrams, 0, "nobody inherits them");
	frame_free(whole);
	world_free(world);
}

struct lent {
	unsigned count, back;
	bool refuse;
};

static void *lent_take(void *arg, size_t bytes)
{
	struct lent *lent = arg;

	lent->count++;
	return lent->refuse ? NULL : malloc(bytes);
}

static void lent_give(void *arg, void *memory, size_t bytes)
{
	struct lent *lent = arg;

	memset(memory, 0xa5, bytes);
	free(memory);
	lent->back++;
}

Test(net_pieces_refused, room_for_fragments_is_lent_from_the_first_until_none_came_for_a_minute)
{
	struct world *world = twin_new(1500);
	struct frame *whole = frame_new();
	struct lent lent = {.refuse = true};

	router_set_lender(&world->r, (struct router_lender){lent_take, lent_give, &lent});
	udp_build(whole, IP(10, 0, 1, 255), 2000);
	cr_expect_eq(piece_send(world, 1, whole, 0, 1480, 1), REASON_NOT_UNICAST);
	cr_assert_eq(lent.count, 0, "what would be dropped anyway takes none");
	udp_build(whole, FAR_IP, 2000);
	cr_assert_eq(piece_send(world, 1, whole, 0, 1480, 1), REASON_FRAGMENT_FULL);
	lent.refuse = false;
	for (unsigned round = 1; round <= 2; round++) {
		cr_assert_eq(piece_send(world, 1, whole, 0, 1480, 1), REASON_FRAGMENT_WAITS);
		cr_assert_eq(lent.count, 1 + round);
		router_tick(&world->r, world->now += 29 * SECOND);
		router_tick(&world->r, world->now += 2 * SECOND); /* its time is over */
		world_answer(world);
		router_tick(&world->r, world->now += 28 * SECOND);
		cr_assert_eq(world->r.fragments->all.datagrams, 0);
		cr_assert_eq(lent.back, round - 1);
		router_tick(&world->r, world->now += 2 * SECOND);
		cr_assert_eq(lent.back, round);
	}
	cr_assert_null(world->r.fragments->blocks);
	frame_free(whole);
	world_free(world);
}

Test(net_pieces_refused, neighbour_discovery_in_fragments_is_dropped)
{
	struct world *world = twin_new(1500);
	struct frame *whole = frame_new();
	uint8_t body[60] = {0};
	struct spec6 s = {.mac_src = gateway_mac(),
			  .mac_dst = router_mac(0),
			  .src = address("2001:db8:100::1"),
			  .dst = address("2001:db8:100::10"),
			  .hops = 255,
			  .proto = IP_PROTO_ICMP6,
			  .flags = ICMP6_NEIGHBOUR_SOLICITATION};

	memcpy(body + 4, address("2001:db8:100::10").octets, 16);
	body[20] = body[21] = 1; /* its MAC, and what nobody knows: a good solicitation, but for its fragments */
	memcpy(body + 22, gateway_mac().octets, 6);
	body[28] = 200;
	body[29] = 4;
	frame6_build_icmp(whole, &s, body, sizeof(body));
	cr_assert_eq(piece_send(world, 0, whole, 0, 32, 1), REASON_FRAGMENT_WAITS);
	cr_assert_eq(piece_send(world, 0, whole, 32, 64, 1), REASON_ND_INVALID);
	frame_free(whole);
	world_free(world);
}
