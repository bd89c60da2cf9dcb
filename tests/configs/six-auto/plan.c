/* SPDX-License-Identifier: BSD-2-Clause */
/* A web server behind a router whose uplink has its addresses from the link, and no IPv4. */
#include <tools/plan_source.h>

enum { ROUTER, WEB1 };
enum { IF_WEB1 = 1 };

static const struct plan_domain domains[] = {
	[ROUTER] = ROUTER_DOMAIN("router stats=1", .uplink = {.mtu = 1500}, .uplink6 = {.autoconf = 1}),
	[WEB1] = WEB_DOMAIN("web1", "web 80", .restart = PLAN_RESTART_NEVER),
};

static const struct plan_link links[] = {
	INNER_LINK6(WEB1, ROUTER, IF_WEB1, INNER_NET6(IF_WEB1)),
};

const struct plan_source plan_source = {
	.file = "tests/configs/six-auto/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
