/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A split virtqueue (virtio 1.1, section 2.6), the driver's end: index logic only. No hardware: the three areas are
 * plain memory that somebody else shares with a device, so that a test can play the device.
 */
#ifndef CAMBIUM_VIRTIO_VIRTQUEUE_H
#define CAMBIUM_VIRTIO_VIRTQUEUE_H

#include <base/bits.h>

/* So that each of the three areas fits one page: 4096, 518 and 2054 bytes. */
#define VIRTQUEUE_SIZE_MAX 256u

#define VIRTQ_DESC_NEXT 1u
#define VIRTQ_DESC_WRITE 2u
#define VIRTQ_AVAIL_NO_INTERRUPT 1u
#define VIRTQ_USED_NO_NOTIFY 1u

/* Section 2.6.5. */
struct virtq_desc {
	uint64_t addr; /* bus address */
	uint32_t len;
	uint16_t flags; /* VIRTQ_DESC_x */
	uint16_t next;
};

/* Section 2.6.6; behind ring[size] follows used_event. */
struct virtq_avail {
	uint16_t flags;
	uint16_t idx;
	uint16_t ring[];
};

struct virtq_used_elem {
	uint32_t id;
	uint32_t len; /* bytes that the device wrote */
};

/* Section 2.6.8; behind ring[size] follows avail_event. */
struct virtq_used {
	uint16_t flags;
	uint16_t idx;
	struct virtq_used_elem ring[];
};

/* One piece of a chain: @len bytes at bus address @addr, written by the device where @writable. */
struct virtq_piece {
	uint64_t addr;
	uint32_t len;
	bool writable;
};

enum virtq_result {
	VIRTQ_OK,
	VIRTQ_EMPTY,
	VIRTQ_BROKEN, /* the device gave back what it never had, or claims to have written more than it might */
};

/* Ours alone about descriptor i; the device's copy is never read back. */
struct virtq_shadow {
	uint32_t writable; /* head of a chain: bytes that the device may write */
	uint16_t next;
	uint16_t count; /* head of a chain: its length; 0: no head */
};

struct virtqueue {
	/* shared with the device */
	struct virtq_desc *desc;
	struct virtq_avail *avail;
	struct virtq_used *used;
	/* ours alone */
	uint16_t size;
	uint16_t free_head, free_count;
	uint16_t avail_idx; /* one behind the last chain added */
	uint16_t published; /* what the device was shown of avail_idx */
	uint16_t used_idx;  /* next to take */
	bool event_idx;
	bool broken;
	struct virtq_shadow shadow[VIRTQUEUE_SIZE_MAX];
};

/*
 * Makes @q an empty queue of @size descriptors (a power of two, at most VIRTQUEUE_SIZE_MAX) in the zeroed areas @desc
 * (16 * size bytes, 16-byte aligned), @avail (6 + 2 * size, 2-byte aligned) and @used (6 + 8 * size, 4-byte aligned).
 * @event_idx: VIRTIO_F_EVENT_IDX was negotiated. Interrupts are suppressed until virtqueue_arm().
 */
void virtqueue_init(struct virtqueue *q, uint16_t size, void *desc, void *avail, void *used, bool event_idx);

/*
 * Adds a chain of @count pieces (1 or more), read-only ones first (section 2.6.4.2), and gives its @head, by which
 * virtqueue_take() will name it. False, and nothing changed, when so many descriptors are not free.
 */
bool virtqueue_add(struct virtqueue *q, const struct virtq_piece *pieces, unsigned count, uint16_t *head);

/* The same for a chain of one, which is the usual one. */
bool virtqueue_add_one(struct virtqueue *q, struct virtq_piece piece, uint16_t *head);

/* Shows the device what was added since the last time. True when it wants to be notified (section 2.6.7, 2.6.10). */
bool virtqueue_publish(struct virtqueue *q);

/*
 * Takes the next chain that the device is done with: @head, and @len, the bytes it wrote, which is at most what the
 * chain had room for (section 2.6.8). Its descriptors are free again. VIRTQ_BROKEN stays so for ever.
 */
enum virtq_result virtqueue_take(struct virtqueue *q, uint16_t *head, uint32_t *len);

/* True when virtqueue_take() would not say VIRTQ_EMPTY. */
bool virtqueue_is_pending(const struct virtqueue *q);

/*
 * Asks for an interrupt when the device is done with the next chain. True: it already is (or the queue is broken); then
 * no interrupt may come, take first. The request is spent by one interrupt; without event index virtqueue_disarm()
 * takes it back.
 */
bool virtqueue_arm(struct virtqueue *q);
void virtqueue_disarm(struct virtqueue *q);

/* The descriptors that the device has. */
static inline unsigned virtqueue_get_posted(const struct virtqueue *q)
{
	return (unsigned)(q->size - q->free_count);
}

#endif
