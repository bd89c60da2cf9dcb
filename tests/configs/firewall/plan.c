/* SPDX-License-Identifier: BSD-2-Clause */
/* A web server behind a router whose rules log, count and limit. */
#include <tools/plan_source.h>

enum { ROUTER, WEB1 };
enum { IF_WEB1 = 1 };

static const struct plan_domain domains[] = {
	[ROUTER] = {.name = "router",
		    .image = "router",
		    .cmdline = "router stats=1",
		    .mem_pages = MIB(16),
		    .window_pages = 2048,
		    .weight = 512,
		    .pci_class = 0x0200,
		    .takes_rules = 1,
		    .uplink = {IPV4(10, 0, 2, 15), 24, IPV4(10, 0, 2, 2), 1500}},
	[WEB1] = {.name = "web1", .image = "web", .cmdline = "web 80", .mem_pages = MIB(32), .window_pages = 512},
};

static const struct plan_link links[] = {
	INNER_LINK(WEB1, ROUTER, IF_WEB1),
};

const struct plan_source plan_source = {
	.file = "tests/configs/firewall/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
