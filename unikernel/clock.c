/* SPDX-License-Identifier: BSD-2-Clause */
/* Time from the seqlock'd record of this vCPU (abi/shared.h). `last` keeps it from going back should the record change. */
#include <cambium/clock.h>

#include "runtime.h"

static uint64_t last;

static uint64_t tsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

/* The record, and the counter while it held. */
static struct time_record record_read(uint64_t *ticks)
{
	const struct time_record *t = &SHARED_INFO->vcpu[0].time;
	struct time_record now = {0};
	uint32_t version;

	do {
		version = __atomic_load_n(&t->version, __ATOMIC_ACQUIRE);
		now.shift = __atomic_load_n(&t->shift, __ATOMIC_RELAXED);
		now.mul = __atomic_load_n(&t->mul, __ATOMIC_RELAXED);
		now.tsc_base = __atomic_load_n(&t->tsc_base, __ATOMIC_RELAXED);
		now.ns_base = __atomic_load_n(&t->ns_base, __ATOMIC_RELAXED);
		*ticks = tsc();
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (version & 1 || version != __atomic_load_n(&t->version, __ATOMIC_RELAXED));
	return now;
}

static uint64_t scaled(const struct time_record *t, uint64_t ticks)
{
	ticks = t->shift >= 0 ? ticks << t->shift : ticks >> -t->shift;
	return (uint64_t)((unsigned __int128)ticks * t->mul >> 32);
}

uint64_t clock_ticks_ns(uint64_t ticks)
{
	uint64_t now;
	struct time_record record = record_read(&now);

	return scaled(&record, ticks);
}

uint64_t clock_ns(void)
{
	uint64_t ticks, ns;
	struct time_record now = record_read(&ticks);

	ns = now.ns_base + scaled(&now, ticks > now.tsc_base ? ticks - now.tsc_base : 0);
	if (ns < last)
		ns = last;
	last = ns;
	return ns;
}

uint64_t clock_wall_ns(void)
{
	return __atomic_load_n(&SHARED_INFO->wall_clock_base, __ATOMIC_RELAXED) + clock_ns();
}

uint64_t clock_after(uint64_t ns)
{
	uint64_t now = clock_ns();

	return ns >= TIME_NEVER - now ? TIME_NEVER : now + ns;
}
