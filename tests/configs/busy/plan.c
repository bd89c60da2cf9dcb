/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forty domains that spin, so that the control domain waits long for the CPU, often in the middle of a line; and four
 * whose every end is told by the hypervisor as well as by the control domain.
 */
#include <tools/plan_source.h>

#define SPINS(n) SPIN(n##0) SPIN(n##1) SPIN(n##2) SPIN(n##3) SPIN(n##4) SPIN(n##5) SPIN(n##6) SPIN(n##7)
#define SPIN(n) {.name = "spin" #n, .image = "spin", .cmdline = "spin", .mem_pages = MIB(4), .window_pages = 512},
#define TALK(n)                                                                                                        \
	{                                                                                                              \
		.name = n, .image = "talk", .cmdline = "talk 1200", .mem_pages = MIB(4), .window_pages = 512,          \
		.capabilities = CAP_DOMAIN, .restart = PLAN_RESTART_ALWAYS                                             \
	}

static const struct plan_domain domains[] = {TALK("talk1"), TALK("talk2"), TALK("talk3"), TALK("talk4"),
					     SPINS(1) SPINS(2) SPINS(3) SPINS(4) SPINS(5)};

const struct plan_source plan_source = {
	.file = "tests/configs/busy/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
