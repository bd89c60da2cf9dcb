/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What scanners and testers of `make outside` look at: a web server and a service of datagrams behind the router, with
 * addresses of both families, and a client that finds out what the router's translation does.
 */
#include <tools/plan_source.h>

enum { ROUTER, WEB1, MIRROR, CLIENT };
enum { IF_WEB1 = 1, IF_MIRROR, IF_CLIENT };

static const struct plan_domain domains[] = {
	[ROUTER] = ROUTER_DOMAIN("router stats=5", .uplink = QEMU_UPLINK,
				 .uplink6 = {.address = {0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 0x10},
					     .gateway = {0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 1},
					     .prefix = 64}),
	[WEB1] = WEB_DOMAIN("web1", "web 80", .restart = PLAN_RESTART_NEVER),
	[MIRROR] =
		{.name = "mirror", .image = "mirror", .cmdline = "mirror", .mem_pages = MIB(16), .window_pages = 512},
	[CLIENT] = {.name = "client",
		    .image = "nat",
		    .cmdline = "nat 10.0.2.2 10.0.2.3 3478 3479",
		    .mem_pages = MIB(16),
		    .window_pages = 512},
};

#define BOTH_LINK(front_end, n)                                                                                        \
	{                                                                                                              \
		.kind = PLAN_LINK_NET, .front = (front_end), .back = ROUTER, .index = (n),                             \
		.mac = {0x02, 0xca, 0x4d, 0, (n), 2}, .router_mac = {0x02, 0xca, 0x4d, 0, (n), 1},                     \
		.address = IPV4(10, 1, (n), 2), .prefix = 24, .gateway = IPV4(10, 1, (n), 1), .mtu = 1500,             \
		.net6 = INNER_NET6(n)                                                                                  \
	}

static const struct plan_link links[] = {
	BOTH_LINK(WEB1, IF_WEB1),
	BOTH_LINK(MIRROR, IF_MIRROR),
	INNER_LINK(CLIENT, ROUTER, IF_CLIENT),
};

const struct plan_source plan_source = {
	.file = "tests/configs/outside/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
