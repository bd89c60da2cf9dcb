/* SPDX-License-Identifier: BSD-2-Clause */
/* Several CPUs: domains on all of them, a domain with two vCPUs, and an appliance that lives, dies and is restarted on them. */
#include "system.h"

#include <stdio.h>

#define TIMEOUT 600
#define REQUESTS 600u
#define KILLS 3u
#define NMIS 300u

static const char *const two[] = {"-smp", "2", NULL}, *const four[] = {"-smp", "4", NULL};

static void cpus_are_up(struct machine *m, unsigned count)
{
	char line[64];

	for (unsigned i = 1; i < count; i++) {
		snprintf(line, sizeof line, "^vmm: smp: CPU %u is up ", i);
		MUST(machine_expect_from(m, 0, line));
	}
}

static void vcpus_meet(const char *log, const char *const *extra, unsigned cpus)
{
	struct machine_options options = {
		.log = log, .config = "smp", .door = MACHINE_PVH, .append = "exit-when-done", .extra = extra};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect(m, "^control: all domains have ended: powering off$"));
	cpus_are_up(m, cpus);
	MUST(machine_expect_from(m, 0,
				 cpus > 1 ? "^cpus| two vCPUs were on two CPUs at once$"
					  : "^cpus| two vCPUs were on two CPUs never at once$"));
	MUST(machine_expect_from(m, 0, " attempts, each met as documented$"));
	machine_is_well(m);
	MUST(machine_ends(m));
	machine_stop(m);
}

Test(smp, two_vcpus_of_a_domain_share_one_cpu, .timeout = TIMEOUT)
{
	vcpus_meet("smp-vcpus-1", NULL, 1);
}

Test(smp, two_vcpus_of_a_domain_compute_at_once, .timeout = TIMEOUT)
{
	vcpus_meet("smp-vcpus-2", two, 2);
}

/* Pages for everybody while the router and a service are killed; the free frames are watched. */
static void appliance_lives(struct machine_options *options, unsigned cpus)
{
	struct machine *m;
	struct load *load;

	if (options->door == MACHINE_PVH)
		options->append = "check=freed";
	m = demo_start_with(options);
	cpus_are_up(m, cpus);
	if (command_exists("ab"))
		callers_get_pages(m, PORT_WEB2, REQUESTS, false);
	load = load_start(machine_port(m, PORT_WEB1), 4, 3);
	for (unsigned i = 0; i < KILLS; i++) {
		MUST(load_progress(load, 10, 120));
		kill_and_wait(m, i % 2 ? "web2" : "router", i % 2 ? 3 : 1, 2 + i / 2);
		load_renew(load);
	}
	MUST(load_progress(load, 20, 120));
	load_stop(load);
	MUST(http_serves(machine_port(m, PORT_WEB2), SERVES_SECONDS));
	machine_is_well(m);
	machine_stop(m);
}

Test(smp, the_appliance_lives_on_two_cpus, .timeout = TIMEOUT)
{
	struct machine_options options = demo_options("smp-demo-2", MACHINE_UEFI);

	options.extra = two;
	appliance_lives(&options, 2);
}

Test(smp, the_appliance_lives_on_four_cpus_behind_an_iommu, .timeout = TIMEOUT)
{
	static const char *const extra[] = {"-smp", "4", "-device", "intel-iommu,intremap=on", NULL};
	struct machine_options options = demo_options("smp-demo-4", MACHINE_PVH);

	options.extra = extra;
	appliance_lives(&options, 4);
}

/* The builder on one CPU, what it makes and ends on the others. */
Test(smp, domains_made_and_ended_on_four_cpus_leave_nothing_behind, .timeout = TIMEOUT)
{
	struct machine_options options = {
		.log = "smp-soak", .config = "soak", .door = MACHINE_PVH, .append = "exit-when-done", .extra = four};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect_within(m, "^soak| soak: nothing is left behind$", TIMEOUT));
	MUST(machine_expect(m, "^control: all domains have ended: powering off$"));
	cpus_are_up(m, 4);
	machine_is_well(m);
	machine_stop(m);
}

/* Forty domains that spin and four that talk on four CPUs; all of them meet the machine check, one tells. */
static void machine_check_ends_all(const char *log, const char *command)
{
	struct machine_options options = {.log = log, .config = "busy", .door = MACHINE_PVH, .extra = four};
	struct machine *m = machine_start(&options);
	size_t from;

	MUST(m);
	cpus_are_up(m, 4);
	MUST(machine_expect(m, "^control: restarted talk4 as "));
	from = machine_here(m);
	machine_monitor(m, command);
	cr_assert(machine_halts(m), "a CPU goes on");
	cr_assert_eq(machine_count(m, from, "^vmm: machine check: the hardware is faulty: bank "), 1);
	cr_assert_eq(machine_count(m, from, "^vmm: fatal: exception 18 error 0 at "), 1);
	if (machine_count(m, from, " in ring 0: rsp "))
		cr_assert(machine_count(m, from, "^vmm:   called from ffffffff8"), "by whom is not told");
	machine_stop(m);
}

Test(smp, a_machine_check_on_one_cpu_is_told_and_stops_all, .timeout = TIMEOUT)
{
	machine_check_ends_all("smp-mce-one", "mce 2 9 0xbd0000000000017a 0x5 0x123000 0x8c");
}

Test(smp, a_machine_check_on_all_cpus_at_once_is_told_by_one, .timeout = TIMEOUT)
{
	machine_check_ends_all("smp-mce-all", "mce -b 2 9 0xbd0000000000017a 0x5 0x123000 0x8c");
}

Test(smp, interrupts_that_cannot_be_masked_and_that_nobody_sent_change_nothing, .timeout = TIMEOUT)
{
	struct machine_options options = demo_options("smp-nmi", MACHINE_PVH);
	struct machine *m;
	struct load *load;

	options.extra = two;
	m = demo_start_with(&options);
	load = load_start(machine_port(m, PORT_WEB1), 4, 3);
	for (unsigned i = 0; i < NMIS; i++) {
		machine_monitor(m, "nmi");
		if (i % 10 == 0)
			MUST(load_progress(load, 1, 120));
	}
	MUST(load_progress(load, 20, 120));
	load_stop(load);
	machine_is_well(m);
	machine_stop(m);
}
