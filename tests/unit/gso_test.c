/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets that a card is to cut: which of them may be, and what the 82574 is told about them. The card is played by the
 * test: from the context and the changed headers alone, as the datasheet (chapter 7.3) says, it makes segments that are
 * right.
 * links: drivers/net/gso.c drivers/intel/e1000e_tso.c drivers/intel/e1000e_ring.c drivers/net/frame.c
 */
#include <criterion/criterion.h>

#include <string.h>

#include <drivers/intel/e1000e_tso.h>

#define MTU 1500u
#define ETH_LEN 14u
#define TCP_LEN 32u
#define PIECES 60u
#define SEQUENCE 0xfffff000u

static uint8_t memory[PIECES][FRAME_LEN_MAX];
static struct frame frames[PIECES];

static uint32_t get16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t sum(const uint8_t *p, uint32_t len, uint32_t more)
{
	for (; len > 1; len -= 2, p += 2)
		more += get16(p);
	more += len ? (uint32_t)*p << 8 : 0;
	while (more >> 16)
		more = (more & 0xffff) + (more >> 16);
	return more;
}

/* A packet with @payload bytes in pieces of at most @piece. */
static struct frame *packet(bool ipv6, uint32_t payload, uint16_t gso_size, uint32_t piece)
{
	uint32_t l4 = ETH_LEN + (ipv6 ? 40 : 20), done = 0, tcp_bytes = TCP_LEN + payload;
	uint8_t *data = memory[0], *ip = data + ETH_LEN, *tcp = data + l4;
	struct frame *f = &frames[0];

	memset(frames, 0, sizeof frames);
	memset(memory, 0, sizeof memory);
	for (unsigned i = 0; i < PIECES; i++)
		frames[i].data = memory[i];
	put16(data + 12, ipv6 ? 0x86dd : 0x0800);
	ip[0] = ipv6 ? 0x60 : 0x45;
	put16(ip + (ipv6 ? 4 : 2), tcp_bytes + (ipv6 ? 0 : 20));
	ip[ipv6 ? 6 : 9] = 6;
	for (unsigned i = 0; i < (ipv6 ? 32u : 8u); i++)
		ip[(ipv6 ? 8 : 12) + i] = (uint8_t)(0xa7 + 31 * i);
	if (!ipv6)
		put16(ip + 10, ~sum(ip, 20, 0));
	put16(tcp + 4, SEQUENCE >> 16);
	put16(tcp + 6, SEQUENCE & 0xffff);
	tcp[12] = TCP_LEN / 4 << 4;
	tcp[13] = 0x18;
	put16(tcp + 16, sum(ip + (ipv6 ? 8 : 12), ipv6 ? 32 : 8, 6 + tcp_bytes));
	*f = (struct frame){.data = data,
			    .len = l4 + TCP_LEN,
			    .csum_start = (uint16_t)l4,
			    .csum_offset = 16,
			    .gso_size = gso_size,
			    .flags = FRAME_CSUM_BLANK};
	while (done < payload) {
		if (f->len >= piece || f->len == FRAME_LEN_MAX) {
			f->more = f + 1;
			f++;
		}
		f->data[f->len++] = (uint8_t)(done++ * 7);
	}
	return &frames[0];
}

static bool reads(const struct frame *f)
{
	struct gso gso;

	return gso_read(f, MTU, &gso);
}

Test(gso, the_places_of_headers_are_found)
{
	struct gso gso;

	cr_assert(gso_read(packet(false, 20000, 1448, 1500), MTU, &gso));
	cr_assert(!gso.ipv6 && gso.l3 == 14 && gso.l4 == 34 && gso.header_len == 66 && gso.len == 20066);
	cr_assert_eq(gso.pieces, 14);
	cr_assert_not(gso.whole);
	cr_assert(gso_read(packet(true, 65535 - 40 - 32, 1428, 1984), MTU, &gso));
	cr_assert(gso.ipv6 && gso.l4 == 54 && gso.header_len == 86 && gso.len == 65549);
	cr_assert(gso_read(packet(false, 1448, 1448, 1984), MTU, &gso));
	cr_assert(gso.whole, "one segment");
	cr_assert(gso_read(packet(false, 1449, 1448, 1984), MTU, &gso));
	cr_assert_not(gso.whole);
}

