/* SPDX-License-Identifier: BSD-2-Clause */
/* What the router's card is loaded with: requests to a web server, and bytes and datagrams without end. */
#include <tools/plan_source.h>

enum { ROUTER, WEB1, TRAFFIC };
enum { IF_WEB1 = 1, IF_TRAFFIC = 2 };

static const struct plan_domain domains[] = {
	[ROUTER] = ROUTER_DOMAIN("router", .uplink = QEMU_UPLINK),
	[WEB1] = WEB_DOMAIN("web1", "web 80", .restart = PLAN_RESTART_NEVER),
	[TRAFFIC] = {.name = "traffic",
		     .image = "traffic",
		     .cmdline = "traffic",
		     .mem_pages = MIB(32),
		     .window_pages = 512},
};

static const struct plan_link links[] = {
	INNER_LINK(WEB1, ROUTER, IF_WEB1),
	INNER_LINK(TRAFFIC, ROUTER, IF_TRAFFIC),
};

const struct plan_source plan_source = {
	.file = "tests/configs/bench-dma/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
