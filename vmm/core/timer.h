/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers of one CPU: a list in order of deadline. Most timers are set later than those that stand. */
#pragma once

#include "world.h"

struct timer_queue {
	struct timer head; /* head.next is the earliest; circular */
};

void timer_queue_init(struct timer_queue *q);
/* Makes @t, queued or not, due at @deadline ns; TIME_NEVER takes it out. A zeroed timer is a timer that is not queued. */
void timer_arm(struct timer_queue *q, struct timer *t, uint64_t deadline);
/* Takes out and returns a timer whose deadline is <= @now, or NULL. */
struct timer *timer_take_due(struct timer_queue *q, uint64_t now);
/* The earliest deadline, TIME_NEVER when there is none. */
static inline uint64_t timer_next(const struct timer_queue *q)
{
	return q->head.next->deadline;
}
