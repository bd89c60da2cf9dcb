/* SPDX-License-Identifier: BSD-2-Clause */
/* A driver that ends, each time with an interrupt under way, and is started again. */
#include <tools/plan_source.h>

static const struct plan_domain domains[] = {
	{.name = "throttle",
	 .image = "throttle",
	 .cmdline = "throttle",
	 .mem_pages = MIB(4),
	 .window_pages = 512,
	 .restart = PLAN_RESTART_ALWAYS,
	 .pci_class = 0x0200},
};

const struct plan_source plan_source = {
	.file = "tests/configs/nic-throttle/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
