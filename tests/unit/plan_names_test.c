/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of the word @names on a domain's command line. */
#include <criterion/criterion.h>
#include <string.h>

#include "tools/lib/plan_names.h"

static const struct plan_domain domains[] = {{.name = "router"}, {.name = "web1"}, {.name = "six"}, {.name = "alone"}};
static const struct plan_link links[] = {
	{.front = 1, .address = 0x0a010102, .net6 = {.address = {0xfd, 0xca, [15] = 2}, .prefix = 64}},
	{.front = 2, .net6 = {.address = {0xfd, 0xcb, [15] = 2}, .prefix = 64}},
	{.front = 1, .address = 0x0a010902},
};

static const char *expand(struct plan_domain *d, const char *line)
{
	memset(d, 0, sizeof *d);
	memcpy(d->cmdline, line, strlen(line));
	return plan_names_expand(d, domains, 4, links, 3);
}

Test(plan_names, each_domain_with_an_address_is_named_with_all_it_has)
{
	struct plan_domain d;

	cr_assert_null(expand(&d, "services @names --port=53"));
	cr_assert_str_eq(d.cmdline, "services web1=10.1.1.2,fdca::2,10.1.9.2 six=fdcb::2 --port=53");
}

Test(plan_names, other_words_stay_as_they_are)
{
	static const char *const lines[] = {"services @name", "services x@names", "services @namesx", "",
					    "@names2 @name"};
	struct plan_domain d;

	for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		cr_assert_null(expand(&d, lines[i]));
		cr_assert_str_eq(d.cmdline, lines[i]);
	}
}

Test(plan_names, a_line_that_would_be_too_long_is_refused_and_stays)
{
	char line[256] = "";
	struct plan_domain d;

	memset(line, 'a', 213);
	memcpy(line + 212, " @names", 8);
	cr_assert_null(expand(&d, line));
	cr_assert_eq(strlen(d.cmdline), 255);
	memset(line, 'a', 214);
	memcpy(line + 213, " @names", 8);
	cr_assert_not_null(expand(&d, line));
	cr_assert_str_eq(d.cmdline, line);
}

/* web1 and six ask; services serves, at one of two routers. */
static const struct plan_domain many[] = {{.name = "router"}, {.name = "web1"}, {.name = "db"}, {.name = "services"}};
static const struct plan_link asking[] = {
	{.front = 1, .address = 0x0a010102, .prefix = 24, .gateway = 0x0a010101, .mtu = 1500, .dhcp = PLAN_DHCP_ASKS},
	{.front = 2, .address = 0x0a010212, .prefix = 28, .gateway = 0x0a010211, .mtu = 9000, .dhcp = PLAN_DHCP_ASKS},
	{.front = 3, .address = 0x0a010302, .prefix = 24, .gateway = 0x0a010301, .mtu = 1500, .dhcp = PLAN_DHCP_SERVES},
	{.front = 1, .address = 0x0a010402, .prefix = 24, .gateway = 0x0a010401, .mtu = 1500},
	{.front = 1, .back = 2, .address = 0x0a010502, .prefix = 24, .gateway = 0x0a010501, .dhcp = PLAN_DHCP_ASKS},
};

Test(plan_names, who_asks_by_dhcp_is_named_with_what_it_gets)
{
	struct plan_domain d = {.name = "services", .cmdline = "services @leases --port=53"};

	cr_assert_null(plan_leases_expand(&d, many, 4, asking, 5));
	cr_assert_str_eq(d.cmdline, "services --address=10.1.3.2 --lease=web1,10.1.1.2/24,10.1.1.1,1500 "
				    "--lease=db,10.1.2.18/28,10.1.2.17,9000 --port=53");
}

Test(plan_names, leases_of_nobody_who_serves_are_refused)
{
	struct plan_domain d = {.name = "db", .cmdline = "services @leases"}, plain = {.name = "db", .cmdline = "db"};

	cr_assert_not_null(plan_leases_expand(&d, many, 4, asking, 5));
	cr_assert_str_eq(d.cmdline, "services @leases");
	cr_assert_null(plan_leases_expand(&plain, many, 4, asking, 5));
	cr_assert_str_eq(plain.cmdline, "db");
}
