/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains whose plan asks for what nobody is given: a bridge of PCI Express, and the host's, which looks like a device. */
#include <tools/plan_source.h>

#define ASKS(n, class)                                                                                                 \
	{                                                                                                              \
		.name = n, .image = "idle", .cmdline = "idle", .mem_pages = MIB(4), .window_pages = 512,               \
		.pci_class = (class)                                                                                   \
	}

static const struct plan_domain domains[] = {ASKS("port", 0x0604), ASKS("host", 0x0600)};

const struct plan_source plan_source = {
	.file = "tests/configs/bridge/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
