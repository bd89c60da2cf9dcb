/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Frames are taken by turns, counted in bytes: half of the router's work, and of the uplink's queue, is for what the uplink
 * brings and half for what the interfaces send, as long as both have something; and of the latter each interface has as
 * much as any other (net/core/drr.h). A guest that floods waits for its next turn like all others.
 *
 * Nothing is taken from an interface while the NIC's queue is full, since all may go there: what it has waits in its ring.
 */
#include "domain.h"

#include <cambium/crash.h>
#include <drivers/net/gso.h>

#define ROUND_FRAMES 128u    /* in one round: then the others are told */
#define FRAME_COST_MIN 60u   /* no frame is shorter on a wire */
#define STUCK_NS 20000000ull /* a NIC that has sent nothing for so long no longer holds the interfaces up */

#define UNIT_ROOM GSO_PIECES_MAX /* what a packet may need of the NIC's queue */

enum { SIDE_UPLINK, SIDE_INNER };

void poll_init(struct router_domain *d)
{
	drr_init(&d->sides, 8 * FRAME_BYTES);
	drr_init(&d->turns, FRAME_BYTES);
}

uint64_t poll_stalled_until(const struct router_domain *d, uint64_t now)
{
	return d->full_since && now - d->full_since < STUCK_NS ? d->full_since + STUCK_NS : 0;
}

/* May something be taken that perhaps goes to the NIC? Where that is stuck, it is dropped, so that others go on. */
static bool inner_may_send(struct router_domain *d, uint64_t now)
{
	if (!d->nic || nic_get_room(d->nic) >= UNIT_ROOM)
		d->full_since = 0;
	else if (!d->full_since)
		d->full_since = now;
	return !poll_stalled_until(d, now);
}

/* Each of these takes a frame and says what it costs: the bytes that it has. 0: there is none. */

static uint32_t uplink_take(struct router_domain *d, uint64_t now)
{
	struct frame *frame = nic_receive(d->nic);
	uint32_t bytes;

	if (!frame)
		return 0;
	bytes = MAX(frame_get_total(frame), FRAME_COST_MIN);
	frame_pass(d, UPLINK, frame, now);
	return bytes;
}

static uint32_t back_take(struct router_domain *d, unsigned index, struct frame *frame, uint64_t now)
{
	struct netback *back = &d->backs[index];
	enum netback_result result = NETBACK_EMPTY;
	uint32_t bytes;

	/* passing a frame of another may have detached it */
	if (back->state == NETBACK_OPEN)
		result = netback_receive(&back->rings, &d->frames, frame);
	bytes = MAX(frame_get_total(frame), FRAME_COST_MIN);
	if (result == NETBACK_FRAME)
		frame_pass(d, index, frame, now);
	else
		frame_put(&d->frames, frame);
	if (result == NETBACK_BROKEN)
		iface_detach(d, index, "its rings make no sense");
	return result == NETBACK_FRAME || result == NETBACK_DROPPED ? bytes : 0;
}

/* May nothing be taken from interface @index for now? Then it is known when. */
static bool is_held(struct router_domain *d, unsigned index, uint64_t now)
{
	uint64_t when = shape_ready_at(&d->brain.shaper, index, SHAPE_IN, now);

	if (!when)
		return false;
	d->shape_held |= 1u << index;
	shape_wake_at(d, when);
	return true;
}

/* From those in *@waiting, out of which go those that have nothing, or have to wait. */
static uint32_t inner_take(struct router_domain *d, uint32_t *waiting, uint64_t now)
{
	while (*waiting && inner_may_send(d, now)) {
		struct frame *frame = frame_get(&d->frames);
		uint32_t index, bytes;

		if (!frame)
			break;
		index = drr_next(&d->turns, *waiting);
		bytes = back_take(d, index, frame, now);
		if (bytes) {
			drr_took(&d->turns, index, bytes);
			if (d->brain.shaper.shaped[SHAPE_IN] >> index & 1) {
				shape_took(&d->brain.shaper, index, SHAPE_IN, bytes);
				*waiting &= ~((uint32_t)is_held(d, index, now) << index);
			}
			return bytes;
		}
		drr_has_none(&d->turns, index);
		*waiting &= ~(1u << index);
	}
	return 0;
}

/* The interfaces from whose rings something may be taken now. */
static uint32_t backs_ready(struct router_domain *d, uint64_t now)
{
	uint32_t ready = 0;

	d->shape_held = 0;
	for (uint32_t left = d->back_mask; left; left &= left - 1) {
		unsigned index = (unsigned)__builtin_ctz(left);

		ready |= (uint32_t)(netback_is_ready(&d->backs[index]) && !is_held(d, index, now)) << index;
	}
	return ready;
}

unsigned poll_round(struct router_domain *d, uint64_t now)
{
	uint32_t waiting = backs_ready(d, now), sides = 1u << SIDE_INNER | (d->nic ? 1u << SIDE_UPLINK : 0);
	unsigned count = 0;

	while (count < ROUND_FRAMES && sides) {
		uint32_t side = drr_next(&d->sides, sides);
		uint32_t bytes = side == SIDE_UPLINK ? uplink_take(d, now) : inner_take(d, &waiting, now);

		if (bytes) {
			drr_took(&d->sides, side, bytes);
			count++;
		} else {
			drr_has_none(&d->sides, side);
			sides &= ~(1u << side);
		}
	}
	if (d->nic && d->nic->broken)
		crash("uplink: %s", d->nic->broken);
	return count;
}
