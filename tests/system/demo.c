/* SPDX-License-Identifier: BSD-2-Clause */
/* The demo appliance. */
#include "system.h"

struct machine_options demo_options(const char *log, enum machine_door door)
{
	return (struct machine_options){.log = log, .config = "demo", .door = door, .forwards = {PORT_WEB1, PORT_WEB2}};
}

struct machine *demo_start(const char *log, enum machine_door door)
{
	struct machine_options options = demo_options(log, door);
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect(m, "^control: started web1 as domain 2.1, "));
	MUST(machine_expect_from(m, 0, "^control: started web2 as domain 3.1, "));
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	MUST(http_serves(machine_port(m, PORT_WEB2), SERVES_SECONDS));
	return m;
}

void machine_is_well(struct machine *m)
{
	static const char *const bad[] = {"vmm: panic: ", "vmm: fatal: ", "in ring 0", "after it was freed",
					  "mastering does not go off"};

	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (machine_count(m, 0, bad[i]))
			machine_show(m, bad[i]);
		cr_assert_eq(machine_count(m, 0, bad[i]), 0, "the log has a line with \"%s\"", bad[i]);
	}
}
