/* SPDX-License-Identifier: BSD-2-Clause */
/* No domain at all: what the hypervisor and the control domain do by themselves. */
#include <tools/plan_source.h>

const struct plan_source plan_source = {.file = "tests/configs/bare/plan.c"};
