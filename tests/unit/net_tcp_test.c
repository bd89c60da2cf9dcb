// SPDX-License-Identifier: BSD-2-Clause
/* TCP seen from the middle: what passes, what does not, and when a connection is over. */
#include <criterion/criterion.h>

#include "net_support.h"

#define A 1000u       /* the opener's first sequence number */
#define B 0xfffffff0u /* the other's, about to wrap */

static struct packet_info segment(uint8_t flags, uint32_t seq, uint32_t ack, uint32_t payload_len)
{
	return (struct packet_info){.proto = IP_PROTO_TCP,
				    .tcp_flags = flags,
				    .tcp_seq = seq,
				    .tcp_ack = ack,
				    .tcp_window = 1000,
				    .tcp_scale = TCP_SCALE_NONE,
				    .payload_len = payload_len};
}

static enum reason take(struct tcp_track *track, unsigned dir, uint8_t flags, uint32_t seq, uint32_t ack, uint32_t len)
{
	struct packet_info info = segment(flags, seq, ack, len);

	return tcp_track_segment(track, dir, &info);
}

static struct tcp_track track_new(void)
{
	struct tcp_track track;
	struct packet_info syn = segment(TCP_SYN, A, 0, 0);

	tcp_track_open(&track, &syn);
	return track;
}

static struct tcp_track track_established(void)
{
	struct tcp_track track = track_new();

	cr_assert_eq(take(&track, 1, TCP_SYN | TCP_ACK, B, A + 1, 0), REASON_NONE);
	cr_assert_eq(track.state, TCP_SYN_RECEIVED);
	cr_assert_eq(take(&track, 0, TCP_ACK, A + 1, B + 1, 0), REASON_NONE);
	cr_assert_eq(track.state, TCP_ESTABLISHED);
	return track;
}

Test(net_tcp, only_a_syn_alone_opens)
{
	for (unsigned flags = 0; flags < 64; flags++) {
		struct packet_info info = segment((uint8_t)flags, A, 0, 0);

		cr_assert_eq(tcp_is_opening(&info), (flags & TCP_SYN) && !(flags & TCP_ACK));
	}
}

Test(net_tcp, a_connection_opens_speaks_and_closes_in_order)
{
	struct tcp_track track = track_established();

	cr_assert_eq(take(&track, 0, TCP_ACK, A + 1, B + 1, 500), REASON_NONE);
	cr_assert_eq(take(&track, 1, TCP_ACK, B + 1, A + 501, 800), REASON_NONE);
	cr_assert_eq(take(&track, 0, TCP_ACK | TCP_FIN, A + 501, B + 801, 0), REASON_NONE);
	cr_assert_eq(track.state, TCP_FIN_WAIT);
	cr_assert_eq(take(&track, 1, TCP_ACK, B + 801, A + 502, 100), REASON_NONE);
	cr_assert_eq(track.state, TCP_FIN_WAIT);
	cr_assert_eq(take(&track, 1, TCP_ACK | TCP_FIN, B + 901, A + 502, 0), REASON_NONE);
	cr_assert_eq(track.state, TCP_LAST_ACK);
	cr_assert_eq(take(&track, 0, TCP_ACK, A + 502, B + 902, 0), REASON_NONE);
	cr_assert_eq(track.state, TCP_TIME_WAIT);
}

Test(net_tcp, both_ends_may_close_at_once)
{
	struct tcp_track track = track_established();

	cr_assert_eq(take(&track, 0, TCP_ACK | TCP_FIN, A + 1, B + 1, 0), REASON_NONE);
	cr_assert_eq(take(&track, 1, TCP_ACK | TCP_FIN, B + 1, A + 1, 0), REASON_NONE);
	cr_assert_eq(track.state, TCP_LAST_ACK);
	cr_assert_eq(take(&track, 0, TCP_ACK, A + 2, B + 2, 0), REASON_NONE);
	cr_assert_eq(track.state, TCP_LAST_ACK);
	cr_assert_eq(take(&track, 1, TCP_ACK, B + 2, A + 2, 0), REASON_NONE);
	cr_assert_eq(track.state, TCP_TIME_WAIT);
}

Test(net_tcp, an_answer_must_acknowledge_exactly_the_syn)
{
	struct tcp_track track = track_new();

	cr_expect_eq(take(&track, 1, TCP_SYN | TCP_ACK, B, A, 0), REASON_TCP_WINDOW);
	cr_expect_eq(take(&track, 1, TCP_SYN | TCP_ACK, B, A + 2, 0), REASON_TCP_WINDOW);
	cr_expect_eq(take(&track, 1, TCP_RST | TCP_ACK, 0, A + 5, 0), REASON_TCP_WINDOW);
	cr_expect_eq(take(&track, 1, TCP_ACK, B, A + 1, 0), REASON_TCP_STATE);
	cr_expect_eq(take(&track, 1, TCP_RST, B, 0, 0), REASON_TCP_STATE);
	cr_expect_eq(take(&track, 1, TCP_SYN, B, 0, 0), REASON_TCP_STATE);
	cr_expect_eq(take(&track, 0, TCP_ACK, A + 1, B + 1, 0), REASON_TCP_STATE);
	cr_expect_eq(track.state, TCP_SYN_SENT);
	cr_expect_eq(take(&track, 1, TCP_RST | TCP_ACK, 0, A + 1, 0), REASON_NONE);
	cr_expect_eq(track.state, TCP_CLOSED);
}

