/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest that tries the runtime's memory out, and follows its target as the test sets it. */
#include <tools/plan_source.h>

static const struct plan_domain domains[] = {
	{.name = "memory",
	 .image = "memory",
	 .cmdline = "memory balloon",
	 .mem_pages = MIB(24),
	 .window_pages = 512,
	 .restart = PLAN_RESTART_NEVER},
};

const struct plan_source plan_source = {
	.file = "tests/configs/memory/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
