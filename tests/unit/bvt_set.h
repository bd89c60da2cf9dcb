/* SPDX-License-Identifier: BSD-2-Clause */
/* One parameter of an entity at a time, by bvt_check() and bvt_set(), which take all. */
#ifndef CAMBIUM_TESTS_BVT_SET_H
#define CAMBIUM_TESTS_BVT_SET_H

#include <vmm/core/bvt.h>

/* Whether the running one must make way for @e, which wants to run. */
static inline bool bvt_wake(struct bvt_queue *q, struct bvt_entity *e, uint64_t now)
{
	return !bvt_wake_due(q, e, now);
}

static inline struct domain_schedule bvt_parameters(const struct bvt_entity *e)
{
	return (struct domain_schedule){.weight = e->weight,
					.cap = e->cap,
					.warp = e->warp.on ? e->warp.value : 0,
					.warp_limit = e->warp.limit,
					.unwarp = e->warp.unwarp,
					.cpus = e->affinity};
}

static inline enum abi_error bvt_apply(struct bvt_queue *q, struct bvt_entity *e, const struct domain_schedule *s,
				       uint64_t now)
{
	enum abi_error r = bvt_check(s, UINT64_MAX);

	if (r == HC_OK)
		bvt_set(q, e, s, now);
	return r;
}

static inline enum abi_error bvt_set_weight(struct bvt_queue *q, struct bvt_entity *e, uint32_t weight, uint64_t now)
{
	struct domain_schedule s = bvt_parameters(e);

	s.weight = weight;
	return bvt_apply(q, e, &s, now);
}

static inline enum abi_error bvt_set_warp(struct bvt_queue *q, struct bvt_entity *e, const struct bvt_warp *warp,
					  uint64_t now)
{
	struct domain_schedule s = bvt_parameters(e);

	s.warp = warp->on ? warp->value : 0;
	s.warp_limit = warp->limit;
	s.unwarp = warp->unwarp;
	return bvt_apply(q, e, &s, now);
}

static inline enum abi_error bvt_set_cap(struct bvt_queue *q, struct bvt_entity *e, uint32_t cap, uint64_t now)
{
	struct domain_schedule s = bvt_parameters(e);

	s.cap = cap;
	return bvt_apply(q, e, &s, now);
}

/* @present: a bit per CPU that exists. */
static inline enum abi_error bvt_set_affinity(struct bvt_entity *e, uint64_t affinity, uint64_t present)
{
	struct domain_schedule s = bvt_parameters(e);
	enum abi_error r;

	s.cpus = affinity;
	r = bvt_check(&s, present);
	if (r == HC_OK)
		e->affinity = affinity;
	return r;
}

#endif
