/* SPDX-License-Identifier: BSD-2-Clause */
/* A thousand domains; each says when its main began, and then waits. */
#define PLAN_FILE "tests/configs/many/plan.c"
#define ONE(n) {.name = "idle" #n, .image = "idle", .cmdline = "idle", .mem_pages = 128},

#include "../thousand.h"
