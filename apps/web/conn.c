// SPDX-License-Identifier: BSD-2-Clause
/*
 * The course of a connection. Requests that arrive together are answered together, as far as their
 * answers fit the buffer.
 *
 * Invariants: while anything is to be sent the state is SEND, and no later request is touched once
 * a tail is pending; so a client that does not read cannot make the server hold more than one
 * buffer. Every state but DONE has a period after which the connection moves on without the client.
 */
#include "conn.h"

#include <string.h>

#include "text.h"

_Static_assert(CONN_OUT_SIZE >= CONN_ANSWER_MAX, "an empty buffer takes any answer");

void conn_open(struct conn *conn, const struct site *site)
{
	memset(conn, 0, offsetof(struct conn, in)); /* the buffers need no clearing */
	conn->state = CONN_IDLE;
	conn->since_ms = site->now_ms;
}

static void enter(struct conn *conn, const struct site *site, enum conn_state state)
{
	if (conn->state == state)
		return;
	conn->state = state;
	conn->since_ms = site->now_ms;
	conn->moved = 0;
}

static int64_t period_of(enum conn_state state)
{
	switch (state) {
	case CONN_IDLE: return 15000;
	case CONN_HEAD:
	case CONN_BODY:
	case CONN_SEND: return 10000;
	case CONN_LINGER: return 1000;
	case CONN_DONE: break;
	}
	return 0;
}

static void write_head(struct text *text, const struct site *site, const struct site_answer *answer)
{
	text_string(text, "HTTP/1.1 ");
	text_number(text, answer->status, 3);
	text_string(text, " ");
	text_string(text, site_reason(answer->status));
	text_string(text, "\r\n");
	if (site->date[0] != '\0') {
		text_string(text, "Date: ");
		text_string(text, site->date);
		text_string(text, "\r\n");
	}
	if (answer->type != NULL) {
		text_string(text, "Content-Type: ");
		text_string(text, answer->type);
		text_string(text, "\r\nContent-Length: ");
		text_number(text, answer->length, 1);
		text_string(text, "\r\n");
	}
	if (answer->tag[0] != '\0') {
		text_string(text, "ETag: \"");
		text_string(text, answer->tag);
		text_string(text, "\"\r\n");
	}
	if (answer->allow)
		text_string(text, "Allow: GET, HEAD\r\n");
	if (answer->no_store)
		text_string(text, "Cache-Control: no-store\r\n");
	if (!answer->keep_alive)
		text_string(text, "Connection: close\r\n");
	else if (answer->minor == 0)
		text_string(text, "Connection: keep-alive\r\n");
	text_string(text, "\r\n");
}

/*
 * Puts the answer behind what is already to be sent; what the buffer cannot take is the tail. A
 * note always fits (CONN_ANSWER_MAX), so a tail lies in the tree.
 */
static void put_answer(struct conn *conn, const struct site *site, const struct site_answer *answer)
{
	struct text text = {.to = conn->out, .size = sizeof(conn->out), .length = conn->out_length};
	size_t length = answer->head_only ? 0 : answer->length;
	size_t part = length;

	write_head(&text, site, answer);
	if (part > text.size - text.length)
		part = text.size - text.length;
	text_bytes(&text, answer->body, part);
	conn->out_length = text.length;
	if (part < length) {
		conn->tail = answer->body + part;
		conn->tail_length = length - part;
	}
	if (!answer->keep_alive)
		conn->closing = true;
}

static void refuse(struct conn *conn, struct site *site, unsigned status)
{
	struct site_answer answer;

	site_refuse(site, status, conn->parser.request.method, &answer);
	put_answer(conn, site, &answer);
	conn->lingers = true;
}

static void skip_body(struct conn *conn)
{
	size_t there = conn->end - conn->start;
	size_t part = conn->skip < there ? conn->skip : there;

	conn->start += part;
	conn->skip -= part;
}

/* Takes one request from what was received and answers it; false if none is complete. */
static bool answer_one(struct conn *conn, struct site *site)
{
	const struct http_request *request = &conn->parser.request;
	const char *head = conn->in + conn->start;
	struct site_answer answer;

	switch (http_parse(&conn->parser, head, conn->end - conn->start)) {
	case HTTP_MORE: return false;
	case HTTP_FAIL: refuse(conn, site, conn->parser.status); return true;
	case HTTP_DONE: break;
	}
	site_answer(site, request, head, &answer);
	put_answer(conn, site, &answer);
	conn->start += request->head_length;
	conn->skip = request->content_length;
	skip_body(conn);
	/* Bytes that nobody will look at, here or still on their way, would cause a reset. */
	conn->lingers = request->chunked || conn->skip != 0 || conn->start != conn->end;
	memset(&conn->parser, 0, sizeof(conn->parser));
	return true;
}

/* Answers what can be answered and settles the state. */
static void advance(struct conn *conn, struct site *site)
{
	skip_body(conn);
	while (!conn->closing && conn->tail_length == 0 && conn->start < conn->end &&
	       sizeof(conn->out) - conn->out_length >= CONN_ANSWER_MAX)
		if (!answer_one(conn, site))
			break;

	if (conn->out_length != 0 || conn->tail_length != 0)
		enter(conn, site, CONN_SEND);
	else if (conn->closing)
		enter(conn, site, conn->lingers ? CONN_LINGER : CONN_DONE);
	else if (conn->skip != 0)
		enter(conn, site, CONN_BODY);
	else
		enter(conn, site, conn->start < conn->end ? CONN_HEAD : CONN_IDLE);
}

char *conn_space(struct conn *conn, size_t *room)
{
	size_t there = conn->end - conn->start;

	if (conn->state == CONN_LINGER)
		there = 0;
	if (there == 0 || conn->end == sizeof(conn->in)) {
		memmove(conn->in, conn->in + conn->start, there);
		conn->start = 0;
		conn->end = there;
	}
	*room = sizeof(conn->in) - conn->end;
	return conn->in + conn->end;
}

void conn_received(struct conn *conn, struct site *site, size_t length)
{
	if (conn->state == CONN_LINGER)
		return;
	conn->end += length;
	advance(conn, site);
}

const void *conn_output(const struct conn *conn, size_t *length)
{
	*length = conn->out_length - conn->out_at;
	if (*length != 0)
		return conn->out + conn->out_at;
	*length = conn->tail_length;
	return conn->tail;
}

void conn_sent(struct conn *conn, struct site *site, size_t length)
{
	site->counts.bytes += length;
	conn->moved += length;
	if (conn->moved >= CONN_SEND_FLOOR) {
		conn->moved = 0;
		conn->since_ms = site->now_ms;
	}
	if (conn->out_at < conn->out_length) {
		conn->out_at += length;
		if (conn->out_at < conn->out_length)
			return;
		conn->out_at = 0;
		conn->out_length = 0;
	} else {
		conn->tail += length;
		conn->tail_length -= length;
	}
	if (conn->tail_length == 0)
		advance(conn, site);
}

int64_t conn_deadline(const struct conn *conn)
{
	return conn->since_ms + period_of(conn->state);
}

void conn_expire(struct conn *conn, struct site *site)
{
	if (conn->state != CONN_LINGER)
		site->counts.timed_out++;
	if (conn->state == CONN_HEAD) {
		refuse(conn, site, 408);
		enter(conn, site, CONN_SEND);
	} else {
		enter(conn, site, CONN_DONE);
	}
}
