/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work through the router, and who pays for it: a web server, a guest that asks what its own work costs, one that spins, and
 * one that is sent datagrams and has a weight with which any work for it is more than its share.
 */
#include <tools/plan_source.h>

enum { ROUTER, WEB1, COST, SPIN, SINK };
enum { IF_WEB1 = 1, IF_COST = 2, IF_SINK = 3 };

static const struct plan_domain domains[] = {
	[ROUTER] = ROUTER_DOMAIN("router stats=1", .restart = PLAN_RESTART_ALWAYS, .uplink = QEMU_UPLINK),
	[WEB1] = WEB_DOMAIN("web1", "web 80", .restart = PLAN_RESTART_ALWAYS),
	[COST] = {.name = "cost",
		  .image = "cost",
		  .cmdline = "cost",
		  .mem_pages = MIB(16),
		  .window_pages = 512,
		  .restart = PLAN_RESTART_ALWAYS},
	[SPIN] = {.name = "spin", .image = "spin", .cmdline = "spin", .mem_pages = MIB(4), .window_pages = 512},
	[SINK] = {.name = "sink",
		  .image = "antisocial",
		  .cmdline = "antisocial sink",
		  .mem_pages = MIB(16),
		  .window_pages = 512,
		  .weight = 1},
};

static const struct plan_link links[] = {
	INNER_LINK(WEB1, ROUTER, IF_WEB1),
	INNER_LINK(COST, ROUTER, IF_COST),
	INNER_LINK(SINK, ROUTER, IF_SINK),
};

const struct plan_source plan_source = {
	.file = "tests/configs/account/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
