/* SPDX-License-Identifier: BSD-2-Clause */
/* A storm of a few seconds, for `make test`. */
#define JUDGE_WORDS "2 1500 0"
#include "../storm.h"

const struct plan_source plan_source = {
	.file = "tests/configs/storm/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
