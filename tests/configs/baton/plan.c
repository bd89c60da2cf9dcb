/* SPDX-License-Identifier: BSD-2-Clause */
/* Two that hand a CPU to each other, and one that wants it. */
#include <tools/plan_source.h>

#define GUEST(n, file, words, rights)                                                                                  \
	{                                                                                                              \
		.name = n, .image = file, .cmdline = words, .mem_pages = MIB(4), .window_pages = 512,                  \
		.capabilities = rights                                                                                 \
	}

static const struct plan_domain domains[] = {
	GUEST("give", "baton", "baton", CAP_DOMAIN),
	GUEST("take", "baton", "baton answer", 0),
	GUEST("spin", "spin", "spin", 0),
};

const struct plan_source plan_source = {
	.file = "tests/configs/baton/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
