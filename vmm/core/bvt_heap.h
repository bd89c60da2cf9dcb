/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The heaps of a queue of borrowed virtual time: skew heaps (Sleator and Tarjan 1986), least key first, of two equal ones who has run
 * less recently. Without allocation; O(log n) a step, amortised. @l: which of an entity's links. For vmm/core/bvt.c alone.
 */
#pragma once

#include "bvt.h"

static inline bool bvt_before(const struct bvt_entity *a, const struct bvt_entity *b, unsigned l)
{
	return a->link[l].key != b->link[l].key ? a->link[l].key < b->link[l].key : a->turn < b->turn;
}

/* Two heaps become one at @at. */
void bvt_merge(struct bvt_entity **at, struct bvt_entity *a, struct bvt_entity *b, unsigned l);

static inline void bvt_insert(struct bvt_queue *q, struct bvt_entity *e, enum bvt_heap heap, bvt_virtual key)
{
	unsigned l = heap == BVT_WARPED_BY_ACTUAL;
	struct bvt_entity **at = &q->heap[heap];
	struct bvt_link *k = &e->link[l];

	k->key = key;
	k->left = k->right = NULL;
	k->home = at;
	if (*at)
		bvt_merge(at, *at, e, l);
	else
		*at = e;
}

/* Out of the heap where its link @l is. */
static inline void bvt_take(struct bvt_entity *e, unsigned l)
{
	struct bvt_link *k = &e->link[l];

	if (k->left || k->right)
		bvt_merge(k->home, k->left, k->right, l);
	else
		*k->home = NULL;
}
