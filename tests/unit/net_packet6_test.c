// SPDX-License-Identifier: BSD-2-Clause
/* Addresses of both families, and parsing of IPv6: each refusal has its reason, and no walk leaves the frame. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "net_support6.h"

static const uint8_t protos[] = {IP_PROTO_TCP, IP_PROTO_UDP, IP_PROTO_ICMP6};

static struct spec6 spec_of(uint8_t proto)
{
	return (struct spec6){.mac_src = peer_mac(1),
			      .mac_dst = router_mac(1),
			      .src = address("2001:db8:1::2"),
			      .dst = address("2001:db8:ffff::9"),
			      .hops = 64,
			      .proto = proto,
			      .sport = 4000,
			      .dport = 80,
			      .flags = proto == IP_PROTO_TCP ? TCP_SYN : ICMP6_ECHO_REQUEST,
			      .payload_len = 21};
}

/* Parse @frame in memory of exactly its size. */
static enum reason parse(struct frame *frame, struct packet_info *info)
{
	uint8_t *exact = malloc(frame->pkt.head_len ? frame->pkt.head_len : 1);
	struct packet pkt = frame->pkt;
	enum reason reason;

	memcpy(exact, frame->bytes, pkt.head_len);
	pkt.data = exact;
	pkt.capacity = pkt.head_len;
	reason = packet_parse(&pkt, info);
	frame->pkt.len = pkt.len;
	free(exact);
	return reason;
}

/* --- addresses --- */

Test(net_address, no_address_is_of_both_families)
{
	cr_assert(ip_addr_is_v4(address("10.0.1.2")) && !ip_addr_is_v4(address("a00:102::")));
	cr_assert_eq(ip_addr_to_v4(ip_addr_from_v4(0x0a000102)), 0x0a000102);
	cr_assert(ip_addr_equal(ip_addr_from_v4(0x0a000102), address("10.0.1.2")));
	cr_assert(!ip_addr_in_prefix(address("10.0.1.2"), address("::"), 0));
	cr_assert(!ip_addr_in_prefix(address("::1"), address("0.0.0.0"), 0));
	cr_assert(ip_addr_in_prefix(address("10.0.1.2"), address("0.0.0.0"), 0));
}

Test(net_address, a_prefix_holds_what_agrees_in_its_bits)
{
	for (unsigned len = 0; len <= 128; len++) {
		struct ip_addr a = address("2001:db8:1234:5678:9abc:def0:1357:9bdf"), b = a;

		cr_assert(ip_addr_in_prefix(a, b, (uint8_t)len));
		for (unsigned bit = 0; bit < 128; bit++) {
			b.octets[bit / 8] ^= (uint8_t)(128 >> bit % 8);
			cr_assert_eq(ip_addr_in_prefix(a, b, (uint8_t)len), bit >= len, "bit %u of /%u", bit, len);
			b = a;
		}
	}
	cr_assert(ip_addr_in_prefix(address("10.0.1.200"), address("10.0.1.2"), 24));
	cr_assert(!ip_addr_in_prefix(address("10.0.2.2"), address("10.0.1.2"), 24));
	cr_assert(ip_addr_in_prefix(address("10.0.1.3"), address("10.0.1.2"), 31));
	cr_assert(!ip_addr_in_prefix(address("10.0.1.3"), address("10.0.1.2"), 32));
}

Test(net_address, kinds_of_addresses_are_told_apart)
{
	static const char *const bogons[] = {"::", "::1", "::10.0.0.1", "0.1.2.3", "127.0.0.1", "255.255.255.255"};
	static const char *const good[] = {"2001:db8::1", "fd00::1", "fe80::1", "10.0.0.1", "223.255.255.255"};

	for (unsigned i = 0; i < 6; i++)
		cr_expect(ip_addr_is_bogon(address(bogons[i])), "%s", bogons[i]);
	for (unsigned i = 0; i < 5; i++) {
		cr_expect(!ip_addr_is_bogon(address(good[i])), "%s", good[i]);
		cr_expect(!ip_addr_is_multicast(address(good[i])) && !ip_addr_is_unspecified(address(good[i])));
	}
	cr_assert(ip_addr_is_multicast(address("ff02::1")) && ip_addr_is_multicast(address("239.255.0.1")));
	cr_assert(ip_addr_is_link_local(address("fe80::1")) && ip_addr_is_link_local(address("febf::1")));
	cr_assert(!ip_addr_is_link_local(address("fec0::1")) && !ip_addr_is_link_local(address("fe00::1")));
	cr_assert(ip_addr_is_unspecified(address("::")) && ip_addr_is_unspecified(address("0.0.0.0")));
}

