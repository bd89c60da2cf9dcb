// SPDX-License-Identifier: BSD-2-Clause
/* Parsing and checksums of net/core, against a naive second implementation and known vectors. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_support.h"
#include "net/core/siphash.h"

Test(net_packet, the_checksum_of_any_bytes_is_that_of_a_naive_sum)
{
	uint64_t state = 11;
	uint8_t data[200];

	for (int round = 0; round < 5000; round++) {
		size_t len = dice(&state) % sizeof(data);

		for (size_t i = 0; i < len; i++)
			data[i] = (uint8_t)dice(&state);
		cr_assert_eq(checksum_fold(checksum_add(0, data, len)) % 65535, naive_sum(data, len));
	}
}

Test(net_packet, a_long_run_of_ones_does_not_overflow_the_checksum)
{
	uint8_t *data = malloc(65535);
	uint32_t sum = 0;

	memset(data, 0xff, 65535);
	for (int i = 0; i < 100; i++)
		sum = checksum_add(sum, data, 65534);
	cr_assert_eq(checksum_fold(sum), 0xffff);
	free(data);
}

Test(net_packet, an_updated_checksum_is_the_one_computed_anew)
{
	uint64_t state = 5;
	uint8_t data[40];

	for (int round = 0; round < 20000; round++) {
		uint16_t before, to = (uint16_t)dice(&state), field;
		size_t at = dice(&state) % 20 * 2;

		for (size_t i = 0; i < sizeof(data); i++)
			data[i] = (uint8_t)(round % 3 ? dice(&state) : dice(&state) % 2 * 255);
		data[0] = 0x45; /* a real header is never all zero */
		if (at == 0)
			continue;
		field = (uint16_t)~checksum_fold(checksum_add(0, data, sizeof(data)));
		before = be16_get(data + at);
		be16_put(data + at, to);
		cr_assert_eq(checksum_update(field, before, to),
			     (uint16_t)~checksum_fold(checksum_add(0, data, sizeof(data))));
	}
}

Test(net_packet, siphash_gives_the_vectors_of_its_paper)
{
	struct siphash_key key = {{0x0706050403020100u, 0x0f0e0d0c0b0a0908u}};
	uint8_t data[64];

	for (uint8_t i = 0; i < sizeof(data); i++)
		data[i] = i;
	cr_assert_eq(siphash(&key, data, 0), 0x726fdb47dd0e0e31u);
	cr_assert_eq(siphash(&key, data, 8), 0x93f5f5799a932462u);
	cr_assert_eq(siphash(&key, data, 15), 0xa129ca6149be45e5u);
	cr_assert_eq(siphash_short(&key, 0x0706050403020100u, 0x0e0d0c0b0a0908u), 0xa129ca6149be45e5u);
}

Test(net_packet, a_good_frame_of_each_protocol_is_read_as_it_was_built)
{
	static const uint8_t protos[] = {IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP};
	struct frame *frame = frame_new();

	for (int i = 0; i < 3; i++) {
		struct spec spec = spec_from_inner(1, protos[i], FAR_IP, 4000, 80);
		struct packet_info info;

		spec.payload_len = 101;
		spec.seq = 0xfffffff0;
		frame_build(frame, &spec);
		cr_assert_eq(packet_parse(&frame->pkt, &info), REASON_NONE);
		cr_assert_eq(ip_addr_to_v4(info.src), ONE_IP);
		cr_assert_eq(ip_addr_to_v4(info.dst), FAR_IP);
		cr_assert_eq(info.sport, 4000);
		cr_assert_eq(info.dport, protos[i] == IP_PROTO_ICMP ? 0 : 80);
		cr_assert_eq(info.payload_len, 101);
		cr_assert_eq(info.ttl, 64);
		cr_assert_eq(info.tcp_seq, i == 0 ? 0xfffffff0 : 0);
	}
	frame_free(frame);
}

Test(net_packet, a_frame_cut_anywhere_is_refused_without_reading_behind_its_end)
{
	static const uint8_t protos[] = {IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP};
	struct frame *frame = frame_new();

	for (int i = 0; i < 3; i++) {
		struct spec spec = spec_from_inner(1, protos[i], FAR_IP, 4000, 80);

		spec.payload_len = 9;
		frame_build(frame, &spec);
		for (uint32_t len = 0; len < frame->pkt.len; len++) {
			uint8_t *exact = malloc(len ? len : 1);
			struct packet pkt = {.data = exact, .len = len, .head_len = len, .capacity = len};
			struct packet_info info;

			memcpy(exact, frame->bytes, len);
			cr_assert_neq(packet_parse(&pkt, &info), REASON_NONE);
			free(exact);
		}
	}
	frame_free(frame);
}

Test(net_packet, padding_behind_the_packet_is_cut_off)
{
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_UDP, FAR_IP, 1, 2);
	struct packet_info info;

	spec.payload_len = 3;
	frame_build(frame, &spec);
	frame->pkt.len = frame->pkt.head_len = 60;
	cr_assert_eq(packet_parse(&frame->pkt, &info), REASON_NONE);
	cr_assert_eq(frame->pkt.len, 14 + 20 + 8 + 3);
	cr_assert_eq(frame->pkt.head_len, frame->pkt.len);
	frame_free(frame);
}

/*
 * Change the byte at @at (and mend the IPv4 checksum when asked) in a good frame, and say what
 * comes of it.
 */
