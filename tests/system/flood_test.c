/* SPDX-License-Identifier: BSD-2-Clause */
/* A flood of SYNs from addresses where nobody is, at a machine that serves pages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/wire.h"
#include "reload.h"

#define TIMEOUT 900
#define ROUNDS 4u
#define OPEN 3u
#define CALLERS 5u
#define FORGED_AT_ONCE 16u
#define FIRST_FORGED 5000u
#define SECONDS 60u

static const char request[] = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

/* The number called @name in what the router says of itself. */
static unsigned long state(const struct machine *m, const char *name)
{
	static char said[65536];
	char label[64];
	const char *at;

	cr_assert_eq(rules_run(m, said, sizeof said, "status", "--json", NULL), 0, "%s", said);
	snprintf(label, sizeof label, "\"%s\":", name);
	at = strstr(said, label);
	cr_assert(at, "no %s in %s", name, said);
	return strtoul(at + strlen(label), NULL, 10);
}

/* One whom nobody knows yet opens a connection, to the flooded service or, each fourth, to the other. */
static bool call(struct wire *wire, struct wire_caller *caller, unsigned n)
{
	uint16_t to = n % 4 ? PORT_WEB1 : PORT_WEB2;

	wire->host++;
	return wire_call(wire, caller, (uint16_t)(2000 + wire->host), to, SECONDS);
}

Test(flood, callers_get_in_beside_forged_openings_and_open_connections_go_on, .timeout = TIMEOUT)
{
	static struct wire wire;
	struct wire_caller open[OPEN], caller;
	struct machine_options options = demo_options("flood", MACHINE_PVH);
	struct machine *m;

	MUST(wire_open(&wire, options.log));
	options.netdev = wire.netdev;
	options.manage = true;
	m = machine_start(&options);
	MUST(m);
	MUST(machine_expect_from(m, 0, "^web1| web: listening on port 80$"));
	MUST(machine_expect_from(m, 0, "^web2| web: listening on port 80$"));
	MUST(machine_expect_from(m, 0, "^router| router: interface 2 (web2) "));
	wire.forge_to = PORT_WEB1;
	wire.forge = FORGED_AT_ONCE;
	while (wire.forged < FIRST_FORGED)
		wire_call(&wire, &caller, 1, 7, 1); /* to a port that nobody publishes */
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < OPEN; i++)
			MUST(call(&wire, &open[i], i));
		for (unsigned i = 0; i < CALLERS; i++) {
			MUST(call(&wire, &caller, OPEN + i));
			cr_assert(wire_ask(&wire, &caller, request, SECONDS), "caller %u has no page", i);
		}
		for (unsigned i = 0; i < OPEN; i++)
			cr_assert(wire_ask(&wire, &open[i], request, SECONDS), "connection %u does not go on", i);
	}
	wire.forge = 0;
	cr_assert_gt(state(m, "openings_asked"), FIRST_FORGED / 2);
	cr_assert_leq(state(m, "half_open"), 200, "of %lu", state(m, "flows_most"));
	machine_is_well(m);
	machine_stop(m);
	wire_close(&wire);
}
