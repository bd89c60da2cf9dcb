/* SPDX-License-Identifier: BSD-2-Clause */
/* The books of vmm/core/bvt.c, counted from scratch: heaps, counts, sums, virtual times. */
#ifndef CAMBIUM_TESTS_BVT_RECOUNT_H
#define CAMBIUM_TESTS_BVT_RECOUNT_H

#include <vmm/core/bvt.h>

/* @count entities at @e are all that could be in @q. */
void bvt_recount(const struct bvt_queue *q, const struct bvt_entity *e, unsigned count);

#endif
