/* SPDX-License-Identifier: BSD-2-Clause */
/* One domain that says hello and exits; no network, no device. */
#include <tools/plan_source.h>

static const struct plan_domain domains[] = {
	{.name = "hello",
	 .image = "hello",
	 .cmdline = "hello",
	 .mem_pages = MIB(4),
	 .window_pages = 512,
	 .restart = PLAN_RESTART_ON_CRASH},
};

const struct plan_source plan_source = {
	.file = "tests/configs/hello/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
