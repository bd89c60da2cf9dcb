/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Console bytes on their way out and in. The drainer's index is read once per call into a local and believed only when
 * it lies between what we published and one ring's length before. Invariant: head - tail <= BACKLOG_BYTES.
 */
#include <string.h>

#include "backlog.h"

size_t backlog_add(struct backlog *b, const uint8_t *bytes, size_t len)
{
	size_t room = BACKLOG_BYTES - (b->head - b->tail), n = MIN(len, room);
	size_t at = b->head % BACKLOG_BYTES, first = MIN(n, BACKLOG_BYTES - at);

	memcpy(b->bytes + at, bytes, first);
	memcpy(b->bytes, bytes + first, n - first);
	b->head += (uint32_t)n;
	return n;
}

void backlog_drop(struct backlog *b, size_t len)
{
	uint32_t n = (uint32_t)MIN(len, (size_t)(b->head - b->tail));

	b->tail += n;
	b->lost += n;
}

/* Whether moving an index from @old to @new passed @wake (abi/ring.h). */
static bool passed(uint32_t wake, uint32_t old, uint32_t new)
{
	return wake - 1 - old < new - old;
}

size_t backlog_push(struct backlog *b, struct console_ring *ring, bool *notify)
{
	uint32_t prod = ring->out.p.prod, cons = __atomic_load_n(&ring->out.c.cons, __ATOMIC_ACQUIRE);
	uint32_t used = prod - cons, n;

	*notify = false;
	__atomic_store_n(&ring->lost, b->lost, __ATOMIC_RELAXED);
	if (used > CONSOLE_OUT_BYTES)
		return 0;
	n = MIN(CONSOLE_OUT_BYTES - used, b->head - b->tail);
	if (!n)
		return 0;
	for (uint32_t i = 0; i < n; i++)
		ring->out_bytes[(prod + i) % CONSOLE_OUT_BYTES] = b->bytes[(b->tail + i) % BACKLOG_BYTES];
	b->tail += n;
	__atomic_store_n(&ring->out.p.prod, prod + n, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	*notify = passed(__atomic_load_n(&ring->out.c.wake_prod, __ATOMIC_RELAXED), prod, prod + n);
	return n;
}

size_t console_ring_take(struct console_ring *ring, uint8_t *bytes, size_t len, bool *notify)
{
	uint32_t cons = ring->in.c.cons, used = __atomic_load_n(&ring->in.p.prod, __ATOMIC_ACQUIRE) - cons;
	uint32_t n = (uint32_t)MIN((size_t)used, len);

	*notify = false;
	if (used > CONSOLE_IN_BYTES || !n)
		return 0;
	for (uint32_t i = 0; i < n; i++)
		bytes[i] = ring->in_bytes[(cons + i) % CONSOLE_IN_BYTES];
	__atomic_store_n(&ring->in.c.cons, cons + n, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	*notify = passed(__atomic_load_n(&ring->in.p.wake_cons, __ATOMIC_RELAXED), cons, cons + n);
	return n;
}

bool console_ring_arm(struct console_ring *ring)
{
	uint32_t cons = ring->in.c.cons, used;

	__atomic_store_n(&ring->in.c.wake_prod, cons + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	used = __atomic_load_n(&ring->in.p.prod, __ATOMIC_ACQUIRE) - cons;
	return used && used <= CONSOLE_IN_BYTES;
}
