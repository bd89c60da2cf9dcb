/* SPDX-License-Identifier: BSD-2-Clause */
/* Two domains that send without end, one in the smallest datagrams and one in the largest: for the fairness of the uplink. */
#include <tools/plan_source.h>

enum { ROUTER, SMALL, LARGE };
enum { IF_SMALL = 1, IF_LARGE = 2 };

#define BLAST_DOMAIN(called, bytes)                                                                                    \
	{                                                                                                              \
		.name = called, .image = "antisocial", .cmdline = "antisocial blast " bytes, .mem_pages = MIB(16),     \
		.window_pages = 512                                                                                    \
	}

static const struct plan_domain domains[] = {
	[ROUTER] = ROUTER_DOMAIN("router stats=1", .uplink = QEMU_UPLINK),
	[SMALL] = BLAST_DOMAIN("small", "18"),
	[LARGE] = BLAST_DOMAIN("large", "1472"),
};

static const struct plan_link links[] = {
	INNER_LINK(SMALL, ROUTER, IF_SMALL),
	INNER_LINK(LARGE, ROUTER, IF_LARGE),
};

const struct plan_source plan_source = {
	.file = "tests/configs/fair/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
