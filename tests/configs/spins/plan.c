/* SPDX-License-Identifier: BSD-2-Clause */
/* Four domains that want all of a CPU each, and one that wakes up for a moment again and again. */
#include <tools/plan_source.h>

#define GUEST(n, file)                                                                                                 \
	{                                                                                                              \
		.name = n, .image = file, .cmdline = file, .mem_pages = MIB(4), .window_pages = 512                    \
	}

static const struct plan_domain domains[] = {
	GUEST("spin1", "spin"), GUEST("spin2", "spin"),  GUEST("spin3", "spin"),
	GUEST("spin4", "spin"), GUEST("clock", "clock"),
};

const struct plan_source plan_source = {
	.file = "tests/configs/spins/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