static enum reason parse_changed(uint8_t proto, uint32_t at, uint8_t value, bool mend)
{
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, proto, FAR_IP, 4000, 80);
	struct packet_info info;
	enum reason reason;

	spec.payload_len = 40;
	frame_build(frame, &spec);
	frame->bytes[at] = value;
	if (mend) {
		frame->bytes[24] = frame->bytes[25] = 0;
		be16_put(frame->bytes + 24, (uint16_t)(65535 - naive_sum(frame->bytes + 14, 20)));
	}
	reason = packet_parse(&frame->pkt, &info);
	frame_free(frame);
	return reason;
}

Test(net_packet, each_malformed_header_has_its_own_reason)
{
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 12, 0x86, false), REASON_ETHERTYPE);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 14, 0x65, true), REASON_IP_HEADER);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 14, 0x44, true), REASON_IP_HEADER);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 14, 0x46, true), REASON_IP_OPTIONS);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 16, 0x7f, true), REASON_IP_LENGTH);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 17, 19, true), REASON_IP_LENGTH);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 22, 63, false), REASON_IP_CHECKSUM);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 20, 0x20, true), REASON_IP_FRAGMENT);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 21, 0x01, true), REASON_IP_FRAGMENT);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 20, 0xc0, true), REASON_IP_HEADER);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 23, 47, true), REASON_IP_PROTO);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 46, 0x40, false), REASON_TCP_HEADER);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 46, 0xf0, false), REASON_NONE);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 47, TCP_SYN | TCP_FIN, false), REASON_TCP_HEADER);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 47, TCP_SYN | TCP_RST, false), REASON_TCP_HEADER);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 47, 0, false), REASON_TCP_HEADER);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 47, TCP_FIN | TCP_PSH | TCP_URG, false), REASON_TCP_HEADER);
	cr_expect_eq(parse_changed(IP_PROTO_UDP, 39, 7, false), REASON_UDP_LENGTH);
	cr_expect_eq(parse_changed(IP_PROTO_UDP, 38, 9, false), REASON_UDP_LENGTH);
	cr_expect_eq(parse_changed(IP_PROTO_ICMP, 34, 5, false), REASON_ICMP_TYPE);
	cr_expect_eq(parse_changed(IP_PROTO_ICMP, 50, 99, false), REASON_ICMP_CHECKSUM);
}

Test(net_packet, offload_requests_must_fit_the_headers)
{
	struct frame *frame = frame_new();
	struct spec spec = spec_from_inner(1, IP_PROTO_TCP, FAR_IP, 4000, 80);
	struct packet_info info;
	struct packet good;

	spec.flags = TCP_ACK;
	spec.blank = true;
	spec.payload_len = 3000;
	frame_build(frame, &spec);
	frame->pkt.gso_type = PACKET_GSO_TCP4;
	frame->pkt.gso_size = 1460;
	good = frame->pkt;
	cr_assert_eq(packet_parse(&frame->pkt, &info), REASON_NONE);
	frame->pkt.csum_start = 35;
	cr_expect_eq(packet_parse(&frame->pkt, &info), REASON_CSUM_META);
	frame->pkt = good;
	frame->pkt.csum_offset = 6;
	cr_expect_eq(packet_parse(&frame->pkt, &info), REASON_CSUM_META);
	frame->pkt = good;
	frame->pkt.gso_size = 0;
	cr_expect_eq(packet_parse(&frame->pkt, &info), REASON_GSO_META);
	frame->pkt = good;
	frame->pkt.gso_type = 77;
	cr_expect_eq(packet_parse(&frame->pkt, &info), REASON_GSO_META);
	frame->pkt = good;
	frame->pkt.flags = 0;
	cr_expect_eq(packet_parse(&frame->pkt, &info), REASON_GSO_META);
	frame_free(frame);
}

Test(net_packet, the_window_scale_of_a_syn_is_found_among_any_options)
{
	static const uint8_t options[][12] = {
		{2, 4, 5, 180, 1, 3, 3, 7, 0, 0, 0, 0}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 15},
		{3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},   {8, 0, 3, 3, 7, 0, 0, 0, 0, 0, 0, 0},
		{8, 200, 3, 3, 7, 0, 0, 0, 0, 0, 0, 0}, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3},
		{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3},   {0, 3, 3, 7, 0, 0, 0, 0, 0, 0, 0, 0},
	};
	static const uint8_t scales[] = {
		7, 14, 0, TCP_SCALE_NONE, TCP_SCALE_NONE, TCP_SCALE_NONE, TCP_SCALE_NONE, TCP_SCALE_NONE};
	struct frame *frame = frame_new();

	for (size_t i = 0; i < sizeof(scales); i++) {
		struct spec spec = spec_from_inner(1, IP_PROTO_TCP, FAR_IP, 4000, 80);
		struct packet_info info;
		uint8_t *exact;

		spec.payload_len = 12;
		frame_build(frame, &spec);
		memcpy(frame->bytes + 54, options[i], 12);
		frame->bytes[46] = 8 << 4;
		exact = malloc(frame->pkt.len);
		memcpy(exact, frame->bytes, frame->pkt.len);
		frame->pkt.data = exact;
		frame->pkt.capacity = frame->pkt.len;
		cr_assert_eq(packet_parse(&frame->pkt, &info), REASON_NONE);
		cr_expect_eq(info.tcp_scale, scales[i], "options %zu: scale %u", i, info.tcp_scale);
		free(exact);
	}
	frame_free(frame);
}

Test(net_packet, every_reason_has_a_name_and_a_text)
{
	for (int i = 0; i < REASON_COUNT; i++) {
		cr_assert_neq(strcmp(reason_get_name((enum reason)i), "UNKNOWN"), 0);
		cr_assert_neq(strcmp(reason_get_text((enum reason)i), "unknown"), 0);
	}
	cr_assert_str_eq(reason_get_name(REASON_COUNT), "UNKNOWN");
}
