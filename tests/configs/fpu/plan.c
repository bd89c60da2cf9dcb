/* SPDX-License-Identifier: BSD-2-Clause */
/* Two that have values in the registers of the FPU for ever, and one that looks at what it finds there. */
#include <tools/plan_source.h>

#define FPU(n, words, vcpu_count)                                                                                      \
	{                                                                                                              \
		.name = n, .image = "fpu", .cmdline = "fpu " words, .mem_pages = MIB(4), .window_pages = 512,          \
		.vcpus = vcpu_count                                                                                    \
	}

static const struct plan_domain domains[] = {
	FPU("hold1", "1 0", 1),
	FPU("hold2", "2 0", 1),
	FPU("look", "7 20", 2),
};

const struct plan_source plan_source = {
	.file = "tests/configs/fpu/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
