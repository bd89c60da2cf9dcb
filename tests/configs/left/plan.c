/* SPDX-License-Identifier: BSD-2-Clause */
/* A domain that makes others and ends none. */
#include <tools/plan_source.h>

static const struct plan_domain domains[] = {
	{.name = "soak",
	 .image = "soak",
	 .cmdline = "soak 6 left",
	 .mem_pages = MIB(4),
	 .window_pages = 512,
	 .capabilities = CAP_DOMAIN},
};

const struct plan_source plan_source = {
	.file = "tests/configs/left/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
