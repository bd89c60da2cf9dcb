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

static uint64_t scaled(uint64_t ticks, int32_t shift, uint32_t mul)
{
	ticks = shift >= 0 ? ticks << shift : ticks >> -shift;
	return (uint64_t)((unsigned __int128)ticks * mul >> 32);
}

/* No address of a local is taken here, lest the stack protector read FS: programs ask for the time whose FS is not ours. */
uint64_t clock_ns(void)
{
	const struct time_record *t = &SHARED_INFO->vcpu[0].time;
	struct time_record now;
	uint32_t version;
	uint64_t delta, ns;

	do {
		version = __atomic_load_n(&t->version, __ATOMIC_ACQUIRE);
		now.shift = __atomic_load_n(&t->shift, __ATOMIC_RELAXED);
		now.mul = __atomic_load_n(&t->mul, __ATOMIC_RELAXED);
		now.tsc_base = __atomic_load_n(&t->tsc_base, __ATOMIC_RELAXED);
		now.ns_base = __atomic_load_n(&t->ns_base, __ATOMIC_RELAXED);
		delta = tsc();
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (version & 1 || version != __atomic_load_n(&t->version, __ATOMIC_RELAXED));

	ns = now.ns_base + scaled(delta > now.tsc_base ? delta - now.tsc_base : 0, now.shift, now.mul);
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

uint64_t clock_ticks_ns(uint64_t ticks)
{
	const struct time_record *t = &SHARED_INFO->vcpu[0].time;
	uint32_t version, mul;
	int32_t shift;

	do {
		version = __atomic_load_n(&t->version, __ATOMIC_ACQUIRE);
		shift = __atomic_load_n(&t->shift, __ATOMIC_RELAXED);
		mul = __atomic_load_n(&t->mul, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (version & 1 || version != __atomic_load_n(&t->version, __ATOMIC_RELAXED));
	return scaled(ticks, shift, mul);
}
