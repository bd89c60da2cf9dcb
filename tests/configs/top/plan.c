/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that makes a hypercall at the end of its address space; it exits with 0 when that is a fault of its own. */
#include <tools/plan_source.h>

static const struct plan_domain domains[] = {
	{.name = "top", .image = "top", .cmdline = "top", .mem_pages = MIB(16), .window_pages = 512},
};

const struct plan_source plan_source = {
	.file = "tests/configs/top/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