Test(net_address, addresses_from_a_mac_are_those_of_the_standard)
{
	struct mac mac = {{0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde}}; /* as in RFC 4291 appendix A */

	cr_assert(ip_addr_equal(ip_addr_link_local(mac), address("fe80::3656:78ff:fe9a:bcde")));
	cr_assert(ip_addr_equal(ip_addr_from_mac(address("2001:db8:5:6::"), mac),
				address("2001:db8:5:6:3656:78ff:fe9a:bcde")));
	cr_assert(
		ip_addr_equal(ip_addr_solicited_node(address("4037::1:800:200e:8c6c")), address("ff02::1:ff0e:8c6c")));
	cr_assert(mac_equal(mac_from_multicast(address("ff02::1:ff0e:8c6c")),
			    (struct mac){{0x33, 0x33, 0xff, 0x0e, 0x8c, 0x6c}}));
}

/* --- frames --- */

Test(net_packet6, a_good_frame_of_each_protocol_is_read_as_it_was_built)
{
	struct frame *frame = frame_new();

	for (unsigned i = 0; i < 3; i++) {
		struct spec6 spec = spec_of(protos[i]);
		struct packet_info info;

		frame6_build(frame, &spec);
		cr_assert_eq(parse(frame, &info), REASON_NONE);
		cr_assert(ip_addr_equal(info.src, spec.src) && ip_addr_equal(info.dst, spec.dst));
		cr_assert(info.proto == protos[i] && info.ttl == 64 && info.l4_off == 54 && info.payload_len == 21);
		cr_assert_eq(info.sport, 4000);
		cr_assert_eq(info.dport, i == 2 ? 0 : 80);
		cr_assert_eq(info.icmp_kind, i == 2 ? ICMP_KIND_REQUEST : ICMP_KIND_NONE);
	}
	frame_free(frame);
}

Test(net_packet6, padding_behind_the_packet_is_cut_off)
{
	struct frame *frame = frame_new();
	struct spec6 spec = spec_of(IP_PROTO_UDP);
	struct packet_info info;
	uint32_t len;

	frame6_build(frame, &spec);
	len = frame->pkt.len;
	frame->pkt.len = frame->pkt.head_len = len + 30;
	cr_assert_eq(parse(frame, &info), REASON_NONE);
	cr_assert_eq(frame->pkt.len, len);
	frame_free(frame);
}

static const uint8_t chain[] = {
	60, 0, 5, 2, 0, 0, 0,   0,                          /* hop-by-hop: router alert, two single pads */
	43, 1, 1, 4, 0, 0, 0,   0, 30, 6, 0, 0, 0, 0, 0, 0, /* destination: a pad, an option that nobody knows */
	0,  0, 2, 0, 0, 0, 0x1, 0,                          /* routing, type 2, nothing left */
};

Test(net_packet6, a_chain_of_extension_headers_is_walked_to_layer_4)
{
	struct frame *frame = frame_new();

	for (unsigned i = 0; i < 3; i++) {
		struct spec6 spec = spec_of(protos[i]);
		struct packet_info info;
		uint8_t bytes[sizeof chain];

		memcpy(bytes, chain, sizeof chain);
		bytes[24] = protos[i];
		spec.extension = bytes;
		spec.extension_len = sizeof bytes;
		frame6_build(frame, &spec);
		cr_assert_eq(parse(frame, &info), REASON_NONE, "%s", reason_get_name(parse(frame, &info)));
		cr_assert(info.proto == protos[i] && info.l4_off == 54 + sizeof bytes && info.payload_len == 21);
		cr_assert_eq(info.sport, 4000);
	}
	frame_free(frame);
}

