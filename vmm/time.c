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
#include "apic.h"
#include "core/timescale.h"
#include "early.h"
#include "log.h"
#include "paging.h"
#include "smp.h"
#include "x86.h"

#define PM_TIMER_HZ 3579545u
#define HPET_PERIOD 0x4u /* upper half of the capabilities: femtoseconds per tick */
#define HPET_CONFIG 0x10u
#define HPET_COUNTER 0xf0u
#define HPET_ENABLE 0x1u
#define HPET_PERIOD_MIN 1000000u
#define HPET_PERIOD_MAX 100000000u
#define MEASURE_PARTS 100u /* a measurement lasts 1/100 s */
#define PAIR_TRIES 16u
#define POLLS_MAX 10000000u

/* A steady clock: counts up at @hz, wrapping at @mask. */
struct steady {
	const char *name;
	uint64_t hz;
	uint32_t mask;
	volatile uint8_t *hpet;
	uint16_t port; /* of the PM timer, with hpet NULL */
};

struct pair {
	uint64_t tsc;
	uint32_t steady, apic;
};

#define FOLLOW_NS 2000000000ull

static struct timescale_clock clock;
static struct steady reference;
static uint64_t follow_at = TIME_NEVER;
static uint32_t generation;
static uint64_t wall_base;

static uint32_t steady_read(const struct steady *s)
{
	return s->hpet ? mmio_read32(s->hpet + HPET_COUNTER) : in32(s->port);
}

enum { STEADY_HPET, STEADY_PM_TIMER, STEADY_KINDS };

/* Steady clock number @kind of this machine, running; false when there is none. */
static bool steady_open(unsigned kind, struct steady *s)
{
	const struct boot_machine *m = machine();

	if (kind == STEADY_HPET && m->has_hpet) {
		volatile uint8_t *hpet = paging_map_device(m->hpet.base, 0x400);
		uint32_t period = mmio_read32(hpet + HPET_PERIOD);
		if (period < HPET_PERIOD_MIN || period > HPET_PERIOD_MAX)
			return false;
		mmio_write32(hpet + HPET_CONFIG, mmio_read32(hpet + HPET_CONFIG) | HPET_ENABLE);
		*s = (struct steady){"HPET", 1000000000000000ull / period, UINT32_MAX, hpet, 0};
		return true;
	}
	if (kind == STEADY_PM_TIMER && m->has_fadt && m->fadt.pm_timer_port) {
		*s = (struct steady){"PM timer", PM_TIMER_HZ, 0xffffff, NULL, m->fadt.pm_timer_port};
		return true;
	}
	return false;
}

/* Reads all clocks at one instant: of several tries the one that took the fewest ticks. */
static struct pair pair_read(const struct steady *s)
{
	struct pair best = {0};
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < PAIR_TRIES; i++) {
		uint64_t before = rdtsc_ordered();
		uint32_t steady = steady_read(s), apic = apic_timer_calibrate_read();
		uint64_t took = rdtsc_ordered() - before;
		if (took < least) {
			least = took;
			best = (struct pair){before + took / 2, steady, apic};
		}
	}
	return best;
}

/* Measures TSC and local APIC timer against the steady clock; false when that clock stands still. */
static bool measure(const struct steady *s, uint64_t *tsc_hz, uint64_t *apic_hz)
{
	uint64_t wanted = s->hz / MEASURE_PARTS, ticks;
	struct pair a, b;
	unsigned polls = 0;

	apic_timer_calibrate_start();
	a = pair_read(s);
	while (((steady_read(s) - a.steady) & s->mask) < wanted)
		if (++polls > POLLS_MAX)
			return false;
	b = pair_read(s);
	ticks = (b.steady - a.steady) & s->mask;
	*tsc_hz = (b.tsc - a.tsc) * s->hz / ticks;
	*apic_hz = (uint64_t)(b.apic - a.apic) * s->hz / ticks;
	return true;
}

/* The TSC's frequency as CPUID has it (leaf 0x15); 0: it does not tell. */
static uint64_t tsc_hz_from_cpuid(void)
{
	uint32_t r[4];

	cpuid(0, 0, r);
	if (r[0] < 0x15)
		return 0;
	cpuid(0x15, 0, r);
	return r[0] ? (uint64_t)r[2] * r[1] / r[0] : 0;
}

void time_init(void)
{
	uint64_t told = tsc_hz_from_cpuid(), tsc_hz = 0, apic_hz = 0, wall;
	struct pair first;
	bool measured = false;

	for (unsigned kind = 0; kind < STEADY_KINDS && !measured; kind++)
		measured = steady_open(kind, &reference) && measure(&reference, &tsc_hz, &apic_hz);
	if (!measured)
		log_fatal("no clock: neither HPET nor PM timer counts on this machine: switch one on in the firmware");
	if (tsc_hz < TIMESCALE_HZ_MIN || tsc_hz > TIMESCALE_HZ_MAX || apic_hz < 100000)
		log_fatal("no clock: against the %s the TSC runs at %lu Hz, the local APIC timer at %lu Hz",
			  reference.name, tsc_hz, apic_hz);
	if (told >= TIMESCALE_HZ_MIN && told <= TIMESCALE_HZ_MAX) {
		tsc_hz = told;
		reference.name = "CPUID";
	}
	apic_timer_calibrate_set(apic_hz);
	first = pair_read(&reference);
	clock = (struct timescale_clock){.scale = timescale_make(tsc_hz),
					 .tsc_base = first.tsc,
					 .hz = reference.hz,
					 .mask = reference.mask,
					 .seen = first.steady,
					 .seen_tsc = first.tsc,
					 .rate = tsc_hz};
	follow_at = FOLLOW_NS;
	log_line("time: %lu kHz, by %s", tsc_hz / 1000, reference.name);
	wall = early_boot()->wall_clock;
	wall_base = wall > UINT64_MAX / 1000000000u ? 0 : wall * 1000000000u;
}

uint64_t time_now(void)
{
	return timescale_clock_ns(&clock, rdtsc_ordered());
}

uint64_t time_follow_due(void)
{
	return follow_at;
}

void time_follow(void)
{
	struct pair p = pair_read(&reference);
	bool followed;

	/* Nobody reads the clock while it changes, and nobody has read it later than it begins to run otherwise. */
	smp_hold(true);
	followed = timescale_follow(&clock, p.tsc, p.steady, rdtsc_ordered());
	follow_at = time_now() + FOLLOW_NS;
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
	uint32_t n = (atomic_load_explicit(version, memory_order_relaxed) | 1) + 2;

	if (v->time_seen == generation + 1)
		return;
	v->time_seen = generation + 1;
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
