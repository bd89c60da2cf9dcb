// SPDX-License-Identifier: BSD-2-Clause
/* It shares no code with net/core but the declarations. */
#include "net_support6.h"
#include "net_bytes.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define IP6_AT 14u
#define L4_AT (IP6_AT + 40u)

struct ip_addr address(const char *text)
{
	struct ip_addr addr = {{[10] = 0xff, [11] = 0xff}};

	if (inet_pton(AF_INET, text, addr.octets + 12) != 1)
		cr_assert_eq(inet_pton(AF_INET6, text, addr.octets), 1, "%s", text);
	return addr;
}

static uint32_t header_len(uint8_t proto)
{
	return proto == IP_PROTO_TCP ? 20 : 8;
}

static uint32_t csum_at(uint8_t proto)
{
	return proto == IP_PROTO_TCP ? 16 : proto == IP_PROTO_UDP ? 6 : 2;
}

/* Of pseudo-header and (@whole) the @len bytes at @l4, modulo 65535. */
static uint32_t l4_sum(const uint8_t *ip, const uint8_t *l4, uint32_t len, uint8_t proto, bool whole)
{
	return (naive_sum(ip + 8, 32) + len + proto + (whole ? naive_sum(l4, len) : 0)) % 65535;
}

/* Everything before layer 4, for @len bytes of it; where it begins. */
static uint8_t *outer_build(struct frame *frame, const struct spec6 *s, uint32_t len)
{
	uint8_t *eth = frame->bytes, *ip = eth + IP6_AT;
	uint32_t total = L4_AT + s->extension_len + len;

	memcpy(eth, s->mac_dst.octets, 6);
	memcpy(eth + 6, s->mac_src.octets, 6);
	put16(eth + 12, 0x86dd);
	put32(ip, 6u << 28 | 0x12345);
	put16(ip + 4, s->extension_len + len);
	ip[6] = s->extension_len ? s->next : s->proto;
	ip[7] = s->hops;
	memcpy(ip + 8, s->src.octets, 16);
	memcpy(ip + 24, s->dst.octets, 16);
	if (s->extension_len)
		memcpy(ip + 40, s->extension, s->extension_len);
	frame->pkt = (struct packet){.data = eth, .len = total, .head_len = total, .capacity = FRAME_ROOM};
	return ip + 40 + s->extension_len;
}

void frame6_build(struct frame *frame, const struct spec6 *s)
{
	uint32_t header = header_len(s->proto), len = header + s->payload_len, sum;
	uint8_t *l4 = outer_build(frame, s, len);

	for (uint32_t i = 0; i < s->payload_len; i++)
		l4[header + i] = (uint8_t)(i * 7 + i / 251);
	memset(l4, 0, header);
	if (s->proto == IP_PROTO_ICMP6) {
		l4[0] = s->flags;
		l4[1] = s->code;
		put16(l4 + 4, s->sport);
	} else {
		put16(l4, s->sport);
		put16(l4 + 2, s->dport);
	}
	if (s->proto == IP_PROTO_UDP)
		put16(l4 + 4, len);
	if (s->proto == IP_PROTO_TCP) {
		put32(l4 + 4, s->seq);
		put32(l4 + 8, s->ack);
		l4[12] = 5 << 4;
		l4[13] = s->flags;
		put16(l4 + 14, s->window);
	}
	sum = l4_sum(frame->bytes + IP6_AT, l4, len, s->proto, !s->blank);
	put16(l4 + csum_at(s->proto), s->blank ? sum : 65535 - sum);
	if (s->blank) {
		frame->pkt.flags = PACKET_CSUM_BLANK;
		frame->pkt.csum_start = (uint16_t)(l4 - frame->bytes);
		frame->pkt.csum_offset = (uint16_t)csum_at(s->proto);
	}
}

void frame6_build_icmp(struct frame *frame, const struct spec6 *s, const uint8_t *body, uint32_t len)
{
	uint8_t *l4 = outer_build(frame, s, 4 + len);

	l4[0] = s->flags;
	l4[1] = s->code;
	put16(l4 + 2, 0);
	memcpy(l4 + 4, body, len);
	put16(l4 + 2, 65535 - l4_sum(frame->bytes + IP6_AT, l4, 4 + len, IP_PROTO_ICMP6, true));
}

static bool l4_read(const uint8_t *ip, uint8_t *l4, uint32_t len, const struct packet *pkt, struct spec6 *s)
{
	if (len < header_len(s->proto))
		return false;
	s->payload_len = len - header_len(s->proto);
	if (s->proto == IP_PROTO_ICMP6) {
		s->flags = l4[0];
		s->code = l4[1];
		s->sport = (uint16_t)get16(l4 + 4);
	} else {
		s->sport = (uint16_t)get16(l4);
		s->dport = (uint16_t)get16(l4 + 2);
	}
	if (s->proto == IP_PROTO_TCP) {
		s->seq = get32(l4 + 4);
		s->ack = get32(l4 + 8);
		s->flags = l4[13];
		s->window = (uint16_t)get16(l4 + 14);
	}
	if (s->proto == IP_PROTO_UDP && get16(l4 + 4) != len)
		return false;
	if (s->blank)
		put16(l4 + pkt->csum_offset, 65535u - naive_sum(l4, len));
	return get16(l4 + csum_at(s->proto)) != 0 && l4_sum(ip, l4, len, s->proto, true) == 0;
}

