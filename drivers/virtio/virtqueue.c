/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Split virtqueue, driver's end.
 *
 * Invariant: each descriptor is either in the free list, chained through shadow[].next from free_head (free_count of
 * them), or belongs to exactly one chain whose head has shadow[].count > 0 and which the device has. Nothing that the
 * device can write decides about memory before it was compared with the shadow: a used id must be a head, a used length
 * at most what the chain's writable pieces hold, and no more chains come back than were handed out.
 */
#include "virtqueue.h"

#include <base/check.h>

static uint16_t *used_event(const struct virtqueue *q)
{
	return &q->avail->ring[q->size];
}

static uint16_t *avail_event(const struct virtqueue *q)
{
	return (uint16_t *)(void *)&q->used->ring[q->size];
}

void virtqueue_init(struct virtqueue *q, uint16_t size, void *desc, void *avail, void *used, bool event_idx)
{
	CHECK(size > 0 && size <= VIRTQUEUE_SIZE_MAX && (size & (size - 1)) == 0);
	*q = (struct virtqueue){
		.desc = desc, .avail = avail, .used = used, .size = size, .free_count = size, .event_idx = event_idx};
	for (unsigned i = 0; i < size; i++)
		q->shadow[i].next = (uint16_t)(i + 1);
	virtqueue_disarm(q);
}

bool virtqueue_add(struct virtqueue *q, const struct virtq_piece *pieces, unsigned count, uint16_t *head)
{
	uint16_t at = q->free_head;
	uint32_t writable = 0;

	if (q->broken || count == 0 || count > q->free_count)
		return false;
	*head = at;
	for (unsigned i = 0; i < count; i++) {
		struct virtq_desc *d = &q->desc[at];
		uint16_t next = q->shadow[at].next;

		d->addr = pieces[i].addr;
		d->len = pieces[i].len;
		d->flags = (uint16_t)((pieces[i].writable ? VIRTQ_DESC_WRITE : 0) |
				      (i + 1 < count ? VIRTQ_DESC_NEXT : 0));
		d->next = i + 1 < count ? next : 0;
		if (pieces[i].writable)
			writable += pieces[i].len;
		at = next;
	}
	q->free_head = at;
	q->free_count = (uint16_t)(q->free_count - count);
	q->shadow[*head].writable = writable;
	q->shadow[*head].count = (uint16_t)count;
	q->avail->ring[q->avail_idx & (q->size - 1)] = *head;
	q->avail_idx++;
	return true;
}

bool virtqueue_add_one(struct virtqueue *q, struct virtq_piece piece, uint16_t *head)
{
	uint16_t at = q->free_head;
	struct virtq_shadow *shadow;

	if (q->broken || q->free_count == 0)
		return false;
	shadow = &q->shadow[at];
	q->desc[at] = (struct virtq_desc){
		.addr = piece.addr, .len = piece.len, .flags = piece.writable ? VIRTQ_DESC_WRITE : 0};
	q->free_head = shadow->next;
	q->free_count--;
	shadow->writable = piece.writable ? piece.len : 0;
	shadow->count = 1;
	q->avail->ring[q->avail_idx & (q->size - 1)] = at;
	q->avail_idx++;
	*head = at;
	return true;
}

bool virtqueue_publish(struct virtqueue *q)
{
	uint16_t from = q->published, to = q->avail_idx;

	if (from == to || q->broken)
		return false;
	/* 1. descriptors and ring entries before the index */
	__atomic_store_n(&q->avail->idx, to, __ATOMIC_RELEASE);
	q->published = to;
	/* 2. the index before the look at whether the device sleeps: it does the same the other way round */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!q->event_idx)
		return !(__atomic_load_n(&q->used->flags, __ATOMIC_RELAXED) & VIRTQ_USED_NO_NOTIFY);
	/* 3. the event index lies in [from, to) */
	return (uint16_t)(to - 1 - __atomic_load_n(avail_event(q), __ATOMIC_RELAXED)) < (uint16_t)(to - from);
}

bool virtqueue_is_pending(const struct virtqueue *q)
{
	return q->broken || __atomic_load_n(&q->used->idx, __ATOMIC_ACQUIRE) != q->used_idx;
}

static inline void chain_free(struct virtqueue *q, uint16_t head)
{
	uint16_t last = head;

	for (unsigned i = 1; i < q->shadow[head].count; i++)
		last = q->shadow[last].next;
	q->free_count = (uint16_t)(q->free_count + q->shadow[head].count);
	q->shadow[head].count = 0;
	q->shadow[last].next = q->free_head;
	q->free_head = head;
}

enum virtq_result virtqueue_take(struct virtqueue *q, uint16_t *head, uint32_t *len)
{
	uint16_t idx = __atomic_load_n(&q->used->idx, __ATOMIC_ACQUIRE);
	uint16_t ready = (uint16_t)(idx - q->used_idx);
	struct virtq_used_elem *elem = &q->used->ring[q->used_idx & (q->size - 1)];
	uint32_t id, written;

	if (q->broken)
		return VIRTQ_BROKEN;
	if (ready == 0)
		return VIRTQ_EMPTY;
	id = __atomic_load_n(&elem->id, __ATOMIC_RELAXED);
	written = __atomic_load_n(&elem->len, __ATOMIC_RELAXED);
	if (ready > q->size - q->free_count || id >= q->size || q->shadow[id].count == 0 ||
	    written > q->shadow[id].writable) {
		q->broken = true;
		return VIRTQ_BROKEN;
	}
	*head = (uint16_t)id;
	*len = written;
	q->used_idx++;
	chain_free(q, *head);
	return VIRTQ_OK;
}

bool virtqueue_arm(struct virtqueue *q)
{
	/* 1. say what we wait for */
	if (q->event_idx)
		__atomic_store_n(used_event(q), q->used_idx, __ATOMIC_RELAXED);
	else
		__atomic_store_n(&q->avail->flags, 0, __ATOMIC_RELAXED);
	/* 2. before we look once more: the device moves its index, then looks at ours */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return virtqueue_is_pending(q);
}

void virtqueue_disarm(struct virtqueue *q)
{
	/* an event index just passed comes by again after 65,536 chains: one interrupt too many, no harm */
	if (q->event_idx)
		__atomic_store_n(used_event(q), (uint16_t)(q->used_idx - 1), __ATOMIC_RELAXED);
	else
		__atomic_store_n(&q->avail->flags, VIRTQ_AVAIL_NO_INTERRUPT, __ATOMIC_RELAXED);
}
