/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains that have their addresses by DHCP from the services domain, by way of the router. */
#include "system.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT 1800
#define EXTENDED_WITHIN 240u /* a lease of 60 s is extended once in half a minute */
#define FLOOD_PASSES 40u     /* offers: eight at once, then two a second */

/* What QEMU's user network says. */
#define LEARNT "^services| services: upstream servers of the uplink's lease: 10.0.2.3$"

enum { SLOT_ROUTER = 1, SLOT_SERVICES, SLOT_WEB1 };

static struct machine *start(const char *log)
{
	struct machine_options options = {.log = log, .config = "leases", .door = MACHINE_PVH, .forwards = {PORT_WEB1}};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect_from(m, 0, "^services| services: DHCP for 3 links, 60 s$"));
	MUST(machine_expect_from(m, 0, "^services| services: web1 has 10.1.2.2$"));
	MUST(machine_expect_from(m, 0, LEARNT));
	return m;
}

static void serves(struct machine *m)
{
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
}

/* web1's lease is extended from now on, and its page is there. */
static void goes_on(struct machine *m)
{
	machine_skip(m);
	MUST(machine_expect_within(m, "^services| services: web1 goes on with 10.1.2.2$", EXTENDED_WITHIN));
	serves(m);
}

Test(leases, a_page_is_served_at_a_leased_address_that_outlives_server_router_and_client, .timeout = TIMEOUT)
{
	struct machine *m = start("leases");
	size_t from;

	serves(m);
	/* whom to ask, and with which suffix, is of the lease */
	MUST(machine_expect_from(m, 0, "^names| web1: web1.cambium.internal 10.1.2.2 (1)$"));
	MUST(machine_expect_from(m, 0, "^names| web1: serves its page$"));
	MUST(machine_expect_from(m, 0, "^names| nobody.cambium.internal: error -2 after a while: "));
	goes_on(m);
	from = machine_here(m);
	kill_and_wait(m, "services", SLOT_SERVICES, 2);
	serves(m);
	MUST(machine_expect_from(m, from, LEARNT));
	goes_on(m);
	kill_and_wait(m, "router", SLOT_ROUTER, 2);
	serves(m);
	goes_on(m);
	from = machine_here(m);
	kill_and_wait(m, "web1", SLOT_WEB1, 2);
	MUST(machine_expect_from(m, from, "^services| services: web1 has 10.1.2.2$"));
	serves(m);
	cr_assert_eq(machine_count(m, 0, "web1 gives back"), 0);
	cr_assert_eq(machine_count(m, 0, "web1 is refused"), 0);
	machine_is_well(m);
	machine_stop(m);
}

/* How often the router says that it counted @what, in the first line that comes whole: what was said so far may end within one. */
static unsigned counted(struct machine *m, const char *what)
{
	char line[300];
	unsigned count = 0;

	do {
		size_t from = machine_here(m);

		MUST(machine_expect_from(m, from, what));
		MUST(machine_line(m, from, what, line, sizeof line));
	} while (sscanf(line, "router| router: stats: %u ", &count) != 1);
	return count;
}

Test(leases, a_front_that_lies_gets_nothing_and_is_counted, .timeout = TIMEOUT)
{
	static const char *const lies[] = {"another station",
					   "another link",
					   "a relay",
					   "another circuit",
					   "another's address that it has",
					   "another's address that it sends from",
					   "a server"};
	struct machine *m = start("leases-liar");
	char line[300];
	unsigned offers = FLOOD_PASSES;

	MUST(machine_expect_from(m, 0, "^liar| liar: is told no address$"));
	for (unsigned i = 0; i < sizeof lies / sizeof lies[0]; i++) {
		snprintf(line, sizeof line, "^liar| liar: %s: 0 answers$", lies[i]);
		MUST(machine_expect_from(m, 0, line));
	}
	MUST(machine_expect_from(m, 0, "^liar| liar: 1000 questions at once: "));
	MUST(machine_line(m, 0, "^liar| liar: 1000 questions at once: ", line, sizeof line));
	cr_assert(sscanf(line, "liar| liar: 1000 questions at once: %u offers", &offers) == 1);
	cr_assert(offers > 0 && offers < FLOOD_PASSES, "%u", offers);
	MUST(machine_expect_from(m, 0, "^liar| liar: wants another's address: refused$"));
	MUST(machine_expect_from(m, 0, "^services| services: liar is refused another address than 10.1.3.2$"));
	MUST(machine_expect_from(m, 0, "^liar| liar: asks: has 10.1.3.2$"));
	MUST(machine_expect_from(m, 0, "^liar| liar: nothing came that was another's$"));
	cr_assert_geq(counted(m, " DHCP from an address or to one that it may not be"), 6);
	cr_assert_geq(counted(m, " more DHCP than an interface may send"), 900);
	serves(m);
	machine_is_well(m);
	machine_stop(m);
}
