/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plan of a thousand equal domains, as many as a plan may have: the includer defines ONE(n), the initialiser of the domain
 * whose number is the three digits n, and PLAN_FILE. For machines with -m 1G.
 */
#include <tools/plan_source.h>

#define TEN(n)                                                                                                         \
	ONE(n##0)                                                                                                      \
	ONE(n##1) ONE(n##2) ONE(n##3) ONE(n##4) ONE(n##5) ONE(n##6) ONE(n##7) ONE(n##8) ONE(n##9)
#define HUNDRED(n)                                                                                                     \
	TEN(n##0)                                                                                                      \
	TEN(n##1) TEN(n##2) TEN(n##3) TEN(n##4) TEN(n##5) TEN(n##6) TEN(n##7) TEN(n##8) TEN(n##9)

static const struct plan_domain domains[] = {HUNDRED(0) HUNDRED(1) HUNDRED(2) HUNDRED(3) HUNDRED(4) HUNDRED(5)
						     HUNDRED(6) HUNDRED(7) HUNDRED(8) HUNDRED(9)};

const struct plan_source plan_source = {
	.file = PLAN_FILE,
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
