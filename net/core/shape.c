/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The invariant: in any span of time an interface passes, each way, at most the bits of its burst and of its rate in that
 * span, and one frame more.
 */
#include <base/bits.h>
#include <base/check.h>

#include "shape.h"

void shape_set(struct shaper *shaper, const struct rules_table *table)
{
	shaper->shaped[SHAPE_IN] = shaper->shaped[SHAPE_OUT] = 0;
	for (unsigned i = 0; i < RULES_IF_COUNT; i++)
		for (unsigned way = 0; way < 2; way++) {
			struct rules_rate none = {0}, *rate = &shaper->rates[i][way];

			*rate = table->header ? table->ifaces[i].shape[way] : none;
			if (rate->amount)
				shaper->shaped[way] |= 1u << i;
			else
				shaper->buckets[i][way] = (struct meter_bucket){0};
		}
}

uint64_t shape_ready_at(struct shaper *shaper, unsigned i, enum shape_way way, uint64_t now)
{
	if (!(shaper->shaped[way] >> i & 1))
		return 0;
	return meter_ready_at(&shaper->buckets[i][way], &shaper->rates[i][way], now);
}

void shape_took(struct shaper *shaper, unsigned i, enum shape_way way, uint32_t bytes)
{
	if (shaper->shaped[way] >> i & 1)
		meter_charge(&shaper->buckets[i][way], MAX(bytes, SHAPE_FRAME_MIN) * 8);
}

bool shape_queue_put(struct shape_queue *queue, void *frame, uint32_t bytes, uint64_t now)
{
	if (queue->count == SHAPE_QUEUE_FRAMES) {
		queue->dropped++;
		return false;
	}
	queue->waiting[(queue->first + queue->count++) % SHAPE_QUEUE_FRAMES] = (struct shape_waiting){frame, now,
												      bytes};
	return true;
}

void *shape_queue_take(struct shape_queue *queue)
{
	void *frame = queue->waiting[queue->first].frame;

	if (queue->count == 0)
		return NULL;
	queue->first = (queue->first + 1) % SHAPE_QUEUE_FRAMES;
	queue->count--;
	return frame;
}

enum shape_next shape_queue_next(struct shape_queue *queue, struct shaper *shaper, unsigned i, uint64_t now,
				 void **frame, uint64_t *when)
{
	const struct shape_waiting *oldest = &queue->waiting[queue->first];
	uint64_t ready, late;

	if (queue->count == 0)
		return SHAPE_NONE;
	late = oldest->since + SHAPE_WAIT_NS;
	if (now > late) {
		*frame = shape_queue_take(queue);
		queue->dropped++;
		return SHAPE_DROP;
	}
	ready = shape_ready_at(shaper, i, SHAPE_OUT, now);
	if (ready) {
		*when = MIN(ready, late + 1);
		return SHAPE_WAIT;
	}
	shape_took(shaper, i, SHAPE_OUT, oldest->bytes);
	*frame = shape_queue_take(queue);
	return SHAPE_SEND;
}
