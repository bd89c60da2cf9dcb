/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames: private buffers of one packet each (a long one has several, in a chain), that a NIC can read and write by DMA. A
 * frame has one owner at a time and goes from hand to hand: pool -> NIC or back end -> router -> NIC or back end -> pool.
 * No copy on the way.
 */
#ifndef CAMBIUM_NET_FRAME_H
#define CAMBIUM_NET_FRAME_H

#include <stddef.h>

#include <base/bits.h>
#include <base/check.h>

#define FRAME_BYTES 2048u
#define FRAME_HEADROOM 64u /* in front of the packet, for a device's own header */
#define FRAME_LEN_MAX (FRAME_BYTES - FRAME_HEADROOM)
#define FRAMES_PER_PAGE (PAGE_SIZE / FRAME_BYTES)

/* The meaning is that of NET_CSUM_BLANK and NET_CSUM_VALID (abi/net_ring.h); at most one of them. */
#define FRAME_CSUM_BLANK 1u
#define FRAME_CSUM_VALID 2u

struct frame {
	struct frame *next; /* for whoever owns it */
	struct frame *more; /* its next piece, which belongs to this frame; NULL: the last one. Only with gso_size */
	uint8_t *data; /* the Ethernet header; FRAME_LEN_MAX bytes, with FRAME_HEADROOM in front. A device may have put
			  a later piece's bytes further to the front */
	uint64_t bus;  /* bus address of data; the whole buffer lies in one page */
	uint32_t len;
	uint16_t csum_start, csum_offset; /* where FRAME_CSUM_BLANK */
	uint16_t gso_size; /* > 0: one TCP packet to be cut, with so many bytes of payload in a segment (gso.h) */
	uint8_t flags;     /* FRAME_x */
	uint8_t moved;     /* how far data stands in front of its place */
};

struct frame_pool {
	struct frame *free;
	unsigned free_count, count;
};

/*
 * Adds the FRAMES_PER_PAGE buffers of the page @page, whose bus address is @bus, to @pool (initially all zero); @frames
 * describes them and like the page stays the pool's own.
 */
void frame_pool_add(struct frame_pool *pool, struct frame frames[FRAMES_PER_PAGE], uint8_t *page, uint64_t bus);

/* An empty frame (len, flags and gso_size 0, one piece), or NULL when all are in use. */
static inline struct frame *frame_get(struct frame_pool *pool)
{
	struct frame *frame = pool->free;

	if (!frame)
		return NULL;
	pool->free = frame->next;
	pool->free_count--;
	frame->next = NULL;
	frame->more = NULL;
	if (frame->moved) {
		frame->data += frame->moved;
		frame->bus += frame->moved;
		frame->moved = 0;
	}
	frame->len = 0;
	frame->flags = 0;
	frame->gso_size = 0;
	return frame;
}

/* Gives @frame, which the caller owns, back, with all pieces behind it. */
static inline void frame_put(struct frame_pool *pool, struct frame *frame)
{
	while (frame) {
		struct frame *more = frame->more;

		CHECK(pool->free_count < pool->count);
		frame->next = pool->free;
		pool->free = frame;
		pool->free_count++;
		frame = more;
	}
}

/* The bytes of @frame with all pieces behind it. */
uint32_t frame_get_chain_total(const struct frame *frame);

static inline uint32_t frame_get_total(const struct frame *frame)
{
	return frame->more ? frame_get_chain_total(frame) : frame->len;
}

/* Moves where @frame's bytes begin by @bytes to the front, within the headroom; frame_get() takes that back. */
void frame_move(struct frame *frame, uint32_t bytes);

/*
 * Completes the checksum of a frame with FRAME_CSUM_BLANK: the one's complement of the sum from csum_start to the end
 * goes to csum_start + csum_offset (RFC 1071; zero becomes 0xffff, RFC 768, which for TCP means the same). The flag is
 * gone then. Without the flag nothing happens. False when the field does not lie inside the frame.
 */
bool frame_complete_csum(struct frame *frame);

#endif
