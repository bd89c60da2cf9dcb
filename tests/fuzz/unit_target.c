/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Units: any bytes in any pieces as a packet to be cut, and what is cut is read again by a naive one, which holds the
 * segments against the whole; and any bytes as a segment to be continued.
 */
#include "fuzz.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include <abi/net_ring.h>
#include <drivers/net/cut.h>
#include <drivers/net/join.h>

#define HEAD 8u /* of an input: gso_size, length of the first piece and of the others, checksum's place, flags */
#define PIECES 44u

static uint32_t field(const uint8_t *p, unsigned len)
{
	uint32_t v = 0;

	while (len--)
		v = v << 8 | *p++;
	return v;
}

static uint32_t sum(const uint8_t *p, uint32_t len)
{
	uint32_t v = 0;

	for (uint32_t i = 0; i < len; i++)
		v += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (v >> 16)
		v = (v & 0xffff) + (v >> 16);
	return v;
}

/* Segment number @n of the packet @all, whose headers have @headers bytes, begins @done bytes into its payload. */
static void segment_check(const struct frame *s, const uint8_t *all, uint32_t len, uint32_t headers, uint32_t done,
			  uint32_t n)
{
	bool ipv6 = field(all + 12, 2) == 0x86dd, last = done + s->len - headers == len - headers;
	uint32_t l4 = ipv6 ? 54 : 14 + 4 * (all[14] & 15u), tcp = s->len - l4;
	uint8_t keep = (uint8_t)((last ? 0 : 0x09) | (done ? 0x80 : 0));

	cr_assert(!memcmp(s->data, all, 14));
	cr_assert(!memcmp(s->data + headers, all + headers + done, s->len - headers));
	cr_assert_eq(field(s->data + (ipv6 ? 18 : 16), 2), ipv6 ? tcp : s->len - 14);
	if (!ipv6) {
		cr_assert_eq(sum(s->data + 14, l4 - 14), 0xffff);
		cr_assert_eq(field(s->data + 18, 2), (field(all + 18, 2) + n) & 0xffff);
		cr_assert(!memcmp(s->data + 20, all + 20, 4) && !memcmp(s->data + 26, all + 26, l4 - 26));
	} else {
		cr_assert(!memcmp(s->data + 20, all + 20, 34));
	}
	cr_assert_eq(field(s->data + l4 + 4, 4), field(all + l4 + 4, 4) + done);
	cr_assert_eq(s->data[l4 + 13], all[l4 + 13] & ~keep);
	cr_assert(!memcmp(s->data + l4 + 8, all + l4 + 8, 5) && !memcmp(s->data + l4 + 14, all + l4 + 14, 2));
	cr_assert(!memcmp(s->data + l4 + 18, all + l4 + 18, headers - l4 - 18));
	/* the field and the whole's length are those of the whole: both sides less their lengths are the same */
	cr_assert_eq((field(s->data + l4 + 16, 2) + len - l4) % 0xffff, (field(all + l4 + 16, 2) + tcp) % 0xffff);
}

static void cut(struct frame *unit, const uint8_t *all, uint32_t len)
{
	static uint8_t memory[FRAME_LEN_MAX];
	struct frame segment = {.data = memory};
	uint32_t done = 0, n = 0, headers;
	struct gso_cut c;

	if (!gso_cut_begin(&c, unit))
		return;
	headers = c.gso.header_len;
	while (gso_cut_next(&c, &segment)) {
		cr_assert(segment.len > headers && segment.len - headers <= unit->gso_size && n < GSO_SEGMENTS_MAX);
		segment_check(&segment, all, len, headers, done, n++);
		done += segment.len - headers;
		segment.len = 0;
	}
	cr_assert_eq(done, len - headers);
}

/* The packet, and once more what follows on it. */
static void join(const uint8_t *all, uint32_t len)
{
	uint32_t have = MIN(len, JOIN_HEAD_MAX), seq;
	uint8_t head[JOIN_HEAD_MAX];
	struct join j;

	join_begin(&j, all, have, len);
	for (unsigned i = 0; j.open && i < 200; i++) {
		memcpy(head, all, have);
		seq = j.seq;
		for (unsigned k = 0; k < 4; k++)
			head[j.l4 + 4 + k] = (uint8_t)(seq >> (24 - 8 * k));
		if (!join_fits(&j, head, have, len))
			break;
		join_add(&j, head, len);
		cr_assert(j.header_len + j.payload <= NET_UNIT_BYTES_MAX);
		cr_assert_eq(j.payload, (i + 2) * j.gso_size);
		cr_assert(j.ipv6 || sum(j.head + 14, 20) == 0xffff);
	}
}

static void run(const uint8_t *input, size_t size)
{
	static struct frame frames[PIECES];
	uint32_t len = size > HEAD ? (uint32_t)size - HEAD : 0, at = 0, n = 0;
	const uint8_t *all = input + HEAD;

	if (!len)
		return;
	do {
		uint32_t want = n ? 16u + input[3] * 8u : 32u + input[2] * 8u,
			 part = MIN(MIN(want, len - at), FRAME_LEN_MAX);

		frames[n] = (struct frame){.data = malloc(part), .len = part};
		memcpy(frames[n].data, all + at, part);
		if (n)
			frames[n - 1].more = &frames[n];
		at += part;
	} while (++n < PIECES && at < len);
	frames[0].gso_size = (uint16_t)field(input, 2);
	frames[0].csum_start = input[4];
	frames[0].csum_offset = input[5];
	frames[0].flags = input[6] & 3;
	if (at == len) {
		cut(&frames[0], all, len);
		join(all, len);
	}
	while (n)
		free(frames[--n].data);
}

static size_t seed(unsigned n, uint8_t *out)
{
	static const uint32_t payloads[] = {5000, 700, 3001, 1400, 2000};
	bool ipv6 = n % 2;
	uint8_t *p = out + HEAD, *tcp = p + (ipv6 ? 54 : 34);
	uint32_t bytes, csum;

	if (n >= 5)
		return 0;
	bytes = 20 + payloads[n];
	out[0] = 2, out[1] = 188; /* 700 */
	out[2] = 60, out[3] = 200, out[4] = ipv6 ? 54 : 34, out[5] = 16, out[6] = 1;
	p[12] = ipv6 ? 0x86 : 8, p[13] = ipv6 ? 0xdd : 0;
	p[14] = ipv6 ? 0x60 : 0x45;
	p[ipv6 ? 20 : 23] = 6;
	bytes += ipv6 ? 0 : 20;
	p[ipv6 ? 18 : 16] = (uint8_t)(bytes >> 8), p[ipv6 ? 19 : 17] = (uint8_t)bytes;
	csum = ~sum(p + 14, 20);
	if (!ipv6)
		p[24] = (uint8_t)(csum >> 8), p[25] = (uint8_t)csum;
	tcp[12] = 0x50, tcp[13] = n < 2 ? 0x99 : 0x10;
	if (n == 4)
		out[2] = 3, tcp[12] = 0x60; /* headers of 58 bytes, a first piece of 56 */
	return HEAD + (ipv6 ? 54 : 34) + 20 + payloads[n];
}

const struct fuzz_target fuzz_unit = {"unit", run, seed, FUZZ_INPUT_MAX};
