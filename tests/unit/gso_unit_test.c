/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Units made of segments, and cut into them again, against segments that were written one by one (tcp_segments.h).
 * links: drivers/net/join.c drivers/net/cut.c drivers/net/gso.c drivers/net/frame.c
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include <abi/net_ring.h>
#include <drivers/net/cut.h>
#include <drivers/net/join.h>

#include "tcp_segments.h"

#define PAGES 24u
#define ACK 0x10u
#define PSH 0x08u
#define FIN 0x01u
#define CWR 0x80u

static uint8_t memory[PAGES][PAGE_SIZE] __attribute__((aligned(4096)));
static struct frame frames[PAGES][FRAMES_PER_PAGE];
static struct frame_pool pool;

static void pool_fill(void)
{
	for (unsigned i = 0; i < PAGES; i++)
		frame_pool_add(&pool, frames[i], memory[i], i * PAGE_SIZE);
}

static struct segments random_stream(void)
{
	struct segments s = {.ipv6 = rand() % 2,
			     .options = (uint32_t)(rand() % 4) * 4,
			     .seq = (uint32_t)rand() * 2u + (uint32_t)(rand() % 2),
			     .id = (uint16_t)rand(),
			     .mss = 536 + (uint32_t)rand() % 1300};

	return s;
}

/* The unit with @head and the first @payload bytes, in pieces of random length behind a first one of at least 256 bytes. */
static struct frame *unit_build(const uint8_t *head, uint32_t header_len, uint32_t payload, uint16_t gso_size,
				bool ipv6)
{
	struct frame *first = frame_get(&pool), *f = first;
	uint32_t end = 256 + (uint32_t)rand() % (FRAME_LEN_MAX - 256);

	memcpy(f->data, head, header_len);
	f->len = header_len;
	for (uint32_t at = 0; at < payload; at++) {
		if (f->len == end) {
			f->more = frame_get(&pool);
			cr_assert(f->more);
			f = f->more;
			end = FRAME_LEN_MAX - (uint32_t)rand() % 300;
		}
		f->data[f->len++] = segments_byte(at);
	}
	first->gso_size = gso_size;
	first->flags = FRAME_CSUM_BLANK;
	first->csum_start = ipv6 ? 54 : 34;
	first->csum_offset = 16;
	return first;
}

/* Segment @n of what is cut next is just @want, its checksum completed. */
static void next_is(struct gso_cut *cut, const struct segment *want, uint32_t n)
{
	struct frame *segment = frame_get(&pool);

	cr_assert(gso_cut_next(cut, segment), "segment %u is missing", n);
	cr_assert_not(segment->gso_size);
	cr_assert(frame_complete_csum(segment));
	cr_assert_eq(segment->len, want->len, "segment %u: %u bytes", n, segment->len);
	for (uint32_t i = 0; i < want->len; i++)
		cr_assert_eq(segment->data[i], want->bytes[i], "segment %u differs at %u", n, i);
	frame_put(&pool, segment);
}

Test(gso_unit, segments_joined_and_cut_again_are_the_same_byte_for_byte, .timeout = 120)
{
	unsigned units = 0;

	srand(5);
	pool_fill();
	for (unsigned round = 0; round < 400; round++) {
		struct segments s = random_stream();
		uint32_t count = 1 + (uint32_t)rand() % 30, headers = segments_headers(&s), from = 0, joined = 0;
		uint32_t last = 1 + (uint32_t)rand() % s.mss;
		static struct segment segment, want[30];
		struct join join = {.open = false};
		struct gso_cut cut;
		struct frame *unit;

		for (uint32_t i = 0; i < count; i++) {
			uint32_t bytes = i + 1 == count ? last : s.mss;
			uint8_t flags = i + 1 == count ? ACK | PSH | (rand() % 2 ? FIN : 0) : ACK;

			segments_write(&s, i, from, bytes, flags, false, &segment);
			if (!i) {
				join_begin(&join, segment.bytes, MIN(segment.len, JOIN_HEAD_MAX), segment.len);
				if (!join.open) /* alone, with its FIN */
					break;
			} else {
				if (!join_fits(&join, segment.bytes, MIN(segment.len, JOIN_HEAD_MAX), segment.len))
					break;
				join_add(&join, segment.bytes, segment.len);
			}
			segments_write(&s, i, from, bytes, flags, true, &want[i]);
			from += bytes;
			joined++;
		}
		cr_assert(joined == count || (joined == 0 && count == 1) ||
			  from + s.mss + headers > NET_UNIT_BYTES_MAX);
		if (joined < 2)
			continue;
		cr_assert_eq(join.payload, from);
		units++;
		unit = unit_build(join.head, headers, from, join.gso_size, s.ipv6);
		cr_assert(gso_cut_begin(&cut, unit), "round %u", round);
		for (uint32_t i = 0; i < joined; i++)
			next_is(&cut, &want[i], i);
		cr_assert_not(gso_cut_next(&cut, frame_get(&pool)));
		frame_put(&pool, unit);
		pool = (struct frame_pool){0};
		pool_fill();
	}
	cr_assert_gt(units, 300);
}

