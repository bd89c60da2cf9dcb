/* SPDX-License-Identifier: BSD-2-Clause */
/* Three domains that want the CPU all the time from 1 s to 4 s of system time, with weights 1 : 2 : 4. */
#include <tools/plan_source.h>

#define COUNTS(n, share)                                                                                               \
	{                                                                                                              \
		.name = n, .image = "antisocial", .cmdline = "antisocial count 1000 4000", .mem_pages = MIB(4),        \
		.window_pages = 512, .weight = share                                                                   \
	}

static const struct plan_domain domains[] = {COUNTS("one", 128), COUNTS("two", 256), COUNTS("four", 512)};

const struct plan_source plan_source = {
	.file = "tests/configs/bench-shares/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
