/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that tells the time and how late its timers are. */
#include <tools/plan_source.h>

static const struct plan_domain domains[] = {
	{.name = "clock", .image = "clock", .cmdline = "clock", .mem_pages = MIB(4), .window_pages = 512},
};

const struct plan_source plan_source = {
	.file = "tests/configs/bench-time/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
