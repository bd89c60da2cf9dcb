/* SPDX-License-Identifier: BSD-2-Clause */
/* The byte rings of a console (abi/console_ring.h) from the domain's side, and what waits before them. */
#ifndef UNIKERNEL_CORE_BACKLOG_H
#define UNIKERNEL_CORE_BACKLOG_H

#include <abi/console_ring.h>
#include <base/bits.h>

/* Bytes that did not fit the ring yet. Free-running indices. */
#define BACKLOG_BYTES 8192u

struct backlog {
	uint32_t head, tail; /* written at head, moved to the ring from tail */
	uint32_t lost;       /* bytes dropped, free running */
	uint8_t bytes[BACKLOG_BYTES];
};

/* Appends as many of @len bytes as fit and returns how many. */
size_t backlog_add(struct backlog *b, const uint8_t *bytes, size_t len);

/* Drops the @len oldest bytes, or all. */
void backlog_drop(struct backlog *b, size_t len);

/* Moves what fits into the ring and publishes it and the count of the lost. *@notify becomes true when the drainer asked
 * to be told. Returns how many bytes moved. A drainer whose index is impossible counts as one that took nothing. */
size_t backlog_push(struct backlog *b, struct console_ring *ring, bool *notify);

/* Takes up to @len bytes of input; *@notify as above. An impossible index of the other side is no input. */
size_t console_ring_take(struct console_ring *ring, uint8_t *bytes, size_t len, bool *notify);

/* Asks to be told of input, and returns whether there is some already. */
bool console_ring_arm(struct console_ring *ring);

#endif
