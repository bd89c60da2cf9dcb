// SPDX-License-Identifier: BSD-2-Clause
/*
 * The request parser of apps/web: what it understands, what it refuses and with which status.
 *
 * links: apps/web/http.c
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/web/http.h"

#define HOST "Host: tree.example\r\n"

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

static struct http_request understood(const char *text)
{
	struct http_parser parser;

	cr_assert_eq(parse_bytes(text, strlen(text), &parser), HTTP_DONE, "not understood: %s", text);
	return parser.request;
}

static void refused(const char *text, unsigned status)
{
	struct http_parser parser;

	cr_assert_eq(parse_bytes(text, strlen(text), &parser), HTTP_FAIL, "not refused: %s", text);
	cr_assert_eq(parser.status, status, "%u instead of %u: %s", parser.status, status, text);
}

static void incomplete(const char *text)
{
	struct http_parser parser;

	cr_assert_eq(parse_bytes(text, strlen(text), &parser), HTTP_MORE, "not awaited: %s", text);
}

static void span_is(const char *text, struct http_span span, const char *wanted)
{
	cr_assert_eq(span.length, strlen(wanted));
	cr_assert_eq(memcmp(text + span.at, wanted, span.length), 0);
}

Test(web_http, a_request_is_understood_in_all_its_parts)
{
	const char *text = "GET /a?b=c HTTP/1.1\r\n" HOST "If-None-Match: \t\"x\" \t\r\n\r\nrest";
	struct http_request request = understood(text);

	cr_assert_eq(request.method, HTTP_GET);
	cr_assert_eq(request.minor, 1);
	cr_assert(request.keep_alive);
	cr_assert_not(request.chunked);
	cr_assert_eq(request.content_length, 0);
	cr_assert_eq(request.head_length, strlen(text) - 4);
	span_is(text, request.target, "/a?b=c");
	span_is(text, request.if_none_match, "\"x\"");
}

Test(web_http, methods_are_told_apart_and_are_case_sensitive)
{
	static const struct {
		const char *name;
		enum http_method method;
	} cases[] = {
		{"GET", HTTP_GET},          {"HEAD", HTTP_HEAD},   {"POST", HTTP_OTHER},    {"PUT", HTTP_OTHER},
		{"DELETE", HTTP_OTHER},     {"TRACE", HTTP_OTHER}, {"CONNECT", HTTP_OTHER}, {"OPTIONS", HTTP_OTHER},
		{"PATCH", HTTP_OTHER},      {"get", HTTP_UNKNOWN}, {"GETS", HTTP_UNKNOWN},  {"GE", HTTP_UNKNOWN},
		{"M-SEARCH", HTTP_UNKNOWN}, {"!", HTTP_UNKNOWN},
	};
	char text[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "%s / HTTP/1.0\r\n\r\n", cases[i].name);
		cr_assert_eq(understood(text).method, cases[i].method, "%s", cases[i].name);
	}
}

Test(web_http, a_connection_persists_by_version_unless_the_client_says_otherwise)
{
	cr_assert(understood("GET / HTTP/1.1\r\n" HOST "\r\n").keep_alive);
	cr_assert_not(understood("GET / HTTP/1.0\r\n\r\n").keep_alive);
	cr_assert(understood("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
	cr_assert(understood("GET / HTTP/1.0\r\nconnection: Keep-Alive\r\n\r\n").keep_alive);
	cr_assert_not(understood("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n").keep_alive);
	cr_assert_not(understood("GET / HTTP/1.1\r\n" HOST "Connection: te ,\tCLOSE \r\n\r\n").keep_alive);
	cr_assert_not(understood("GET / HTTP/1.1\r\n" HOST "Connection: keep-alive\r\n"
				 "Connection: close\r\n\r\n")
			      .keep_alive);
	cr_assert(understood("GET / HTTP/1.1\r\n" HOST "Connection: closed, clos\r\n\r\n").keep_alive);
}

Test(web_http, a_later_minor_version_counts_as_1_1_and_another_major_one_is_refused)
{
	cr_assert_eq(understood("GET / HTTP/1.7\r\n" HOST "\r\n").minor, 1);
	refused("GET / HTTP/2.0\r\n", 505);
	refused("GET / HTTP/0.9\r\n", 505);
}

Test(web_http, a_malformed_request_line_is_refused)
{
	static const char *const lines[] = {
		" / HTTP/1.1",
		"GET  HTTP/1.1",
		"GET /",
		"GET",
		" GET / HTTP/1.1",
		"GET  / HTTP/1.1",
		"GET / HTTP/1.1 ",
		"GET /  HTTP/1.1",
		"GET\t/ HTTP/1.1",
		"GET / http/1.1",
		"GET / HTTP/1",
		"GET / HTTP/1.10",
		"GET / HTTP/a.b",
		"GET / HTTPS/1.1",
		"GET /\x01 HTTP/1.1",
		"GET /a#b HTTP/1.1",
		"GET /\xc3\xa4 HTTP/1.1",
		"G(T / HTTP/1.1",
		"GET /a b HTTP/1.1",
		"GET /\x7f HTTP/1.1",
		"GET / HTTP/1,1",
		": / HTTP/1.1",
	};
	char text[64];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "%s\r\n" HOST "\r\n", lines[i]);
		refused(text, 400);
	}
}

Test(web_http, one_empty_line_before_a_request_is_overlooked_and_a_second_is_not)
{
	const char *text = "\r\nGET /x HTTP/1.1\r\n" HOST "\r\n";
	struct http_request request = understood(text);

	span_is(text, request.target, "/x");
	cr_assert_eq(request.head_length, strlen(text));
	refused("\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 400);
}

Test(web_http, only_crlf_ends_a_line)
{
	refused("GET / HTTP/1.1\n" HOST "\r\n", 400);
	refused("\n", 400);
	refused("GET / HTTP/1.1\r\nHost: a\n\r\n", 400);
	refused("GET / HTTP/1.1\r\n" HOST "\n", 400);
	refused("GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\n" HOST "X: a\r\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\r\n", 400);
	refused("GET /\r HTTP/1.1\r\n", 400);
	incomplete("GET / HTTP/1.1\r\n" HOST "\r");
}

Test(web_http, nul_and_other_control_characters_are_refused_and_opaque_bytes_pass)
{
	static const char nul_in_value[] = "GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n";
	static const char nul_in_name[] = "GET / HTTP/1.1\r\n" HOST "X\0: a\r\n\r\n";
	static const char nul_in_target[] = "GET /\0 HTTP/1.1\r\n" HOST "\r\n";
	struct http_parser parser;

	cr_assert_eq(parse_bytes(nul_in_value, sizeof(nul_in_value) - 1, &parser), HTTP_FAIL);
	cr_assert_eq(parse_bytes(nul_in_name, sizeof(nul_in_name) - 1, &parser), HTTP_FAIL);
	cr_assert_eq(parse_bytes(nul_in_target, sizeof(nul_in_target) - 1, &parser), HTTP_FAIL);
	refused("GET / HTTP/1.1\r\n" HOST "X: a\x1b[2J\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\n" HOST "X: \x7f\r\n\r\n", 400);
	understood("GET / HTTP/1.1\r\n" HOST "X: a\tb \xc3\xa4\xff\r\nEmpty:\r\n\r\n");
}

Test(web_http, a_malformed_field_is_refused)
{
	refused("GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\n" HOST "X\t: a\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\n" HOST "(X): a\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\n" HOST "\xc3: a\r\n\r\n", 400);
}

Test(web_http, a_field_name_may_hold_the_token_characters_and_no_other_byte)
{
	static const char token[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&'*+-.^_`|~";

	for (int byte = 0; byte < 256; byte++) {
		bool wanted = byte != 0 && strchr(token, byte) != NULL;
		char text[] = "GET / HTTP/1.0\r\na?a: b\r\n\r\n";
		struct http_parser parser;

		if (byte == ':')
			continue;
		*strchr(text, '?') = (char)byte;
		cr_assert_eq(parse_bytes(text, sizeof(text) - 1, &parser), wanted ? HTTP_DONE : HTTP_FAIL, "%d", byte);
	}
}

Test(web_http, a_known_name_is_known_by_all_its_letters)
{
	refused("GET / HTTP/1.1\r\nXost: a\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\nHosx: a\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\nHos: a\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\nHosts: a\r\n\r\n", 400);
	understood("GET / HTTP/1.1\r\nHOST: aZ09.-_~%!$&'()*+,;=:z\r\n\r\n");
}

Test(web_http, a_folded_line_is_refused)
{
	refused("GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\n" HOST "X: a\r\n\tb: c\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\n " HOST "\r\n", 400);
}

Test(web_http, version_1_1_needs_one_sound_host_and_1_0_does_not)
{
	refused("GET / HTTP/1.1\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\nXHost: a\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400);
	refused("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400);
	refused("GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", 400);
	understood("GET / HTTP/1.1\r\nHost:\r\n\r\n");
	understood("GET / HTTP/1.1\r\nhOsT: [::1]:8080\r\n\r\n");
	understood("GET / HTTP/1.0\r\n\r\n");
}

Test(web_http, the_length_of_a_body_is_digits_once_and_bounded)
{
	cr_assert_eq(understood("POST / HTTP/1.1\r\n" HOST "Content-Length: 007\r\n\r\n").content_length, 7);
	cr_assert_eq(understood("POST / HTTP/1.1\r\n" HOST "Content-Length: 65536\r\n\r\n").content_length, 65536);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 65537\r\n\r\n", 413);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 655360\r\n\r\n", 413);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 4294967297\r\n\r\n", 413);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551617\r\n\r\n", 413);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 0x1\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 1 1\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400);
}

Test(web_http, two_ways_to_tell_a_bodys_end_are_refused_in_either_order)
{
	refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: x\r\nContent-Length: 0\r\n\r\n", 400);
	refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
		"Transfer-Encoding: chunked\r\n\r\n",
		400);
	refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
}

Test(web_http, a_chunked_body_ends_the_connection_and_another_coding_is_not_implemented)
{
	struct http_request request = understood("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n");

	cr_assert(request.chunked);
	cr_assert_not(request.keep_alive);
	refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 501);
	refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, identity\r\n\r\n", 501);
	refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", 501);
	refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n", 501);
}

Test(web_http, who_waits_for_100_continue_with_a_body_is_not_kept)
{
	cr_assert_not(
		understood("POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n").keep_alive);
	cr_assert(understood("GET / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n\r\n").keep_alive);
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

Test(web_http, a_request_line_of_the_longest_length_passes_and_one_byte_more_is_refused)
{
	char *fits = long_head(HTTP_LINE_MAX, HTTP_LINE_MAX + 50);
	char *over = long_head(HTTP_LINE_MAX + 1, HTTP_LINE_MAX + 50);

	understood(fits);
	refused(over, 414);
	free(fits);
	free(over);
}

Test(web_http, a_head_of_the_longest_length_passes_and_one_byte_more_is_refused)
{
	char *fits = long_head(30, HTTP_HEAD_MAX);
	char *over = long_head(30, HTTP_HEAD_MAX + 1);

	cr_assert_eq(understood(fits).head_length, HTTP_HEAD_MAX);
	refused(over, 431);
	free(fits);
	free(over);
}

Test(web_http, a_full_buffer_is_never_asked_for_more)
{
	struct http_parser parser;
	char *text = malloc(HTTP_HEAD_MAX);

	memset(text, 'a', HTTP_HEAD_MAX);
	cr_assert_eq(parse_bytes(text, HTTP_HEAD_MAX, &parser), HTTP_FAIL);
	cr_assert_eq(parser.status, 414);
	memcpy(text, "GET / HTTP/1.1\r\n", 16);
	cr_assert_eq(parse_bytes(text, HTTP_HEAD_MAX, &parser), HTTP_FAIL);
	cr_assert_eq(parser.status, 431);
	cr_assert_eq(parse_bytes(text, HTTP_HEAD_MAX - 1, &parser), HTTP_MORE);
	memcpy(text + HTTP_HEAD_MAX - 3, ":\r\n", 3);
	cr_assert_eq(parse_bytes(text, HTTP_HEAD_MAX, &parser), HTTP_FAIL);
	cr_assert_eq(parser.status, 431);
	free(text);
}

Test(web_http, as_many_fields_as_allowed_pass_and_one_more_is_refused)
{
	char text[HTTP_FIELD_MAX * 5 + 64];
	size_t length = (size_t)sprintf(text, "GET / HTTP/1.1\r\n" HOST);

	for (unsigned i = 1; i < HTTP_FIELD_MAX; i++)
		length += (size_t)sprintf(text + length, "X:\r\n");
	strcpy(text + length, "\r\n");
	understood(text);
	strcpy(text + length, "X:\r\n\r\n");
	refused(text, 431);
}

Test(web_http, every_proper_prefix_of_a_sound_head_is_incomplete)
{
	static const char text[] = "GET /a HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n";
	struct http_parser parser;

	for (size_t length = 0; length < sizeof(text) - 1; length++)
		cr_assert_eq(parse_bytes(text, length, &parser), HTTP_MORE, "%zu bytes", length);
	cr_assert_eq(parse_bytes(text, sizeof(text) - 1, &parser), HTTP_DONE);
}

static bool matches(const char *value, const char *tag)
{
	/* A copy without a byte behind it, so that ASan sees an overrun. */
	size_t length = strlen(value);
	char *copy = malloc(length + 1);
	bool found;

	memcpy(copy + 1, value, length);
	found = http_tag_matches(copy + 1, length, tag);
	free(copy);
	return found;
}

Test(web_http, an_entity_tag_is_found_in_a_list_by_weak_comparison)
{
	cr_assert(matches("\"ab\"", "ab"));
	cr_assert(matches("W/\"ab\"", "ab"));
	cr_assert(matches("\"x\" , W/\"y\",\t\"ab\"", "ab"));
	cr_assert(matches("*", "ab"));
	cr_assert(matches("\"a,b\", \"c\"", "c"));
	cr_assert_not(matches("", "ab"));
	cr_assert_not(matches("\"a\"", "ab"));
	cr_assert_not(matches("\"abc\"", "ab"));
	cr_assert_not(matches("\"AB\"", "ab"));
	cr_assert_not(matches("ab", "ab"));
	cr_assert_not(matches("\"ab", "ab"));
	cr_assert_not(matches("\"x\" \"ab\"", "ab"));
	cr_assert_not(matches("w/\"ab\"", "ab"));
	cr_assert_not(matches("\"x\", W/", "ab"));
	cr_assert_not(matches("**", "ab"));
}