/* The other end was never told that the last connection between these ports is over; RFC 793, figure 10. */
Test(net_tcp, half_of_an_older_connection_is_ended_by_the_opener_and_the_new_one_opens)
{
	struct tcp_track track = track_new();
	const uint32_t old = 777777;

	cr_expect_eq(take(&track, 0, TCP_RST, old, 0, 0), REASON_TCP_STATE, "nobody has spoken of that");
	cr_assert_eq(take(&track, 1, TCP_ACK, B - 5000, old, 0), REASON_NONE);
	cr_expect_eq(take(&track, 1, TCP_ACK, B - 5000, old, 1), REASON_TCP_STATE, "data reach nobody");
	cr_expect_eq(take(&track, 1, TCP_ACK | TCP_FIN, B - 5000, old, 0), REASON_TCP_STATE);
	cr_expect_eq(take(&track, 0, TCP_RST, old + 1, 0, 0), REASON_TCP_STATE);
	cr_expect_eq(take(&track, 0, TCP_ACK, old, B - 5000, 0), REASON_TCP_STATE);
	cr_assert_eq(take(&track, 0, TCP_RST, old, 0, 0), REASON_NONE);
	cr_assert_eq(track.state, TCP_SYN_SENT);
	cr_assert_eq(take(&track, 0, TCP_SYN, A, 0, 0), REASON_NONE);
	cr_assert_eq(take(&track, 1, TCP_SYN | TCP_ACK, B, A + 1, 0), REASON_NONE);
	cr_assert_eq(take(&track, 0, TCP_ACK, A + 1, B + 1, 0), REASON_NONE);
	cr_assert_eq(track.state, TCP_ESTABLISHED);
	cr_assert_eq(take(&track, 1, TCP_ACK, B + 1, A + 1, 100), REASON_NONE);
}

Test(net_tcp, a_repeated_syn_passes_and_a_new_one_counts)
{
	struct tcp_track track = track_new();

	cr_assert_eq(take(&track, 0, TCP_SYN, A, 0, 0), REASON_NONE);
	cr_assert_eq(take(&track, 0, TCP_SYN, A + 7000, 0, 0), REASON_NONE);
	cr_assert_eq(take(&track, 1, TCP_SYN | TCP_ACK, B, A + 1, 0), REASON_TCP_WINDOW);
	cr_assert_eq(take(&track, 1, TCP_SYN | TCP_ACK, B, A + 7001, 0), REASON_NONE);
	cr_assert_eq(take(&track, 1, TCP_SYN | TCP_ACK, B, A + 7001, 0), REASON_NONE);
	cr_assert_eq(track.state, TCP_SYN_RECEIVED);
}

Test(net_tcp, data_beyond_the_window_and_acks_of_the_unsent_are_dropped)
{
	struct tcp_track track = track_established();

	cr_expect_eq(take(&track, 0, TCP_ACK, A + 1 + 1001, B + 1, 10), REASON_TCP_WINDOW);
	cr_expect_eq(take(&track, 0, TCP_ACK, A + 1, B + 2, 0), REASON_TCP_WINDOW);
	cr_expect_eq(take(&track, 0, TCP_ACK, A + 1 - 1100, B + 1, 10), REASON_TCP_WINDOW);
	cr_expect_eq(take(&track, 0, TCP_ACK, A + 1, B - 70000, 10), REASON_TCP_WINDOW);
	cr_expect_eq(take(&track, 1, TCP_ACK, B + 1 + 1001, A + 1, 10), REASON_TCP_WINDOW);
	cr_expect_eq(take(&track, 0, TCP_ACK, A, B + 1, 0), REASON_NONE, "a keep-alive probe");
	cr_expect_eq(take(&track, 0, TCP_ACK, A + 1001, B + 1, 0), REASON_NONE);
}

