/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest that drives the network card by itself and sends what no router sends yet. */
#include <tools/plan_source.h>

static const struct plan_domain domains[] = {
	{.name = "tso",
	 .image = "tso",
	 .cmdline = "tso",
	 .mem_pages = MIB(16),
	 .window_pages = 1024,
	 .pci_class = 0x0200},
};

const struct plan_source plan_source = {
	.file = "tests/configs/nic/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
