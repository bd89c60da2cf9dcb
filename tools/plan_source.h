/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a plan is written down until there is a manifest: one `const struct plan_source plan_source` of C initialisers per
 * appliance (configs/NAME/plan.c), which tools/mkplan.c turns into the table of abi/plan.h. Domains and links are those
 * of the ABI; slots and interface numbers follow from their order as abi/plan.h has it. The router's policy is a text
 * beside it, configs/NAME/rules; without one everything is refused.
 */
#ifndef CAMBIUM_TOOLS_PLAN_SOURCE_H
#define CAMBIUM_TOOLS_PLAN_SOURCE_H

#include <abi/plan.h>
#include <base/bits.h>

struct plan_source {
	const char *file; /* where it is written down, for messages: __FILE__ */
	const struct plan_domain *domains;
	uint32_t domain_count;
	const struct plan_link *links;
	uint32_t link_count;
	const char *const
		*lines; /* of each domain a command line that .cmdline does not hold, or NULL; NULL: none at all */
};

extern const struct plan_source plan_source;

/* An IPv4 address in host order, as plan_uplink and plan_link have it. */
#define IPV4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

/* Mebibytes as pages. */
#define MIB(n) ((n)*256u)

/* The router with the machine's network card; @words: its command line; what follows: its uplinks and what else it has. */
#define ROUTER_DOMAIN(words, ...)                                                                                      \
	{                                                                                                              \
		.name = "router", .image = "router", .cmdline = words, .mem_pages = MIB(16), .window_pages = 2048,     \
		.weight = 512, .pci_class = 0x0200, .takes_rules = 1, __VA_ARGS__                                      \
	}

/* The uplink that QEMU's user network gives to its first guest. */
#define QEMU_UPLINK                                                                                                    \
	{                                                                                                              \
		.address = IPV4(10, 0, 2, 15), .prefix = 24, .gateway = IPV4(10, 0, 2, 2), .mtu = 1500                 \
	}

/* A web server. */
#define WEB_DOMAIN(title, words, ...)                                                                                  \
	{                                                                                                              \
		.name = title, .image = "web", .cmdline = words, .mem_pages = MIB(32), .window_pages = 512,            \
		__VA_ARGS__                                                                                            \
	}

/* The link of @front_end to the router @back_end as its interface number @n: 10.1.n.2 and 10.1.n.1 of 10.1.n.0/24; what else it has. */
#define INNER_LINK(front_end, back_end, n, ...)                                                                        \
	{                                                                                                              \
		.kind = PLAN_LINK_NET, .front = (front_end), .back = (back_end), .index = (n),                         \
		.mac = {0x02, 0xca, 0x4d, 0, (n), 2}, .router_mac = {0x02, 0xca, 0x4d, 0, (n), 1},                     \
		.address = IPV4(10, 1, (n), 2), .prefix = 24, .gateway = IPV4(10, 1, (n), 1), .mtu = 1500, __VA_ARGS__ \
	}

/* Likewise, without IPv4, and with the IPv6 net (.net6) that stands behind @n. */
#define INNER_LINK6(front_end, back_end, n, ...)                                                                       \
	{                                                                                                              \
		.kind = PLAN_LINK_NET, .front = (front_end), .back = (back_end), .index = (n),                         \
		.mac = {0x02, 0xca, 0x4d, 0, (n), 2}, .router_mac = {0x02, 0xca, 0x4d, 0, (n), 1}, .mtu = 1500,        \
		.net6 = __VA_ARGS__                                                                                    \
	}

/* The IPv6 of such a link, for .net6: fdca:4d00:0:n::2 and fdca:4d00:0:n::1. */
#define INNER_NET6(n)                                                                                                  \
	{                                                                                                              \
		.address = {0xfd, 0xca, 0x4d, 0, 0, 0, 0, (n), [15] = 2},                                              \
		.gateway = {0xfd, 0xca, 0x4d, 0, 0, 0, 0, (n), [15] = 1}, .prefix = 64                                 \
	}

#endif
