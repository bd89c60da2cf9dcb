/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Borrowed virtual time. AVT is in units of ns * (SCALE / weight); with SCALE = 65536 a weight of 65535 still advances.
 * Invariant: an entity is in the list exactly when queued is set; svt never goes back.
 */
#include "sched.h"

#define SCALE 65536ull

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
		if (e != but && (!best || e->avt < best->avt))
			best = e;
	return best;
}

void sched_wake(struct sched_queue *q, struct sched_entity *e)
{
	const struct sched_entity *first;

	if (e->queued)
		return;
	first = least(q, NULL);
	if (first && first->avt > q->svt)
		q->svt = first->avt;
	e->avt = MAX(e->avt, q->svt);
	e->next = &q->head;
	e->prev = q->head.prev;
	e->prev->next = e;
	q->head.prev = e;
	e->queued = 1;
	q->count++;
}

void sched_sleep(struct sched_queue *q, struct sched_entity *e)
{
	if (!e->queued)
		return;
	e->prev->next = e->next;
	e->next->prev = e->prev;
	e->queued = 0;
	q->count--;
	q->svt = MAX(q->svt, e->avt);
	if (q->count)
		q->svt = MIN(q->svt, least(q, NULL)->avt);
}

void sched_charge(struct sched_entity *e, uint64_t ns)
{
	e->avt += virtual_time(e, ns);
}

void sched_yield_to_all(struct sched_queue *q, struct sched_entity *e)
{
	for (const struct sched_entity *o = q->head.next; o != &q->head; o = o->next)
		e->avt = MAX(e->avt, o->avt + 1);
}

struct sched_entity *sched_pick(struct sched_queue *q, struct sched_entity *running)
{
	struct sched_entity *best = least(q, running);

	if (!running || !running->queued)
		return best;
	if (!best || best->avt + virtual_time(running, SCHED_ALLOWANCE) >= running->avt)
		return running;
	return best;
}

uint64_t sched_slice(const struct sched_queue *q, const struct sched_entity *e)
{
	const struct sched_entity *next = least(q, e);
	uint64_t ahead;

	if (!next)
		return TIME_NEVER;
	ahead = next->avt + virtual_time(e, SCHED_ALLOWANCE);
	return ahead <= e->avt ? 0 : (ahead - e->avt) * e->weight / SCALE + 1;
}
