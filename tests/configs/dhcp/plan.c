/* SPDX-License-Identifier: BSD-2-Clause */
/* A web server behind a router whose uplink has its IPv4 from a DHCP server on the link. */
#include <tools/plan_source.h>

enum { ROUTER, WEB1 };
enum { IF_WEB1 = 1 };

static const struct plan_domain domains[] = {
	[ROUTER] = ROUTER_DOMAIN("router stats=1", .uplink = {.mtu = 1500, .dhcp = 1}),
	[WEB1] = WEB_DOMAIN("web1", "web 80", .restart = PLAN_RESTART_NEVER),
};

static const struct plan_link links[] = {
	INNER_LINK(WEB1, ROUTER, IF_WEB1),
};

const struct plan_source plan_source = {
	.file = "tests/configs/dhcp/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
