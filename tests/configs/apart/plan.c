/* SPDX-License-Identifier: BSD-2-Clause */
/* Two domains on a CPU each, which do what somebody outside writes into their memory. */
#include <tools/plan_source.h>

#define APART(n, words)                                                                                                \
	{                                                                                                              \
		.name = n, .image = "apart", .cmdline = "apart " words, .mem_pages = MIB(4), .mem_max_pages = MIB(5),  \
		.window_pages = 512, .capabilities = CAP_DOMAIN                                                        \
	}

static const struct plan_domain domains[] = {
	APART("left", "1 2"),
	APART("right", "2 1"),
};

const struct plan_source plan_source = {
	.file = "tests/configs/apart/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
