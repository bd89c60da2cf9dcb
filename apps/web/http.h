/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The head of an HTTP/1.x request, from bytes to a checked structure (RFC 9112, RFC 9110).
 *
 * Pure: no sockets, no clock, no allocation. What two parsers could read in two ways is refused, so
 * that no proxy in front can be made to disagree about where a request ends: bare CR or LF, NUL and
 * other control characters, folded lines, space before a colon, repeated or odd Content-Length,
 * Content-Length together with Transfer-Encoding, a missing or repeated Host.
 */
#ifndef WEB_HTTP_H
#define WEB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest head in bytes, with its final empty line; longer ones are refused with 431. */
#define HTTP_HEAD_MAX 8192u
/* The longest request line with its CRLF (RFC 9112 section 3 asks for 8000); longer: 414. */
#define HTTP_LINE_MAX 8002u
/* The most header fields in a head; more are refused with 431. */
#define HTTP_FIELD_MAX 100u
/* The largest request body, which is read and thrown away; larger ones are refused with 413. */
#define HTTP_BODY_MAX 65536u

/* A piece of the head: `length` bytes from offset `at` of the request's first byte. */
struct http_span {
	uint16_t at;
	uint16_t length;
};

enum http_method {
	HTTP_NONE, /* the request line has not been understood yet */
	HTTP_GET,
	HTTP_HEAD,
	HTTP_OTHER,   /* a method that RFC 9110 or RFC 5789 defines and this server does not allow */
	HTTP_UNKNOWN, /* any other token */
};

/*
 * A request whose head is complete and sound. `minor` is 0 or 1 (a later HTTP/1.x counts as 1).
 * `target` holds visible ASCII only, without '#'. `if_none_match` is empty if the field is absent.
 * `content_length` bytes of body follow the head, unless `chunked`: then the body's end is unknown
 * and the connection has to end after the answer; `keep_alive` is false in that case already.
 */
struct http_request {
	enum http_method method;
	uint8_t minor;
	bool keep_alive;
	bool chunked;
	struct http_span target;
	struct http_span if_none_match;
	uint32_t content_length;
	uint32_t head_length;
};

enum http_result {
	HTTP_MORE, /* the head is sound so far, but not complete */
	HTTP_DONE, /* parser->request is filled */
	HTTP_FAIL, /* parser->status says why; what follows on the connection means nothing */
};

/*
 * What has been understood so far. All zero is the start of a request. `status` is the HTTP status
 * of a failure; `request.method` is valid from the end of the request line on, in a failure too.
 */
struct http_parser {
	struct http_request request;
	uint32_t line; /* offset of the first byte of the current line */
	uint32_t scan; /* offset of the first byte not yet searched for the line's end */
	uint16_t status;
	uint8_t fields;
	bool skipped_blank;
	bool in_fields;
	bool has_host;
	bool has_length;
	bool has_coding;
	bool known_coding;
	bool expects;
	bool says_close;
	bool says_keep_alive;
};

/*
 * Goes on with the request that starts at `head`, of which `length` bytes are there; bytes beyond
 * the request's head are ignored. Called again after HTTP_MORE with the same bytes and more after
 * them (the address may differ). The result depends on the bytes alone, never on how they were cut
 * into calls. A caller that offers HTTP_HEAD_MAX bytes never gets HTTP_MORE.
 */
enum http_result http_parse(struct http_parser *parser, const char *head, size_t length);

/*
 * Whether the If-None-Match value of `length` bytes at `value` names the entity tag `tag`, an
 * opaque string without its quotes, by weak comparison (RFC 9110 section 13.1.2). A malformed list
 * matches nothing from the malformed element on.
 */
bool http_tag_matches(const char *value, size_t length, const char *tag);

#endif
