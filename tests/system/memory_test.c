/* SPDX-License-Identifier: BSD-2-Clause */
/* The runtime's memory on the hypervisor: growth, mappings, and a target that is lowered and raised from the console. */
#include "system.h"

#define SECTION_TIMEOUT 300

Test(memory, grows_maps_and_follows_its_target, .timeout = SECTION_TIMEOUT)
{
	struct machine_options options = {
		.log = "memory", .config = "memory", .door = MACHINE_PVH, .append = "exit-when-done"};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect(m, "^memory| memory: no "));
	MUST(machine_expect(m, "^memory| balloon: waiting: the target is lowered$"));
	machine_send(m, "memory memory 2000\n");
	MUST(machine_expect(m, " are to be given back, but are in use: it goes on as they become free$"));
	MUST(machine_expect(m, ": within the target$"));
	MUST(machine_expect(m, "^memory| balloon: waiting: the target is restored$"));
	machine_send(m, "memory memory 6144\n");
	MUST(machine_expect(m, "^memory| memory: 0 failures$"));
	MUST(machine_expect(m, "^control: memory died: exited, code 0$"));
	MUST(machine_expect_from(m, 0, "the domain's own target: raise it, by the control console's memory command$"));
	cr_assert_eq(machine_count(m, 0, "| FAILS: "), 0);
	MUST(machine_ends(m));
	machine_is_well(m);
	machine_stop(m);
}
