/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Joining and cutting. The invariant: pieces are made in place, in order, each one's headers over the end of the data before
 * it, which have been handed out already; so no byte of data is copied, and none is overwritten that is still to go.
 */
#include "pieces.h"

#include <string.h>

#include <base/bits.h>
#include <base/check.h>

enum {
	IPV4_DONT_FRAGMENT = 0x4000,
	IPV4_MORE = 0x2000,
	ECN_CONGESTED = 3,
};

_Static_assert(IPV4_HEADER_LEN + 65535u <= IPV6_HEADER_LEN + 65535u, "the room is for either family");

static uint8_t *ip_of(struct pieces *ps)
{
	return ps->pkt.data + ETH_HEADER_LEN;
}

/* The whole has @len bytes from the Ethernet header on. */
static void packet_set(struct pieces *ps, uint32_t len)
{
	ps->pkt = (struct packet){
		.data = ps->room + PIECES_FRAGMENT_HEADER_LEN, .len = len, .head_len = len, .capacity = PACKET_LEN_MAX};
	ps->at = ps->total = 0;
}

static void ipv4_sum(uint8_t *ip)
{
	be16_put(ip + 10, 0);
	be16_put(ip + 10, (uint16_t)~checksum_fold(checksum_add(0, ip, IPV4_HEADER_LEN)));
}

/* What a piece has in front of its data, from the IP header on. */
static uint32_t piece_head_len(const struct pieces *ps)
{
	return ps->header_len - ETH_HEADER_LEN + (ps->pointer_at ? PIECES_FRAGMENT_HEADER_LEN : 0);
}

static uint32_t largest_find(const struct pieces *ps, uint32_t count)
{
	uint32_t largest = 0, from = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (ps->ends[i] - from > largest)
			largest = ps->ends[i] - from;
		from = ps->ends[i];
	}
	return piece_head_len(ps) + largest;
}

/* The first fragment's header becomes the whole packet's, for @len bytes of data. */
static void header_make_whole(struct pieces *ps, const uint8_t *head, uint32_t len, bool dont_fragment, bool congested)
{
	uint32_t kept = ps->header_len - ETH_HEADER_LEN;
	uint8_t *ip = ip_of(ps);

	memcpy(ip, head, kept);
	if (ps->pointer_at) {
		be16_put(ip + 4, (uint16_t)(kept - IPV6_HEADER_LEN + len));
		ip[1] |= (uint8_t)(congested ? ECN_CONGESTED << 4 : 0);
		ps->pkt.data[ps->pointer_at] = head[kept];
		return;
	}
	be16_put(ip + 2, (uint16_t)(kept + len));
	be16_put(ip + 6, dont_fragment ? IPV4_DONT_FRAGMENT : 0);
	ip[1] |= (uint8_t)(congested ? ECN_CONGESTED : 0);
	ipv4_sum(ip);
}

void pieces_join(struct pieces *ps, struct fragment_table *t, uint16_t index, const uint8_t *eth)
{
	struct fragment_datagram d = t->datagrams[index];
	uint8_t head[FRAGMENT_HEAD_MAX];
	uint32_t kept = d.head_len - (d.pointer_at ? PIECES_FRAGMENT_HEADER_LEN : 0u), len;

	packet_set(ps, 0);
	ps->header_len = ETH_HEADER_LEN + kept;
	ps->pointer_at = d.pointer_at ? (uint16_t)(ETH_HEADER_LEN + d.pointer_at) : 0;
	ps->id = d.key.id;
	len = fragment_take(t, index, head, ps->pkt.data + ps->header_len, ps->ends);
	CHECK(len == d.total);
	ps->largest = largest_find(ps, d.part_count);
	memcpy(ps->pkt.data, eth, ETH_HEADER_LEN);
	header_make_whole(ps, head, len, d.dont_fragment, d.ecn_seen >> ECN_CONGESTED & 1);
	packet_set(ps, ps->header_len + len);
}

void pieces_join_first(struct pieces *ps, struct fragment_table *t, uint16_t index, const uint8_t *eth)
{
	uint32_t head_len = t->datagrams[index].head_len;

	packet_set(ps, 0);
	fragment_take(t, index, ip_of(ps), ip_of(ps) + head_len, ps->ends);
	memcpy(ps->pkt.data, eth, ETH_HEADER_LEN);
	packet_set(ps, ETH_HEADER_LEN + head_len + ps->ends[0]);
}

