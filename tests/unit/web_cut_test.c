// SPDX-License-Identifier: BSD-2-Clause
/*
 * The request parser of apps/web gives the same result however the bytes were cut on their way: the
 * oracle is the parser itself, given everything at once. Sound requests, spoilt ones and heads
 * around the limits. Assertions are costly, so a round asserts only what has gone wrong.
 *
 * links: apps/web/http.c
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "apps/web/http.h"

/* Parses `length` bytes at once, from a copy of just that size, so that ASan sees an overrun. */
static enum http_result parse_bytes(const char *text, size_t length, struct http_parser *parser)
{
	char *copy = malloc(length + 1);
	enum http_result result;

	memcpy(copy + 1, text, length);
	memset(parser, 0, sizeof(*parser));
	result = http_parse(parser, copy + 1, length);
	free(copy);
	return result;
}

/* A head whose request line, with its CRLF, is `line` bytes and which is `whole` bytes long. */
static char *long_head(size_t line, size_t whole)
{
	static const char host[] = " HTTP/1.1\r\nHost: a\r\nX: ";
	char *text = malloc(whole + 1);
	size_t fixed = strlen(" HTTP/1.1\r\n");

	memset(text, 'a', whole);
	memcpy(text, "GET /", 5);
	memcpy(text + line - fixed, host, sizeof(host) - 1);
	memcpy(text + whole - 4, "\r\n\r\n", 5);
	return text;
}

static uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Cuts the text at random (or after every byte) and wants what the whole gives at once. */
static void cut_equals_whole(const char *text, size_t length, uint32_t *seed)
{
	struct http_parser whole, cut = {0};
	enum http_result wanted = parse_bytes(text, length, &whole), got = HTTP_MORE;
	unsigned step = random_next(seed) % 2 == 0 ? 1 : 30;
	size_t there = 0;

	while (got == HTTP_MORE && there < length) {
		char *copy;

		there += step == 1 ? 1 : 1 + random_next(seed) % step;
		there = there < length ? there : length;
		copy = malloc(there);
		memcpy(copy, text, there);
		got = http_parse(&cut, copy, there);
		free(copy);
	}
	if (got != wanted || cut.status != whole.status ||
	    memcmp(&cut.request, &whole.request, sizeof(cut.request)) != 0)
		cr_assert_fail("result %d and status %u, but at once %d and %u: %.*s", got, cut.status, wanted,
			       whole.status, (int)length, text);
}

Test(web_cut, it_does_not_matter_how_a_head_is_cut, .timeout = 60)
{
	static const char *const seeds[] = {
		"GET /a?b HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"a\", W/\"b\"\r\n\r\nGET / HTTP/1.0\r\n\r\n",
		"\r\nHEAD / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
		"POST /f HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\nabcdefghijkl",
		"PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: [::1]\r\n\r\n0\r\n\r\n",
	};
	static const char spice[] = "\r\n\r\n \t:,\"/#%1\x7f\x80"
				    "aH";
	uint32_t seed = 2463534242u;
	unsigned done = 0, refusals = 0;

	for (unsigned round = 0; round < 20000; round++) {
		const char *from = seeds[random_next(&seed) % 4];
		size_t length = strlen(from);
		struct http_parser parser;
		enum http_result result;
		char text[160];

		memcpy(text, from, length);
		for (unsigned i = random_next(&seed) % 4; i > 0; i--)
			text[random_next(&seed) % length] = spice[random_next(&seed) % sizeof(spice)];
		cut_equals_whole(text, length, &seed);
		result = parse_bytes(text, length, &parser);
		done += result == HTTP_DONE;
		refusals += result == HTTP_FAIL;
	}
	/* The mixture has to contain both, or nothing was compared. */
	cr_assert_gt(done, 1000);
	cr_assert_gt(refusals, 1000);
}

Test(web_cut, it_does_not_matter_how_a_head_near_the_limits_is_cut, .timeout = 60)
{
	uint32_t seed = 88172645u;

	for (size_t line = HTTP_LINE_MAX - 1; line <= HTTP_LINE_MAX + 1; line++) {
		char *text = long_head(line, HTTP_HEAD_MAX - 1);

		cut_equals_whole(text, HTTP_HEAD_MAX - 1, &seed);
		free(text);
	}
	for (size_t whole = HTTP_HEAD_MAX - 1; whole <= HTTP_HEAD_MAX + 1; whole++) {
		char *text = long_head(40, whole);

		cut_equals_whole(text, whole, &seed);
		free(text);
	}
}
