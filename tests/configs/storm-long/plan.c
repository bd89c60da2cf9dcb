/* SPDX-License-Identifier: BSD-2-Clause */
/* A storm of ten minutes, for `make soak`. */
#define JUDGE_WORDS "1 5000 600"
#include "../storm.h"

const struct plan_source plan_source = {
	.file = "tests/configs/storm-long/plan.c",
	.domains = domains,
	.domain_count = ARRAY_SIZE(domains),
};
