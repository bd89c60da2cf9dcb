/* SPDX-License-Identifier: BSD-2-Clause */
/* A thousand instances of apps/web without a network: what the memory of one is. */
#define PLAN_FILE "tests/configs/many-web/plan.c"
#define ONE(n) {.name = "web" #n, .image = "web", .cmdline = "web 80", .mem_pages = 224},

#include "../thousand.h"
