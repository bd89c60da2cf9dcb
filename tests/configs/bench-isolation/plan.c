/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two well-behaved services and their antisocial neighbours, which the bench ends first and starts one at a time. All have the same
 * weight but for the router; none has a warp or a cap.
 */
#include <tools/plan_source.h>

enum { ROUTER, WEB1, WEB2, SINK, SLEEPER, FIRST_ANTISOCIAL };
enum { IF_WEB1 = 1, IF_WEB2 = 2, IF_SINK = 3 };

#define ANTISOCIAL(n, file, words, capability)                                                                         \
	{                                                                                                              \
		.name = n, .image = file, .cmdline = words, .mem_pages = MIB(24), .window_pages = 512,                 \
		.capabilities = capability, .restart = PLAN_RESTART_NEVER                                              \
	}

static const struct plan_domain domains[] = {
	[ROUTER] = ROUTER_DOMAIN("router stats=1", .uplink = QEMU_UPLINK),
	[WEB1] = WEB_DOMAIN("web1", "web 80", .restart = PLAN_RESTART_NEVER),
	[WEB2] = WEB_DOMAIN("web2", "web 80", .restart = PLAN_RESTART_NEVER),
	[SINK] = ANTISOCIAL("sink", "antisocial", "antisocial sink", 0),
	/* Takes nothing of what the storm sends it, but wakes up for it. */
	[SLEEPER] = ANTISOCIAL("sleeper", "antisocial", "antisocial count 86400000 86400001", 0),
	ANTISOCIAL("spin", "antisocial", "antisocial spin", 0),
	ANTISOCIAL("churn", "soak", "soak 100000000 beside", CAP_DOMAIN),
	ANTISOCIAL("thrash", "antisocial", "antisocial thrash", 0),
	/* to the sleeper: its slot is one more than its place */
	ANTISOCIAL("events", "antisocial", "antisocial events 5", CAP_DOMAIN),
	ANTISOCIAL("flood", "antisocial", "antisocial flood", 0),
	ANTISOCIAL("calls", "antisocial", "antisocial calls", 0),
};

static const struct plan_link links[] = {
	INNER_LINK(WEB1, ROUTER, IF_WEB1),
	INNER_LINK(WEB2, ROUTER, IF_WEB2),
	INNER_LINK(SINK, ROUTER, IF_SINK),
};

const struct plan_source plan_source = {
	.file = "tests/configs/bench-isolation/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.links = links,
	.link_count = ARRAY_SIZE(links),
};
