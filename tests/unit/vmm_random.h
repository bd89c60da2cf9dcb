/* SPDX-License-Identifier: BSD-2-Clause */
/* Random operations on a small world: what they choose among, and those on memory and images. */
#ifndef CAMBIUM_TESTS_VMM_RANDOM_H
#define CAMBIUM_TESTS_VMM_RANDOM_H

#include "vmm_world.h"

#define SLOTS 5u
#define FRAMES 200u
#define STEPS 6000u
#define IO_FIRST 100000ull

struct run {
	struct world *w;
	uint64_t r;
	struct domain *d; /* who acts */
};

static inline uint32_t random_below(struct run *t, uint32_t n)
{
	return tw_below(&t->r, n);
}

/* A frame of @d, now and then any of the machine. */
mfn_t random_any_frame(struct run *t, const struct domain *d);
/* A frame of @d of a type from @low to @high, if there is one nearby. */
mfn_t random_typed_frame(struct run *t, const struct domain *d, enum frame_type low, enum frame_type high);
struct domain *random_any_domain(struct run *t);
struct domain *random_any_alive(struct run *t);
uint32_t random_any_ref(struct run *t);
/* Changes both to an offer that the actor may use, if there is one nearby. */
void random_find_offer(struct run *t, struct domain **granter, uint32_t *r);
/* A frame of the image that the actor is attached to. */
mfn_t random_image_frame(struct run *t);

enum abi_error random_increase(struct run *t);
enum abi_error random_decrease(struct run *t);
enum abi_error random_target(struct run *t);
enum abi_error random_scrub(struct run *t);
enum abi_error random_transfer(struct run *t);
enum abi_error random_accept(struct run *t);
enum abi_error random_image(struct run *t);
/* As device_dma does it, whose door invalidates the IOTLB before it returns; here it does so now and then only. */
enum abi_error random_dma_enter(struct run *t);
enum abi_error random_dma_leave(struct run *t);

#endif
