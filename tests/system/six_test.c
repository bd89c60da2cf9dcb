/* SPDX-License-Identifier: BSD-2-Clause */
/* IPv6 from outside, through the router, to web servers: this host's kernel is the station at the other end of the card. */
#include "system.h"
#include "tests/lib/outside.h"

#include <string.h>

#define TIMEOUT 400
#define REFUSAL_SECONDS 8u

static char answer[OUTSIDE_ANSWER_MAX];

static const char *const words[] = {
	"-6 addr add 2001:db8:1::1/64 dev card nodad",     "addr add 10.0.2.2/24 dev card",
	"-6 route add 2001:db8:2::/48 via 2001:db8:1::10", "-6 route add 2001:db8:3::/48 via 2001:db8:1::10",
	"-6 route add fdca:4d00::/32 via 2001:db8:1::10",  NULL,
};

static struct machine *start(struct outside *o, const char *log, const char *config)
{
	struct machine_options options = {.log = log, .config = config, .door = MACHINE_PVH};
	const char *why = outside_open(o, words);
	struct machine *m;

	if (why)
		cr_skip_test("%s", why);
	options.netdev = o->netdev;
	m = machine_start(&options);
	MUST(m);
	return m;
}

/* @address answers at @port with a whole page. */
static void serves(struct outside *o, const char *address, uint16_t port)
{
	bool refused;

	cr_assert(outside_fetch(o, address, port, SERVES_SECONDS, answer, &refused), "no answer from %s", address);
	cr_assert_eq(strncmp(answer, "HTTP/1.1 200 ", 13), 0, "%.100s", answer);
	cr_assert(strstr(answer, "</html>"), "no end in the page");
}

/* @address refuses @port with an answer, or says nothing. */
static void refuses(struct outside *o, const char *address, uint16_t port, bool told)
{
	bool refused;

	cr_assert_not(outside_fetch(o, address, port, REFUSAL_SECONDS, answer, &refused), "%s answered", address);
	cr_assert_eq(refused, told, "%s", told ? "nothing was said" : "somebody refused");
}

Test(six, a_published_port_and_a_server_behind_the_router_answer_by_ipv6_and_ipv4, .timeout = TIMEOUT)
{
	struct outside o = {.card = -1};
	struct machine *m = start(&o, "six", "six");

	serves(&o, "2001:db8:1::10", 8080);
	serves(&o, "fdca:4d00:0:1::2", 80);
	serves(&o, "10.0.2.15", 8080);
	cr_assert(outside_pings(&o, "2001:db8:1::10", 30), "the router does not answer a ping");
	refuses(&o, "fdca:4d00:0:1::2", 81, true);
	refuses(&o, "2001:db8:1::10", 81, false);
	MUST(machine_expect_from(m, 0, "^router| router: uplink 2001:db8:1::10/64 via 2001:db8:1::1$"));
	machine_is_well(m);
	machine_stop(m);
	outside_close(&o);
}

Test(six, an_appliance_without_ipv4_serves_from_a_given_address_and_from_one_that_is_made_of_the_routers_prefix,
     .timeout = TIMEOUT)
{
	struct outside o = {.card = -1};
	struct machine *m = start(&o, "six-only", "six-only");

	serves(&o, "2001:db8:2::2", 443);
	cr_assert(outside_pings(&o, "2001:db8:2::2", 30), "the server does not answer a ping");
	refuses(&o, "2001:db8:2::2", 80, true);
	serves(&o, "2001:db8:3::ca:4dff:fe00:202", 443);
	refuses(&o, "2001:db8:3::ca:4dff:fe00:202", 80, false);
	machine_is_well(m);
	machine_stop(m);
	outside_close(&o);
}

/* The card's MAC is QEMU's first, 52:54:00:12:34:56. */
Test(six, an_uplink_that_has_its_address_from_the_link_publishes_there, .timeout = TIMEOUT)
{
	struct outside o = {.card = -1};
	struct machine *m = start(&o, "six-auto", "six-auto");

	MUST(machine_expect_from(m, 0, "^router| router: interface 1 (web1) fdca:4d00:0:1::2 open$"));
	cr_assert(outside_advertises(&o, "2001:db8:1::"), "no advertisement");
	serves(&o, "2001:db8:1:0:5054:ff:fe12:3456", 8080);
	refuses(&o, "2001:db8:1:0:5054:ff:fe12:3456", 80, false);
	machine_is_well(m);
	machine_stop(m);
	outside_close(&o);
}
