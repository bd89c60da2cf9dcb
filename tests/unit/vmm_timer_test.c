/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers, against a plain array that is searched for the least (deadline, order of arming). */
#include "vmm_world.h"

#include <vmm/core/timer.h>

#define TIMERS 40u

static struct {
	uint64_t deadline, order;
} naive[TIMERS];

static int naive_first(void)
{
	int best = -1;

	for (unsigned i = 0; i < TIMERS; i++)
		if (naive[i].deadline != TIME_NEVER &&
		    (best < 0 || naive[i].deadline < naive[best].deadline ||
		     (naive[i].deadline == naive[best].deadline && naive[i].order < naive[best].order)))
			best = (int)i;
	return best;
}

Test(timer, fires_in_order_of_deadline_and_never_early_like_the_naive_list)
{
	static struct timer t[TIMERS];
	struct timer_queue q;
	uint64_t r = 7, now = 0;

	timer_queue_init(&q);
	cr_assert_eq(timer_next(&q), TIME_NEVER);
	for (unsigned i = 0; i < TIMERS; i++)
		naive[i].deadline = TIME_NEVER;
	for (uint64_t step = 0; step < 50000; step++) {
		unsigned i = tw_below(&r, TIMERS);
		struct timer *due;
		int first;

		switch (tw_below(&r, 4)) {
		case 0:
		case 1:
			naive[i].deadline = now + tw_below(&r, 50);
			naive[i].order = step;
			timer_arm(&q, &t[i], naive[i].deadline);
			break;
		case 2:
			naive[i].deadline = TIME_NEVER;
			timer_arm(&q, &t[i], TIME_NEVER);
			break;
		default:
			now += tw_below(&r, 20);
			first = naive_first();
			due = timer_take_due(&q, now);
			if (first < 0 || naive[first].deadline > now) {
				cr_assert_null(due);
				break;
			}
			cr_assert_eq(due, &t[first]);
			cr_assert_null(due->next);
			naive[first].deadline = TIME_NEVER;
		}
		first = naive_first();
		cr_assert_eq(timer_next(&q), first < 0 ? TIME_NEVER : naive[first].deadline);
	}
}

Test(timer, due_now_fires_now_and_the_last_representable_deadline_waits)
{
	struct timer_queue q;
	struct timer a = {0}, b = {0};

	timer_queue_init(&q);
	timer_arm(&q, &a, TIME_NEVER - 1);
	timer_arm(&q, &b, 100);
	cr_assert_null(timer_take_due(&q, 99));
	cr_assert_eq(timer_take_due(&q, 100), &b);
	cr_assert_null(timer_take_due(&q, TIME_NEVER - 2));
	timer_arm(&q, &b, 0);
	cr_assert_eq(timer_take_due(&q, 0), &b);
	cr_assert_eq(timer_take_due(&q, TIME_NEVER - 1), &a);
	cr_assert_eq(timer_next(&q), TIME_NEVER);
}
