/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames that wait until the interface they go to may send more (net/core/shape.h).
 *
 * Invariant: bit i of d->queued says that queue i has frames; who goes to an interface whose queue has some joins it, so that
 * none overtakes another. While fewer than FRAMES_SPARE frames are free, the longest queue loses its oldest.
 */
#include "domain.h"

#define FRAMES_SPARE 64u
#define NIC_WAIT_NS 1000000ull /* until a full NIC is looked at again */

void shape_wake_at(struct router_domain *d, uint64_t when)
{
	d->shape_due = MIN(d->shape_due, when);
}

static void queue_shrink(struct router_domain *d, unsigned index)
{
	if (d->queues[index].count == 0)
		d->queued &= ~(1u << index);
}

/* The longest queue gives up a frame, if there is any. */
static void frame_spare(struct router_domain *d)
{
	unsigned longest = 0;

	for (unsigned i = 1; i < ROUTER_IF_COUNT; i++)
		if (d->queues[i].count > d->queues[longest].count)
			longest = i;
	if (d->queues[longest].count == 0)
		return;
	frame_put(&d->frames, shape_queue_take(&d->queues[longest]));
	d->queues[longest].dropped++;
	queue_shrink(d, longest);
}

void shape_send(struct router_domain *d, unsigned index, struct frame *frame)
{
	if (!(d->queued >> index & 1) && !shape_ready_at(&d->brain.shaper, index, SHAPE_OUT, d->now)) {
		shape_took(&d->brain.shaper, index, SHAPE_OUT, frame->len);
		frame_send(d, index, frame);
		return;
	}
	if (!shape_queue_put(&d->queues[index], frame, frame->len, d->now)) {
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
		switch (shape_queue_next(&d->queues[index], &d->brain.shaper, index, d->now, &frame, &when)) {
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

	while ((frame = shape_queue_take(&d->queues[index])))
		frame_put(&d->frames, frame);
	queue_shrink(d, index);
}
