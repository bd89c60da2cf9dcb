/* SPDX-License-Identifier: BSD-2-Clause */
/* A domain with two vCPUs, which looks whether they are on two CPUs at once. */
#include <tools/plan_source.h>

static const struct plan_domain domains[] = {
	{.name = "cpus", .image = "cpus", .cmdline = "cpus", .mem_pages = MIB(8), .window_pages = 512, .vcpus = 2},
};

const struct plan_source plan_source = {
	.file = "tests/configs/smp/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
