/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile guests beside a web server and its router. Each starts with the machine and is not started again, but for
 * those that show several ends: they do another one in each of their lives.
 */
#include <tools/plan_source.h>

enum { ROUTER, WEB1, RINGS, GIVER, TAKER, FIRST_HOSTILE };
enum { IF_WEB1 = 1, IF_RINGS = 3 };

#define HOSTILE(n, words, again)                                                                                       \
	{                                                                                                              \
		.name = n, .image = n, .cmdline = words, .mem_pages = MIB(4), .mem_max_pages = MIB(5),                 \
		.window_pages = 512, .restart = again                                                                  \
	}

/* One of two that are after each other's grants. */
#define PARTY(n, words)                                                                                                \
	{                                                                                                              \
		.name = n, .image = "transfer", .cmdline = words, .mem_pages = MIB(4), .mem_max_pages = MIB(5),        \
		.window_pages = 512, .restart = PLAN_RESTART_NEVER                                                     \
	}

/* May build domains. */
#define BUILDER(n, words)                                                                                              \
	{                                                                                                              \
		.name = n, .image = n, .cmdline = words, .mem_pages = MIB(4), .mem_max_pages = MIB(5),                 \
		.window_pages = 512, .capabilities = CAP_DOMAIN, .restart = PLAN_RESTART_NEVER                         \
	}

/* Several lives, until one exits with 0. */
#define AGAIN(n, file, words)                                                                                          \
	{                                                                                                              \
		.name = n, .image = file, .cmdline = words, .mem_pages = MIB(4), .mem_max_pages = MIB(5),              \
		.window_pages = 512, .restart = PLAN_RESTART_ON_CRASH                                                  \
	}

static const struct plan_domain domains[] = {
	[ROUTER] = ROUTER_DOMAIN("router stats=5", .restart = PLAN_RESTART_ALWAYS, .uplink = QEMU_UPLINK),
	[WEB1] = WEB_DOMAIN("web1", "web 80", .restart = PLAN_RESTART_ALWAYS),
	[RINGS] = AGAIN("rings", "rings", "rings"),
	/* each other's peers, by their slots */
	[GIVER] = PARTY("giver", "transfer giver 5"),
	[TAKER] = PARTY("taker", "transfer taker 4"),
	[FIRST_HOSTILE] = HOSTILE("memory", "memory", PLAN_RESTART_NEVER),
	HOSTILE("frames", "frames", PLAN_RESTART_NEVER),
	HOSTILE("tables", "tables", PLAN_RESTART_NEVER),
	HOSTILE("entries", "entries", PLAN_RESTART_NEVER),
	HOSTILE("types", "types", PLAN_RESTART_NEVER),
	HOSTILE("runs", "runs", PLAN_RESTART_NEVER),
	HOSTILE("reserve", "reserve", PLAN_RESTART_NEVER),
	HOSTILE("refs", "refs", PLAN_RESTART_NEVER),
	BUILDER("builder", "builder"),
	BUILDER("child", "child"),
	BUILDER("ledger", "ledger"),
	HOSTILE("exec", "exec", PLAN_RESTART_NEVER),
	HOSTILE("opcodes", "opcodes", PLAN_RESTART_NEVER),
	HOSTILE("pointers", "pointers", PLAN_RESTART_NEVER),
	HOSTILE("grants", "grants", PLAN_RESTART_NEVER),
	HOSTILE("upcall", "upcall", PLAN_RESTART_NEVER),
	HOSTILE("flags", "flags", PLAN_RESTART_NEVER),
	HOSTILE("window", "window", PLAN_RESTART_NEVER),
	HOSTILE("bases", "bases", PLAN_RESTART_NEVER),
	HOSTILE("jumps", "jumps", PLAN_RESTART_NEVER),
	HOSTILE("events", "events", PLAN_RESTART_NEVER),
	AGAIN("ends1", "ends", "ends 1"),
	AGAIN("ends7", "ends", "ends 7"),
	AGAIN("ends13", "ends", "ends 13"),
	HOSTILE("flood", "flood", PLAN_RESTART_NEVER),
	HOSTILE("spin", "spin", PLAN_RESTART_NEVER),
};

static const struct plan_link links[] = {
	INNER_LINK(WEB1, ROUTER, IF_WEB1),
	INNER_LINK(RINGS, ROUTER, IF_RINGS),
};

const struct plan_source plan_source = {
	.file = "tests/configs/hostile/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
