/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who gets which CPU, and how much of it, as the control domain tells it by the hypervisor's own sums: parts of a domain's time
 * are compared, which a host that is busy does not change.
 */
#include "system.h"
#include "usage.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT 400
#define SPINS 4u
#define LEAST_MS 1000u /* of a domain's time that is looked at, */
#define MOST_MS 30000u /* and that may pass until its part is right: timers are late on a busy host */
#define PAUSE_US 200000u
#define TRIES 100u
#define LOOK_SECONDS 1u
#define CAPPED 0.15, 0.32 /* by 300 thousandths; a host that is late makes it less */
#define OTHERS 0.05
#define TIMER ": v=f0 "

static void command(struct machine *m, const char *domain, const char *what)
{
	char text[80], answer[80];
	size_t from = machine_here(m);

	snprintf(text, sizeof text, "cpu %s %s\n", domain, what);
	snprintf(answer, sizeof answer, "^control: cpu: %s has weight ", domain);
	machine_send(m, text);
	MUST(machine_expect_from(m, from, answer));
}

static void ended(struct machine *m, const char *name)
{
	char text[80];
	size_t from = machine_here(m);

	snprintf(text, sizeof text, "kill %s\n", name);
	machine_send(m, text);
	snprintf(text, sizeof text, "^control: %s died: ended by the control domain, code 0$", name);
	MUST(machine_expect_from(m, from, text));
}

static struct machine *start(const char *log, const char *const *extra)
{
	struct machine_options options = {.log = log, .config = "spins", .door = MACHINE_PVH, .extra = extra};
	struct machine *m = machine_start(&options);
	char line[40];

	MUST(m);
	for (unsigned i = 1; i <= SPINS; i++) {
		snprintf(line, sizeof line, "^spin%u| spin: for ever$", i);
		MUST(machine_expect_from(m, 0, line));
	}
	MUST(machine_expect_from(m, 0, "^clock| clock: "));
	return m;
}

static unsigned long life(const struct usage *u)
{
	return u->run + u->wait + u->steal + u->blocked;
}

/* Of spin1.. */
static void ask(struct machine *m, struct usage *now, unsigned count)
{
	char name[8];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof name, "spin%u", i + 1);
		now[i] = usage_of(m, name);
	}
}

static double part(const struct usage *before, const struct usage *after)
{
	return (double)(after->run - before->run) / (double)(life(after) - life(before));
}

/* spin1 comes to have @least to @most of the CPU, and spin2, if it is there, the rest, but for what the control domain has. */
static void share(struct machine *m, double least, double most, bool both)
{
	struct usage before[2], after[2];
	unsigned count = both ? 2 : 1;
	double first = 0, second = 0;

	ask(m, before, count);
	do {
		usleep(PAUSE_US);
		ask(m, after, count);
		if (life(&after[0]) - life(&before[0]) < LEAST_MS)
			continue;
		first = part(&before[0], &after[0]);
		second = both ? part(&before[1], &after[1]) : 1 - first;
		if (first >= least && first <= most && second >= 1 - most - OTHERS && second <= 1 - least)
			return;
	} while (life(&after[0]) - life(&before[0]) < MOST_MS);
	cr_assert_fail("spin1 has %.3f, not %.2f to %.2f, and others %.3f", first, least, most, second);
}

/* How often the timer interrupted a domain while it was looked at, by QEMU's log. */
static unsigned ticks(struct machine *m, const char *path)
{
	unsigned count = 0;
	char line[256];
	FILE *f;

	machine_monitor(m, "log int");
	sleep(LOOK_SECONDS);
	machine_monitor(m, "log none");
	usage_of(m, "spin1"); /* it has heard that by now */
	f = fopen(path, "r");
	cr_assert(f, "no log of interrupts at %s", path);
	while (fgets(line, sizeof line, f))
		count += strstr(line, TIMER) && strstr(line, " cpl=3 ");
	fclose(f);
	cr_assert(!truncate(path, 0));
	return count;
}