Test(gso, what_is_no_tcp_packet_of_its_own_length_is_refused)
{
	static const struct {
		bool ipv6;
		uint8_t at, value; /* of the first frame */
	} bad[] = {
		{false, 12, 0x81}, {false, 13, 0x06}, {false, 14, 0x65}, {false, 14, 0x44},
		{false, 14, 0x4f}, {false, 16, 0x00}, {false, 17, 0xff}, {false, 20, 0x20},
		{false, 21, 0x01}, {false, 23, 0x11}, {false, 46, 0x40}, {true, 14, 0x45},
		{true, 18, 0x00},  {true, 19, 0xff},  {true, 20, 0x2c},  {true, 66, 0x40},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		struct frame *f = packet(bad[i].ipv6, 5000, 1400, 1000);

		cr_assert(reads(f));
		cr_assert_neq(f->data[bad[i].at], bad[i].value, "case %u changes nothing", i);
		f->data[bad[i].at] = bad[i].value;
		cr_assert_not(reads(f), "case %u: byte %u", i, bad[i].at);
	}
}

Test(gso, descriptions_that_make_no_sense_are_refused)
{
	struct frame *f;

	for (unsigned i = 0; i < 13; i++) {
		f = packet(false, 5000, 1448, 1000);
		switch (i) {
		case 0: f->flags = 0; break;
		case 1: f->csum_start++; break;
		case 2: f->csum_offset = 6; break;
		case 3: f->gso_size = 0; break;
		case 4: f->gso_size = 1449; break; /* 1501 bytes of IP */
		case 5: f->more->len = 0; break;
		case 6: f->more->len = FRAME_LEN_MAX + 1; break;
		case 7: f->len = 13; break;
		case 8: f->len = 33; break;
		case 9: f->len = 53; break;
		case 10: f->len = 65; break; /* the options are elsewhere */
		case 11:
			f->data[46] = 0xf0;
			f->len = 66;
			break; /* so are these */
		case 12: f = packet(false, 0, 1448, 1000); break;
		}
		cr_assert_not(reads(f), "case %u", i);
	}
	cr_assert(reads(packet(false, 39 * 900, 1448, 900)), "40 pieces");
	cr_assert_not(reads(packet(false, 42 * 900, 1448, 900)), "more pieces than a card takes");
	cr_assert_not(reads(packet(true, 65536 - 40 - 32, 1428, 1984)), "more than IP carries");
}

/* --- the 82574 --------------------------------------------------------------------------------------------------- */

static uint8_t flat[70000], segment[2000];

/* Segment number @n as the datasheet has it: header fields from the context, lengths and sums added. Returns its length. */
static uint32_t device_cuts(struct e1000e_desc c, unsigned n)
{
	uint32_t ipcss = c.lo & 0xff, ipcso = c.lo >> 8 & 0xff, ipcse = c.lo >> 16 & 0xffff, tucss = c.lo >> 32 & 0xff;
	uint32_t tucso = c.lo >> 40 & 0xff, headers = c.hi >> 40 & 0xff, mss = (uint32_t)(c.hi >> 48);
	uint32_t from = n * mss, rest = (c.hi & 0xfffff) - from, len = MIN(rest, mss), sequence = SEQUENCE + from;
	bool ipv4 = c.hi >> 25 & 1;

	cr_assert_eq(c.lo >> 48, 0, "the checksum ends with the packet");
	cr_assert_eq(c.hi >> 20 & 0xf, 0, "a context");
	cr_assert_eq(c.hi >> 24 & 0xff & ~2u, 0x25, "TCP, TSE, DEXT");
	memcpy(segment, flat, headers);
	memcpy(segment + headers, flat + headers + from, len);
	len += headers;
	if (ipv4) {
		put16(segment + ipcss + 2, get16(segment + ipcss + 2) + len - ipcss);
		put16(segment + ipcso, ~sum(segment + ipcss, ipcse + 1 - ipcss, 0));
	} else {
		put16(segment + ipcss + 4, get16(segment + ipcss + 4) + len - tucss);
	}
	put16(segment + tucss + 4, sequence >> 16);
	put16(segment + tucss + 6, sequence & 0xffff);
	put16(segment + tucso, ~sum(segment + tucss, len - tucss, len - tucss));
	return len;
}

