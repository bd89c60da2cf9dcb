/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A web server that has its address by DHCP from the services domain, a domain that lies, and one that asks for names whom its lease names; the services domain asks the name servers
 * that the uplink was told. A lease is as short as the server gives one.
 */
#include <tools/plan_source.h>

enum { ROUTER, SERVICES, WEB1, LIAR, NAMES, DOMAINS };
enum { IF_SERVICES = 1, IF_WEB1, IF_LIAR, IF_NAMES };

static const struct plan_domain domains[DOMAINS] = {
	[ROUTER] = ROUTER_DOMAIN("router stats=2", .uplink = {.mtu = 1500, .dhcp = 1}, .restart = PLAN_RESTART_ALWAYS),
	[SERVICES] = {.name = "services",
		      .image = "services",
		      .cmdline = "services --lease-time=60 --upstream=lease @leases @names",
		      .mem_pages = MIB(16),
		      .window_pages = 512,
		      .restart = PLAN_RESTART_ALWAYS},
	[WEB1] = WEB_DOMAIN("web1", "web 80", .restart = PLAN_RESTART_ALWAYS),
	[LIAR] = {.name = "liar",
		  .image = "liar",
		  .cmdline = "liar 10.1.3.2 10.1.3.1 10.1.2.2 10.1.2.1",
		  .mem_pages = MIB(8),
		  .window_pages = 512,
		  .restart = PLAN_RESTART_NEVER},
	[NAMES] = {.name = "names",
		   .image = "names",
		   .cmdline = "names web1 nobody.cambium.internal",
		   .mem_pages = MIB(16),
		   .window_pages = 512,
		   .restart = PLAN_RESTART_NEVER},
};

static const struct plan_link links[] = {
	INNER_LINK(SERVICES, ROUTER, IF_SERVICES, .dhcp = PLAN_DHCP_SERVES),
	INNER_LINK(WEB1, ROUTER, IF_WEB1, .dhcp = PLAN_DHCP_ASKS),
	INNER_LINK(LIAR, ROUTER, IF_LIAR, .dhcp = PLAN_DHCP_ASKS),
	INNER_LINK(NAMES, ROUTER, IF_NAMES, .dhcp = PLAN_DHCP_ASKS),
};

const struct plan_source plan_source = {
	.file = "tests/configs/leases/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
