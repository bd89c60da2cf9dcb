/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All clocks are read at one instant, as the tightest of several tries, so that a pause between two reads (an interrupted virtual
 * machine) does not spoil the result. Invariant: a clock that stands still is given up after a bounded number of looks.
 */
#include "clocks.h"

#include <base/bits.h>
#include <stdbool.h>
#include <stddef.h>

#include "cpu_policy.h"
#include "notes.h"

#define PM_TIMER_HZ 3579545u
#define PM_TIMER_MASK 0xffffffu
#define HPET_BYTES 0x400u
#define HPET_PERIOD 0x4u /* upper half of the capabilities: femtoseconds per tick */
#define HPET_CONFIG 0x10u
#define HPET_COUNTER 0xf0u
#define HPET_ENABLE 0x1u
#define HPET_PERIOD_MIN 1000000u
#define HPET_PERIOD_MAX 100000000u

/* Of the local APIC (Intel SDM volume 3, 11.4 and 11.5.4). */
#define APIC_SPURIOUS 0xf0u
#define APIC_ENABLE 0x1ffu
#define APIC_LVT_TIMER 0x320u
#define APIC_MASKED 0x10000u
#define APIC_INITIAL 0x380u
#define APIC_CURRENT 0x390u
#define APIC_DIVIDE 0x3e0u
#define DIVIDE_BY_1 0xbu

#define REACHED (1ull << 32)
#define MEASURE_PARTS 100u /* a measurement lasts 1/100 s */
#define TRIES 16u
#define LOOKS_MAX 10000000u

struct bench {
	const struct clocks_io *io;
	uint64_t apic;
	uint16_t port; /* of the PM timer */
	struct boot_clock clock;
};

struct moment {
	uint64_t tsc;
	uint32_t steady, apic;
};

static uint32_t steady_read(const struct bench *b)
{
	return b->clock.hpet ? b->io->read(b->io->arg, b->clock.hpet + HPET_COUNTER) : b->io->port(b->io->arg, b->port);
}

static bool hpet_open(struct bench *b, const struct boot_machine *m)
{
	const struct clocks_io *io = b->io;
	uint64_t base = m->hpet.base;
	uint32_t period;

	if (!m->has_hpet || !range_within(base, HPET_BYTES, REACHED))
		return false;
	period = io->read(io->arg, base + HPET_PERIOD);
	if (period < HPET_PERIOD_MIN || period > HPET_PERIOD_MAX)
		return false;
	io->write(io->arg, base + HPET_CONFIG, io->read(io->arg, base + HPET_CONFIG) | HPET_ENABLE);
	b->clock = (struct boot_clock){
		.hpet = base, .steady_hz = 1000000000000000ull / period, .steady_mask = UINT32_MAX};
	return true;
}

static bool pm_timer_open(struct bench *b, const struct boot_machine *m)
{
	if (!m->has_fadt || !m->fadt.pm_timer_port)
		return false;
	b->port = m->fadt.pm_timer_port;
	b->clock = (struct boot_clock){.steady_hz = PM_TIMER_HZ, .steady_mask = PM_TIMER_MASK};
	return true;
}

static struct moment moment_read(const struct bench *b)
{
	const struct clocks_io *io = b->io;
	struct moment best = {0};
	uint64_t least = UINT64_MAX;

	for (unsigned i = 0; i < TRIES; i++) {
		uint64_t before = io->tsc(io->arg), took;
		uint32_t steady = steady_read(b), apic = UINT32_MAX - io->read(io->arg, b->apic + APIC_CURRENT);

		took = io->tsc(io->arg) - before;
		if (took < least) {
			least = took;
			best = (struct moment){before + took / 2, steady, apic};
		}
	}
	return best;
}

/* False: the steady clock stands still. */
static bool measure(struct bench *b)
{
	uint64_t wanted = b->clock.steady_hz / MEASURE_PARTS, ticks;
	const struct clocks_io *io = b->io;
	struct moment from, to;

	io->write(io->arg, b->apic + APIC_SPURIOUS, APIC_ENABLE);
	io->write(io->arg, b->apic + APIC_DIVIDE, DIVIDE_BY_1);
	io->write(io->arg, b->apic + APIC_LVT_TIMER, APIC_MASKED);
	io->write(io->arg, b->apic + APIC_INITIAL, UINT32_MAX);
	from = moment_read(b);
	for (unsigned looks = 0; ((steady_read(b) - from.steady) & b->clock.steady_mask) < wanted; looks++)
		if (looks == LOOKS_MAX)
			return false;
	to = moment_read(b);
	io->write(io->arg, b->apic + APIC_INITIAL, 0);
	ticks = (to.steady - from.steady) & b->clock.steady_mask;
	b->clock.tsc_hz = (to.tsc - from.tsc) * b->clock.steady_hz / ticks;
	b->clock.apic_hz = (uint64_t)(to.apic - from.apic) * b->clock.steady_hz / ticks;
	return true;
}

static bool tsc_is_sane(uint64_t hz)
{
	return hz >= BOOT_TSC_HZ_MIN && hz <= BOOT_TSC_HZ_MAX;
}

static void refuse(struct boot_info *info, const char *against, const struct boot_clock *c)
{
	char tsc[NOTE_NUMBER_MAX], apic[NOTE_NUMBER_MAX];

	NOTE(info, "time: against the ", against, " the TSC runs at ", note_number(tsc, c->tsc_hz, 10),
	     " Hz, the local APIC timer at ", note_number(apic, c->apic_hz, 10), " Hz");
	cpu_policy_refuse(&info->cpu, "no clock: the TSC or the local APIC timer does not run as one");
}

void clocks_measure(struct boot_info *info, uint64_t apic, uint64_t told, const struct clocks_io *io)
{
	struct bench b = {.io = io, .apic = apic};
	const struct boot_machine *m = &info->machine;
	const char *by = "HPET";
	char khz[NOTE_NUMBER_MAX];

	if (!hpet_open(&b, m) || !measure(&b)) {
		by = "PM timer";
		if (!pm_timer_open(&b, m) || !measure(&b)) {
			cpu_policy_refuse(
				&info->cpu,
				"no clock: neither HPET nor PM timer counts on this machine: switch one on in the firmware");
			return;
		}
	}
	if (!tsc_is_sane(b.clock.tsc_hz) || b.clock.apic_hz < BOOT_APIC_HZ_MIN) {
		refuse(info, by, &b.clock);
		return;
	}
	if (tsc_is_sane(told)) {
		b.clock.tsc_hz = told;
		by = "CPUID";
	}
	info->machine.clock = b.clock;
	NOTE(info, "time: ", note_number(khz, b.clock.tsc_hz / 1000, 10), " kHz, by ", by);
}
