/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes on their way to the serial port: a queue that never waits. Domains' lines leave a reserve free, so that what the
 * control domain itself has to say finds room however much the others talk.
 */
#ifndef CAMBIUM_CONTROL_TEXT_QUEUE_H
#define CAMBIUM_CONTROL_TEXT_QUEUE_H

#include <base/bits.h>

#define TEXT_QUEUE_BYTES 32768u /* a power of two */
#define TEXT_QUEUE_RESERVE 8192u

struct text_queue {
	uint32_t head, tail; /* free running: written, sent */
	char bytes[TEXT_QUEUE_BYTES];
};

/* Free bytes. */
static inline uint32_t text_room(const struct text_queue *q)
{
	return TEXT_QUEUE_BYTES - (q->head - q->tail);
}

/* Appends one line of @len bytes and its end, carriage return and newline: all of it, or nothing (false) when there is
 * no room. The caller vouches that the bytes are printable. */
static inline bool text_put_line(struct text_queue *q, const char *bytes, uint32_t len)
{
	if (len + 2 > text_room(q))
		return false;
	for (uint32_t i = 0; i < len; i++)
		q->bytes[q->head++ % TEXT_QUEUE_BYTES] = bytes[i];
	q->bytes[q->head++ % TEXT_QUEUE_BYTES] = '\r';
	q->bytes[q->head++ % TEXT_QUEUE_BYTES] = '\n';
	return true;
}

/* The next run of bytes to send to *@run, and its length; 0: nothing is queued. */
static inline uint32_t text_peek(const struct text_queue *q, const char **run)
{
	uint32_t at = q->tail % TEXT_QUEUE_BYTES;

	*run = q->bytes + at;
	return MIN(q->head - q->tail, TEXT_QUEUE_BYTES - at);
}

/* @len bytes of that run were sent. */
static inline void text_sent(struct text_queue *q, uint32_t len)
{
	q->tail += len;
}

#endif
