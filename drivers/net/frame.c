/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pool of frames. Invariant: a frame is in the free list, or somebody owns it; free_count is the list's length.
 */
#include "frame.h"

#include <string.h>

void frame_pool_add(struct frame_pool *pool, struct frame frames[FRAMES_PER_PAGE], uint8_t *page, uint64_t bus)
{
	for (unsigned i = 0; i < FRAMES_PER_PAGE; i++) {
		frames[i] = (struct frame){.data = page + i * FRAME_BYTES + FRAME_HEADROOM,
					   .bus = bus + i * FRAME_BYTES + FRAME_HEADROOM};
		pool->count++;
		frame_put(pool, &frames[i]);
	}
}

uint32_t frame_get_chain_total(const struct frame *frame)
{
	uint32_t total = 0;

	for (; frame; frame = frame->more)
		total += frame->len;
	return total;
}

void frame_move(struct frame *frame, uint32_t bytes)
{
	CHECK(bytes <= FRAME_HEADROOM - frame->moved);
	frame->data -= bytes;
	frame->bus -= bytes;
	frame->moved = (uint8_t)(frame->moved + bytes);
}

/* The folded sum of the 16-bit words of @len bytes at @bytes, in the machine's byte order: the sum does not care (RFC
 * 1071). */
static uint16_t sum_words(const uint8_t *bytes, uint32_t len)
{
	uint64_t sum = 0, eight;
	uint16_t two;

	for (; len >= sizeof eight; len -= (uint32_t)sizeof eight, bytes += sizeof eight) {
		memcpy(&eight, bytes, sizeof eight);
		sum += (eight & UINT32_MAX) + (eight >> 32);
	}
	for (; len >= sizeof two; len -= (uint32_t)sizeof two, bytes += sizeof two) {
		memcpy(&two, bytes, sizeof two);
		sum += two;
	}
	if (len)
		sum += *bytes;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

bool frame_complete_csum(struct frame *frame)
{
	uint32_t start = frame->csum_start, field = start + frame->csum_offset;
	uint16_t sum;

	if (!(frame->flags & FRAME_CSUM_BLANK))
		return true;
	if (frame->len > FRAME_LEN_MAX || !range_within(field, sizeof sum, frame->len))
		return false;
	sum = sum_words(frame->data + start, frame->len - start);
	sum = sum == 0xffff ? sum : (uint16_t)~sum;
	memcpy(frame->data + field, &sum, sizeof sum);
	frame->flags &= (uint8_t)~FRAME_CSUM_BLANK;
	return true;
}
