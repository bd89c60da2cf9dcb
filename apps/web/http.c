// SPDX-License-Identifier: BSD-2-Clause
/*
 * The request parser. It works line by line: a line is looked at once, when its LF has come, so the
 * work is linear however slowly the bytes arrive.
 *
 * Invariant: parser->line <= parser->scan <= the number of bytes seen, and both are at most
 * HTTP_HEAD_MAX, which is why every offset fits the 16 bits of a span.
 */
#include "http.h"

#include <string.h>

_Static_assert(HTTP_HEAD_MAX <= UINT16_MAX, "offsets into a head fit a span");
_Static_assert(HTTP_LINE_MAX < HTTP_HEAD_MAX, "a long request line is told from a long head");
_Static_assert(HTTP_FIELD_MAX < UINT8_MAX, "fields are counted in a byte");

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* RFC 9110 section 5.6.2: tchar. */
static bool is_token_char(char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c))
		return true;
	return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* RFC 9110 section 5.5: what a field value may hold; bytes from 0x80 on are opaque. */
static bool is_value_char(char c)
{
	unsigned char byte = (unsigned char)c;

	return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether the `length` bytes at `text` are `word`, which is in lower case, in any case. */
static bool is_word(const char *text, size_t length, const char *word)
{
	for (size_t i = 0; i < length; i++)
		if (word[i] == '\0' || lower(text[i]) != word[i])
			return false;
	return word[length] == '\0';
}

static enum http_result fail(struct http_parser *parser, uint16_t status)
{
	parser->status = status;
	return HTTP_FAIL;
}

static struct http_span span_of(size_t from, size_t to)
{
	return (struct http_span){.at = (uint16_t)from, .length = (uint16_t)(to - from)};
}

static enum http_method method_of(const char *name, size_t length)
{
	static const char others[][8] = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"};

	if (length == 3 && memcmp(name, "GET", 3) == 0)
		return HTTP_GET;
	if (length == 4 && memcmp(name, "HEAD", 4) == 0)
		return HTTP_HEAD;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strlen(others[i]) == length && memcmp(name, others[i], length) == 0)
			return HTTP_OTHER;
	return HTTP_UNKNOWN;
}

/* The line without its CRLF: method SP target SP version, with exactly one space each. */
static enum http_result take_request_line(struct http_parser *parser, const char *head, size_t end)
{
	struct http_request *request = &parser->request;
	size_t start = parser->line, at = start, target;
	const char *version;

	while (at < end && is_token_char(head[at]))
		at++;
	if (at == start || at == end || head[at] != ' ')
		return fail(parser, 400);
	request->method = method_of(head + start, at - start);

	target = ++at;
	while (at < end && head[at] > ' ' && head[at] < 0x7f && head[at] != '#')
		at++;
	if (at == target || at == end || head[at] != ' ')
		return fail(parser, 400);
	request->target = span_of(target, at);

	version = head + at + 1;
	if (end - at - 1 != 8 || memcmp(version, "HTTP/", 5) != 0 || !is_digit(version[5]) || version[6] != '.' ||
	    !is_digit(version[7]))
		return fail(parser, 400);
	if (version[5] != '1')
		return fail(parser, 505);
	request->minor = version[7] == '0' ? 0 : 1;
	parser->in_fields = true;
	return HTTP_MORE;
}

/* RFC 3986 section 3.2.2 and 3.2.3, by its characters: a name, an address in brackets, a port. */
static bool is_host(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		char c = lower(value[i]);

		if ((c < 'a' || c > 'z') && !is_digit(c) && (c == '\0' || strchr("-._~%!$&'()*+,;=:[]", c) == NULL))
			return false;
	}
	return true;
}

static enum http_result take_length(struct http_parser *parser, const char *value, size_t length)
{
	uint32_t sum = 0;

	if (parser->has_length || length == 0)
		return fail(parser, 400);
	for (size_t i = 0; i < length; i++) {
		if (!is_digit(value[i]))
			return fail(parser, 400);
		if (sum <= HTTP_BODY_MAX)
			sum = sum * 10 + (uint32_t)(value[i] - '0');
	}
	parser->has_length = true;
	parser->request.content_length = sum;
	return HTTP_MORE;
}

static void take_connection(struct http_parser *parser, const char *value, size_t length)
{
	size_t at = 0;

	while (at < length) {
		size_t start, end;

		while (at < length && (is_blank(value[at]) || value[at] == ','))
			at++;
		start = at;
		while (at < length && value[at] != ',')
			at++;
		end = at;
		while (end > start && is_blank(value[end - 1]))
			end--;
		if (is_word(value + start, end - start, "close"))
			parser->says_close = true;
		if (is_word(value + start, end - start, "keep-alive"))
			parser->says_keep_alive = true;
	}
}

static enum http_result take_known_field(struct http_parser *parser, const char *head, struct http_span name,
					 struct http_span value)
{
	const char *word = head + name.at, *text = head + value.at;

