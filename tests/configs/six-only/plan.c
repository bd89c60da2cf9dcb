/* SPDX-License-Identifier: BSD-2-Clause */
/* No IPv4 anywhere. One server has its address from the plan, the other makes it from what the router advertises. */
#include <tools/plan_source.h>

enum { ROUTER, WEB, AUTO };
enum { IF_WEB = 1, IF_AUTO = 2 };

static const struct plan_domain domains[] = {
	[ROUTER] = ROUTER_DOMAIN("router stats=1", .uplink = {.mtu = 1500},
				 .uplink6 = {.address = {0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 0x10},
					     .gateway = {0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 1},
					     .prefix = 64}),
	[WEB] = WEB_DOMAIN("web", "web 443", .restart = PLAN_RESTART_NEVER),
	[AUTO] = WEB_DOMAIN("auto", "web 443", .restart = PLAN_RESTART_NEVER),
};

static const struct plan_link links[] = {
	INNER_LINK6(WEB, ROUTER, IF_WEB,
		    {.address = {0x20, 0x01, 0x0d, 0xb8, 0, 2, [15] = 2},
		     .gateway = {0x20, 0x01, 0x0d, 0xb8, 0, 2, [15] = 1},
		     .prefix = 64}),
	INNER_LINK6(AUTO, ROUTER, IF_AUTO,
		    {.address = {0x20, 0x01, 0x0d, 0xb8, 0, 3, 0, 0, 0x00, 0xca, 0x4d, 0xff, 0xfe, 0, IF_AUTO, 2},
		     .gateway = {0x20, 0x01, 0x0d, 0xb8, 0, 3, [15] = 1},
		     .prefix = 64,
		     .autoconf = 1}),
};

const struct plan_source plan_source = {
	.file = "tests/configs/six-only/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
