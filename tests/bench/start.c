/* SPDX-License-Identifier: BSD-2-Clause */
/* The demo appliance from the start of QEMU to the first page, by both doors; then the memory that it holds. */
#include "bench.h"

#include <string.h>

#include "../lib/http.h"
#include "../lib/machine.h"

#define PORT_WEB1 8080u
#define PATIENCE 120u
#define KIB_PER_FRAME 4.0

/* The memory of each domain, the hypervisor's and the bundle's, as the control domain's console tells them. */
static void memory(struct machine *m, const char *log_name)
{
	size_t from = machine_here(m);
	char line[300], name[40], what[80];
	double frames;
	unsigned slot;
	FILE *log;

	machine_send(m, "ps\nstats\n");
	if (!machine_expect_from(m, from, "^control: stats: uptime ")) {
		row_missing("memory", "the control domain does not answer");
		return;
	}
	log = log_open(log_name, from);
	while (log_next(log, "control: ps: ", line, sizeof line))
		if (sscanf(line, "control: ps: %u %39s running %lf", &slot, name, &frames) == 3) {
			snprintf(what, sizeof what, "memory of domain %s", name);
			row(what, "its frames, page tables included; demo appliance", "%.0f KiB",
			    frames * KIB_PER_FRAME);
		}
	fclose(log);
	log = log_open(log_name, 0);
	if (log_next(log, "vmm: control domain: ", line, sizeof line) && number_behind(line, "domain: ", &frames))
		row("memory of the control domain", "without the bundle, which it maps", "%.0f KiB", frames);
	/* the line is "... N free M hypervisor ...": what stands behind "free" is the hypervisor's */
	if (log_next(log, "control: stats: uptime ", line, sizeof line) && number_behind(line, "free ", &frames))
		row("memory of the hypervisor", "image, frame table, its own tables; 4 domains, 512 MiB", "%.0f KiB",
		    frames * KIB_PER_FRAME);
	fclose(log);
}

static void start(enum machine_door door, const char *log, const char *what)
{
	struct machine_options options = {.log = log, .config = "demo", .door = door, .forwards = {PORT_WEB1}};
	double began = seconds_now(), entered, listening, served;
	struct machine *m = machine_start(&options);
	char name[120];

	if (!m || !machine_expect(m, "^vmm: Cambium ")) {
		row_missing(what, "the hypervisor did not start");
		machine_stop(m);
		return;
	}
	entered = seconds_now();
	if (!machine_expect(m, "^web1| web: listening on port ")) {
		row_missing(what, "web1 did not come to listen");
		machine_stop(m);
		return;
	}
	listening = seconds_now();
	/* A call that comes before the router has opened the interface is dropped, and asked again only seconds later. */
	if (!machine_expect_from(m, 0, "^router| router: interface 1 (web1) 10.1.1.2 open$") ||
	    !http_serves(machine_port(m, PORT_WEB1), PATIENCE)) {
		row_missing(what, "web1 did not serve");
		machine_stop(m);
		return;
	}
	served = seconds_now();
	snprintf(name, sizeof name, "from the start of QEMU to the hypervisor's first line, %s", what);
	row(name, "wall time", "%.0f ms", 1e3 * (entered - began));
	snprintf(name, sizeof name, "from there until web1 listens, %s", what);
	row(name, "wall time", "%.0f ms", 1e3 * (listening - entered));
	snprintf(name, sizeof name, "from the hypervisor's first line to the first page, %s", what);
	row(name, "wall time, QEMU's user network, asked again every 50 ms", "%.0f ms", 1e3 * (served - entered));
	if (door == MACHINE_UEFI)
		memory(m, log);
	machine_stop(m);
}

void bench_start(void)
{
	start(MACHINE_PVH, "bench-start-pvh", "PVH");
	start(MACHINE_UEFI, "bench-start-uefi", "UEFI");
}
