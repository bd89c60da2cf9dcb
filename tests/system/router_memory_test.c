/* SPDX-License-Identifier: BSD-2-Clause */
/* What a router takes that has a thousand rules and a full table of ten thousand flows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/wire.h"
#include "reload.h"

#define TIMEOUT 900
#define SECONDS 120u
#define PORT_LOAD1 7001u
#define FIRST_PORT 10000u
#define FLOWS_MOST 10240u
#define FLOWS_ENOUGH 10000u
#define FLOWS_OF_ONE 5200u /* more than half of the table, which is what one interface may have */
#define RULES 1000u
#define RULES_OWN 6u /* those of tests/configs/bench-router/rules */
#define ROUNDS 20u
#define FRAME_KIB 4u
#define KIB_MOST 4096u /* the aim */

/* The policy in force and so many rules more, each for a port of its own; its path. */
static const char *thousand_write(void)
{
	const char *path = build_path("tests/router-memory.rules");
	FILE *from = fopen("tests/configs/bench-router/rules", "r"), *to = fopen(path, "w");
	char line[512];

	MUST(from && to);
	while (fgets(line, sizeof line, from))
		fputs(line, to);
	fputs("from load2 to load1 {\n", to);
	for (unsigned i = 0; i < RULES - RULES_OWN; i++)
		fprintf(to, "\tallow udp %u from 10.1.2.2 to 10.1.1.2\n", 1000 + i);
	fputs("}\n", to);
	fclose(from);
	MUST(!fclose(to));
	return path;
}

/* The number called @name in what the router says of itself. */
static unsigned long state(const struct machine *m, const char *name)
{
	static char said[1 << 19];
	char label[64];
	const char *at;

	cr_assert_eq(rules_run(m, said, sizeof said, "status", "--json", NULL), 0, "%s", said);
	snprintf(label, sizeof label, "\"%s\":", name);
	at = strstr(said, label);
	cr_assert(at, "no %s in %s", name, said);
	return strtoul(at + strlen(label), NULL, 10);
}

/* Frames that the router has, page tables included, by the console's `memory`. */
static unsigned long frames(struct machine *m)
{
	size_t from = machine_here(m);
	unsigned long has;
	char line[300];

	machine_send(m, "memory\n");
	MUST(machine_expect_from(m, from, "^control: memory: router "));
	MUST(machine_line(m, from, "^control: memory: router ", line, sizeof line));
	cr_assert_eq(sscanf(line, "control: memory: router %lu", &has), 1, "%s", line);
	return has;
}

/* From either side as many as its interface may have. Some are lost on the way, where a queue is full. */
static void flows_make(struct wire *wire, uint16_t round)
{
	struct wire_caller caller;
	char ask[64];

	snprintf(ask, sizeof ask, "flows 10.1.2.2 %u\n", FLOWS_OF_ONE);
	MUST(wire_call(wire, &caller, (uint16_t)(2000 + round), PORT_LOAD1, SECONDS));
	MUST(wire_ask(wire, &caller, ask, SECONDS));
	for (unsigned i = 0; i < FLOWS_OF_ONE; i++)
		wire_datagram(wire, (uint16_t)(FIRST_PORT + i), PORT_LOAD1);
}

Test(router_memory, a_thousand_rules_and_ten_thousand_flows_fit_four_mebibytes, .timeout = TIMEOUT)
{
	static char said[1 << 19];
	static struct wire wire;
	struct machine_options options = {
		.log = "router-memory", .config = "bench-router", .door = MACHINE_PVH, .manage = true};
	struct machine *m;
	unsigned long kib, flows = 0;

	MUST(wire_open(&wire, options.log));
	options.netdev = wire.netdev;
	m = machine_start(&options);
	MUST(m);
	MUST(machine_expect_from(m, 0, "^load1| load: listening on port "));
	MUST(machine_expect_from(m, 0, "^load2| load: listening on port "));
	cr_assert_eq(rules_run(m, said, sizeof said, "load", thousand_write(), NULL), 0, "%s", said);
	for (uint16_t round = 0; round < ROUNDS && flows < FLOWS_ENOUGH; round++) {
		flows_make(&wire, round);
		flows = state(m, "flows");
	}
	cr_assert_geq(flows, FLOWS_ENOUGH, "%lu flows", flows);
	cr_assert_eq(state(m, "flows_most"), FLOWS_MOST);
	cr_assert_eq(state(m, "rules"), RULES);
	kib = frames(m) * FRAME_KIB;
	printf("memory of the router, page tables included: %lu KiB\n", kib);
	cr_assert_leq(kib, KIB_MOST);
	machine_is_well(m);
	machine_stop(m);
	wire_close(&wire);
}
