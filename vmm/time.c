/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System time from the TSC, which follows a steady clock (core/timescale.c); system time 0 is the end of time_init(). TSC and
 * steady clock are read as pairs, each the tightest of several tries, so that a pause between two reads (an interrupted
 * virtual machine) does not spoil the result.
 */
#include "time.h"

#include <base/bits.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "machine.h"
#include "core/timescale.h"
#include "early.h"
#include "paging.h"
#include "smp.h"
#include "x86.h"

#define HPET_COUNTER 0xf0u
#define PAIR_TRIES 16u

struct pair {
	uint64_t tsc;
	uint32_t steady;
};

static struct timescale_clock clock;
static volatile uint8_t *hpet; /* NULL: the steady clock is the PM timer */
static uint32_t generation;
static uint64_t wall_base;

static uint32_t steady_read(void)
{
	return hpet ? MMIO32(hpet + HPET_COUNTER) : in32(machine()->fadt.pm_timer_port);
}

/* Reads both clocks at one instant: of several tries the one that took the fewest ticks. */
static struct pair pair_read(void)
{
	struct pair best = {0};
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < PAIR_TRIES; i++) {
		uint64_t before = rdtsc_ordered();
		uint32_t steady = steady_read();
		uint64_t took = rdtsc_ordered() - before;
		if (took < least) {
			least = took;
			best = (struct pair){before + took / 2, steady};
		}
	}
	return best;
}

void time_init(void)
{
	const struct boot_clock *c = &machine()->clock;
	uint64_t wall = early_boot()->wall_clock;
	struct pair first;

	hpet = c->hpet ? paging_map_device(c->hpet, HPET_COUNTER + 4) : NULL;
	first = pair_read();
	clock = (struct timescale_clock){.scale = timescale_make(c->tsc_hz),
					 .tsc_base = first.tsc,
					 .hz = c->steady_hz,
					 .mask = c->steady_mask,
					 .seen = first.steady,
					 .seen_tsc = first.tsc,
					 .rate = c->tsc_hz};
	wall_base = wall > UINT64_MAX / 1000000000u ? 0 : wall * 1000000000u;
}

uint64_t time_now(void)
{
	return timescale_clock_ns(&clock, rdtsc_ordered());
}

void time_follow(void)
{
	struct pair p = pair_read();
	bool followed;

	/* Nobody reads the clock while it changes, and nobody has read it later than it begins to run otherwise. */
	smp_hold(true);
	followed = timescale_follow(&clock, p.tsc, p.steady, rdtsc_ordered());
	this_cpu()->follow_at = time_now() + TIME_FOLLOW_NS;
	generation += followed;
	for (uint32_t i = 0; i < world.cpu_count && followed; i++)
		if (cpu_at(i)->loaded)
			time_record_update(cpu_at(i)->loaded);
	smp_hold(false);
}

const struct timescale *time_scale(void)
{
	return &clock.scale;
}

uint64_t time_wall_base(void)
{
	return wall_base;
}

void time_record_update(struct vcpu *v)
{
	struct time_record *record = &v->domain->shared->vcpu[v->id].time;
	_Atomic uint32_t *version = (_Atomic uint32_t *)&record->version;
	uint32_t n;

	if (v->time_seen == generation + 1)
		return;
	v->time_seen = generation + 1;
	n = (atomic_load_explicit(version, memory_order_relaxed) | 1) + 2;
	/* 1. Odd: whoever reads meanwhile reads again. */
	atomic_store_explicit(version, n, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	/* 2. The scale. */
	*(volatile int32_t *)&record->shift = clock.scale.shift;
	*(volatile uint32_t *)&record->mul = clock.scale.mul;
	*(volatile uint64_t *)&record->tsc_base = clock.tsc_base;
	*(volatile uint64_t *)&record->ns_base = clock.ns_base;
	/* 3. Even, after all of it. */
	atomic_store_explicit(version, n + 1, memory_order_release);
}