Test(gso_unit, the_first_segment_alone_tells_of_a_smaller_window_and_the_last_alone_ends)
{
	struct segments s = {.seq = 0xfffffc00, .id = 0xffff, .mss = 1000};
	static struct segment whole, want;
	struct gso_cut cut;
	struct frame *unit;
	uint8_t *tcp;

	pool_fill();
	segments_write(&s, 0, 0, 0, ACK | PSH | FIN | CWR, false, &whole);
	unit = unit_build(whole.bytes, segments_headers(&s), 2500, 1000, false);
	/* the length of the whole, and what follows from it */
	unit->data[16] = (2540 >> 8) & 0xff, unit->data[17] = 2540 & 0xff;
	tcp = unit->data + 34;
	uint32_t pseudo = ((uint32_t)tcp[16] << 8 | tcp[17]) + 2500;
	pseudo = (pseudo & 0xffff) + (pseudo >> 16);
	tcp[16] = (uint8_t)(pseudo >> 8), tcp[17] = (uint8_t)pseudo;
	cr_assert(gso_cut_begin(&cut, unit));
	segments_write(&s, 0, 0, 1000, ACK | CWR, true, &want);
	next_is(&cut, &want, 0);
	segments_write(&s, 1, 1000, 1000, ACK, true, &want);
	next_is(&cut, &want, 1);
	segments_write(&s, 2, 2000, 500, ACK | PSH | FIN, true, &want);
	next_is(&cut, &want, 2);
	cr_assert_not(gso_cut_next(&cut, frame_get(&pool)));
}

Test(gso_unit, what_has_anything_of_its_own_is_not_joined)
{
	struct segments s = {.options = 12, .seq = 1000, .id = 7, .mss = 1000};
	static struct segment first, next;
	static const struct {
		const char *what;
		unsigned at, mask;
	} changes[] = {{"receiver", 0, 1},  {"sender", 6, 1},        {"type", 12, 1},        {"service", 15, 4},
		       {"length", 17, 1},   {"fragment", 20, 0x20},  {"lifetime", 22, 1},    {"protocol", 23, 1},
		       {"source", 29, 1},   {"target", 33, 1},       {"source port", 35, 1}, {"target port", 37, 1},
		       {"sequence", 41, 1}, {"acknowledged", 45, 1}, {"offset", 46, 0x10},   {"SYN", 47, 2},
		       {"RST", 47, 4},      {"no ACK", 47, 0x10},    {"URG", 47, 0x20},      {"CWR", 47, 0x80},
		       {"window", 49, 1},   {"options", 54, 1}};

	for (unsigned i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct join join = {.open = false};

		segments_write(&s, 0, 0, 1000, ACK, false, &first);
		segments_write(&s, 1, 1000, 1000, ACK, false, &next);
		join_begin(&join, first.bytes, JOIN_HEAD_MAX, first.len);
		cr_assert(join_fits(&join, next.bytes, JOIN_HEAD_MAX, next.len));
		next.bytes[changes[i].at] ^= (uint8_t)changes[i].mask;
		cr_assert_not(join_fits(&join, next.bytes, JOIN_HEAD_MAX, next.len), "%s", changes[i].what);
	}
}

Test(gso_unit, a_short_segment_and_one_that_ends_the_stream_are_the_last_of_theirs)
{
	struct segments s = {.seq = 1000, .mss = 1000};
	static struct segment segment;
	struct join join;

	segments_write(&s, 0, 0, 1000, ACK, false, &segment);
	join_begin(&join, segment.bytes, 54, segment.len);
	segments_write(&s, 1, 1000, 1001, ACK, false, &segment);
	cr_assert_not(join_fits(&join, segment.bytes, 54, segment.len), "longer than the first");
	segments_write(&s, 1, 1000, 0, ACK, false, &segment);
	cr_assert_not(join_fits(&join, segment.bytes, 54, segment.len), "an acknowledgement");
	segments_write(&s, 1, 1000, 999, ACK, false, &segment);
	join_add(&join, segment.bytes, segment.len);
	segments_write(&s, 2, 1999, 900, ACK, false, &segment);
	cr_assert_not(join_fits(&join, segment.bytes, 54, segment.len));
	segments_write(&s, 0, 0, 1000, ACK, false, &segment);
	join_begin(&join, segment.bytes, 54, segment.len);
	segments_write(&s, 1, 1000, 1000, ACK | FIN, false, &segment);
	join_add(&join, segment.bytes, segment.len);
	cr_assert_not(join.open);
	for (unsigned flags = 0; flags < 256; flags++) {
		segments_write(&s, 0, 0, 1000, (uint8_t)flags, false, &segment);
		join_begin(&join, segment.bytes, 54, segment.len);
		cr_assert_eq(join.open, flags == ACK || flags == (ACK | PSH), "flags %x", flags);
	}
}

Test(gso_unit, more_segments_than_an_honest_sender_makes_are_refused)
{
	struct segments s = {.seq = 1, .mss = 100};
	static struct segment segment;
	struct join join;
	struct gso_cut cut;
	struct frame *unit;

	pool_fill();
	segments_write(&s, 0, 0, 100, ACK, false, &segment);
	join_begin(&join, segment.bytes, 54, segment.len);
	for (uint32_t i = 1; i <= GSO_SEGMENTS_MAX; i++) {
		unit = unit_build(join.head, 54, join.payload, 100, false);
		cr_assert(i == 1 || gso_cut_begin(&cut, unit), "%u segments", i);
		frame_put(&pool, unit);
		segments_write(&s, i, i * 100, 100, ACK, false, &segment);
		join_add(&join, segment.bytes, segment.len);
	}
	unit = unit_build(join.head, 54, join.payload, 100, false);
	cr_assert_not(gso_cut_begin(&cut, unit));
}
