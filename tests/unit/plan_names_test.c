/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of the word @names on a domain's command line. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tools/lib/plan_names.h"

static const struct plan_domain domains[] = {{.name = "router"}, {.name = "web1"}, {.name = "six"}, {.name = "alone"}};
static const struct plan_link links[] = {
	{.front = 1, .address = 0x0a010102, .net6 = {.address = {0xfd, 0xca, [15] = 2}, .prefix = 64}},
	{.front = 2, .net6 = {.address = {0xfd, 0xcb, [15] = 2}, .prefix = 64}},
	{.front = 1, .address = 0x0a010902},
};

static char out[PLAN_CMDLINE_MAX];

static const char *expand(const char *line)
{
	return plan_line_expand(out, line, &(struct plan_tables){domains, links, 4, 3}, 1);
}

Test(plan_names, each_domain_with_an_address_is_named_with_all_it_has)
{
	cr_assert_null(expand("services @names --port=53"));
	cr_assert_str_eq(out, "services web1=10.1.1.2,fdca::2,10.1.9.2 six=fdcb::2 --port=53");
}

Test(plan_names, other_words_stay_as_they_are)
{
	static const char *const lines[] = {"services @name", "services x@names", "services @namesx", "",
					    "@names2 @name"};

	for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		cr_assert_null(expand(lines[i]));
		cr_assert_str_eq(out, lines[i]);
	}
}

Test(plan_names, a_line_of_4095_characters_is_the_longest)
{
	static char line[PLAN_CMDLINE_MAX + 1];

	memset(line, 'a', 4053);
	memcpy(line + 4052, " @names", 8);
	cr_assert_null(expand(line));
	cr_assert_eq(strlen(out), 4095);
	memset(line, 'a', 4054);
	memcpy(line + 4053, " @names", 8);
	cr_assert_not_null(expand(line));
	memset(line, 'a', 4095);
	cr_assert_null(expand(line));
	line[4095] = 'a';
	cr_assert_not_null(expand(line));
}

Test(plan_names, a_hundred_domains_have_names)
{
	static struct plan_domain all[120];
	static struct plan_link each[120];
	unsigned names = 0;

	for (unsigned i = 0; i < 120; i++) {
		snprintf(all[i].name, sizeof all[i].name, "service-%u", i);
		each[i] = (struct plan_link){.front = i, .address = 0x0a010002 + (i << 8)};
	}
	cr_assert_null(plan_line_expand(out, "services @names", &(struct plan_tables){all, each, 120, 120}, 0));
	for (const char *at = out; (at = strchr(at, '=')); at++)
		names++;
	cr_assert_eq(names, 120);
	cr_assert_not_null(strstr(out, " service-119=10.1.119.2"));
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

static const struct plan_tables dhcp = {many, asking, 4, 5};

Test(plan_names, who_asks_by_dhcp_is_named_with_what_it_gets)
{
	cr_assert_null(plan_line_expand(out, "services @leases --port=53", &dhcp, 3));
	cr_assert_str_eq(out, "services --address=10.1.3.2 --router=10.1.3.1 --lease=web1,10.1.1.2/24,10.1.1.1,1500 "
			      "--lease=db,10.1.2.18/28,10.1.2.17,9000 --port=53");
}

Test(plan_names, names_and_leases_stand_on_one_line)
{
	cr_assert_null(plan_line_expand(out, "services @leases @names", &dhcp, 3));
	cr_assert_str_eq(out, "services --address=10.1.3.2 --router=10.1.3.1 --lease=web1,10.1.1.2/24,10.1.1.1,1500 "
			      "--lease=db,10.1.2.18/28,10.1.2.17,9000 web1=10.1.1.2,10.1.4.2,10.1.5.2 db=10.1.2.18 "
			      "services=10.1.3.2");
}

Test(plan_names, leases_of_nobody_who_serves_are_refused)
{
	cr_assert_not_null(plan_line_expand(out, "services @leases", &dhcp, 2));
	cr_assert_null(plan_line_expand(out, "db", &dhcp, 2));
	cr_assert_str_eq(out, "db");
}
