/* SPDX-License-Identifier: BSD-2-Clause */
#include "bvt_heap.h"

static void put(struct bvt_entity **at, struct bvt_entity *e, unsigned l)
{
	*at = e;
	if (e)
		e->link[l].home = at;
}

/* Each step goes on to the right and turns left and right about. */
void bvt_merge(struct bvt_entity **at, struct bvt_entity *a, struct bvt_entity *b, unsigned l)
{
	while (a && b) {
		struct bvt_entity *first = bvt_before(b, a, l) ? b : a, *right = first->link[l].right;

		*(first == a ? &a : &b) = right;
		put(at, first, l);
		put(&first->link[l].right, first->link[l].left, l);
		at = &first->link[l].left;
	}
	put(at, a ? a : b, l);
}
