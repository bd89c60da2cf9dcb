// SPDX-License-Identifier: BSD-2-Clause
/* The doors measure the clocks of a machine that is nothing but its clocks: what each shows follows from one time. */
#include <string.h>

#include <criterion/criterion.h>

#include <base/bits.h>
#include <efi/machine/clocks.h>

#define HPET 0xfed00000ull
#define APIC 0xfee00000ull
#define PORT 0x608u
#define MHZ 1000000ull

static struct boot_info info;
static struct {
	uint64_t ns, looks;
	uint64_t tsc_hz, apic_hz, apic_started;
	uint32_t period; /* of the HPET, fs */
	bool apic_on, hpet_on, hpet_still, pm_still;
	uint64_t pause; /* ns that each seventh look takes longer */
} now;

static void setup(void)
{
	memset(&info, 0, sizeof info);
	memset(&now, 0, sizeof now);
	info.machine.has_hpet = info.machine.has_fadt = 1;
	info.machine.hpet.base = HPET;
	info.machine.fadt.pm_timer_port = PORT;
	now.ns = 123456789;
	now.tsc_hz = 2400 * MHZ;
	now.apic_hz = 1000 * MHZ;
	now.period = 10000000;
}

TestSuite(machine_clocks, .init = setup);

/* Each look takes a microsecond. */
static uint64_t look(void)
{
	now.ns += 1000 + (++now.looks % 7 ? 0 : now.pause);
	return now.ns;
}

static uint64_t ticks(uint64_t ns, uint64_t hz)
{
	return (uint64_t)((unsigned __int128)ns * hz / 1000000000u);
}

static uint64_t tsc(void *arg)
{
	(void)arg;
	return ticks(look(), now.tsc_hz);
}

static uint32_t read(void *arg, uint64_t address)
{
	uint64_t ns = look();

	(void)arg;
	switch (address) {
	case HPET + 0x4: return now.period;
	case HPET + 0x10: return now.hpet_on;
	case HPET + 0xf0:
		cr_assert(now.hpet_on, "read before it was switched on");
		return now.hpet_still ? 7 : (uint32_t)ticks(ns, 1000000000000000ull / now.period);
	case APIC + 0x390: return now.apic_on ? (uint32_t)(UINT32_MAX - ticks(ns - now.apic_started, now.apic_hz)) : 0;
	default: cr_assert_fail("a register at %lx", address);
	}
	return 0;
}

static void write(void *arg, uint64_t address, uint32_t value)
{
	(void)arg;
	switch (address) {
	case HPET + 0x10: now.hpet_on = value & 1; break;
	case APIC + 0xf0: now.apic_on = value & 0x100; break;
	case APIC + 0x320: cr_assert(value & 0x10000, "its interrupt is not masked"); break;
	case APIC + 0x380: now.apic_started = value ? look() : UINT64_MAX; break;
	case APIC + 0x3e0: cr_assert_eq(value, 0xb); break;
	default: cr_assert_fail("a register at %lx", address);
	}
}

static uint32_t port(void *arg, uint16_t number)
{
	(void)arg;
	cr_assert_eq(number, PORT);
	return (uint32_t)ticks(now.pm_still ? 0 : look(), 3579545) & 0xffffff;
}

static void measure(uint64_t told)
{
	static const struct clocks_io io = {NULL, tsc, read, write, port};

	clocks_measure(&info, APIC, told, &io);
}

static void about(uint64_t hz, uint64_t is)
{
	cr_assert(hz > is - is / 500 && hz < is + is / 500, "%lu Hz for %lu", hz, is);
}

static void measured(const char *by)
{
	cr_assert_str_eq(info.cpu.refusal, "");
	about(info.machine.clock.tsc_hz, now.tsc_hz);
	about(info.machine.clock.apic_hz, now.apic_hz);
	cr_assert(strstr(info.notes, by), "%s", info.notes);
	cr_assert_eq(now.apic_started, UINT64_MAX, "the local APIC's timer goes on");
}

Test(machine_clocks, by_the_hpet_where_there_is_one)
{
	measure(0);
	measured(" kHz, by HPET");
	cr_assert_eq(info.machine.clock.hpet, HPET);
	cr_assert_eq(info.machine.clock.steady_hz, 100 * MHZ);
	cr_assert_eq(info.machine.clock.steady_mask, UINT32_MAX);
}

static void by_the_pm_timer(void)
{
	measure(0);
	measured(" kHz, by PM timer");
	cr_assert_eq(info.machine.clock.hpet, 0);
	cr_assert_eq(info.machine.clock.steady_hz, 3579545);
	cr_assert_eq(info.machine.clock.steady_mask, 0xffffff);
}

Test(machine_clocks, by_the_pm_timer_where_there_is_no_hpet)
{
	info.machine.has_hpet = 0;
	by_the_pm_timer();
}

Test(machine_clocks, by_the_pm_timer_where_the_hpet_stands_still)
{
	now.hpet_still = true;
	by_the_pm_timer();
}

Test(machine_clocks, by_the_pm_timer_where_the_hpets_period_cannot_be)
{
	now.period = 999999;
	by_the_pm_timer();
}

Test(machine_clocks, by_the_pm_timer_where_a_door_cannot_reach_the_hpet)
{
	info.machine.hpet.base = (1ull << 32) - 0x3ff;
	by_the_pm_timer();
}

Test(machine_clocks, pauses_between_two_looks_do_not_spoil_it)
{
	now.pause = 300000;
	measure(0);
	measured("HPET");
}

Test(machine_clocks, what_the_cpu_says_of_its_tsc_is_believed_if_it_can_be)
{
	measure(2345 * MHZ);
	cr_assert_eq(info.machine.clock.tsc_hz, 2345 * MHZ);
	cr_assert(strstr(info.notes, "time: 2345000 kHz, by CPUID"), "%s", info.notes);
	setup();
	measure(1000);
	measured("HPET");
}

static void refused(const char *text)
{
	measure(0);
	cr_assert(strstr(info.cpu.refusal, text), "%s", info.cpu.refusal);
	cr_assert_eq(info.machine.clock.tsc_hz, 0);
}

Test(machine_clocks, a_machine_where_nothing_counts_is_refused)
{
	now.hpet_still = now.pm_still = true;
	refused("no clock: neither HPET nor PM timer counts on this machine");
}

Test(machine_clocks, a_machine_without_any_is_refused)
{
	info.machine.has_hpet = 0;
	info.machine.fadt.pm_timer_port = 0;
	refused("no clock: neither");
}

Test(machine_clocks, a_tsc_that_hardly_moves_is_refused)
{
	now.tsc_hz = BOOT_TSC_HZ_MIN - 10000;
	refused("no clock: the TSC");
	cr_assert(strstr(info.notes, "against the HPET the TSC runs at "), "%s", info.notes);
}

Test(machine_clocks, a_timer_that_stands_still_is_refused)
{
	now.apic_hz = 10;
	refused("no clock: the TSC");
}
