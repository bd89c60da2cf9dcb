/* SPDX-License-Identifier: BSD-2-Clause */
/* The guests that try the unikernel's runtime out: its properties, its sockets over the loopback, its ways to crash. */
#include <tools/plan_source.h>

#define CRASH(kind)                                                                                                    \
	{                                                                                                              \
		.name = kind, .image = "crash", .cmdline = "crash " kind, .mem_pages = MIB(4), .window_pages = 512,    \
		.restart = PLAN_RESTART_NEVER                                                                          \
	}

/* A hundred words, all the same. */
#define TEN(word) word word word word word word word word word word
#define HUNDRED(word) TEN(TEN(word))

static const struct plan_domain domains[] = {
	{.name = "runtime",
	 .image = "runtime",
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

static const char *const lines[ARRAY_SIZE(domains)] = {
	"GREETING=\"two words\" _TWICE=1 EMPTY= _TWICE=2 runtime A=1 2=b" HUNDRED(
		" 0123456789012345678901234567890123456"),
};

const struct plan_source plan_source = {
	.file = "tests/configs/runtime/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
	.lines = lines,
};
