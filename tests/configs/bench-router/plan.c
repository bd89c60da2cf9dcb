/* SPDX-License-Identifier: BSD-2-Clause */
/* Two ends of loads behind the router, which tells its counters every second. */
#include <tools/plan_source.h>

enum { ROUTER, LOAD1, LOAD2 };
enum { IF_LOAD1 = 1, IF_LOAD2 };

#define LOAD(title)                                                                                                    \
	{                                                                                                              \
		.name = title, .image = "load", .cmdline = title, .mem_pages = MIB(32), .window_pages = 512            \
	}

static const struct plan_domain domains[] = {
	[ROUTER] = ROUTER_DOMAIN("router stats=1 flows=10240", .uplink = QEMU_UPLINK),
	[LOAD1] = LOAD("load1"),
	[LOAD2] = LOAD("load2"),
};

static const struct plan_link links[] = {
	INNER_LINK(LOAD1, ROUTER, IF_LOAD1),
	INNER_LINK(LOAD2, ROUTER, IF_LOAD2),
};

const struct plan_source plan_source = {
	.file = "tests/configs/bench-router/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
