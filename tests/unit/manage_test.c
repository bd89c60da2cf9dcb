// SPDX-License-Identifier: BSD-2-Clause
/*
 * The management channel's bytes: frames on a line that loses and invents bytes, policies in pieces, packed or not.
 *
 * links: tools/cambium/pack.c
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/ring/manage_line.h"
#include "drivers/ring/manage_upload.h"
#include "net_support.h"
#include "tools/cambium/pack.h"

static struct manage_message message_random(uint64_t *state, uint32_t id)
{
	struct manage_message m = {.kind = (uint32_t)(dice(state) >> 60), .id = id};

	m.length = (uint32_t)((dice(state) >> 20) % (MANAGE_PAYLOAD_MAX + 1));
	for (uint32_t i = 0; i < m.length; i++)
		m.payload[i] = (uint8_t)(dice(state) >> 40);
	return m;
}

/* Feeds @len bytes in pieces of random sizes; what comes out goes behind what is in @got. */
static unsigned feed(struct manage_line *line, uint64_t *state, const uint8_t *bytes, size_t len,
		     struct manage_message *got, unsigned count)
{
	while (len > 0) {
		size_t part = 1 + (dice(state) >> 20) % 700, used;

		part = part < len ? part : len;
		while (manage_line_feed(line, bytes, part, &used, &got[count])) {
			count++;
			bytes += used;
			part -= used;
			len -= used;
		}
		bytes += used;
		len -= used;
	}
	return count;
}

Test(manage_line, every_frame_comes_out_whole_between_any_garbage)
{
	static struct manage_message sent[64], got[80];
	static uint8_t wire[64 * 2200];
	static struct manage_line line;
	uint64_t state = 9;

	for (unsigned round = 0; round < 30; round++) {
		size_t len = 0;
		unsigned count;

		memset(&line, 0, sizeof line);
		for (unsigned i = 0; i < 64; i++) {
			unsigned garbage = (unsigned)(dice(&state) >> 20) % 4 ? 0
									      : (unsigned)(dice(&state) >> 20) % 1100;

			for (unsigned k = 0; k < garbage; k++)
				wire[len++] = "CMBMx\0"[(dice(&state) >> 20) % 6];
			sent[i] = message_random(&state, i + 1);
			len += manage_line_write(&sent[i], wire + len);
		}
		/* enough behind it that a false beginning cannot wait for more */
		memset(wire + len, 0, MANAGE_FRAME_MAX);
		len += MANAGE_FRAME_MAX;
		count = feed(&line, &state, wire, len, got, 0);
		cr_assert_eq(count, 64, "%u frames", count);
		cr_assert_arr_eq(got, sent, sizeof sent);
	}
}

Test(manage_line, a_damaged_frame_is_counted_and_the_next_one_is_not_lost)
{
	static struct manage_line line;
	struct manage_message a = manage_message_of(MANAGE_STATUS, 7, "abc", 3), got[3];
	uint8_t wire[3 * MANAGE_FRAME_MAX];
	uint32_t len = manage_line_write(&a, wire);
	uint64_t state = 4;

	for (uint32_t at = 0; at < len; at++) {
		uint32_t end = len;

		memset(&line, 0, sizeof line);
		manage_line_write(&a, wire);
		wire[at] ^= 0x20;
		end += manage_line_write(&a, wire + len);
		memset(wire + end, 0, MANAGE_FRAME_MAX);
		cr_assert_eq(feed(&line, &state, wire, end + MANAGE_FRAME_MAX, got, 0), 1, "byte %u", at);
		cr_assert_eq(got[0].id, 7);
		cr_assert(line.damaged > 0 || at < 4);
	}
}

Test(manage_line, half_a_frame_and_silence_leave_nothing_behind)
{
	static struct manage_line line;
	struct manage_message a = manage_message_of(MANAGE_STATUS, 7, "abcdefgh", 8), got[2];
	uint8_t wire[MANAGE_FRAME_MAX];
	uint32_t len = manage_line_write(&a, wire);
	uint64_t state = 4;

	cr_assert_not(manage_line_silence(&line));
	for (uint32_t half = 1; half < len; half++) {
		cr_assert_eq(feed(&line, &state, wire, half, got, 0), 0);
		cr_assert(manage_line_silence(&line));
		cr_assert_not(manage_line_silence(&line));
		cr_assert_eq(feed(&line, &state, wire, len, got, 0), 1);
	}
}

Test(manage_line, requests_have_the_lengths_of_their_kinds)
{
	for (uint32_t kind = 0; kind < 20; kind++) {
		unsigned good = 0;

		for (uint32_t length = 0; length <= MANAGE_PAYLOAD_MAX; length++) {
			struct manage_message m = {.kind = kind, .length = length};

			good += manage_request_fault(&m) == NULL;
		}
		cr_assert_eq(good,
			     kind == 0 || kind > MANAGE_PACKED              ? 0
			     : kind == MANAGE_DATA || kind == MANAGE_PACKED ? MANAGE_DATA_MAX
									    : 1,
			     "kind %u", kind);
	}
}