bool frame6_read(const struct frame *frame, struct spec6 *s)
{
	const struct packet *pkt = &frame->pkt;
	uint8_t *copy = malloc(pkt->len), *ip = copy + IP6_AT;
	bool good;

	memset(s, 0, sizeof(*s));
	memcpy(copy, frame->bytes, pkt->len);
	memcpy(s->mac_dst.octets, copy, 6);
	memcpy(s->mac_src.octets, copy + 6, 6);
	s->blank = pkt->flags & PACKET_CSUM_BLANK;
	good = pkt->len >= L4_AT && pkt->head_len == pkt->len && get16(copy + 12) == 0x86dd && ip[0] >> 4 == 6 &&
	       get16(ip + 4) + L4_AT == pkt->len;
	if (good) {
		s->hops = ip[7];
		s->proto = ip[6];
		memcpy(s->src.octets, ip + 8, 16);
		memcpy(s->dst.octets, ip + 24, 16);
		good = l4_read(ip, copy + L4_AT, pkt->len - L4_AT, pkt, s);
	}
	free(copy);
	return good;
}

bool frame6_payload_is_intact(const struct frame *frame, const struct spec6 *s)
{
	const uint8_t *payload = frame->bytes + L4_AT + header_len(s->proto);

	for (uint32_t i = 0; i < s->payload_len; i++) {
		if (payload[i] != (uint8_t)(i * 7 + i / 251))
			return false;
	}
	return true;
}

/* Rules with their numbers, in a world whose gateway is known by IPv6 too. */
struct world *world6_new_usual(void)
{
	struct world *world = world_new("from net to router {\n"
					"	publish tcp 80 to one port 8080\n" /* 0 */
					"	publish udp 53 to two\n"           /* 1 */
					"	allow icmp\n"                      /* 2 */
					"}\n"
					"from net to two { allow tcp 443, icmp reject tcp }\n"   /* 3, 4 */
					"from inner to router { allow icmp }\n"                  /* 5 */
					"from one to two { allow tcp 5432 }\n"                   /* 6 */
					"from two to one { reject any }\n"                       /* 7 */
					"from one to net { nat any }\n"                          /* 8 */
					"from two to net { allow any to ipv6 nat any to ipv4 }", /* 9, 10 */
					256);
	struct mac mac;
	uint16_t hold;

	neighbour_resolve(&world->r.neighbours, 0, address(GATEWAY6), true, world->now, &mac, &hold);
	cr_assert(neighbour_learn(&world->r.neighbours, 0, address(GATEWAY6), gateway_mac(), true, world->now));
	return world;
}

struct spec6 spec6_from_inner(unsigned index, uint8_t proto, const char *dst, uint16_t sport, uint16_t dport)
{
	return (struct spec6){.mac_src = peer_mac(index),
			      .mac_dst = router_mac(index),
			      .src = address(index == 1 ? ONE6 : TWO6),
			      .dst = address(dst),
			      .hops = 64,
			      .proto = proto,
			      .sport = sport,
			      .dport = dport,
			      .flags = proto == IP_PROTO_TCP ? TCP_SYN : ICMP6_ECHO_REQUEST,
			      .window = 60000,
			      .payload_len = proto == IP_PROTO_TCP ? 0 : 33};
}

struct spec6 spec6_from_outside(uint8_t proto, const char *src, const char *dst, uint16_t sport, uint16_t dport)
{
	struct spec6 spec = spec6_from_inner(1, proto, dst, sport, dport);

	spec.mac_src = gateway_mac();
	spec.mac_dst = router_mac(0);
	spec.src = address(src);
	return spec;
}

enum verdict world6_send(struct world *world, unsigned in_if, struct frame *frame, const struct spec6 *spec)
{
	frame6_build(frame, spec);
	return world_input(world, in_if, frame);
}

void world6_drops(struct world *world, unsigned in_if, const struct spec6 *spec, enum reason reason)
{
	struct frame *frame = frame_new();

	cr_expect_eq(world6_send(world, in_if, frame, spec), VERDICT_DROP);
	cr_expect_eq(world->out.reason, reason, "%s instead of %s", reason_get_name(world->out.reason),
		     reason_get_name(reason));
	frame_free(frame);
}

bool address_is(struct ip_addr addr, const char *text)
{
	return ip_addr_equal(addr, address(text));
}
