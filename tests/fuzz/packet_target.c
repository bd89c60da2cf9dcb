/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames: any bytes through the parser, and what it takes is read once more by a naive one that walks the headers with
 * 64-bit numbers and compares.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <base/bits.h>
#include <net/core/packet.h>

#define HEAD 8u /* of an input: how the frame is handed in */

static uint64_t field(const uint8_t *p, unsigned len)
{
	uint64_t v = 0;

	while (len--)
		v = v << 8 | *p++;
	return v;
}

/* Where layer 4 begins, and its protocol: of IPv6, behind every header that is known; a fragment header has eight bytes. */
static uint64_t layer4_find(const uint8_t *frame, bool v6, uint8_t *proto)
{
	uint64_t at = v6 ? 54 : 34;

	*proto = frame[v6 ? 20 : 23];
	while (v6 && (*proto == 0 || *proto == 43 || *proto == 44 || *proto == 60)) {
		uint64_t len = *proto == 44 ? 8 : (frame[at + 1] + 1) * 8ull;

		*proto = frame[at];
		at += len;
	}
	return at;
}

static void judge(const uint8_t *frame, const struct packet *pkt, const struct packet_info *info)
{
	bool v6 = field(frame + 12, 2) == 0x86dd;
	uint64_t ip_len = v6 ? field(frame + 18, 2) + 40 : field(frame + 16, 2), l4, header;
	uint8_t proto;

	cr_assert(info->ip_len == ip_len && pkt->len == 14 + ip_len && pkt->head_len <= pkt->len);
	l4 = layer4_find(frame, v6, &proto);
	cr_assert(info->l4_off == l4 && info->proto == proto);
	cr_assert(proto == 6 || proto == 17 || proto == (v6 ? 58 : 1));
	header = proto == 6 ? frame[l4 + 12] / 16 * 4u : 8;
	cr_assert(l4 + header <= pkt->head_len && header >= 8);
	cr_assert(l4 + header + info->payload_len == pkt->len);
	cr_assert(ip_addr_is_v4(info->src) == !v6 && ip_addr_is_v4(info->dst) == !v6);
	cr_assert(!memcmp(ip_addr_get_octets(&info->src), frame + (v6 ? 22 : 26), v6 ? 16 : 4));
	cr_assert(!memcmp(ip_addr_get_octets(&info->dst), frame + (v6 ? 38 : 30), v6 ? 16 : 4));
	if (info->icmp_kind == ICMP_KIND_NONE)
		cr_assert(info->sport == field(frame + l4, 2) && info->dport == field(frame + l4 + 2, 2));
}

static void frame_run(const uint8_t *input, size_t len)
{
	size_t total = len > HEAD ? len - HEAD : 0, head = input[0] & 1 && total > 256 ? 256 : total;
	uint8_t *frame = malloc(head ? head : 1);
	struct packet pkt = {.data = frame,
			     .len = (uint32_t)total,
			     .head_len = (uint32_t)head,
			     .capacity = (uint32_t)head,
			     .csum_start = (uint16_t)field(input + 2, 2),
			     .csum_offset = (uint16_t)field(input + 4, 2),
			     .gso_type = (uint8_t)(input[0] >> 1 & 3),
			     .gso_size = 1000,
			     .flags = len > HEAD ? input[1] & 3 : 0};
	struct packet_info info;

	if (head)
		memcpy(frame, input + HEAD, head);
	if (packet_parse(&pkt, &info) == REASON_NONE && info.ethertype != ETHERTYPE_ARP)
		judge(frame, &pkt, &info);
	free(frame);
}

/* What is missing of the head is zero. */
static void run(const uint8_t *input, size_t len)
{
	uint8_t head[HEAD] = {0};

	if (len < HEAD)
		memcpy(head, input, len);
	frame_run(len < HEAD ? head : input, len);
}

/* A frame whose layer 4 is @l4, of @proto; @v6 with one header of each kind in front. */
static size_t seed_frame(uint8_t *out, bool v6, uint8_t proto, const uint8_t *l4, size_t l4_len)
{
	static const uint8_t chain[] = {60, 0, 1, 4, 0, 0, 0, 0, 43, 0, 30, 4, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0};
	uint8_t *frame = out + HEAD, *ip = frame + 14, *at = ip + (v6 ? 40 : 20);
	size_t extension = v6 && proto != 58 ? sizeof chain : 0;

	be16_put(frame + 12, v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
	memcpy(at, chain, extension);
	if (extension)
		at[16] = proto;
	memcpy(at + extension, l4, l4_len);
	if (v6) {
		ip[0] = 0x60;
		be16_put(ip + 4, (uint16_t)(extension + l4_len));
		ip[6] = extension ? 0 : proto;
		ip[8] = ip[24] = 0x20;
	} else {
		ip[0] = 0x45;
		be16_put(ip + 2, (uint16_t)(20 + l4_len));
		ip[9] = proto;
		be16_put(ip + 10, (uint16_t)~checksum_fold(checksum_add(0, ip, 20)));
	}
	return (size_t)(at - out) + extension + l4_len;
}

static size_t seed(unsigned n, uint8_t *out)
{
	static const uint8_t tcp[32] = {0, 80, 1, 1, [12] = 0x80, 2, 9, 9, [20] = 2, 4, 5, 180, 3, 3, 7, 1};
	static const uint8_t udp[12] = {0, 53, 0, 53, 0, 12, 7, 7}, ping4[8] = {8, 0, 0xf7, 0xff}, ping6[8] = {128};
	bool v6 = n % 2;

	switch (n / 2) {
	case 0: return seed_frame(out, v6, 6, tcp, sizeof tcp);
	case 1: return seed_frame(out, v6, 17, udp, sizeof udp);
	case 2: out[0] = 1; return seed_frame(out, v6, v6 ? 58 : 1, v6 ? ping6 : ping4, 8);
	}
	return 0;
}

const struct fuzz_target fuzz_packet = {"packet", run, seed, 512};