static struct manage_begin begin_of(const uint8_t *bytes, uint32_t len)
{
	struct manage_begin begin = {.bytes = len};
	struct sha256 state;

	sha256_init(&state);
	sha256_update(&state, bytes, len);
	sha256_final(&state, begin.sha256);
	return begin;
}

Test(manage_upload, a_policy_in_pieces_is_taken_once_whole_and_right_or_not_at_all)
{
	uint8_t bytes[3000], *memory = malloc(sizeof bytes);
	struct upload u = {0};
	uint64_t state = 8;
	struct manage_begin begin;

	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(dice(&state) >> 30);
	begin = begin_of(bytes, sizeof bytes);
	cr_assert(upload_add(&u, 0, bytes, 10));
	cr_assert(upload_finish(&u, begin.sha256));
	upload_begin(&u, memory, &begin);
	cr_assert_null(upload_add(&u, 0, bytes, 1000));
	cr_assert(upload_add(&u, 1001, bytes + 1001, 10), "a gap");
	cr_assert_null(upload_add(&u, 0, bytes, 1000), "again");
	cr_assert_null(upload_add(&u, 500, bytes + 500, 1000), "half of it again");
	cr_assert_eq(u.got, 1500);
	cr_assert(upload_add(&u, 1500, bytes, 1501), "beyond the end");
	cr_assert(upload_add(&u, 0xffffffffu, bytes, 1000));
	cr_assert(strstr(upload_finish(&u, begin.sha256), "missing"));
	cr_assert_null(upload_add(&u, 1500, bytes + 1500, 1500));
	cr_assert_null(upload_finish(&u, begin.sha256));
	begin.sha256[31] ^= 1;
	cr_assert(strstr(upload_finish(&u, begin.sha256), "damaged"));
	u.sha256[0] ^= 1;
	begin.sha256[31] ^= 1;
	cr_assert(strstr(upload_finish(&u, begin.sha256), "damaged"));
	begin.bytes = 0;
	cr_assert(upload_fault(&begin));
	begin.bytes = MANAGE_POLICY_MAX + 1;
	cr_assert(upload_fault(&begin));
	free(memory);
}

/* Of the kinds of bytes that tables are made of: runs, records that are nearly alike, and noise. */
static void bytes_random(uint64_t *state, uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len;) {
		uint32_t kind = (uint32_t)(dice(state) >> 20) % 3, run = 1 + (uint32_t)(dice(state) >> 20) % 400;

		for (; run > 0 && i < len; run--, i++)
			bytes[i] = kind == 0             ? 0xff
				   : kind == 1 && i > 20 ? bytes[i - 20] + (i % 20 == 3)
							 : (uint8_t)(dice(state) >> 30);
	}
}

Test(manage_upload, packing_and_unpacking_are_the_identity)
{
	uint64_t state = 21;

	for (unsigned round = 0; round < 300; round++) {
		uint32_t len = 1 + (uint32_t)(dice(&state) >> 20) % (round % 10 ? 3000 : 150000), pieces = 0;
		uint8_t *bytes = malloc(len), *memory = malloc(len), *out = malloc(MANAGE_DATA_MAX);
		struct manage_begin begin;
		struct upload u;

		bytes_random(&state, bytes, len);
		begin = begin_of(bytes, len);
		upload_begin(&u, memory, &begin);
		for (size_t at = 0; at < len; pieces++) {
			size_t from = at;
			uint32_t packed = pack_piece(bytes, len, &at, out);

			cr_assert(packed > 0 && packed <= MANAGE_DATA_MAX && at > from);
			cr_assert_null(upload_unpack(&u, (uint32_t)from, out, packed));
			cr_assert_null(upload_unpack(&u, (uint32_t)from, out, packed), "again");
			cr_assert_eq(u.got, at);
		}
		cr_assert_null(upload_finish(&u, begin.sha256));
		cr_assert_leq(pieces, len / 900 + 1);
		free(bytes);
		free(memory);
		free(out);
	}
}

Test(manage_upload, packed_pieces_that_lie_are_refused)
{
	static const struct {
		uint8_t bytes[8];
		uint32_t len;
	} lies[] = {
		{{5, 'a', 'b'}, 3},                  /* fewer than it says */
		{{128, 1}, 2},                       /* cut */
		{{128, 0, 0}, 3},                    /* from nowhere */
		{{128, 1, 0}, 3},                    /* before the start */
		{{0, 'a', 128, 2, 0}, 5},            /* before it, again */
		{{0, 'a', 255, 1, 0, 255, 1, 0}, 8}, /* beyond the end */
	};
	uint8_t *memory = malloc(200);
	struct manage_begin begin = {.bytes = 200};
	struct upload u;

	for (unsigned i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		upload_begin(&u, memory, &begin);
		cr_assert(upload_unpack(&u, 0, lies[i].bytes, lies[i].len), "lie %u", i);
		cr_assert_eq(u.got, 0);
		cr_assert(upload_unpack(&u, 1, lies[0].bytes, 1), "a gap");
	}
	free(memory);
}
