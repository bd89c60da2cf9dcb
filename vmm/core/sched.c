/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Borrowed virtual time. AVT is in units of ns * (SCALE / weight); with SCALE = 65536 a weight of 65535 still advances.
 * Invariants: an entity is in the list exactly when queued is set; svt never goes back and is at most the AVT of each
 * queued entity. Virtual times wrap (a weight of 1 sees it after three days), so they are compared by their distance from
 * svt, and a sleeper remembers by how much it was ahead.
 */
#include "sched.h"

#define SCALE 65536ull
#define CHARGE_MAX (1ull << 40) /* ns: longer stretches were run alone, where it does not matter, and would overflow */

static uint64_t virtual_time(const struct sched_entity *e, uint64_t ns)
{
	return ns * (SCALE / e->weight) + ns * (SCALE % e->weight) / e->weight;
}

void sched_queue_init(struct sched_queue *q)
{
	*q = (struct sched_queue){.svt = 0};
	q->head.next = q->head.prev = &q->head;
}

void sched_entity_init(struct sched_entity *e, uint32_t weight)
{
	CHECK(weight >= 1 && weight <= SCHED_WEIGHT_MAX);
	*e = (struct sched_entity){.weight = weight};
}

static struct sched_entity *least(const struct sched_queue *q, const struct sched_entity *but)
{
	struct sched_entity *best = NULL;

	for (struct sched_entity *e = q->head.next; e != &q->head; e = e->next)
		if (e != but && (!best || e->avt - q->svt < best->avt - q->svt))
			best = e;
	return best;
}

void sched_wake(struct sched_queue *q, struct sched_entity *e)
{
	const struct sched_entity *first;
	uint64_t passed, ahead;

	if (e->queued)
		return;
	first = least(q, NULL);
	if (first)
		q->svt = first->avt;
	passed = q->svt - e->slept;
	ahead = e->avt - e->slept;
	e->avt = q->svt + (ahead > passed ? ahead - passed : 0);
	e->next = &q->head;
	e->prev = q->head.prev;
	e->prev->next = e;
	q->head.prev = e;
	e->queued = 1;
	q->count++;
}

void sched_sleep(struct sched_queue *q, struct sched_entity *e)
{
	const struct sched_entity *first;

	if (!e->queued)
		return;
	e->prev->next = e->next;
	e->next->prev = e->prev;
	e->queued = 0;
	q->count--;
	first = least(q, NULL);
	q->svt = first && first->avt - q->svt < e->avt - q->svt ? first->avt : e->avt;
	e->slept = q->svt;
}

void sched_charge(struct sched_entity *e, uint64_t ns)
{
	e->avt += virtual_time(e, MIN(ns, CHARGE_MAX));
}

void sched_yield_to_all(struct sched_queue *q, struct sched_entity *e)
{
	const struct sched_entity *next = least(q, e);
	uint64_t behind;

	if (!next || !e->queued)
		return;
	behind = next->avt - q->svt + virtual_time(e, SCHED_ALLOWANCE) + 1;
	if (e->avt - q->svt < behind)
		e->avt = q->svt + behind;
}

struct sched_entity *sched_pick(struct sched_queue *q, struct sched_entity *running)
{
	struct sched_entity *best = least(q, running), *first = least(q, NULL);

	if (first)
		q->svt = first->avt;
	if (!running || !running->queued)
		return best;
	if (!best || best->avt - q->svt + virtual_time(running, SCHED_ALLOWANCE) >= running->avt - q->svt)
		return running;
	return best;
}

uint64_t sched_slice(const struct sched_queue *q, const struct sched_entity *e)
{
	const struct sched_entity *next = least(q, e);
	uint64_t ahead, at;

	if (!next)
		return TIME_NEVER;
	ahead = next->avt - q->svt + virtual_time(e, SCHED_ALLOWANCE);
	at = e->avt - q->svt;
	return ahead < at ? 0 : MIN(ahead - at, UINT64_MAX / e->weight) * e->weight / SCALE + 1;
}
