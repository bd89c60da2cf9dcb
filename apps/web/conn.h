/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One connection, from received bytes to bytes to send. Pure: whoever owns the socket moves the
 * bytes, and the time is that of the site.
 */
#ifndef WEB_CONN_H
#define WEB_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"
#include "site.h"

/* Room for heads and small bodies, sent in one piece: three full segments of an Ethernet. */
#define CONN_OUT_SIZE (3u * 1460u)
/* Room that has to be free before a request is answered: a head and a note. */
#define CONN_ANSWER_MAX (512u + SITE_NOTE_MAX)
/* What has to get away in each period of CONN_SEND for the period to start anew. */
#define CONN_SEND_FLOOR 4096u

enum conn_state {
	CONN_IDLE,   /* between requests, nothing received */
	CONN_HEAD,   /* a request has begun */
	CONN_BODY,   /* a request was answered, its body is still coming and thrown away */
	CONN_SEND,   /* there is something to send; nothing is received meanwhile */
	CONN_LINGER, /* everything said; what still comes is thrown away, so that no reset of the
		      * connection overtakes the answer (RFC 9112 section 9.6) */
	CONN_DONE,   /* to be closed */
};

/*
 * A connection. `in[start..end)` is received and not yet used. `out[out_at..out_length)` is to be
 * sent, and after it the `tail_length` bytes at `tail`, which lie in the tree. `skip` bytes of body
 * are still to be thrown away.
 */
struct conn {
	enum conn_state state;
	int64_t since_ms; /* when the state's period began */
	size_t moved;     /* sent in this period */
	size_t start, end;
	size_t skip;
	size_t out_at, out_length;
	const unsigned char *tail;
	size_t tail_length;
	bool closing; /* after what is to be sent */
	bool lingers; /* something may still come from the client then */
	struct http_parser parser;
	char in[HTTP_HEAD_MAX];
	char out[CONN_OUT_SIZE];
};

/* Starts a connection that has just been accepted. */
void conn_open(struct conn *conn, const struct site *site);

/* Where to receive to; `*room` bytes are free, never 0 in a state other than SEND and DONE. */
char *conn_space(struct conn *conn, size_t *room);

/* `length` bytes, not more than the room, were received. */
void conn_received(struct conn *conn, struct site *site, size_t length);

/* What to send next; `*length` bytes, 0 in a state other than SEND. */
const void *conn_output(const struct conn *conn, size_t *length);

/* `length` bytes of that were sent. */
void conn_sent(struct conn *conn, struct site *site, size_t length);

/* When conn_expire is to be called if nothing moves before. */
int64_t conn_deadline(const struct conn *conn);

/* The deadline has come. */
void conn_expire(struct conn *conn, struct site *site);

#endif
