// SPDX-License-Identifier: BSD-2-Clause
#include "net_pieces.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_bytes.h"

struct world *twin_new(uint16_t mtu)
{
	struct world *world = world_new("from net to router { publish udp 53, tcp 80 to two  allow icmp }\n"
					"from net to two { allow udp, tcp, icmp }\n"
					"from inner to router { allow icmp }\n"
					"from two to one { reject any }\n"
					"from one to two { allow any }\n"
					"from inner to net { nat any }\n",
					512);
	struct mac mac;
	uint16_t hold;

	neighbour_resolve(&world->r.neighbours, 0, address("2001:db8:100::1"), true, world->now, &mac, &hold);
	cr_assert(
		neighbour_learn(&world->r.neighbours, 0, address("2001:db8:100::1"), gateway_mac(), true, world->now));
	for (unsigned i = 0; i < 3; i++)
		world->r.iface[i].mtu = mtu;
	return world;
}

static void outcome_add(struct outcome *o, uint8_t out_if, const uint8_t *bytes, uint32_t len)
{
	cr_assert(o->count < PIECES_MAX);
	o->frames[o->count].bytes = malloc(len);
	memcpy(o->frames[o->count].bytes, bytes, len);
	o->frames[o->count++].len = len;
	o->out_if = out_if;
}

void outcome_free(struct outcome *o)
{
	while (o->count > 0)
		free(o->frames[--o->count].bytes);
}

struct outcome outcome_of(struct world *world, unsigned in_if, struct frame *frame)
{
	struct outcome o = {.verdict = world_input(world, in_if, frame)};
	struct router_event event;

	o.reason = world->out.reason;
	if (o.verdict == VERDICT_FORWARD || o.verdict == VERDICT_REPLY)
		outcome_add(&o, world->out.out_if, frame->bytes, frame->pkt.len);
	while (event_next(&world->r, &event))
		if (event.kind == EVENT_PIECE)
			outcome_add(&o, event.out_if, event.bytes, event.len);
	if (o.verdict == VERDICT_PIECES)
		cr_assert_eq(o.out_if, world->out.out_if);
	return o;
}

void fragment_build(struct frame *frame, const struct frame *whole, uint32_t from, uint32_t to, uint32_t id)
{
	bool v6 = get16(whole->bytes + 12) == 0x86dd;
	uint32_t head = v6 ? 54 : 34, total = whole->pkt.len - head, at = v6 ? 62 : 34;
	uint8_t *ip = frame->bytes + 14;

	memcpy(frame->bytes, whole->bytes, head);
	memcpy(frame->bytes + at, whole->bytes + head + from, to - from);
	if (v6) {
		put16(ip + 4, 8 + to - from);
		ip[40] = ip[6];
		ip[6] = 44;
		ip[41] = 0;
		put16(ip + 42, from + (to < total));
		put32(ip + 44, id);
	} else {
		put16(ip + 2, 20 + to - from);
		put16(ip + 4, id);
		put16(ip + 6, from / 8 + (to < total ? 0x2000u : 0));
		put16(ip + 10, 0);
		put16(ip + 10, 65535u - naive_sum(ip, 20));
	}
	frame->pkt = (struct packet){
		.data = frame->bytes, .len = at + to - from, .head_len = at + to - from, .capacity = FRAME_ROOM};
}

void outcome_join(const struct outcome *o, struct frame *whole, uint32_t *ends, uint32_t id)
{
	const uint8_t *first = o->frames[0].bytes;
	bool v6 = get16(first + 12) == 0x86dd;
	uint32_t head = v6 ? 54 : 34, at = v6 ? 62 : 34, done = 0;
	uint8_t *ip = whole->bytes + 14;

	memcpy(whole->bytes, first, head);
	for (uint32_t i = 0; i < o->count; i++) {
		const uint8_t *bytes = o->frames[i].bytes, *f = bytes + 14;
		uint32_t len = o->frames[i].len - at, flags = v6 ? get16(f + 42) : get16(f + 6);

		cr_assert_arr_eq(bytes, first, 14);
		cr_assert_eq(v6 ? flags & 0xfff8u : (flags & 0x1fff) * 8, done);
		cr_assert_eq((v6 ? flags & 1u : flags >> 13 & 1) != 0, i + 1 < o->count, "more");
		cr_assert_eq(v6 ? get32(f + 44) : get16(f + 4), id);
		cr_assert_eq(v6 ? 40 + get16(f + 4) : get16(f + 2), o->frames[i].len - 14);
		cr_assert(v6 ? f[6] == 44 && f[41] == 0 : naive_sum(f, 20) == 0);
		memcpy(whole->bytes + head + done, bytes + at, len);
		done += len;
		ends[i] = done;
	}
	if (v6) {
		ip[6] = first[14 + 40];
		put16(ip + 4, done);
	} else {
		put16(ip + 2, 20 + done);
		put16(ip + 6, get16(ip + 6) & 0x4000u);
		put16(ip + 10, 0);
		put16(ip + 10, 65535u - naive_sum(ip, 20));
	}
	whole->pkt = (struct packet){.data = whole->bytes, .len = head + done, .head_len = head + done};
}

