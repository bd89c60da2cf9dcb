/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Name servers beside the router: `services` asks others for domains alone, `open` for the station outside too. `names` asks the
 * first by the runtime's resolver, `lost` servers that are not there.
 */
#include <tools/plan_source.h>

enum { ROUTER, SERVICES, OPEN, WEB1, GUEST, NAMES, LOST, DOMAINS };
enum { IF_SERVICES = 1, IF_OPEN, IF_WEB1, IF_GUEST, IF_NAMES, IF_LOST };

#define SERVICES_DOMAIN(title, words)                                                                                  \
	{                                                                                                              \
		.name = title, .image = "services", .cmdline = words, .mem_pages = MIB(16), .window_pages = 512,       \
		.restart = PLAN_RESTART_ALWAYS                                                                         \
	}

/* Asks for names by getaddrinfo() and getnameinfo(). */
#define NAMES_DOMAIN(title, words)                                                                                     \
	{                                                                                                              \
		.name = title, .image = "names", .cmdline = words, .mem_pages = MIB(16), .window_pages = 512,          \
		.restart = PLAN_RESTART_NEVER                                                                          \
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
	[NAMES] = NAMES_DOMAIN("names", ""),
	[LOST] = NAMES_DOMAIN("lost", "RESOLVER=10.1.1.77,10.1.9.9 TRIES=1 names web1.cambium.internal"),
};

/* A hundred names more: host-00=10.9.0.0 to host-99=10.9.9.9. */
#define HOST(a, b) " host-" #a #b "=10.9." #a "." #b
#define TEN(a)                                                                                                         \
	HOST(a, 0) HOST(a, 1) HOST(a, 2) HOST(a, 3) HOST(a, 4) HOST(a, 5) HOST(a, 6) HOST(a, 7) HOST(a, 8) HOST(a, 9)

static const char *const lines[DOMAINS] = {
	[OPEN] = "services --upstream=10.0.2.2#5399 --inside=10.0.2.2 @names" TEN(0) TEN(1) TEN(2) TEN(3) TEN(4) TEN(5)
		TEN(6) TEN(7) TEN(8) TEN(9),
	[NAMES] = "RESOLVER=10.1.1.2 LOCALDOMAIN=\"other.internal cambium.internal\" names web1 web1.cambium.internal "
		  "10.1.3.2 fdca:4d00:0:3::2 10.1.3.77 nobody.cambium.internal www.example.com "
		  "tenletters.example.net 192.0.2.9 localhost",
};

static const struct plan_link links[] = {
	INNER_LINK(SERVICES, ROUTER, IF_SERVICES),
	INNER_LINK(OPEN, ROUTER, IF_OPEN),
	INNER_LINK(WEB1, ROUTER, IF_WEB1, .net6 = INNER_NET6(IF_WEB1)),
	INNER_LINK(GUEST, ROUTER, IF_GUEST),
	INNER_LINK(NAMES, ROUTER, IF_NAMES, .net6 = INNER_NET6(IF_NAMES)),
	INNER_LINK(LOST, ROUTER, IF_LOST),
};

const struct plan_source plan_source = {
	.file = "tests/configs/services/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
	.lines = lines,
};
