/* SPDX-License-Identifier: BSD-2-Clause */
/* One that gives datagrams back, behind the router, with addresses of both families. */
#include <tools/plan_source.h>

enum { ROUTER, MIRROR };
enum { IF_MIRROR = 1 };

static const struct plan_domain domains[] = {
	[ROUTER] = ROUTER_DOMAIN("router stats=1", .uplink = QEMU_UPLINK,
				 .uplink6 = {.address = {0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 0x10},
					     .gateway = {0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 1},
					     .prefix = 64}),
	[MIRROR] =
		{.name = "mirror", .image = "mirror", .cmdline = "mirror", .mem_pages = MIB(16), .window_pages = 512},
};

static const struct plan_link links[] = {
	{.kind = PLAN_LINK_NET,
	 .front = MIRROR,
	 .back = ROUTER,
	 .index = IF_MIRROR,
	 .mac = {0x02, 0xca, 0x4d, 0, IF_MIRROR, 2},
	 .router_mac = {0x02, 0xca, 0x4d, 0, IF_MIRROR, 1},
	 .address = IPV4(10, 1, 1, 2),
	 .prefix = 24,
	 .gateway = IPV4(10, 1, 1, 1),
	 .mtu = 1500,
	 .net6 = INNER_NET6(IF_MIRROR)},
};

const struct plan_source plan_source = {
	.file = "tests/configs/fragments/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