Test(net_packet6, a_frame_cut_anywhere_is_refused_without_reading_behind_its_end)
{
	struct frame *frame = frame_new();

	for (unsigned i = 0; i < 6; i++) {
		struct spec6 spec = spec_of(protos[i % 3]);
		uint8_t bytes[sizeof chain];
		uint32_t whole;

		memcpy(bytes, chain, sizeof chain);
		bytes[24] = protos[i % 3];
		spec.extension = bytes;
		spec.extension_len = i < 3 ? 0 : sizeof bytes;
		frame6_build(frame, &spec);
		whole = frame->pkt.len;
		for (uint32_t len = 0; len < whole; len++) {
			struct packet_info info;

			frame->pkt.len = frame->pkt.head_len = len;
			cr_assert_neq(parse(frame, &info), REASON_NONE);
			/* the length of the header agrees: only what is inside can tell */
			frame->pkt.len = frame->pkt.head_len = len;
			/* nothing in TCP says how long its payload is */
			if (len < 54 || (i % 3 == 0 && len >= 54 + spec.extension_len + 20))
				continue;
			be16_put(frame->bytes + 18, (uint16_t)(len - 54));
			cr_assert_neq(parse(frame, &info), REASON_NONE, "of %u bytes of %u", len, whole);
			be16_put(frame->bytes + 18, (uint16_t)(whole - 54));
		}
	}
	frame_free(frame);
}

/* What comes of a TCP packet with @len bytes of extension headers at @bytes, the first of kind @next. */
static enum reason parse_extended(uint8_t next, const uint8_t *bytes, uint32_t len)
{
	struct frame *frame = frame_new();
	struct spec6 spec = spec_of(IP_PROTO_TCP);
	struct packet_info info;
	enum reason reason;

	spec.extension = bytes;
	spec.extension_len = len;
	spec.next = next;
	frame6_build(frame, &spec);
	reason = parse(frame, &info);
	frame_free(frame);
	return reason;
}

#define EXTENDED(next, ...) parse_extended(next, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

Test(net_packet6, extension_headers_that_may_not_pass_have_their_reasons)
{
	static const uint8_t long_pad[200] = {6, 24, 1, 196}, too_long[208] = {6, 25, 1, 204};

	cr_expect_eq(EXTENDED(0, 6, 0, 1, 4, 0, 0, 0, 0), REASON_NONE);
	cr_expect_eq(EXTENDED(60, 6, 0, 1, 4, 0, 0, 0, 0), REASON_NONE);
	/* a jumbogram, alone and behind others */
	cr_expect_eq(EXTENDED(0, 6, 0, 0xc2, 4, 0, 1, 0, 0), REASON_IP6_JUMBO);
	cr_expect_eq(EXTENDED(0, 6, 1, 1, 4, 0, 0, 0, 0, 0, 0, 0xc2, 4, 0, 1, 0, 0), REASON_IP6_JUMBO);
	/* routing headers */
	cr_expect_eq(EXTENDED(43, 6, 0, 0, 0, 0, 0, 0, 0), REASON_IP6_ROUTING);
	cr_expect_eq(EXTENDED(43, 6, 0, 2, 1, 0, 0, 0, 0), REASON_IP6_ROUTING);
	cr_expect_eq(EXTENDED(43, 6, 0, 2, 0, 0, 0, 0, 0), REASON_NONE);
	/* a fragment, the first too, and behind others */
	cr_expect_eq(EXTENDED(44, 6, 0, 0, 1, 0, 0, 0, 9), REASON_IP_FRAGMENT);
	cr_expect_eq(EXTENDED(60, 44, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 8, 0, 0, 0, 9), REASON_IP_FRAGMENT);
	/* hop-by-hop not first */
	cr_expect_eq(EXTENDED(60, 0, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0), REASON_IP6_EXTENSION);
	/* options that leave their header */
	cr_expect_eq(EXTENDED(60, 6, 0, 1, 5, 0, 0, 0, 0), REASON_IP6_EXTENSION);
	cr_expect_eq(EXTENDED(60, 6, 0, 0, 0, 0, 0, 0, 1), REASON_IP6_EXTENSION);
	/* as far as a frame's head goes, and beyond */
	cr_expect_eq(parse_extended(60, too_long, sizeof too_long), REASON_IP6_EXTENSION);
	cr_expect_eq(parse_extended(60, long_pad, sizeof long_pad), REASON_NONE);
	/* what nobody here reads */
	cr_expect_eq(EXTENDED(60, 59, 0, 1, 4, 0, 0, 0, 0), REASON_IP_PROTO);
	cr_expect_eq(EXTENDED(51, 6, 0, 0, 0, 0, 0, 0, 0), REASON_IP_PROTO);
	cr_expect_eq(EXTENDED(50, 6, 0, 0, 0, 0, 0, 0, 0), REASON_IP_PROTO);
	cr_expect_eq(EXTENDED(1, 8, 0, 0, 0, 0, 0, 0, 0), REASON_IP_PROTO);
}

