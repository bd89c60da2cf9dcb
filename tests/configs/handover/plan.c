/* SPDX-License-Identifier: BSD-2-Clause */
/* A router that hands its flows over, a web server and two echo servers: one for many connections, one for a stream. */
#include <tools/plan_source.h>

enum { ROUTER, WEB1, WEB2, WEB3 };

#define ECHO(n)                                                                                                        \
	[WEB##n] = {.name = "web" #n, .image = "echo", .cmdline = "echo", .mem_pages = MIB(16), .window_pages = 512}

static const struct plan_domain domains[] = {
	[ROUTER] = ROUTER_DOMAIN("router", .restart = PLAN_RESTART_ALWAYS, .uplink = QEMU_UPLINK, .handover = 8192),
	[WEB1] = WEB_DOMAIN("web1", "web 80", .restart = PLAN_RESTART_NEVER),
	ECHO(2),
	ECHO(3),
};

static const struct plan_link links[] = {
	INNER_LINK(WEB1, ROUTER, 1),
	INNER_LINK(WEB2, ROUTER, 2),
	INNER_LINK(WEB3, ROUTER, 3),
};

const struct plan_source plan_source = {
	.file = "tests/configs/handover/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