static void cut(bool ipv6, uint32_t payload, uint16_t gso_size)
{
	struct frame *f = packet(ipv6, payload, gso_size, 1984);
	uint32_t l4 = ETH_LEN + (ipv6 ? 40 : 20), done = 0, at = 0;
	struct e1000e_desc context;
	struct gso gso;

	cr_assert(gso_read(f, MTU, &gso));
	cr_assert(e1000e_tso_fits(&gso));
	context = e1000e_tso_context(&gso, gso_size);
	e1000e_tso_prepare(f->data, &gso);
	for (; f; at += f->len, f = f->more)
		memcpy(flat + at, f->data, f->len);
	for (unsigned n = 0; done < payload; n++) {
		uint32_t len = device_cuts(context, n), want = MIN(payload - done, gso_size), tcp_bytes = len - l4;

		cr_assert_eq(len, l4 + TCP_LEN + want);
		if (ipv6) {
			cr_assert_eq(get16(segment + 18), tcp_bytes);
			cr_assert_eq(sum(segment + 22, 32 + tcp_bytes, 6 + tcp_bytes), 0xffff, "segment %u", n);
		} else {
			cr_assert_eq(get16(segment + 16), tcp_bytes + 20);
			cr_assert_eq(sum(segment + 14, 20, 0), 0xffff, "segment %u", n);
			cr_assert_eq(sum(segment + 26, 8 + tcp_bytes, 6 + tcp_bytes), 0xffff, "segment %u", n);
		}
		done += want;
	}
}

Test(gso, the_82574_is_told_how_to_make_right_segments)
{
	for (unsigned ipv6 = 0; ipv6 < 2; ipv6++) {
		cut(ipv6, 20000, 1400);
		cut(ipv6, 2801, 1400);
		cut(ipv6, 5000, 537);
		cut(ipv6, 65000, 1428);
	}
}

Test(gso, headers_beyond_the_82574s_reach_are_not_its)
{
	struct gso gso;

	cr_assert(gso_read(packet(false, 20000, 1448, 1500), MTU, &gso));
	cr_assert(e1000e_tso_fits(&gso));
	gso.header_len = 256;
	cr_assert_not(e1000e_tso_fits(&gso));
	gso.header_len = 255;
	cr_assert(e1000e_tso_fits(&gso));
	gso.l4 = 240;
	cr_assert_not(e1000e_tso_fits(&gso));
}

Test(gso, a_chain_goes_back_to_the_pool_as_a_whole)
{
	static uint8_t page[PAGE_SIZE * 2] __attribute__((aligned(4096)));
	static struct frame pool_frames[4];
	struct frame_pool pool = {0};
	struct frame *f;

	frame_pool_add(&pool, pool_frames, page, 0x1000);
	frame_pool_add(&pool, pool_frames + 2, page + PAGE_SIZE, 0x2000);
	f = frame_get(&pool);
	f->gso_size = 1;
	f->more = frame_get(&pool);
	f->more->more = frame_get(&pool);
	cr_assert_eq(pool.free_count, 1);
	frame_put(&pool, f);
	cr_assert_eq(pool.free_count, 4);
	for (unsigned i = 0; i < 4; i++) {
		f = frame_get(&pool);
		cr_assert(f && !f->more && !f->gso_size);
	}
	cr_assert_null(frame_get(&pool));
}
