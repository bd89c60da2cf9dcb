/* SPDX-License-Identifier: BSD-2-Clause */
/* What a router takes that has a thousand rules and room for ten thousand flows; the table is in memory whole, however full. */
#include "bench.h"

#include <string.h>

#include "../lib/command.h"
#include "../lib/machine.h"
#include "blast.h"

#define RULES 1000u
#define RULES_OWN 6u /* those of tests/configs/bench-router/rules */
#define FLOWS 6000u  /* from one interface; it may have half of the table */
#define KIB_PER_FRAME 4.0
#define BASE "tests/configs/bench-router/rules"
#define STATS "router| router: stats: frames "

/* The policy in force, and so many rules more, each for a port of its own. False: that cannot be written. */
static bool policy_write(const char *path)
{
	FILE *from = fopen(BASE, "r"), *to = fopen(path, "w");
	char line[512];

	if (!from || !to)
		return false;
	while (fgets(line, sizeof line, from))
		fputs(line, to);
	fputs("\nfrom load2 to load1 {\n", to);
	for (unsigned i = 0; i < RULES - RULES_OWN; i++)
		fprintf(to, "\tallow udp %u from 10.1.2.2 to 10.1.1.2\n", 1000 + i);
	fputs("}\n", to);
	fclose(from);
	return !fclose(to);
}

/* The last number of flows and the frames of the router, as the logs have them. */
static bool told(struct machine *m, double *flows, double *frames)
{
	size_t from = machine_here(m);
	char line[300], name[40];
	unsigned slot;
	FILE *log;

	*flows = *frames = 0;
	if (!machine_expect_from(m, from, "^" STATS))
		return false;
	machine_send(m, "ps\n");
	if (!machine_expect_from(m, from, "^control: ps: 2 "))
		return false;
	log = log_open("bench-router", from);
	while (fgets(line, sizeof line, log)) {
		if (!strncmp(line, STATS, strlen(STATS)))
			(void)number_behind(line, " flows ", flows);
		if (sscanf(line, "control: ps: %u %39s running %lf", &slot, name, frames) == 3 &&
		    !strcmp(name, "router"))
			break;
	}
	fclose(log);
	return *flows > 0 && *frames > 0;
}

void bench_router_memory(struct machine *m)
{
	static const char *const what = "memory of the router with a thousand rules and room for 10,240 flows";
	const char *path = build_path("tests/bench-router.rules");
	const char *const load[] = {build_path("tools/cambium"), "rules", "load", "--serial",
				    machine_manage(m),           path,    NULL};
	static char said[1 << 18]; /* it tells each rule that it adds */
	char condition[200];
	double flows, frames;

	progress("memory with many flows");
	if (!policy_write(path) || command_run(load, said, sizeof said)) {
		row_missing(what, "the policy was not taken");
		return;
	}
	(void)blast_flows("10.0.2.15", 7001, FLOWS);
	if (!told(m, &flows, &frames)) {
		row_missing(what, "the console did not tell");
		return;
	}
	snprintf(condition, sizeof condition,
		 "%u rules by the management line; %.0f flows; its frames, page tables included", RULES, flows);
	row(what, condition, "%.0f KiB", frames * KIB_PER_FRAME);
}
