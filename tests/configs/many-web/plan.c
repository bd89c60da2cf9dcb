/* SPDX-License-Identifier: BSD-2-Clause */
/* A thousand instances of apps/web without a network: what the memory of one is. For -m 1G. */
#include <tools/plan_source.h>

#define IDLE(n) {.name = "web" #n, .image = "web", .cmdline = "web 80", .mem_pages = 224},
#define TEN(n)                                                                                                         \
	IDLE(n##0)                                                                                                     \
	IDLE(n##1) IDLE(n##2) IDLE(n##3) IDLE(n##4) IDLE(n##5) IDLE(n##6) IDLE(n##7) IDLE(n##8) IDLE(n##9)
#define HUNDRED(n)                                                                                                     \
	TEN(n##0)                                                                                                      \
	TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) TEN(n##5) TEN(n##6) TEN(n##7) TEN(n##8) TEN(n##9)

static const struct plan_domain domains[] = {HUNDRED(0) HUNDRED(1) HUNDRED(2) HUNDRED(3) HUNDRED(4) HUNDRED(5)
						     HUNDRED(6) HUNDRED(7) HUNDRED(8) HUNDRED(9)};

const struct plan_source plan_source = {
	.file = "tests/configs/many-web/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
