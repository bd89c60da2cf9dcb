/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thousands of domains made and ended: `make soak` takes the long appliance, on one CPU and then on four (SOAK_CPUS), `make
 * test` the short one.
 */
#include <stdlib.h>

#include "system.h"

#define SECTION_TIMEOUT 3600

Test(soak, domains_made_and_ended_in_every_way_leave_nothing_behind, .timeout = SECTION_TIMEOUT)
{
	const char *config = getenv("SOAK_CONFIG") ? getenv("SOAK_CONFIG") : "soak";
	const char *const cpus[] = {"-smp", getenv("SOAK_CPUS") ? getenv("SOAK_CPUS") : "1", NULL};
	struct machine_options options = {
		.log = "soak", .config = config, .door = MACHINE_PVH, .append = "exit-when-done", .extra = cpus};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect_within(m, "^soak| soak: nothing is left behind$", SECTION_TIMEOUT));
	MUST(machine_expect(m, "^control: soak died: exited, code 0$"));
	MUST(machine_expect(m, "^control: all domains have ended: powering off$"));
	machine_is_well(m);
	machine_stop(m);
}
