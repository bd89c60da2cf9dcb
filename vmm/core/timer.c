/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers. Invariant: the list is sorted by deadline, and a timer is in it exactly when its next is not NULL. */
#include "timer.h"

void timer_queue_init(struct timer_queue *q)
{
	q->head.next = q->head.prev = &q->head;
	q->head.deadline = TIME_NEVER;
}

void timer_arm(struct timer_queue *q, struct timer *t, uint64_t deadline)
{
	struct timer *after;

	if (t->next) {
		t->prev->next = t->next;
		t->next->prev = t->prev;
		t->next = t->prev = NULL;
	}
	t->deadline = deadline;
	if (deadline == TIME_NEVER)
		return;
	after = q->head.prev;
	while (after != &q->head && after->deadline > deadline)
		after = after->prev;
	t->prev = after;
	t->next = after->next;
	after->next->prev = t;
	after->next = t;
}

struct timer *timer_take_due(struct timer_queue *q, uint64_t now)
{
	struct timer *t = q->head.next;

	if (t == &q->head || t->deadline > now)
		return NULL;
	timer_arm(q, t, TIME_NEVER);
	return t;
}
