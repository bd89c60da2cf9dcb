/* SPDX-License-Identifier: BSD-2-Clause */
/* A web server behind the router, and a domain without which the machine would be idle. */
#include <tools/plan_source.h>

enum { ROUTER, WEB1, SPIN };
enum { IF_WEB1 = 1 };

static const struct plan_domain domains[] = {
	[ROUTER] = ROUTER_DOMAIN("router", .restart = PLAN_RESTART_ALWAYS, .uplink = QEMU_UPLINK),
	[WEB1] = WEB_DOMAIN("web1", "web 80", .restart = PLAN_RESTART_ALWAYS),
	[SPIN] = {.name = "spin", .image = "spin", .cmdline = "spin", .mem_pages = MIB(4), .window_pages = 512},
};

static const struct plan_link links[] = {
	INNER_LINK(WEB1, ROUTER, IF_WEB1),
};

const struct plan_source plan_source = {
	.file = "tests/configs/idle/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