void pieces_copy(struct pieces *ps, const struct packet *pkt)
{
	CHECK(pkt->head_len == pkt->len && pkt->len <= PACKET_LEN_MAX);
	packet_set(ps, pkt->len);
	memcpy(ps->pkt.data, pkt->data, pkt->len);
	ps->header_len = ETH_HEADER_LEN + IPV4_HEADER_LEN;
	ps->pointer_at = 0;
	ps->id = be16_get(ip_of(ps) + 4);
	ps->largest = UINT32_MAX;
	if (pkt->flags & PACKET_CSUM_BLANK) {
		uint8_t *field = ps->pkt.data + pkt->csum_start + pkt->csum_offset;
		uint16_t sum = checksum_fold(
			checksum_add(0, ps->pkt.data + pkt->csum_start, pkt->len - pkt->csum_start));

		be16_put(field, sum == 0xffff ? 0xffff : (uint16_t)~sum);
	}
}

static void cut_begin(struct pieces *ps, uint32_t step)
{
	ps->total = ps->pkt.len - ps->header_len;
	ps->step = step;
	ps->at = 0;
	ps->next = 0;
	memcpy(ps->header, ps->pkt.data, ps->header_len);
}

/* As much data as a piece can have but the last one. */
static uint32_t step_find(const struct pieces *ps, uint32_t mtu)
{
	return (mtu - piece_head_len(ps)) & ~7u;
}

void pieces_cut(struct pieces *ps, uint32_t mtu)
{
	cut_begin(ps, ps->largest > mtu ? step_find(ps, mtu) : 0);
}

void pieces_cut_answer(struct pieces *ps, uint32_t mtu)
{
	uint8_t *ip = ip_of(ps);
	bool is_v4 = ip[0] >> 4 == 4, fits = ps->pkt.len - ETH_HEADER_LEN <= mtu;

	ps->header_len = ETH_HEADER_LEN + (is_v4 ? IPV4_HEADER_LEN : IPV6_HEADER_LEN);
	ps->pointer_at = is_v4 ? 0 : ETH_HEADER_LEN + 6;
	if (is_v4 && !fits) {
		be16_put(ip + 4, (uint16_t)ps->id);
		be16_put(ip + 6, 0);
		ipv4_sum(ip);
	}
	cut_begin(ps, fits ? ps->pkt.len : step_find(ps, mtu));
}

/* The header that stands at @frame becomes that of the piece of the data @from .. @to. */
static void header_make_piece(const struct pieces *ps, uint8_t *frame, uint32_t from, uint32_t to)
{
	uint8_t *ip = frame + ETH_HEADER_LEN, *fragment = frame + ps->header_len;
	bool more = to < ps->total;
	uint32_t ip_len = piece_head_len(ps) + to - from;

	if (!ps->pointer_at) {
		be16_put(ip + 2, (uint16_t)ip_len);
		be16_put(ip + 6,
			 (uint16_t)((be16_get(ip + 6) & IPV4_DONT_FRAGMENT) | (more ? IPV4_MORE : 0) | from / 8));
		ipv4_sum(ip);
		return;
	}
	be16_put(ip + 4, (uint16_t)(ip_len - IPV6_HEADER_LEN));
	fragment[0] = frame[ps->pointer_at];
	fragment[1] = 0;
	be16_put(fragment + 2, (uint16_t)(from | more));
	be32_put(fragment + 4, ps->id);
	frame[ps->pointer_at] = NEXT_FRAGMENT;
}

uint8_t *pieces_next(struct pieces *ps, uint32_t *len)
{
	uint32_t from = ps->at, to = ps->step ? MIN(from + ps->step, ps->total) : ps->ends[ps->next++];
	bool is_whole = to - from == ps->total;
	uint32_t front = ps->header_len + (ps->pointer_at && !is_whole ? PIECES_FRAGMENT_HEADER_LEN : 0);
	uint8_t *frame = ps->pkt.data + ps->header_len + from - front;

	CHECK(from < to && to <= ps->total);
	memcpy(frame, ps->header, ps->header_len);
	if (!is_whole)
		header_make_piece(ps, frame, from, to);
	ps->at = to;
	*len = front + to - from;
	return frame;
}

void pieces_drop(struct pieces *ps)
{
	ps->at = ps->total = 0;
}
