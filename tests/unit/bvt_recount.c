/* SPDX-License-Identifier: BSD-2-Clause */
/* The scheduler's books, counted from scratch; see bvt_recount.h. */
#include "bvt_recount.h"

#include <criterion/criterion.h>

#include <vmm/core/bvt.h>

/* How many are in the heap at *@at; each pointer is known to whom it leads to, and no child is before its parent. */
static unsigned heap_count(struct bvt_entity *const *at, const struct bvt_queue *q, unsigned l, enum bvt_place place)
{
	struct bvt_entity *const *todo[1100] = {at};
	unsigned left = 1, count = 0;

	while (left) {
		struct bvt_entity *const *p = todo[--left], *const * child[2];

		if (!*p)
			continue;
		count++;
		cr_assert(count < 1050, "a heap goes round in circles");
		cr_assert_eq((*p)->link[l].home, p);
		cr_assert_eq((*p)->queue, q);
		cr_assert_eq((*p)->place, place);
		child[0] = &(*p)->link[l].left;
		child[1] = &(*p)->link[l].right;
		for (unsigned k = 0; k < 2; k++) {
			const struct bvt_entity *c = *child[k];

			todo[left++] = child[k];
			if (c)
				cr_assert(c->link[l].key > (*p)->link[l].key ||
						  (c->link[l].key == (*p)->link[l].key && c->turn > (*p)->turn),
					  "a child is before its parent");
		}
	}
	return count;
}

static bvt_virtual effective(const struct bvt_entity *e)
{
	return e->actual - (e->warped ? (bvt_virtual)e->warp.value * 65536 / BVT_WEIGHT_DEFAULT : 0);
}

static void entity_check(const struct bvt_queue *q, const struct bvt_entity *e)
{
	bool wants = e->state == BVT_WAITING || e->state == BVT_STOLEN;
	int64_t full = (int64_t)e->cap * (int64_t)BVT_CAP_PERIOD;

	cr_assert_eq(e->place != BVT_NOWHERE, wants);
	cr_assert_eq(e->state == BVT_RUNNING, q->running == e);
	cr_assert(e->budget <= full && e->budget >= -BVT_CAP_DEBT * full);
	cr_assert(e->rest < e->weight);
	cr_assert(!e->warped || (e->warp.on && (!e->warp.limit || e->warp_used < e->warp.limit)));
	if (e->place != BVT_QUEUED && e->state != BVT_RUNNING)
		return;
	cr_assert(e->actual >= q->svt, "a runnable one lies before SVT");
	if (e->place != BVT_QUEUED)
		return;
	cr_assert(!e->cap || e->budget > 0, "queued out of budget");
	cr_assert(e->link[0].key == effective(e) && (!e->warped || e->link[1].key == e->actual),
		  "a key is not what it is of");
}

void bvt_recount(const struct bvt_queue *q, const struct bvt_entity *e, unsigned count)
{
	unsigned queued = 0, warped = 0, parked = 0;

	for (unsigned i = 0; i < count; i++) {
		if (e[i].queue != q)
			continue;
		entity_check(q, &e[i]);
		queued += e[i].place == BVT_QUEUED;
		warped += e[i].place == BVT_QUEUED && e[i].warped;
		parked += e[i].place == BVT_PARKED;
	}
	cr_assert_eq(q->count, queued);
	cr_assert_eq(heap_count(&q->heap[BVT_PLAIN], q, 0, BVT_QUEUED), queued - warped);
	cr_assert_eq(heap_count(&q->heap[BVT_WARPED], q, 0, BVT_QUEUED), warped);
	cr_assert_eq(heap_count(&q->heap[BVT_WARPED_BY_ACTUAL], q, 1, BVT_QUEUED), warped);
	cr_assert_eq(heap_count(&q->heap[BVT_BY_REFILL], q, 0, BVT_PARKED), parked);
	cr_assert(!q->donor || (q->running && q->donor != q->running && q->donor->queue == q && q->donated));
	cr_assert(!q->donor || !q->donor->cap || q->donor->budget > 0, "a donor is out of budget");
}
