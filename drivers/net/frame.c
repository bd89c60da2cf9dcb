/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool of frames. Invariant: a frame is in the free list, or somebody owns it; free_count is the list's length.
 */
#include "frame.h"

#include <base/check.h>

void frame_pool_add(struct frame_pool *pool, struct frame frames[FRAMES_PER_PAGE], uint8_t *page, uint64_t bus)
{
	for (unsigned i = 0; i < FRAMES_PER_PAGE; i++) {
		frames[i] = (struct frame){.data = page + i * FRAME_BYTES + FRAME_HEADROOM,
					   .bus = bus + i * FRAME_BYTES + FRAME_HEADROOM};
		pool->count++;
		frame_put(pool, &frames[i]);
	}
}

struct frame *frame_get(struct frame_pool *pool)
{
	struct frame *frame = pool->free;

	if (!frame)
		return NULL;
	pool->free = frame->next;
	pool->free_count--;
	frame->next = NULL;
	frame->len = 0;
	frame->flags = 0;
	return frame;
}

void frame_put(struct frame_pool *pool, struct frame *frame)
{
	CHECK(pool->free_count < pool->count);
	frame->next = pool->free;
	pool->free = frame;
	pool->free_count++;
}

bool frame_complete_csum(struct frame *frame)
{
	uint32_t start = frame->csum_start, field = start + frame->csum_offset;
	uint64_t sum = 0;
	uint32_t at;

	if (!(frame->flags & FRAME_CSUM_BLANK))
		return true;
	if (frame->len > FRAME_LEN_MAX || !range_within(field, 2, frame->len))
		return false;
	for (at = start; at + 1 < frame->len; at += 2)
		sum += (uint32_t)frame->data[at] << 8 | frame->data[at + 1];
	if (at < frame->len)
		sum += (uint32_t)frame->data[at] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = sum == 0xffff ? 0xffff : ~sum & 0xffff;
	frame->data[field] = (uint8_t)(sum >> 8);
	frame->data[field + 1] = (uint8_t)sum;
	frame->flags &= (uint8_t)~FRAME_CSUM_BLANK;
	return true;
}
