/* SPDX-License-Identifier: BSD-2-Clause */
/* The guests that try the unikernel's runtime out: its properties, its sockets over the loopback, its ways to crash. */
#include <tools/plan_source.h>

#define CRASH(kind)                                                                                                    \
	{                                                                                                              \
		.name = kind, .image = "crash", .cmdline = "crash " kind, .mem_pages = MIB(4), .window_pages = 512,    \
		.restart = PLAN_RESTART_NEVER                                                                          \
	}

static const struct plan_domain domains[] = {
	{.name = "runtime",
	 .image = "runtime",
	 .cmdline = "runtime",
	 .mem_pages = MIB(16),
	 .window_pages = 512,
	 .restart = PLAN_RESTART_NEVER},
	{.name = "sockets",
	 .image = "sockets",
	 .cmdline = "sockets",
	 .mem_pages = MIB(32),
	 .window_pages = 512,
	 .restart = PLAN_RESTART_NEVER},
	{.name = "sockets6",
	 .image = "sockets6",
	 .cmdline = "sockets6",
	 .mem_pages = MIB(16),
	 .window_pages = 512,
	 .restart = PLAN_RESTART_NEVER},
	CRASH("null"),
	CRASH("readonly"),
	CRASH("execute"),
	CRASH("opcode"),
	CRASH("divide"),
	CRASH("abort"),
	CRASH("smash"),
	CRASH("overflow"),
	CRASH("thread-overflow"),
};

const struct plan_source plan_source = {
	.file = "tests/configs/runtime/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