Test(net_tcp, a_window_is_scaled_only_when_both_ends_offer_it)
{
	for (int both = 0; both < 2; both++) {
		struct packet_info syn = segment(TCP_SYN, A, 0, 0), answer = segment(TCP_SYN | TCP_ACK, B, A + 1, 0);
		struct tcp_track track;

		syn.tcp_scale = 7;
		answer.tcp_scale = both ? 4 : TCP_SCALE_NONE;
		tcp_track_open(&track, &syn);
		cr_assert_eq(tcp_track_segment(&track, 1, &answer), REASON_NONE);
		cr_assert_eq(take(&track, 0, TCP_ACK, A + 1, B + 1, 0), REASON_NONE);
		cr_expect_eq(take(&track, 1, TCP_ACK, B + 1 + 100000, A + 1, 10),
			     both ? REASON_NONE : REASON_TCP_WINDOW);
		cr_expect_eq(take(&track, 1, TCP_ACK, B + 1 + 128001 + 10, A + 1, 10), REASON_TCP_WINDOW);
	}
}

Test(net_tcp, the_window_of_a_repeated_syn_answer_is_not_scaled)
{
	struct packet_info syn = segment(TCP_SYN, A, 0, 0), answer = segment(TCP_SYN | TCP_ACK, B, A + 1, 0);
	struct tcp_track track;

	syn.tcp_scale = answer.tcp_scale = 4;
	tcp_track_open(&track, &syn);
	cr_assert_eq(tcp_track_segment(&track, 1, &answer), REASON_NONE);
	cr_assert_eq(tcp_track_segment(&track, 1, &answer), REASON_NONE);
	cr_assert_eq(take(&track, 0, TCP_ACK, A + 1 + 1001, B + 1, 10), REASON_TCP_WINDOW);
}

Test(net_tcp, a_reset_closes_only_when_its_receiver_must_believe_it)
{
	struct tcp_track track = track_established();

	cr_assert_eq(take(&track, 1, TCP_RST, B + 1 + 5000, 0, 0), REASON_TCP_WINDOW);
	cr_assert_eq(track.state, TCP_ESTABLISHED);
	cr_assert_eq(take(&track, 1, TCP_RST, B + 1 + 500, 0, 0), REASON_NONE);
	cr_assert_eq(track.state, TCP_ESTABLISHED);
	cr_assert_eq(take(&track, 1, TCP_RST, B + 1, 0, 0), REASON_NONE);
	cr_assert_eq(track.state, TCP_CLOSED);
	cr_assert_eq(take(&track, 0, TCP_ACK, A + 1, B + 1, 10), REASON_NONE);
	cr_assert_eq(track.state, TCP_CLOSED);
}

Test(net_tcp, a_syn_within_a_living_connection_changes_nothing)
{
	struct tcp_track track = track_established(), before = track;

	cr_assert_eq(take(&track, 0, TCP_SYN, A + 99999, 0, 0), REASON_NONE);
	cr_assert_eq(take(&track, 1, TCP_SYN, B + 1, 0, 0), REASON_TCP_STATE);
	cr_assert_eq(take(&track, 0, TCP_SYN | TCP_ACK, A + 1, B + 1, 0), REASON_TCP_STATE);
	cr_assert_arr_eq(&track, &before, sizeof(track));
}

Test(net_tcp, only_what_may_be_in_flight_can_be_quoted)
{
	struct tcp_track track = track_established();

	cr_assert_eq(take(&track, 0, TCP_ACK, A + 1, B + 1, 500), REASON_NONE);
	cr_assert(tcp_track_in_flight(&track, 0, A + 1));
	cr_assert(tcp_track_in_flight(&track, 0, A + 501));
	cr_assert_not(tcp_track_in_flight(&track, 0, A + 502));
	cr_assert_not(tcp_track_in_flight(&track, 0, A - 70000));
	track = track_new();
	cr_assert_not(tcp_track_in_flight(&track, 1, 0));
}

/*
 * Two honest ends exchange random data under each other's windows, with losses behind the router;
 * nothing that they send may be dropped.
 */
Test(net_tcp, two_honest_ends_never_lose_a_segment_to_the_window)
{
	uint64_t state = 99;

	for (int round = 0; round < 200; round++) {
		struct tcp_track track = track_established();
		/*
		 * Of what side d sent: the end of it, what arrived in order, what d knows to have
		 * arrived.
		 */
		uint32_t sent[2] = {A + 1, B + 1}, got[2] = {A + 1, B + 1}, known[2] = {A + 1, B + 1};

		for (int step = 0; step < 200; step++) {
			unsigned dir = dice(&state) % 2;
			uint32_t from = dice(&state) % 4 ? sent[dir] : known[dir];
			uint32_t room = known[dir] + 1000 - from, len = (uint32_t)dice(&state) % 400;

			if (len > room)
				len = room;
			cr_assert_eq(take(&track, dir, TCP_ACK, from, got[!dir], len), REASON_NONE);
			known[!dir] = got[!dir];
			if ((int32_t)(from + len - sent[dir]) > 0)
				sent[dir] = from + len;
			if (dice(&state) % 3 && (int32_t)(from - got[dir]) <= 0 && (int32_t)(from + len - got[dir]) > 0)
				got[dir] = from + len;
		}
	}
}
