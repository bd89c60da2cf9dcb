/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fragments, any sequence of them, through a router: its table is counted again after each, and what leaves is read by a naive
 * reader: pieces of one datagram, one behind the other, of which the last alone says so.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <base/bits.h>
#include <net/core/router.h>
#include <tools/cambium/compile.h>

#include "tests/unit/net_fragment_recount.h"

#define STEP 8u /* bytes of input for each fragment */
#define FLOWS 64u
#define SECOND 1000000000ull

static const char text[] = "interface net = uplink 0 address 10.0.2.15/24 gateway 10.0.2.2\n"
			   "interface web = inner 1 address 10.1.1.1/24 peer 10.1.1.2\n"
			   "interface box = inner 2 address 10.1.2.1/24 peer 10.1.2.2\n"
			   "from any to any { allow any }\n";

static void *rules_make(size_t *len)
{
	struct report report = {.file = "rules", .text = text, .len = strlen(text)};
	struct policy *policy = policy_read(&report);
	void *table = policy_compile(policy, &report, len);

	policy_free(policy);
	return table;
}

static struct ip_addr host6(unsigned iface, uint8_t n)
{
	return (struct ip_addr){{0x20, 1, 0xd, 0xb8, 0, 0, 0, (uint8_t)iface, [15] = n}};
}

/* Once: the rules take longer than many fragments. */
static void router_make(struct router *r)
{
	static struct rules_stage stage;
	size_t len = router_get_memory_size(FLOWS), table_len;
	void *memory = malloc(len), *table = rules_make(&table_len);

	cr_assert(memory && table && router_init(r, memory, len, (struct router_seed){{1, 2}}));
	cr_assert(router_rules_set(r, &stage, table, table_len, NULL, NULL));
}

/* The interfaces anew, so that there is neither flow nor fragment. */
static void router_empty(struct router *r)
{
	static struct fragment_block blocks[FRAGMENT_BLOCK_COUNT];

	fragment_init(r->fragments, r->fragments->key);
	fragment_lend(r->fragments, blocks, 0);
	for (unsigned i = 1; i < 3; i++) {
		uint32_t net = 0x0a010000u | i << 8;
		struct iface_config config = {
			.kind = IFACE_INNER,
			.mac = {{2, 0, 0, 0, 1, (uint8_t)i}},
			.peer_mac = {{2, 0, 0, 0, 2, (uint8_t)i}},
			.v4 = {.addr = ip_addr_from_v4(net | 1), .peer = ip_addr_from_v4(net | 2), .prefix_len = 24},
			.v6 = {.addr = host6(i, 1), .peer = host6(i, 2), .prefix_len = 64},
			.mtu = i == 1 ? 1500 : 1280,
		};

		router_iface_clear(r, i);
		cr_assert(router_iface_set(r, i, &config));
	}
}