void dont_clear(struct frame *frame)
{
	uint8_t *ip = frame->bytes + 14;

	put16(ip + 6, 0);
	put16(ip + 10, 0);
	put16(ip + 10, 65535u - naive_sum(ip, 20));
}

unsigned datagram_roll(struct frame *frame, uint64_t *state)
{
	static const uint8_t protos[] = {IP_PROTO_UDP, IP_PROTO_ICMP, IP_PROTO_TCP};
	uint8_t proto = protos[dice(state) % 3];
	uint16_t sport = (uint16_t)(2000 + dice(state) % 6), dport = dice(state) % 2 ? 53 : 80;
	unsigned way = (unsigned)(dice(state) % 5);
	uint32_t payload = 40 + (uint32_t)(dice(state) % (dice(state) % 4 ? 3000 : 60000));
	bool out = way < 2;

	if (dice(state) % 2) {
		uint32_t to = way == 0 ? FAR_IP : way == 1 ? TWO_IP : UPLINK_IP;
		struct spec s = out ? spec_from_inner(1, proto, to, sport, dport)
				    : spec_from_outside(proto, FAR_IP, to, sport, dport);

		s.payload_len = payload;
		s.no_csum = proto == IP_PROTO_UDP && dice(state) % 4 == 0;
		frame_build(frame, &s);
		dont_clear(frame);
	} else {
		struct spec6 s = {.mac_src = out ? peer_mac(1) : gateway_mac(),
				  .mac_dst = router_mac(out),
				  .src = address(out ? "2001:db8:1::2" : "2001:db8:ffff::77"),
				  .dst = address(way == 0   ? "2001:db8:ffff::77"
						 : way == 1 ? "2001:db8:2::2"
						 : way == 2 ? "2001:db8:2::2"
							    : "2001:db8:100::10"),
				  .hops = 64,
				  .proto = proto == IP_PROTO_ICMP ? IP_PROTO_ICMP6 : proto,
				  .sport = sport,
				  .dport = dport,
				  .flags = proto == IP_PROTO_TCP ? TCP_SYN : ICMP6_ECHO_REQUEST,
				  .window = 60000,
				  .payload_len = payload};

		frame6_build(frame, &s);
	}
	return out ? 1 : 0;
}

uint32_t cuts_roll(uint64_t *state, uint32_t total, uint32_t *ends)
{
	uint32_t count = 0, at = 24 + (uint32_t)(dice(state) % 100) * 8;

	if (at >= total)
		at = 24;
	for (; at < total; at += (total > 5000 ? 600 : 8) + (uint32_t)(dice(state) % 100) * 8)
		ends[count++] = at;
	ends[count++] = total;
	return count;
}

struct outcome fragments_send(struct world *world, unsigned in_if, const struct frame *whole, uint64_t *state,
			      const uint32_t *ends, uint32_t count, uint32_t id)
{
	struct frame *frame = frame_new();
	uint32_t order[PIECES_MAX];
	struct outcome o = {.verdict = VERDICT_CONSUMED};

	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	for (uint32_t i = count; i > 1; i--) {
		uint32_t k = (uint32_t)(dice(state) % i), swap = order[i - 1];

		order[i - 1] = order[k];
		order[k] = swap;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t from = order[i] ? ends[order[i] - 1] : 0;

		fragment_build(frame, whole, from, ends[order[i]], id);
		o = outcome_of(world, in_if, frame);
		if (i + 1 == count)
			break;
		cr_assert_eq(o.reason, REASON_FRAGMENT_WAITS, "%s", reason_get_name(o.reason));
		cr_assert(o.verdict == VERDICT_CONSUMED && o.count == 0);
		if (dice(state) % 4)
			continue;
		fragment_build(frame, whole, from, ends[order[i]], id);
		cr_assert_eq(outcome_of(world, in_if, frame).reason, REASON_FRAGMENT_DUPLICATE);
	}
	frame_free(frame);
	return o;
}

void udp_build(struct frame *frame, uint32_t to, uint32_t payload)
{
	struct spec s = spec_from_inner(1, IP_PROTO_UDP, to, 4000, 53);

	s.payload_len = payload;
	frame_build(frame, &s);
	dont_clear(frame);
}

void tcp_build(struct frame *frame, bool v6)
{
	struct spec s = spec_from_outside(IP_PROTO_TCP, FAR_IP, UPLINK_IP, 5000, 80);
	struct spec6 s6 = {.mac_src = gateway_mac(),
			   .mac_dst = router_mac(0),
			   .src = address("2001:db8:ffff::77"),
			   .dst = address("2001:db8:2::2"),
			   .hops = 64,
			   .proto = IP_PROTO_TCP,
			   .sport = 5000,
			   .dport = 80,
			   .flags = TCP_SYN,
			   .payload_len = 100};

	s.payload_len = 100;
	if (v6)
		frame6_build(frame, &s6);
	else
		frame_build(frame, &s);
}

enum reason piece_send(struct world *world, unsigned in_if, const struct frame *whole, uint32_t from, uint32_t to,
		       uint32_t id)
{
	struct frame *frame = frame_new();
	struct outcome o;

	fragment_build(frame, whole, from, to, id);
	o = outcome_of(world, in_if, frame);
	outcome_free(&o);
	frame_free(frame);
	return o.reason;
}
