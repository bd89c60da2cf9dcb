/* SPDX-License-Identifier: BSD-2-Clause */
/* No IPv4 anywhere. One server has its address from the plan, the other makes it from what the router advertises. */
#include <tools/plan_source.h>

enum { ROUTER, WEB, AUTO };
enum { IF_WEB = 1, IF_AUTO = 2 };

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
		    .uplink6 = {.address = {0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 0x10},
				.gateway = {0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 1},
				.prefix = 64}},
	[WEB] = {.name = "web", .image = "web", .cmdline = "web 443", .mem_pages = MIB(32), .window_pages = 512},
	[AUTO] = {.name = "auto", .image = "web", .cmdline = "web 443", .mem_pages = MIB(32), .window_pages = 512},
};

static const struct plan_link links[] = {
	{.kind = PLAN_LINK_NET,
	 .front = WEB,
	 .back = ROUTER,
	 .index = IF_WEB,
	 .mac = {0x02, 0xca, 0x4d, 0, IF_WEB, 2},
	 .router_mac = {0x02, 0xca, 0x4d, 0, IF_WEB, 1},
	 .mtu = 1500,
	 .net6 = {.address = {0x20, 0x01, 0x0d, 0xb8, 0, 2, [15] = 2},
		  .gateway = {0x20, 0x01, 0x0d, 0xb8, 0, 2, [15] = 1},
		  .prefix = 64}},
	{.kind = PLAN_LINK_NET,
	 .front = AUTO,
	 .back = ROUTER,
	 .index = IF_AUTO,
	 .mac = {0x02, 0xca, 0x4d, 0, IF_AUTO, 2},
	 .router_mac = {0x02, 0xca, 0x4d, 0, IF_AUTO, 1},
	 .mtu = 1500,
	 .net6 = {.address = {0x20, 0x01, 0x0d, 0xb8, 0, 3, 0, 0, 0x00, 0xca, 0x4d, 0xff, 0xfe, 0, IF_AUTO, 2},
		  .gateway = {0x20, 0x01, 0x0d, 0xb8, 0, 3, [15] = 1},
		  .prefix = 64,
		  .autoconf = 1}},
};

const struct plan_source plan_source = {
	.file = "tests/configs/six-only/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
