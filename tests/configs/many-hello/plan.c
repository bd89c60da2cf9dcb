/* SPDX-License-Identifier: BSD-2-Clause */
/* A thousand instances of apps/hello, each counting for ever. */
#define PLAN_FILE "tests/configs/many-hello/plan.c"
#define ONE(n) {.name = "hello" #n, .image = "hello", .cmdline = "hello 0", .mem_pages = 128},

#include "../thousand.h"