	if (is_word(word, name.length, "host")) {
		if (parser->has_host || !is_host(text, value.length))
			return fail(parser, 400);
		parser->has_host = true;
	} else if (is_word(word, name.length, "content-length")) {
		return take_length(parser, text, value.length);
	} else if (is_word(word, name.length, "transfer-encoding")) {
		if (parser->has_coding)
			return fail(parser, 400);
		parser->has_coding = true;
		parser->known_coding = is_word(text, value.length, "chunked");
	} else if (is_word(word, name.length, "connection")) {
		take_connection(parser, text, value.length);
	} else if (is_word(word, name.length, "expect")) {
		parser->expects = true;
	} else if (is_word(word, name.length, "if-none-match")) {
		parser->request.if_none_match = value;
	}
	return HTTP_MORE;
}

/* The line without its CRLF: name ":" OWS value OWS. A folded line starts with a blank: no name. */
static enum http_result take_field(struct http_parser *parser, const char *head, size_t end)
{
	size_t start = parser->line, colon = start, from, to;

	if (parser->fields == HTTP_FIELD_MAX)
		return fail(parser, 431);
	parser->fields++;
	while (colon < end && is_token_char(head[colon]))
		colon++;
	if (colon == start || colon == end || head[colon] != ':')
		return fail(parser, 400);
	for (size_t at = colon + 1; at < end; at++)
		if (!is_value_char(head[at]))
			return fail(parser, 400);
	from = colon + 1;
	to = end;
	while (from < to && is_blank(head[from]))
		from++;
	while (to > from && is_blank(head[to - 1]))
		to--;
	return take_known_field(parser, head, span_of(start, colon), span_of(from, to));
}

/* The rules that concern several fields, once all are known. */
static enum http_result finish(struct http_parser *parser)
{
	struct http_request *request = &parser->request;
	bool persistent = request->minor == 0 ? parser->says_keep_alive : true;

	if (request->minor != 0 && !parser->has_host)
		return fail(parser, 400);
	if (parser->has_coding && (parser->has_length || request->minor == 0))
		return fail(parser, 400);
	if (parser->has_coding && !parser->known_coding)
		return fail(parser, 501);
	if (request->content_length > HTTP_BODY_MAX)
		return fail(parser, 413);
	request->chunked = parser->has_coding;
	/*
	 * Who expects a 100 gets the final answer at once and may then send the body or not: only
	 * the end of the connection is unambiguous.
	 */
	if (request->chunked || (parser->expects && request->content_length != 0))
		persistent = false;
	request->keep_alive = persistent && !parser->says_close;
	request->head_length = parser->line;
	return HTTP_DONE;
}

static enum http_result take_line(struct http_parser *parser, const char *head, size_t end)
{
	bool empty = end == parser->line;

	if (parser->in_fields && empty) {
		parser->line = parser->scan;
		return finish(parser);
	}
	if (parser->in_fields)
		return take_field(parser, head, end);
	/* RFC 9112 section 2.2: an empty line before the request is overlooked; one, not many. */
	if (empty && !parser->skipped_blank) {
		parser->skipped_blank = true;
		return HTTP_MORE;
	}
	return take_request_line(parser, head, end);
}

enum http_result http_parse(struct http_parser *parser, const char *head, size_t length)
{
	enum http_result result = HTTP_MORE;

	while (result == HTTP_MORE) {
		const char *lf = memchr(head + parser->scan, '\n', length - parser->scan);
		size_t end = lf != NULL ? (size_t)(lf - head) + 1 : length;

		/* A line without its LF has at least one more byte to come. */
		size_t least = lf != NULL ? end : end + 1;

		if (!parser->in_fields && least - parser->line > HTTP_LINE_MAX)
			return fail(parser, 414);
		if (least > HTTP_HEAD_MAX)
			return fail(parser, 431);
		parser->scan = (uint32_t)end;
		if (lf == NULL)
			return HTTP_MORE;
		if (end - parser->line < 2 || head[end - 2] != '\r')
			return fail(parser, 400);
		result = take_line(parser, head, end - 2);
		parser->line = parser->scan;
	}
	return result;
}

bool http_tag_matches(const char *value, size_t length, const char *tag)
{
	size_t at = 0, tag_length = strlen(tag);

	if (length == 1 && value[0] == '*')
		return true;
	while (at < length) {
		size_t start;

		while (at < length && (is_blank(value[at]) || value[at] == ','))
			at++;
		if (length - at >= 2 && value[at] == 'W' && value[at + 1] == '/')
			at += 2;
		if (at == length || value[at] != '"')
			return false;
		start = ++at;
		while (at < length && value[at] != '"')
			at++;
		if (at == length)
			return false;
		if (at - start == tag_length && memcmp(value + start, tag, tag_length) == 0)
			return true;
		at++;
		while (at < length && is_blank(value[at]))
			at++;
		if (at < length && value[at] != ',')
			return false;
	}
	return false;
}
