/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The heaps of a queue of borrowed virtual time: skew heaps (Sleator and Tarjan 1986), least key first, of two equal ones who has run
 * less recently. Without allocation; O(log n) a step, amortised. @l: which of an entity's links. For vmm/core/bvt.c alone.
 */
#pragma once

#include "bvt.h"

bool bvt_before(const struct bvt_entity *a, const struct bvt_entity *b, unsigned l);
void bvt_insert(struct bvt_queue *q, struct bvt_entity *e, enum bvt_heap heap, bvt_virtual key);
/* Out of the heap where its link @l is. */
void bvt_take(struct bvt_entity *e, unsigned l);
