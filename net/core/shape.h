/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shaping: frames that are over an interface's rate wait, where a limit would drop them.
 *
 * What comes from a domain waits in its ring: whoever takes it asks shape_ready_at() first. What goes out at an interface
 * waits in a queue: at most SHAPE_QUEUE_FRAMES of them, each SHAPE_WAIT_NS at most; then the oldest are dropped, so that
 * what does get through is no older than that, and a sender hears soon that it is too fast.
 */
#ifndef CAMBIUM_NET_CORE_SHAPE_H
#define CAMBIUM_NET_CORE_SHAPE_H

#include "rules.h"
#include "rules_meter.h"

#define SHAPE_QUEUE_FRAMES 64u /* a power of two */
#define SHAPE_WAIT_NS 100000000ull
#define SHAPE_FRAME_MIN 60u /* bytes: no frame is shorter on a wire */

enum shape_way {
	SHAPE_IN,  /* what comes in at the interface */
	SHAPE_OUT, /* what goes out there */
};

/* The rates in force, and what is left of them. All zero: nothing is shaped. */
struct shaper {
	struct rules_rate rates[RULES_IF_COUNT][2];
	struct meter_bucket buckets[RULES_IF_COUNT][2];
	uint32_t shaped[2]; /* bit i: interface i, that way */
};

/* From now on the rates are those of @table, which may be all zero. What is left of a rate goes on. */
void shape_set(struct shaper *shaper, const struct rules_table *table);

/* When a frame may pass at interface @i: 0: now. A frame may pass once there is something left, and costs all that it has. */
uint64_t shape_ready_at(struct shaper *shaper, unsigned i, enum shape_way way, uint64_t now);

/* A frame of @bytes passed there. */
void shape_took(struct shaper *shaper, unsigned i, enum shape_way way, uint32_t bytes);

struct shape_waiting {
	void *frame;
	uint64_t since;
	uint32_t bytes;
};

/* Frames that wait to go out at one interface, the oldest first. All zero: none. */
struct shape_queue {
	struct shape_waiting waiting[SHAPE_QUEUE_FRAMES];
	uint32_t first, count;
	uint64_t dropped;
};

/* @frame, of @bytes, waits from @now on. False: the queue is full, which is counted, and the frame stays the caller's. */
bool shape_queue_put(struct shape_queue *queue, void *frame, uint32_t bytes, uint64_t now);

enum shape_next {
	SHAPE_NONE, /* nothing waits */
	SHAPE_SEND, /* send *frame, which has left the queue; it has been charged */
	SHAPE_DROP, /* drop *frame, which has left the queue: it has waited too long; it has been counted */
	SHAPE_WAIT, /* nothing before *when */
};

/* What to do next with the queue of what goes out at interface @i. */
enum shape_next shape_queue_next(struct shape_queue *queue, struct shaper *shaper, unsigned i, uint64_t now,
				 void **frame, uint64_t *when);

/* Takes out the oldest frame, NULL where there is none, whatever its time. */
void *shape_queue_take(struct shape_queue *queue);

#endif
