/* SPDX-License-Identifier: BSD-2-Clause */
/* Name servers beside the router: `services` asks others for domains alone, `open` for the station outside too. */
#include <tools/plan_source.h>

enum { ROUTER, SERVICES, OPEN, WEB1, GUEST, DOMAINS };
enum { IF_SERVICES = 1, IF_OPEN, IF_WEB1, IF_GUEST };

#define SERVICES_DOMAIN(title, words)                                                                                  \
	{                                                                                                              \
		.name = title, .image = "services", .cmdline = words, .mem_pages = MIB(16), .window_pages = 512,       \
		.restart = PLAN_RESTART_ALWAYS                                                                         \
	}

static const struct plan_domain domains[DOMAINS] = {
	[ROUTER] = ROUTER_DOMAIN("router", .uplink = QEMU_UPLINK),
	[SERVICES] = SERVICES_DOMAIN("services", "services --upstream=10.0.2.2#5399 @names"),
	[OPEN] = SERVICES_DOMAIN("open", ""),
	[WEB1] = WEB_DOMAIN("web1", "web 80", .restart = PLAN_RESTART_NEVER),
	[GUEST] = {.name = "guest",
		   .image = "resolve",
		   .cmdline = "resolve 10.1.1.2 web1.cambium.internal nobody.cambium.internal www.example.com",
		   .mem_pages = MIB(16),
		   .window_pages = 512,
		   .restart = PLAN_RESTART_NEVER},
};

/* A hundred names more: host-00=10.9.0.0 to host-99=10.9.9.9. */
#define HOST(a, b) " host-" #a #b "=10.9." #a "." #b
#define TEN(a)                                                                                                         \
	HOST(a, 0) HOST(a, 1) HOST(a, 2) HOST(a, 3) HOST(a, 4) HOST(a, 5) HOST(a, 6) HOST(a, 7) HOST(a, 8) HOST(a, 9)

static const char *const lines[DOMAINS] = {
	[OPEN] = "services --upstream=10.0.2.2#5399 --inside=10.0.2.2 @names" TEN(0) TEN(1) TEN(2) TEN(3) TEN(4) TEN(5)
		TEN(6) TEN(7) TEN(8) TEN(9),
};

static const struct plan_link links[] = {
	INNER_LINK(SERVICES, ROUTER, IF_SERVICES),
	INNER_LINK(OPEN, ROUTER, IF_OPEN),
	INNER_LINK(WEB1, ROUTER, IF_WEB1),
	INNER_LINK(GUEST, ROUTER, IF_GUEST),
};

const struct plan_source plan_source = {
	.file = "tests/configs/services/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
	.lines = lines,
};
