/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Four domains with two vCPUs each, in pairs that storm at each other's frames, and two that make and end domains, all at
 * once; the judge moves them and counts. @JUDGE_WORDS: CHECKS ROUNDS SECONDS. Slots are places + 1.
 */
#include <tools/plan_source.h>

#define STORM(n, peer)                                                                                                 \
	{                                                                                                              \
		.name = n, .image = "storm", .cmdline = "storm " peer " 1", .mem_pages = MIB(4),                       \
		.mem_max_pages = MIB(5), .window_pages = 512, .vcpus = 2                                               \
	}
#define BUILDER(n, first)                                                                                              \
	{                                                                                                              \
		.name = n, .image = "soak", .cmdline = "soak 0 1 " first, .mem_pages = MIB(4), .window_pages = 512,    \
		.capabilities = CAP_DOMAIN                                                                             \
	}

static const struct plan_domain domains[] = {
	{.name = "judge",
	 .image = "storm_judge",
	 .cmdline = "storm_judge " JUDGE_WORDS " 2 7",
	 .mem_pages = MIB(4),
	 .window_pages = 512,
	 .capabilities = CAP_DOMAIN},
	STORM("storm2", "3"),
	STORM("storm3", "2"),
	STORM("storm4", "5"),
	STORM("storm5", "4"),
	BUILDER("builder6", "100"),
	BUILDER("builder7", "600"),
};
