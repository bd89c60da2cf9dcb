/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two driver domains: the router with the network card and a web service behind it, and the driver of QEMU's edu device.
 * Whoever ends one starts it again: nothing waits longer and longer, as it would by a policy of restarting.
 */
#include <tools/plan_source.h>

enum { ROUTER, WEB1 };
enum { IF_WEB1 = 1 };

static const struct plan_domain domains[] = {
	[ROUTER] = {.name = "router",
		    .image = "router",
		    .cmdline = "router stats=10", /* at its start, then only in a life that is too long: tells why */
		    .mem_pages = MIB(16),
		    .window_pages = 2048,
		    .weight = 512,
		    .pci_class = 0x0200,
		    .takes_rules = 1,
		    .uplink = QEMU_UPLINK},
	[WEB1] = WEB_DOMAIN("web1", "web 80", .restart = PLAN_RESTART_NEVER),
	{.name = "edu",
	 .image = "edu",
	 .cmdline = "edu",
	 .mem_pages = MIB(4),
	 .window_pages = 512,
	 .pci_class = 0x00ff},
};

static const struct plan_link links[] = {
	INNER_LINK(WEB1, ROUTER, IF_WEB1),
};

const struct plan_source plan_source = {
	.file = "tests/configs/driver/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
