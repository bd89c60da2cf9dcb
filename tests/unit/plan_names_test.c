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
