/* SPDX-License-Identifier: BSD-2-Clause */
/* A web server behind a router whose uplink has its addresses from the link, and no IPv4. */
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
		    .uplink = {.mtu = 1500},
		    .uplink6 = {.autoconf = 1}},
	[WEB1] = {.name = "web1", .image = "web", .cmdline = "web 80", .mem_pages = MIB(32), .window_pages = 512},
};

static const struct plan_link links[] = {
	{.kind = PLAN_LINK_NET,
	 .front = WEB1,
	 .back = ROUTER,
	 .index = IF_WEB1,
	 .mac = {0x02, 0xca, 0x4d, 0, IF_WEB1, 2},
	 .router_mac = {0x02, 0xca, 0x4d, 0, IF_WEB1, 1},
	 .mtu = 1500,
	 .net6 = INNER_NET6(IF_WEB1)},
};

const struct plan_source plan_source = {
	.file = "tests/configs/six-auto/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