/* The byte at @at changed in a frame of @proto. */
static enum reason parse_changed(uint8_t proto, uint32_t at, uint8_t value)
{
	struct frame *frame = frame_new();
	struct spec6 spec = spec_of(proto);
	struct packet_info info;
	enum reason reason;

	frame6_build(frame, &spec);
	frame->bytes[at] = value;
	reason = parse(frame, &info);
	frame_free(frame);
	return reason;
}

Test(net_packet6, each_malformed_header_has_its_own_reason)
{
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 14, 0x45), REASON_IP_HEADER);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 18, 1), REASON_IP_LENGTH);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 19, 19), REASON_FRAME_SHORT);
	cr_expect_eq(parse_changed(IP_PROTO_TCP, 54 + 12, 0x40), REASON_TCP_HEADER);
	cr_expect_eq(parse_changed(IP_PROTO_UDP, 54 + 5, 7), REASON_UDP_LENGTH);
	cr_expect_eq(parse_changed(IP_PROTO_UDP, 54 + 4, 1), REASON_UDP_LENGTH);
	cr_expect_eq(parse_changed(IP_PROTO_ICMP6, 54, 130), REASON_ICMP_TYPE);
	cr_expect_eq(parse_changed(IP_PROTO_ICMP6, 54, 137), REASON_ICMP_TYPE);
	cr_expect_eq(parse_changed(IP_PROTO_ICMP6, 55, 1), REASON_ICMP_TYPE);
	cr_expect_eq(parse_changed(IP_PROTO_ICMP6, 66, 0xee), REASON_ICMP_CHECKSUM);
	cr_expect_eq(parse_changed(IP_PROTO_ICMP6, 14 + 23, 3), REASON_ICMP_CHECKSUM, "the pseudo-header counts");
}

Test(net_packet6, udp_without_a_checksum_is_refused)
{
	struct frame *frame = frame_new();
	struct spec6 spec = spec_of(IP_PROTO_UDP);
	struct packet_info info;

	frame6_build(frame, &spec);
	be16_put(frame->bytes + 60, 0);
	cr_assert_eq(parse(frame, &info), REASON_UDP_CHECKSUM);
	frame_free(frame);
}

Test(net_packet6, an_ipv4_address_in_an_ipv6_packet_is_refused)
{
	struct frame *frame = frame_new();
	struct spec6 spec = spec_of(IP_PROTO_TCP);
	struct packet_info info;

	spec.src = address("10.0.1.2");
	frame6_build(frame, &spec);
	cr_assert_eq(parse(frame, &info), REASON_IP_BOGON);
	spec = spec_of(IP_PROTO_TCP);
	spec.dst = address("10.0.1.2");
	frame6_build(frame, &spec);
	cr_assert_eq(parse(frame, &info), REASON_IP_BOGON);
	frame_free(frame);
}

Test(net_packet6, offload_requests_must_fit_the_headers)
{
	struct frame *frame = frame_new();
	struct spec6 spec = spec_of(IP_PROTO_TCP);
	struct packet_info info;

	spec.flags = TCP_ACK;
	spec.blank = true;
	spec.payload_len = 3000;
	frame6_build(frame, &spec);
	frame->pkt.gso_size = 1440;
	frame->pkt.gso_type = PACKET_GSO_TCP6;
	cr_expect_eq(parse(frame, &info), REASON_NONE);
	frame->pkt.gso_type = PACKET_GSO_TCP4;
	cr_expect_eq(parse(frame, &info), REASON_GSO_META);
	frame->pkt.gso_type = PACKET_GSO_NONE;
	frame->pkt.csum_start = 34;
	cr_expect_eq(parse(frame, &info), REASON_CSUM_META);
	frame_free(frame);
}
