// SPDX-License-Identifier: BSD-2-Clause
/*
 * The naive side of the tests of net/core. It shares no code with it but the declarations; policies are compiled from
 * their texts.
 * links: tools/cambium/text.c tools/cambium/lexer.c tools/cambium/lists.c tools/cambium/parse.c
 * links: tools/cambium/parse_values.c tools/cambium/parse_lists.c tools/cambium/parse_block.c
 * links: tools/cambium/policy_ways.c tools/cambium/compile.c tools/cambium/compile_lookup.c
 * links: tools/cambium/compile_slots.c tools/cambium/parse_options.c tools/cambium/region.c
 * links: tools/cambium/region_text.c tools/cambium/claims.c tools/cambium/dead.c tools/cambium/diff.c
 * links: tools/cambium/diff_print.c tools/cambium/explain.c tools/cambium/explain_words.c
 * links: tools/cambium/explain_print.c tools/cambium/rules_command.c tools/cambium/rules_live.c
 * links: tools/cambium/source.c tools/cambium/live.c tools/cambium/live_print.c tools/cambium/serial.c
 * links: tools/cambium/decompile.c tools/cambium/pack.c
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"
#include "net_bytes.h"
#include "base/sha256.h"
#include "tools/cambium/compile.h"

/*
 * The panic hook of the cores, unless another test file has one: a broken invariant fails the test.
 */
__attribute__((weak)) _Noreturn void panic_at(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: CHECK(%s) failed\n", file, line, what);
	abort();
}

struct mac router_mac(unsigned index)
{
	return (struct mac){{2, 0, 0, 0, 1, (uint8_t)index}};
}

struct mac peer_mac(unsigned index)
{
	return (struct mac){{2, 0, 0, 0, 2, (uint8_t)index}};
}

struct frame *frame_new(void)
{
	struct frame *frame = calloc(1, sizeof(*frame));

	frame->bytes = malloc(FRAME_ROOM);
	return frame;
}

void frame_free(struct frame *frame)
{
	free(frame->bytes);
	free(frame);
}

uint16_t naive_sum(const uint8_t *data, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? data[i] * 256u : data[i];
	return (uint16_t)(sum % 65535);
}

/* The sum of pseudo-header (and, with @whole, of the layer 4 bytes), modulo 65535. */
static uint32_t naive_l4_sum(const uint8_t *ip, bool whole)
{
	uint32_t len = get16(ip + 2) - 20;
	uint64_t sum = naive_sum(ip + 12, 8) + (uint64_t)ip[9] + len;

	if (whole)
		sum += naive_sum(ip + 20, len);
	return (uint32_t)(sum % 65535);
}

bool event_next(struct router *r, struct router_event *event)
{
	memset(event, 0xa5, sizeof(*event));
	return router_event_next(r, event);
}

uint64_t dice(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * 0x2545f4914f6cdd1du;
}

struct spec spec_from_inner(unsigned index, uint8_t proto, uint32_t dst, uint16_t sport, uint16_t dport)
{
	return (struct spec){.mac_src = peer_mac(index),
			     .mac_dst = router_mac(index),
			     .src = index == 1 ? ONE_IP : TWO_IP,
			     .dst = dst,
			     .ttl = 64,
			     .proto = proto,
			     .sport = sport,
			     .dport = dport,
			     .flags = proto == IP_PROTO_TCP ? TCP_SYN : ICMP_ECHO_REQUEST,
			     .window = 60000,
			     .payload_len = proto == IP_PROTO_TCP ? 0 : 33};
}

struct spec spec_from_outside(uint8_t proto, uint32_t src, uint32_t dst, uint16_t sport, uint16_t dport)
{
	struct spec spec = spec_from_inner(1, proto, dst, sport, dport);

	spec.mac_src = gateway_mac();
	spec.mac_dst = router_mac(0);
	spec.src = src;
	return spec;
}

static uint32_t header_len(uint8_t proto)
{
	return proto == IP_PROTO_TCP ? 20 : 8;
}

static uint32_t csum_at(uint8_t proto)
{
	return proto == IP_PROTO_TCP ? 16 : proto == IP_PROTO_UDP ? 6 : 2;
}

static void build_l4(uint8_t *ip, const struct spec *s)
{
	uint8_t *l4 = ip + 20;
	uint32_t len = header_len(s->proto) + s->payload_len;
	uint32_t sum;

	memset(l4, 0, header_len(s->proto));
	if (s->proto == IP_PROTO_ICMP) {
		l4[0] = s->flags;
		l4[1] = s->code;
		put16(l4 + 4, s->sport);
		put16(l4 + 2, 65535u - naive_sum(l4, len));
		return;
	}
	put16(l4, s->sport);
	put16(l4 + 2, s->dport);
	if (s->proto == IP_PROTO_TCP) {
		put32(l4 + 4, s->seq);
		put32(l4 + 8, s->ack);
		l4[12] = 5 << 4;
		l4[13] = s->flags;
		put16(l4 + 14, s->window);
	} else {
		put16(l4 + 4, len);
	}
	sum = naive_l4_sum(ip, !s->blank);
	if (!s->no_csum)
		put16(l4 + csum_at(s->proto), s->blank ? sum : 65535u - sum);
}

