/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU scheduler's arithmetic: borrowed virtual time (Duda and Cheriton, SOSP 1999) without warp yet. Each entity has
 * an actual virtual time (AVT) that advances by real time / weight; the runnable one with the least runs; who wakes is
 * moved up to the scheduler's virtual time, so that sleep is not hoarded.
 */
#ifndef CAMBIUM_VMM_SCHED_H
#define CAMBIUM_VMM_SCHED_H

#include "world.h"

#define SCHED_WEIGHT_DEFAULT 256u
#define SCHED_WEIGHT_MAX 65535u
/* Context-switch allowance: real time (ns) that the running one may go beyond the next one. */
#define SCHED_ALLOWANCE 2000000ull

struct sched_queue {
	struct sched_entity head; /* circular, unsorted */
	uint64_t svt;             /* least AVT seen among the runnable */
	uint32_t count;
};

void sched_queue_init(struct sched_queue *q);
/* @weight 1..SCHED_WEIGHT_MAX. */
void sched_entity_init(struct sched_entity *e, uint32_t weight);
/* Runnable from now on; idempotent. */
void sched_wake(struct sched_queue *q, struct sched_entity *e);
/* Not runnable any more; idempotent. */
void sched_sleep(struct sched_queue *q, struct sched_entity *e);
/* @e has run for @ns. */
void sched_charge(struct sched_entity *e, uint64_t ns);
/* Whoever is next runs before @e does, although @e is within its allowance. */
void sched_yield_to_all(struct sched_queue *q, struct sched_entity *e);
/*
 * Who runs now, NULL when nobody is runnable. @running (may be NULL, or asleep) goes on unless another is ahead of it by
 * more than the allowance.
 */
struct sched_entity *sched_pick(struct sched_queue *q, struct sched_entity *running);
/* How long (ns) @e may run before sched_pick would prefer another; TIME_NEVER when it is alone. */
uint64_t sched_slice(const struct sched_queue *q, const struct sched_entity *e);

#endif