/* The fragment that eight bytes of input say, from interface 1 or 2 to the other's peer or to the router. */
static uint32_t frame_make(uint8_t *frame, const uint8_t *in, uint8_t in_if)
{
	bool v6 = in[0] & 1, more = in[0] & 4;
	uint8_t out_if = in[0] & 16 ? in_if : 3 - in_if, host = in[0] & 16 ? 1 : 2;
	uint8_t proto = in[6] & 1 ? IP_PROTO_TCP : in[6] & 2 ? IP_PROTO_UDP : v6 ? IP_PROTO_ICMP6 : IP_PROTO_ICMP;
	uint32_t offset = (in[2] | (in[6] & 0x80 ? (uint32_t)in[3] << 8 : 0u)) & 0x1fff, len = in[4] | (in[5] & 7u)
													       << 8;
	uint8_t *ip = frame + ETH_HEADER_LEN, *data = ip + (v6 ? 48 : 20);

	len = MIN(len, 1232u);
	memcpy(frame, (uint8_t[]){2, 0, 0, 0, 1, in_if, 2, 0, 0, 0, 2, in_if}, 12);
	be16_put(frame + 12, v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
	memset(ip, 0, 48);
	for (uint32_t i = 0; i < len; i++)
		data[i] = (uint8_t)(offset * 8 + i + (in[6] & 4));
	if (offset == 0 && len >= 20) {
		memset(data, 0, 20);
		data[0] = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO_REQUEST;
		data[1] = proto == IP_PROTO_TCP || proto == IP_PROTO_UDP ? 7 : 0;
		data[3] = 9;
		be16_put(data + (proto == IP_PROTO_UDP ? 4 : 14), (uint16_t)(in[7] * 8));
		data[12] = proto == IP_PROTO_TCP ? (in[7] & 15 ? 0x50 : 0x80) : data[12];
		data[13] = proto == IP_PROTO_TCP ? TCP_SYN : data[13];
	}
	if (v6) {
		struct ip_addr src = host6(in_if, 2), dst = host6(out_if, host);

		be32_put(ip, 6u << 28 | (uint32_t)(in[6] >> 4 & 3) << 20);
		be16_put(ip + 4, (uint16_t)(8 + len));
		ip[6] = NEXT_FRAGMENT;
		ip[7] = 64;
		memcpy(ip + 8, src.octets, 16);
		memcpy(ip + 24, dst.octets, 16);
		ip[40] = proto;
		be16_put(ip + 42, (uint16_t)(offset << 3 | more));
		ip[47] = in[1] & 3;
		return ETH_HEADER_LEN + 48 + len;
	}
	ip[0] = 0x45;
	ip[1] = in[6] >> 4 & 3;
	be16_put(ip + 2, (uint16_t)(20 + len));
	be16_put(ip + 4, in[1] & 3);
	be16_put(ip + 6, (uint16_t)(offset | (more ? 0x2000 : 0) | (in[0] & 32 ? 0x4000 : 0)));
	ip[8] = 64;
	ip[9] = proto;
	be32_put(ip + 12, 0x0a010002u | (uint32_t)in_if << 8);
	be32_put(ip + 16, 0x0a010000u | (uint32_t)out_if << 8 | host);
	be16_put(ip + 10, (uint16_t)~checksum_fold(checksum_add(0, ip, 20)));
	return ETH_HEADER_LEN + 20 + len;
}

/* One piece, of which @reach bytes of data went before; those with it, or 0 after the last. */
static uint32_t piece_judge(const struct router *r, const struct router_event *event, uint32_t reach)
{
	const uint8_t *ip = event->bytes + ETH_HEADER_LEN;
	bool v6 = be16_get(event->bytes + 12) == ETHERTYPE_IPV6;
	uint32_t ip_len = v6 ? 40u + be16_get(ip + 4) : be16_get(ip + 2), head = v6 ? 40 : 20, flags;

	cr_assert(event->out_if == 1 || event->out_if == 2);
	cr_assert(ETH_HEADER_LEN + ip_len == event->len && ip_len <= r->iface[event->out_if].mtu);
	cr_assert(v6 || checksum_fold(checksum_add(0, ip, 20)) == 0xffff);
	if (v6 ? ip[6] != NEXT_FRAGMENT : !(be16_get(ip + 6) & 0x3fff)) {
		cr_assert(reach == 0);
		return 0;
	}
	flags = v6 ? be16_get(ip + 42) : be16_get(ip + 6);
	head += v6 ? 8 : 0;
	cr_assert((v6 ? flags & 0xfff8 : (flags & 0x1fff) * 8) == reach && ip_len > head);
	if (!(v6 ? flags & 1 : flags & 0x2000))
		return 0;
	cr_assert((ip_len - head) % 8 == 0);
	return reach + ip_len - head;
}

static void events_take(struct router *r)
{
	struct router_event event;
	uint32_t reach = 0;

	while (router_event_next(r, &event))
		if (event.kind == EVENT_PIECE)
			reach = piece_judge(r, &event, reach);
	cr_assert(reach == 0);
}

static void run(const uint8_t *input, size_t len)
{
	static struct router r;
	uint8_t *frame = malloc(2048);
	uint64_t now = SECOND;

	if (!r.fragments)
		router_make(&r);
	router_empty(&r);
	for (; len >= STEP; input += STEP, len -= STEP) {
		uint8_t in_if = input[0] & 2 ? 2 : 1;
		struct packet pkt = {.data = frame, .capacity = 2048};
		struct output out;

		pkt.len = pkt.head_len = frame_make(frame, input, in_if);
		router_input(&r, in_if, &pkt, now, &out);
		events_take(&r);
		fragment_recount(r.fragments);
		if (!(input[0] & 8))
			continue;
		now += 10 * SECOND;
		router_tick(&r, now);
		events_take(&r);
		fragment_recount(r.fragments);
	}
	free(frame);
}

/* Datagrams of UDP in three pieces, of either family, in one order and another. */
static size_t seed(unsigned n, uint8_t *out)
{
	static const uint8_t pieces[][STEP] = {{4, 1, 0, 0, 64, 0, 2, 18},
					       {4, 1, 8, 0, 64, 0, 2, 0},
					       {0, 1, 16, 0, 16, 0, 2, 0},
					       {8, 2, 0, 0, 8, 0, 2, 0}};

	if (n > 5)
		return 0;
	for (unsigned i = 0; i < ARRAY_SIZE(pieces); i++) {
		memcpy(out + i * STEP, pieces[(i * (n / 2 + 1) + n / 2) % ARRAY_SIZE(pieces)], STEP);
		out[i * STEP] |= n & 1;
	}
	return sizeof pieces;
}

const struct fuzz_target fuzz_fragment = {"fragment", run, seed, 512};
