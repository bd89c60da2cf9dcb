/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains that are ended come back, and those beside them go on. By UEFI, as the product runs. */
#include "system.h"

#define TIMEOUT 400
#define ROUNDS 3u
#define ROUTER_ROUNDS 5u

Test(restart, a_killed_web_domain_comes_back_and_the_other_never_fails, .timeout = TIMEOUT)
{
	struct machine *m = demo_start("restart-web", MACHINE_UEFI);
	struct load *other = load_start(machine_port(m, PORT_WEB2), 2, 30);

	MUST(load_progress(other, 10, 60));
	for (unsigned i = 0; i < ROUNDS; i++) {
		kill_and_wait(m, "web1", 2, 2 + i);
		MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
		MUST(load_progress(other, 5, 60));
	}
	cr_assert_eq(load_stop(other), 0, "web2 failed while web1 was restarted");
	cr_assert_eq(machine_count(m, 0, "^control: web2 died"), 0);
	cr_assert_eq(machine_count(m, 0, "^control: router died"), 0);
	machine_is_well(m);
	machine_stop(m);
}

/* The network card writes to the router's memory until its bus mastering goes off: with `check=freed` the hypervisor
 * looks, whenever it hands a frame out again, whether anybody wrote to it while it was free. */
Test(restart, the_router_killed_under_load_comes_back_and_no_freed_frame_was_written, .timeout = TIMEOUT)
{
	struct machine_options options = demo_options("restart-router", MACHINE_PVH);
	struct load *loads[2];
	struct machine *m;

	options.append = "check=freed";
	m = machine_start(&options);
	MUST(m);
	MUST(machine_expect(m, "^vmm: freed frames are compared with what they were before they are used again$"));
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	MUST(http_serves(machine_port(m, PORT_WEB2), SERVES_SECONDS));
	loads[0] = load_start(machine_port(m, PORT_WEB1), 4, 3);
	loads[1] = load_start(machine_port(m, PORT_WEB2), 4, 3);
	for (unsigned i = 0; i < ROUTER_ROUNDS; i++) {
		MUST(load_progress(loads[0], 10, 120));
		MUST(load_progress(loads[1], 10, 120));
		kill_and_wait(m, "router", 1, 2 + i);
	}
	MUST(load_progress(loads[0], 20, 120));
	MUST(load_progress(loads[1], 20, 120));
	load_stop(loads[0]);
	load_stop(loads[1]);
	machine_send(m, "stats\n");
	MUST(machine_expect(m, "^control: stats: uptime "));
	cr_assert_geq(machine_count(m, 0, " freed frames were checked$"), 4, "hardly a frame was used again");
	cr_assert_eq(machine_count(m, 0, "^control: web1 died"), 0, "web1 died with the router");
	cr_assert_eq(machine_count(m, 0, "^control: web2 died"), 0, "web2 died with the router");
	machine_is_well(m);
	machine_stop(m);
}

Test(restart, the_router_comes_back_on_a_machine_booted_by_uefi, .timeout = TIMEOUT)
{
	struct machine *m = demo_start("restart-router-uefi", MACHINE_UEFI);

	kill_and_wait(m, "router", 1, 2);
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	MUST(http_serves(machine_port(m, PORT_WEB2), SERVES_SECONDS));
	machine_is_well(m);
	machine_stop(m);
}