static void build_outer(struct frame *frame, const struct spec *s, uint32_t l4_len)
{
	uint8_t *eth = frame->bytes, *ip = eth + 14;

	memcpy(eth, s->mac_dst.octets, 6);
	memcpy(eth + 6, s->mac_src.octets, 6);
	put16(eth + 12, 0x0800);
	memset(ip, 0, 20);
	ip[0] = 0x45;
	put16(ip + 2, 20 + l4_len);
	put16(ip + 4, 0x1234);
	put16(ip + 6, 0x4000);
	ip[8] = s->ttl;
	ip[9] = s->proto;
	put32(ip + 12, s->src);
	put32(ip + 16, s->dst);
	put16(ip + 10, 65535u - naive_sum(ip, 20));
	frame->pkt = (struct packet){.data = eth, .len = 34 + l4_len, .head_len = 34 + l4_len, .capacity = FRAME_ROOM};
}

void frame_build(struct frame *frame, const struct spec *s)
{
	uint32_t header = header_len(s->proto);

	build_outer(frame, s, header + s->payload_len);
	for (uint32_t i = 0; i < s->payload_len; i++)
		frame->bytes[34 + header + i] = (uint8_t)(i * 7 + i / 251);
	build_l4(frame->bytes + 14, s);
	if (s->blank) {
		frame->pkt.flags = PACKET_CSUM_BLANK;
		frame->pkt.csum_start = 34;
		frame->pkt.csum_offset = (uint16_t)csum_at(s->proto);
	}
}

void frame_build_error(struct frame *frame, const struct spec *s, const uint8_t *quoted, uint32_t len)
{
	uint8_t *icmp = frame->bytes + 34;

	build_outer(frame, s, 8 + len);
	memset(icmp, 0, 8);
	icmp[0] = s->flags;
	icmp[1] = s->code;
	memcpy(icmp + 8, quoted, len);
	put16(icmp + 2, 65535u - naive_sum(icmp, 8 + len));
}

static bool read_l4(uint8_t *ip, const struct packet *pkt, struct spec *s)
{
	uint8_t *l4 = ip + 20;
	uint32_t len = get16(ip + 2) - 20;

	s->payload_len = len - header_len(s->proto);
	if (s->proto == IP_PROTO_ICMP) {
		s->flags = l4[0];
		s->code = l4[1];
		s->sport = (uint16_t)get16(l4 + 4);
		return naive_sum(l4, len) == 0;
	}
	s->sport = (uint16_t)get16(l4);
	s->dport = (uint16_t)get16(l4 + 2);
	if (s->proto == IP_PROTO_TCP) {
		s->seq = get32(l4 + 4);
		s->ack = get32(l4 + 8);
		s->flags = l4[13];
		s->window = (uint16_t)get16(l4 + 14);
	} else if (get16(l4 + 4) != len) {
		return false;
	}
	if (s->proto == IP_PROTO_UDP && !s->blank && get16(l4 + 6) == 0) {
		s->no_csum = 1;
		return true;
	}
	if (s->blank)
		put16(l4 + pkt->csum_offset, 65535u - naive_sum(l4, len));
	return naive_l4_sum(ip, true) == 0;
}

bool frame_read(const struct frame *frame, struct spec *s)
{
	const struct packet *pkt = &frame->pkt;
	uint8_t *copy = malloc(pkt->len), *ip = copy + 14;
	bool good;

	memset(s, 0, sizeof(*s));
	memcpy(copy, frame->bytes, pkt->len);
	memcpy(s->mac_dst.octets, copy, 6);
	memcpy(s->mac_src.octets, copy + 6, 6);
	s->blank = pkt->flags & PACKET_CSUM_BLANK;
	good = pkt->len >= 42 && pkt->head_len == pkt->len && get16(copy + 12) == 0x0800 && ip[0] == 0x45 &&
	       get16(ip + 2) + 14 == pkt->len && naive_sum(ip, 20) == 0;
	if (good) {
		s->ttl = ip[8];
		s->proto = ip[9];
		s->src = get32(ip + 12);
		s->dst = get32(ip + 16);
		good = read_l4(ip, pkt, s);
	}
	free(copy);
	return good;
}

bool frame_payload_is_intact(const struct frame *frame, const struct spec *s)
{
	const uint8_t *payload = frame->bytes + 34 + header_len(s->proto);

	for (uint32_t i = 0; i < s->payload_len; i++) {
		if (payload[i] != (uint8_t)(i * 7 + i / 251))
			return false;
	}
	return true;
}

void frame_build_arp(struct frame *frame, bool request, struct mac src, struct mac dst, uint32_t sender,
		     uint32_t target)
{
	uint8_t *f = frame->bytes;

	memset(f, 0, 60);
	memcpy(f, dst.octets, 6);
	memcpy(f + 6, src.octets, 6);
	put16(f + 12, 0x0806);
	put16(f + 14, 1);
	put16(f + 16, 0x0800);
	f[18] = 6;
	f[19] = 4;
	put16(f + 20, request ? 1 : 2);
	memcpy(f + 22, src.octets, 6);
	put32(f + 28, sender);
	put32(f + 38, target);
	frame->pkt = (struct packet){.data = f, .len = 60, .head_len = 60, .capacity = FRAME_ROOM};
}

void *rules_new(const char *text, size_t *len)
{
	struct report report = {.file = "rules", .text = text, .len = strlen(text)};
	struct policy *policy = policy_read(&report);
	void *table = report.errors ? NULL : policy_compile(policy, &report, len), *exact;

	if (report.errors)
		report_print(&report, stderr);
	cr_assert(table, "the text is bad");
	exact = malloc(*len);
	memcpy(exact, table, *len);
	free(table);
	policy_free(policy);
	return exact;
}

void rules_repair(void *table, size_t len)
{
	size_t at = offsetof(struct rules_header, sha256);
	uint8_t *rest = malloc(len);

	memcpy(rest, table, at);
	memcpy(rest + at, (uint8_t *)table + at + 32, len - at - 32);
	sha256(rest, len - 32, (uint8_t *)table + at);
	free(rest);
}