Test(shares, follow_weights_and_caps_from_the_moment_that_they_are_set_and_the_timer_rests_when_nobody_waits,
     .timeout = TIMEOUT)
{
	char path[256];
	const char *const extra[] = {"-D", path, NULL};
	unsigned alone, together;
	struct machine *m;

	snprintf(path, sizeof path, "%s", build_path("tests/log/shares.int"));
	remove(path);
	m = start("shares", extra);
	ended(m, "spin3");
	ended(m, "spin4");
	ended(m, "clock");
	share(m, 0.45, 0.52, true);
	command(m, "spin1", "weight 768");
	share(m, 0.7, 0.77, true);
	command(m, "spin1", "cap 300");
	share(m, CAPPED, true);
	together = ticks(m, path);
	ended(m, "spin2");
	share(m, CAPPED, false);
	command(m, "spin1", "cap 0");
	share(m, 0.9, 1, false);
	alone = ticks(m, path);
	cr_assert_gt(together, 10 * LOOK_SECONDS, "the timer is not seen");
	cr_assert_lt(alone, 10 * LOOK_SECONDS, "%u ticks of a timer, though nobody else wants the CPU", alone);
	machine_is_well(m);
	machine_stop(m);
	remove(path);
}

/* The CPUs at which spin1.. are at home, a bit each. */
static unsigned homes(struct machine *m)
{
	unsigned cpus = 0;
	char name[8];

	for (unsigned i = 1; i <= SPINS; i++) {
		snprintf(name, sizeof name, "spin%u", i);
		cpus |= 1u << usage_of(m, name).cpu;
	}
	return cpus;
}

static void come_to(struct machine *m, unsigned cpus)
{
	unsigned found = 0;

	for (unsigned i = 0; i < TRIES && (found = homes(m)) != cpus; i++)
		usleep(100000);
	cr_assert_eq(found, cpus, "they are on CPUs %x, not %x", found, cpus);
}

static void all_may(struct machine *m, const char *cpus)
{
	char name[8];

	for (unsigned i = 1; i <= SPINS; i++) {
		snprintf(name, sizeof name, "spin%u", i);
		command(m, name, cpus);
	}
}

static double sum_of_parts(struct machine *m)
{
	struct usage before[SPINS], after[SPINS];
	double sum = 0;

	ask(m, before, SPINS);
	do {
		usleep(PAUSE_US);
		ask(m, after, SPINS);
	} while (life(&after[0]) - life(&before[0]) < LEAST_MS);
	for (unsigned i = 0; i < SPINS; i++)
		sum += part(&before[i], &after[i]);
	return sum;
}

/* A sleeper whose home is taken is run by the CPU that is idle when it wakes. */
static void sleeper_finds_the_idle_cpu(struct machine *m)
{
	unsigned cpu = 0;

	command(m, "clock", "cpus 0x1");
	cr_assert_eq(usage_of(m, "clock").cpu, 0);
	command(m, "clock", "cpus 0x9");
	for (unsigned i = 0; i < TRIES && (cpu = usage_of(m, "clock").cpu) != 3; i++)
		usleep(100000);
	cr_assert_eq(cpu, 3, "it wakes on CPU %u, which others have", cpu);
}

Test(shares, domains_spread_over_all_cpus_stay_where_they_may_and_leave_idle_ones_halted, .timeout = TIMEOUT)
{
	static const char *const four[] = {"-smp", "4", NULL};
	struct machine *m = start("shares-4", four);
	double sum;

	come_to(m, 0xf);
	sum = sum_of_parts(m);
	cr_assert_gt(sum, 3.5, "four on four CPUs have %.2f of one", sum);
	all_may(m, "cpus 0x4");
	come_to(m, 0x4);
	sum = sum_of_parts(m);
	cr_assert_lt(sum, 1.1, "four on one CPU have %.2f", sum);
	command(m, "spin1", "cpus 0x1");
	command(m, "spin2", "cpus 0x2");
	come_to(m, 0x7);
	sleeper_finds_the_idle_cpu(m);
	all_may(m, "cpus 0xf");
	come_to(m, 0xf);
	ended(m, "clock");
	for (unsigned i = 1; i <= SPINS; i++) {
		char name[8];

		snprintf(name, sizeof name, "spin%u", i);
		ended(m, name);
	}
	cr_assert(machine_halts(m), "an idle CPU does not halt");
	machine_is_well(m);
	machine_stop(m);
}

Test(shares, who_gets_a_cpu_by_hand_over_runs_before_others_that_want_it_and_pays_for_itself, .timeout = TIMEOUT)
{
	struct machine_options options = {.log = "baton", .config = "baton", .door = MACHINE_PVH};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect(m, "^control: give died: exited, code "));
	MUST(machine_expect_from(m, 0, "^give| baton: 3008 attempts, each met as documented$"));
	machine_is_well(m);
	machine_stop(m);
}
