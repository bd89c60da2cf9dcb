/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections to echo servers (tests/guests/echo.c). */
#ifndef CAMBIUM_TESTS_ECHO_H
#define CAMBIUM_TESTS_ECHO_H

#include "../lib/http.h"

#define ECHO_PATIENCE 60u /* seconds */

/* Opens a connection to @port at which the other end is alive, for one that lost its first packet before the machine may never come to
 * life; *@again counts those that were given up for it. False: none of a few tries was good. */
bool echo_open(struct http *h, uint16_t port, unsigned *again);

/* The other end gives back what it is told. */
bool echo_is_alive(struct http *h);

/* The connection hears of its end. */
bool echo_ends(struct http *h);

/*
 * A stream of bytes that never stops, both ways at once; what comes back is compared with what was sent.
 */
struct stream;

/* Starts it through @h, which is its own from now on. Never NULL. */
struct stream *stream_start(struct http *h);

/* Waits until @count more bytes have come back than now; false when @seconds pass first, or it is over. */
bool stream_progress(const struct stream *s, unsigned long count, unsigned seconds);

/* Stops it and frees it. True: until then every byte came back, in order and right; else why not is on standard error. */
bool stream_stop(struct stream *s);

#endif
