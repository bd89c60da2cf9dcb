/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames that wait until the interface they go to may send more (net/core/shape.h).
 *
 * Invariant: bit i of d->queued says that queue i has frames; who goes to an interface whose queue has some joins it, so that
 * none overtakes another; an interface that is shaped, or was, has a queue. While fewer than FRAMES_SPARE frames are free, the
 * longest queue loses its oldest.
 */
#include "domain.h"

#include <stdlib.h>

#define FRAMES_SPARE 64u
#define FRAMES_SHAPED (2 * SHAPE_QUEUE_FRAMES)
#define NIC_WAIT_NS 1000000ull /* until a full NIC is looked at again */

bool shape_prepare(struct router_domain *d, const struct rules_table *next)
{
	static unsigned most; /* frames, with those for queues */

	most = most ? most : d->frames.count + FRAMES_SHAPED;
	for (unsigned i = 0; i < ROUTER_IF_COUNT; i++) {
		if (!next->ifaces[i].shape[SHAPE_OUT].amount)
			continue;
		if (!d->queues[i])
			d->queues[i] = calloc(1, sizeof *d->queues[i]);
		if (!d->queues[i] || !frames_raise(&d->frames, most))
			return false;
	}
	return true;
}

void shape_wake_at(struct router_domain *d, uint64_t when)
{
	d->shape_due = MIN(d->shape_due, when);
}

static void queue_shrink(struct router_domain *d, unsigned index)
{
	if (d->queues[index]->count == 0)
		d->queued &= ~(1u << index);
}

/* The longest queue gives up a frame, if there is any. */
static void frame_spare(struct router_domain *d)
{
	struct shape_queue *longest = NULL;
	unsigned index = 0;

	for (uint32_t left = d->queued; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		if (!longest || d->queues[i]->count > longest->count)
			longest = d->queues[i], index = i;
	}
	if (!longest)
		return;
	frame_put(&d->frames, shape_queue_take(longest));
	longest->dropped++;
	queue_shrink(d, index);
}

void shape_send(struct router_domain *d, unsigned index, struct frame *frame)
{
	if (!(d->queued >> index & 1) && !shape_ready_at(&d->brain.shaper, index, SHAPE_OUT, d->now)) {
		shape_took(&d->brain.shaper, index, SHAPE_OUT, frame->len);
		frame_send(d, index, frame);
		return;
	}
	if (!shape_queue_put(d->queues[index], frame, frame->len, d->now)) {
		frame_put(&d->frames, frame);
		return;
	}
	d->queued |= 1u << index;
	if (d->frames.free_count < FRAMES_SPARE)
		frame_spare(d);
}

/* What of queue @index may go now. */
static void queue_pump(struct router_domain *d, unsigned index)
{
	void *frame;
	uint64_t when;

	for (;;) {
		if (index == UPLINK && d->nic && nic_get_room(d->nic) == 0) {
			shape_wake_at(d, d->now + NIC_WAIT_NS);
			return;
		}
		switch (shape_queue_next(d->queues[index], &d->brain.shaper, index, d->now, &frame, &when)) {
		case SHAPE_NONE: return;
		case SHAPE_WAIT: shape_wake_at(d, when); return;
		case SHAPE_SEND: frame_send(d, index, frame); break;
		case SHAPE_DROP: frame_put(&d->frames, frame); break;
		}
	}
}

void shape_pump(struct router_domain *d)
{
	for (uint32_t left = d->queued; left; left &= left - 1) {
		unsigned index = (unsigned)__builtin_ctz(left);

		queue_pump(d, index);
		queue_shrink(d, index);
		pay_for_queue(d, index);
	}
}

void shape_forget(struct router_domain *d, unsigned index)
{
	struct frame *frame;

	if (!d->queues[index])
		return;
	while ((frame = shape_queue_take(d->queues[index])))
		frame_put(&d->frames, frame);
	queue_shrink(d, index);
}
