/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP as seen from the middle. The invariant: for each side, acked <= end in sequence order, and no
 * segment has passed that begins beyond max_end or acknowledges what was never sent.
 *
 * The four bounds are van Rooij's: data not beyond the receiver's window, not wholly older than a
 * window before what was sent; acknowledgements not of what was never sent, not older than a
 * window. They are as loose as a bystander has to be, who may see retransmissions that an end has
 * not seen.
 *
 * A simultaneous open (RFC 793 section 3.4) is refused: it needs both ends to be openers.
 */
#include "tcp.h"

#define ACK_WINDOW_MIN 66000u

/* a is before b, in sequence space. */
static bool seq_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static uint32_t seq_max(uint32_t a, uint32_t b)
{
	return seq_before(a, b) ? b : a;
}

/* Behind the last byte of the segment: SYN and FIN count one each. */
static uint32_t segment_get_end(const struct packet_info *info)
{
	uint32_t end = info->tcp_seq + info->payload_len;

	if (info->tcp_flags & TCP_SYN)
		end++;
	if (info->tcp_flags & TCP_FIN)
		end++;
	return end;
}

bool tcp_is_opening(const struct packet_info *info)
{
	return (info->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* What a SYN says of its sender. max_end: at least the SYN itself may be acknowledged. */
static void side_open(struct tcp_side *side, const struct packet_info *info)
{
	side->end = segment_get_end(info);
	side->acked = info->tcp_seq;
	side->max_end = info->tcp_seq + 1;
	side->max_window = info->tcp_window ? info->tcp_window : 1;
	side->has_scale = info->tcp_scale != TCP_SCALE_NONE;
	side->scale = side->has_scale ? info->tcp_scale : 0;
	side->has_fin = 0;
}

void tcp_track_open(struct tcp_track *track, const struct packet_info *info)
{
	*track = (struct tcp_track){.state = TCP_SYN_SENT};
	side_open(&track->side[0], info);
}

/* The opener's SYN once more, perhaps with another sequence number after a restart. */
static enum reason syn_again(struct tcp_track *track, const struct packet_info *info)
{
	if (track->state == TCP_SYN_SENT)
		side_open(&track->side[0], info);
	return REASON_NONE;
}

/* The other side speaks of an older connection; whatever else it says than this number is none of the opener's business. */
static bool is_of_older(const struct tcp_track *track, const struct packet_info *info)
{
	return (info->tcp_flags & (TCP_SYN | TCP_RST | TCP_FIN | TCP_ACK)) == TCP_ACK && info->payload_len == 0 &&
	       info->tcp_ack != track->side[0].end;
}

static enum reason older_take(struct tcp_track *track, const struct packet_info *info)
{
	track->older = 1;
	track->side[1].acked = info->tcp_ack;
	return REASON_NONE;
}

/* A RST of the opener, which is exact: it gives up, when nothing was acknowledged yet, or ends the older connection. */
static enum reason opener_reset_take(struct tcp_track *track, const struct packet_info *info)
{
	if (!(info->tcp_flags & TCP_RST))
		return REASON_TCP_STATE;
	if (info->tcp_seq == track->side[0].end)
		track->state = TCP_CLOSED;
	else if (!track->older || info->tcp_seq != track->side[1].acked)
		return REASON_TCP_STATE;
	return REASON_NONE;
}

/* The answer to the SYN: SYN and ACK, or RST and ACK, of exactly what the SYN sent. */
static enum reason answer_take(struct tcp_track *track, const struct packet_info *info)
{
	struct tcp_side *opener = &track->side[0], *other = &track->side[1];
	uint8_t flags = info->tcp_flags & (TCP_SYN | TCP_RST | TCP_ACK);

	if (flags != (TCP_SYN | TCP_ACK) && flags != (TCP_RST | TCP_ACK))
		return REASON_TCP_STATE;
	if (seq_before(info->tcp_ack, opener->max_end) || seq_before(opener->end, info->tcp_ack))
		return REASON_TCP_WINDOW;
	if (flags & TCP_RST) {
		track->state = TCP_CLOSED;
		return REASON_NONE;
	}
	side_open(other, info);
	if (!opener->has_scale || !other->has_scale)
		opener->scale = other->scale = 0;
	opener->acked = info->tcp_ack;
	opener->max_end = seq_max(opener->end, info->tcp_ack + other->max_window);
	/*
	 * The opener's own window bounds what the other may send before anything is acknowledged.
	 */
	other->max_end = info->tcp_seq + 1 + opener->max_window;
	track->state = TCP_SYN_RECEIVED;
	return REASON_NONE;
}

static bool segment_in_window(const struct tcp_side *from, const struct tcp_side *to, const struct packet_info *info)
{
	uint32_t ack_window = from->max_window > ACK_WINDOW_MIN ? from->max_window : ACK_WINDOW_MIN;

	if (seq_before(from->max_end, info->tcp_seq) || seq_before(segment_get_end(info), from->end - to->max_window))
		return false;
	if (!(info->tcp_flags & TCP_ACK))
		return true;
	return !seq_before(to->end, info->tcp_ack) && !seq_before(info->tcp_ack, to->end - ack_window);
}

/* A RST inside the window. It ends the connection only when its receiver must believe it. */
static void reset_take(struct tcp_track *track, unsigned dir, const struct packet_info *info)
{
	const struct tcp_side *from = &track->side[dir];

	if (info->tcp_seq == from->acked || info->tcp_seq == from->end)
		track->state = TCP_CLOSED;
}

static void ends_take(struct tcp_track *track, unsigned dir, const struct packet_info *info)
{
	struct tcp_side *from = &track->side[dir], *to = &track->side[!dir];
	bool is_syn = info->tcp_flags & TCP_SYN; /* whose window is never scaled */
	uint32_t window = (uint32_t)info->tcp_window << (is_syn ? 0 : from->scale);
	uint32_t limit = info->tcp_ack + (window ? window : 1);

	from->end = seq_max(from->end, segment_get_end(info));
	if (info->tcp_flags & TCP_FIN)
		from->has_fin = 1;
	if (info->tcp_flags & TCP_ACK) {
		to->acked = seq_max(to->acked, info->tcp_ack);
		to->max_end = seq_max(to->max_end, limit);
		if (window > from->max_window)
			from->max_window = window;
	}
}

/*
 * States only go forward. @acked: of what the other side sent, before. A connection is established when the opener
 * has acknowledged the other's SYN, which only one who is there has seen.
 */
static void state_advance(struct tcp_track *track, uint32_t acked)
{
	const struct tcp_side *a = &track->side[0], *b = &track->side[1];
	uint8_t state = track->state;

	if (state == TCP_SYN_RECEIVED && b->acked == acked)
		return;
	if (a->has_fin && b->has_fin)
		state = a->acked == a->end && b->acked == b->end ? TCP_TIME_WAIT : TCP_LAST_ACK;
	else if (a->has_fin || b->has_fin)
		state = TCP_FIN_WAIT;
	else if (state == TCP_SYN_RECEIVED)
		state = TCP_ESTABLISHED;
	if (state > track->state)
		track->state = state;
}

/*
 * The segment is outside what @track, which is lenient, knows. False: it may pass, but teaches nothing; else the bounds are wide
 * enough for it now: its sender knows what it was sent and how much it may send.
 */
static bool lenient_widen(struct tcp_track *track, unsigned dir, const struct packet_info *info)
{
	struct tcp_side *from = &track->side[dir], *to = &track->side[!dir];

	if (!(track->lenient & TCP_LENIENT_BELIEVE(dir)) ||
	    (info->tcp_flags & (TCP_ACK | TCP_RST | TCP_SYN)) != TCP_ACK)
		return false;
	to->end = seq_max(to->end, info->tcp_ack);
	from->max_end = seq_max(from->max_end, info->tcp_seq + to->max_window);
	return true;
}

enum reason tcp_track_segment(struct tcp_track *track, unsigned dir, const struct packet_info *info)
{
	bool again = tcp_is_opening(info);
	uint32_t acked = track->side[1].acked;

	if (again)
		return dir == 0 ? syn_again(track, info) : REASON_TCP_STATE;
	if (track->state == TCP_SYN_SENT) {
		if (dir == 0)
			return opener_reset_take(track, info);
		return is_of_older(track, info) ? older_take(track, info) : answer_take(track, info);
	}
	if ((info->tcp_flags & TCP_SYN) && dir == 0)
		return REASON_TCP_STATE;
	if (!segment_in_window(&track->side[dir], &track->side[!dir], info)) {
		if (!track->lenient)
			return REASON_TCP_WINDOW;
		if (!lenient_widen(track, dir, info))
			return REASON_NONE;
	}
	if (info->tcp_flags & TCP_RST) {
		reset_take(track, dir, info);
		return REASON_NONE;
	}
	if (track->state == TCP_CLOSED)
		return REASON_NONE;
	ends_take(track, dir, info);
	state_advance(track, acked);
	return REASON_NONE;
}

bool tcp_track_in_flight(const struct tcp_track *track, unsigned dir, uint32_t seq)
{
	const struct tcp_side *from = &track->side[dir];

	if (dir == 1 && track->state == TCP_SYN_SENT)
		return false;
	return !seq_before(from->end, seq) && !seq_before(seq, from->acked - ACK_WINDOW_MIN);
}
