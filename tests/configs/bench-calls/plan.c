/* SPDX-License-Identifier: BSD-2-Clause */
/* The two guests that measure what hypercalls and events cost. Each knows the other by its slot. */
#include <tools/plan_source.h>

static const struct plan_domain domains[] = {
	{.name = "calls", .image = "calls", .cmdline = "calls", .mem_pages = MIB(4), .window_pages = 512},
	{.name = "pong", .image = "pong", .cmdline = "pong", .mem_pages = MIB(4), .window_pages = 512},
};

const struct plan_source plan_source = {
	.file = "tests/configs/bench-calls/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
