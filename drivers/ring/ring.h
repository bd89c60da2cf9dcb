/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One end of a one-way ring (abi/ring.h), the same structure for producer and consumer.
 *
 * An end keeps its own indices in private memory, reads the peer's line at most once per operation and believes
 * nothing of it: a peer index that runs backwards or further than the ring is long makes the end BROKEN, and it stays
 * so until it is initialised again. Nothing here waits and nothing here notifies: the functions say when the caller
 * has to.
 *
 * A producer:  ring_push ... ring_push, ring_publish -> notify?
 * A consumer:  ring_take ... ring_take, (use them), ring_release -> notify?
 * Either one, before it sleeps:  while (ring_sleep_prepare(...)) look again;  sleep;
 */
#ifndef CAMBIUM_RING_H
#define CAMBIUM_RING_H

#include <abi/ring.h>
#include <stdbool.h>
#include <stdint.h>

enum ring_result {
	RING_OK,
	RING_EMPTY,  /* a consumer: nothing to take now */
	RING_FULL,   /* a producer: no free slot now */
	RING_BROKEN, /* the peer's index is impossible; only a reset helps */
	RING_RESET,  /* the peer has not reset its rings for this generation, or has done so for another one */
};

struct ring_end {
	struct ring_header *header; /* shared */
	unsigned char *slots;       /* shared */
	uint32_t slot_bytes;
	uint32_t count; /* slots, a power of two */
	bool producer;
	bool broken;
	uint32_t next;      /* index of the slot to fill or to take next */
	uint32_t published; /* our index as the peer sees it; published <= next */
	uint32_t peer;      /* the peer's index as last read and accepted */
};

/*
 * Makes @end one end of the ring with @header and @count slots of @slot_bytes bytes each from @slots on; @count is a
 * power of two. Both start at index 0, so the header must have been reset (ring_header_reset) by the front of this
 * generation. Touches no shared memory.
 */
void ring_init_producer(struct ring_end *end, struct ring_header *header, void *slots, uint32_t slot_bytes,
			uint32_t count);
void ring_init_consumer(struct ring_end *end, struct ring_header *header, void *slots, uint32_t slot_bytes,
			uint32_t count);

/* Front only: zeroes both lines of @header, the epoch included. The peer must not be using the ring. */
void ring_header_reset(struct ring_header *header);

/* Front only, after all its rings are reset: publishes @epoch (its device entry's generation) in its first ring. */
void ring_epoch_publish(struct ring_header *first, uint32_t epoch);

/*
 * Back only, for the first ring of an interface: RING_OK when the front has reset its rings for generation @epoch, else
 * RING_RESET: do not touch the rings now. Ask once per wake-up.
 */
enum ring_result ring_epoch_check(const struct ring_header *first, uint32_t epoch);

/* What each side takes, in the lines of the first ring: the front's before the epoch, the back's behind it. A bit of the
 * other side's is a hint and no more. */
void ring_front_features_publish(struct ring_header *first, uint32_t features);
void ring_back_features_publish(struct ring_header *first, uint32_t features);
uint32_t ring_front_features(const struct ring_header *first);
uint32_t ring_back_features(const struct ring_header *first);

/* Producer: stores in *@space how many slots are free (0 unless RING_OK). RING_OK or RING_BROKEN. */
enum ring_result ring_space(struct ring_end *end, uint32_t *space);

/* Producer: copies @slot into the next slot, unseen by the peer until ring_publish. RING_OK, RING_FULL, RING_BROKEN. */
enum ring_result ring_push(struct ring_end *end, const void *slot);

/* Producer: takes back what was pushed since the last ring_publish (a packet that turned out not to fit). */
void ring_push_undo(struct ring_end *end);

/* Producer: lets the peer see all that was pushed. True: the peer sleeps and has to be notified. */
bool ring_publish(struct ring_end *end);

/* Consumer: stores in *@avail how many slots can be taken (0 unless RING_OK). RING_OK or RING_BROKEN. */
enum ring_result ring_avail(struct ring_end *end, uint32_t *avail);

/* Consumer: copies the next slot out to @slot, once. The slot and what it names stay ours until ring_release.
 * RING_OK, RING_EMPTY, RING_BROKEN. */
enum ring_result ring_take(struct ring_end *end, void *slot);

/* Consumer: how many slots were taken and not yet released. */
static inline uint32_t ring_held(const struct ring_end *end)
{
	return end->next - end->published;
}

/*
 * Consumer: gives the @n oldest taken slots (at most ring_held()) back to the producer; a consumer that finishes out of
 * order releases when the oldest is done. True: the producer sleeps and has to be notified.
 */
bool ring_release(struct ring_end *end, uint32_t n);

/*
 * Before sleeping until @n slots (1 to count) are there to take (consumer) or to fill (producer): asks the peer for a
 * notification at that index, then looks once more. True: they are there already, or the ring is broken: look again
 * and do not sleep. False: sleep; the notification will come.
 */
bool ring_sleep_prepare(struct ring_end *end, uint32_t n);

#endif
