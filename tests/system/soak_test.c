/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thousands of domains made and ended: `make soak` takes the long appliance, on one CPU and then on four (SOAK_CPUS), `make
 * test` the short one. And domains on four CPUs that do all at once to each other's frames: for ten minutes, or for a
 * few rounds.
 */
#include <stdlib.h>

#include "system.h"

#define SECTION_TIMEOUT 3600

static void soak(const char *log, const char *config, const char *count)
{
	const char *const cpus[] = {"-smp", count, NULL};
	struct machine_options options = {
		.log = log, .config = config, .door = MACHINE_PVH, .append = "exit-when-done", .extra = cpus};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect_within(m, "^soak| soak: nothing is left behind$", SECTION_TIMEOUT));
	MUST(machine_expect(m, "^control: soak died: exited, code 0$"));
	MUST(machine_expect(m, "^control: all domains have ended: powering off$"));
	machine_is_well(m);
	machine_stop(m);
}

Test(soak, domains_made_and_ended_in_every_way_leave_nothing_behind, .timeout = SECTION_TIMEOUT)
{
	const char *config = getenv("SOAK_CONFIG"), *cpus = getenv("SOAK_CPUS");

	soak("soak", config ? config : "soak", cpus ? cpus : "1");
}

/* Some of them spin, some are dead or were never started; nobody but their builder knew of them. */
Test(soak, what_a_builder_made_ends_with_it, .timeout = 300)
{
	struct machine_options options = {.log = "soak-left", .config = "left", .door = MACHINE_PVH};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect(m, "^soak| soak: 6 domains are there$"));
	machine_send(m, "kill soak\n");
	MUST(machine_expect(m, "^control: soak died: ended by the control domain, code 0$"));
	MUST(machine_expect(m, "^control: soak left 6 domains: ended$"));
	cr_assert(machine_halts(m), "one goes on");
	machine_is_well(m);
	machine_stop(m);
}

/* For longer than CPU 0 goes without looking for the clock, whose change takes all CPUs, as flushing does. */
Test(soak, on_four_cpus_nobody_waits_for_one_that_waits, .timeout = 600)
{
	soak("soak-four", "soak-four", "4");
}

Test(soak, domains_that_storm_at_each_other_on_four_cpus_leave_nothing_behind, .timeout = SECTION_TIMEOUT)
{
	static const char *const guests[] = {"^storm2| storm: ",
					     "^storm3| storm: ",
					     "^storm4| storm: ",
					     "^storm5| storm: ",
					     "^builder6| soak: nothing is left behind$",
					     "^builder7| soak: nothing is left behind$"};
	static const char *const cpus[] = {"-smp", "4", NULL};
	const char *config = getenv("STORM_CONFIG") ? getenv("STORM_CONFIG") : "storm";
	struct machine_options options = {.log = "storm",
					  .config = config,
					  .door = MACHINE_PVH,
					  .append = "exit-when-done check=freed",
					  .extra = cpus};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect_within(m, "^control: all domains have ended: powering off$", SECTION_TIMEOUT));
	MUST(machine_expect_from(m, 0, ": nothing is left behind$"));
	for (unsigned i = 0; i < sizeof guests / sizeof guests[0]; i++)
		MUST(machine_expect_from(m, 0, guests[i]));
	MUST(machine_expect_from(m, 0, "^vmm: 512 freed frames were checked$"));
	cr_assert_eq(machine_count(m, 0, " died: exited, code 0$"), 7);
	cr_assert_eq(machine_count(m, 0, "HOLE"), 0);
	machine_is_well(m);
	machine_stop(m);
}
