/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock: sleeps until deadlines up to 20 ms ahead, and each second says what the system time is and how late it woke in all so
 * far. Somebody outside compares the time with his own.
 */
#include <cambium/clock.h>
#include <cambium/hypercall.h>

#include <stdbool.h>
#include <stdio.h>

#define SECOND_NS 1000000000ull
#define AHEAD_US 20000u
#define US 1000u
#define BUCKETS 50000u /* of a microsecond; the last one has the rest */

static uint32_t late[BUCKETS];
static uint64_t timers, early, most;

static uint32_t draw(uint32_t below)
{
	static uint32_t state = 88172645;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

/* False: an event came first, which is no timer. */
static bool sleep_until(uint64_t deadline)
{
	struct vcpu_shared *own = &((struct shared_info *)SHARED_VA)->vcpu[0];

	own->upcall_pending = 0;
	return hc_sched_block(deadline) == 1;
}

static void one_timer(void)
{
	uint64_t deadline = clock_ns() + draw(AHEAD_US) * US, now, ns;

	if (!sleep_until(deadline))
		return;
	now = clock_ns();
	timers++;
	if (now < deadline) {
		early++;
		return;
	}
	ns = now - deadline;
	most = ns > most ? ns : most;
	late[ns / US < BUCKETS - 1 ? ns / US : BUCKETS - 1]++;
}

/* The lateness, in us, that @part of @of all timers stay below. */
static unsigned long below(uint64_t part, uint64_t of)
{
	uint64_t left = (timers - early) * part / of;
	unsigned us = 0;

	while (us < BUCKETS - 1 && left >= late[us])
		left -= late[us++];
	return us + 1;
}

int main(void)
{
	uint64_t next = clock_ns() + SECOND_NS;

	for (;;) {
		one_timer();
		if (clock_ns() < next)
			continue;
		next += SECOND_NS;
		printf("clock: %lu timers, %lu early, half within %lu us, 99 %% within %lu us, most %lu us, now %lu ns\n",
		       timers, early, below(1, 2), below(99, 100), most / US, clock_ns());
		fflush(stdout);
	}
}
