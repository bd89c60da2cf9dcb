/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Operations of domains, builders and the killer on a small world, chosen by the bytes of an input, with the oracle of
 * the unit tests (tests/unit/vmm_world.h): after each, everything is counted afresh, and a refusal has changed nothing.
 */
#ifndef CAMBIUM_TESTS_FUZZ_VMM_OPS_H
#define CAMBIUM_TESTS_FUZZ_VMM_OPS_H

#include <tests/unit/vmm_world.h>

#include "fuzz.h"

#define SLOTS 4u
#define FRAMES 168u
#define IO_FIRST 100000ull

struct vmm_run {
	struct world *w;
	struct fuzz_input in;
	struct domain *d; /* who acts; alive */
	uint64_t hash;    /* of the world before the operation */
	/* Text of sealed domains: the id of the domain that a frame was text of when it sealed itself. */
	uint32_t text_of[FRAMES];
	uint64_t image_sums[IMAGE_MAX]; /* of the contents of a sealed image; 0: not sealed */
	uint32_t image_ids[IMAGE_MAX];
};

/* HC_OK: something happened. Anything else: a refusal, which changes nothing. */
typedef enum abi_error vmm_op(struct vmm_run *t);

/*
 * Asks again after a flush where the core wants one; the wish itself changes nothing, and two in a row would be a
 * live-lock.
 */
#define FLUSHING(t, e, expression)                                                                                     \
	do {                                                                                                           \
		(e) = (expression);                                                                                    \
		if ((e) == CORE_FLUSH_FIRST) {                                                                         \
			cr_assert_eq(tw_hash((t)->w), (t)->hash, "%s wanted a flush and changed something",            \
				     #expression);                                                                     \
			tw_flush((t)->w);                                                                              \
			(e) = (expression);                                                                            \
		}                                                                                                      \
		cr_assert((e) != CORE_FLUSH_FIRST, "a flush leads to another flush: %s", #expression);                 \
	} while (0)

static inline uint32_t pick(struct vmm_run *t, uint32_t n)
{
	return fuzz_below(&t->in, n);
}

/* Choices: a frame of @d (rarely any number), one of a type from @low to @high, a live domain, an image's id. */
mfn_t any_frame(struct vmm_run *t, const struct domain *d);
mfn_t typed_frame(struct vmm_run *t, const struct domain *d, enum frame_type low, enum frame_type high);
struct domain *any_alive(struct vmm_run *t);
uint32_t any_image(struct vmm_run *t);
/* An entry for a table of @level, mostly one that may be, and an index of a table. */
uint64_t any_entry(struct vmm_run *t, unsigned level);
unsigned any_index(struct vmm_run *t);

vmm_op op_create, op_kill, op_release, op_flush, op_flush_one, op_seal;
vmm_op op_set_entry, op_set_run, op_pin, op_unpin, op_guest_writes, op_base;
vmm_op op_offer, op_revoke, op_retarget, op_map, op_unmap, op_copy, op_accept;
vmm_op op_alloc, op_alloc_run, op_give_back, op_target, op_scrub;
vmm_op op_image_create, op_image_populate, op_image_write, op_image_seal, op_image_attach, op_image_drop;
vmm_op op_device, op_dma_enter, op_dma_leave, op_dma_flush, op_flush_cpus;
vmm_op op_port_alloc, op_port_bind, op_port_pair, op_port_close, op_port_virq, op_port_send, op_port_unmask;

/* Runs the @count operations of @ops as @bytes say, in a fresh world, and takes it down to the last frame. */
void vmm_run(vmm_op *const *ops, unsigned count, const uint8_t *bytes, size_t len);
size_t vmm_seed(unsigned n, uint8_t *out);

#endif
