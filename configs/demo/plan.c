/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The demo appliance: two web servers behind the firewall-router, which owns the machine's network card. Addresses of the
 * uplink are those that QEMU's user network gives to its first guest.
 */
#include <tools/plan_source.h>

enum { ROUTER, WEB1, WEB2, HELLO, DOMAINS };
enum { IF_WEB1 = 1, IF_WEB2 = 2 };

static const struct plan_domain domains[DOMAINS] = {
	[ROUTER] = {.name = "router",
		    .image = "router",
		    .cmdline = "router",
		    .mem_pages = MIB(16),
		    .window_pages = 2048,
		    .weight = 512,
		    .restart = PLAN_RESTART_ALWAYS,
		    .pci_class = 0x0200,
		    .takes_rules = 1,
		    .handover = 8192,
		    .uplink = QEMU_UPLINK},
	[WEB1] = {.name = "web1",
		  .image = "web",
		  .cmdline = "web 80",
		  .mem_pages = MIB(32),
		  .window_pages = 512,
		  .restart = PLAN_RESTART_ALWAYS},
	[WEB2] = {.name = "web2",
		  .image = "web",
		  .cmdline = "web 80",
		  .mem_pages = MIB(32),
		  .window_pages = 512,
		  .restart = PLAN_RESTART_ALWAYS},
	[HELLO] = {.name = "hello",
		   .image = "hello",
		   .cmdline = "hello",
		   .mem_pages = MIB(4),
		   .window_pages = 512,
		   .restart = PLAN_RESTART_ON_CRASH},
};

static const struct plan_link links[] = {
	INNER_LINK(WEB1, ROUTER, IF_WEB1),
	INNER_LINK(WEB2, ROUTER, IF_WEB2),
};

const struct plan_source plan_source = {
	.file = "configs/demo/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
