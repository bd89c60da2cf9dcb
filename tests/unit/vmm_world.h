/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small machine for the tests of the hypervisor's cores: memory is an array, frame 0 the hypervisor's, then the
 * hypercall page, two frames of bundle, free frames full of rubbish, and two frames at the end that are no RAM.
 * The TLB is a ghost that remembers, until the next flush, everything that a CPU could have cached; the IOTLB likewise
 * (vmm_ghost.h).
 */
#ifndef CAMBIUM_TESTS_VMM_WORLD_H
#define CAMBIUM_TESTS_VMM_WORLD_H

#include <criterion/criterion.h>

#include <vmm/core/domain.h>
#include <vmm/core/event.h>
#include <vmm/core/frame.h>
#include <vmm/core/grant.h>
#include <vmm/core/image.h>
#include <vmm/core/mmu.h>
#include <vmm/core/world.h>

#define TW_FRAMES_MAX 2048u
#define TW_STUBS 1u
#define TW_BUNDLE 2u
#define TW_FIRST 4u           /* the first frame that was free at the start */
#define TW_HOLE_FRAMES 2u     /* frames at the end that are no RAM */
#define TW_VA 0x400000ull     /* where tw_run() maps data pages */
#define TW_WINDOW 0x600000ull /* a level-1 table without entries */

/* What tw_run() made. */
struct tw_space {
	mfn_t root, l3, l2, l1, window; /* window: the level-1 table at TW_WINDOW */
	mfn_t text, data[4];            /* at TW_VA: text, then data, writable */
};

struct world *tw_new(unsigned frames);
void tw_free(struct world *w);

/* The peer that reference @ref of @d names, DOMID_NONE when it is free. */
domid_t tw_peer(const struct domain *d, uint32_t ref);

/* Range number @i of registers, from frame @first on, is a device's of @d. Whoever had it has it no more. */
#define TW_IO_RANGES 16u
void tw_io(unsigned i, const struct domain *d, mfn_t first, uint64_t count);

/* How many wake-ups there were, and a flush of every TLB: of the IOTLB first where that is stale, as the shell does it. */
unsigned tw_wakes(void);
unsigned tw_flushes(void);
void tw_flush(struct world *w);
/* Of the CPUs alone, of the IOTLB alone; the devices of a domain that dies are cut off. */
void tw_flush_cpus(struct world *w);
void tw_dma_flush(struct world *w);
void tw_dma_detach(const struct domain *d);
/* Takes all free frames but @left, into @kept in the order in which they will be taken. */
void tw_exhaust(struct world *w, unsigned left, mfn_t *kept);

/* Asks again after a flush where one is wanted; a second wish in a row would be a live-lock. */
#define TW_FLUSHING(w, e, expression)                                                                                  \
	do {                                                                                                           \
		(e) = (expression);                                                                                    \
		if ((e) == CORE_FLUSH_FIRST) {                                                                         \
			tw_flush(w);                                                                                   \
			(e) = (expression);                                                                            \
		}                                                                                                      \
		cr_assert((e) != CORE_FLUSH_FIRST, "a flush leads to another flush");                                  \
	} while (0)

/* A domain under construction; a frame of it; a domain that runs in the space it describes. */
struct domain *tw_domain(struct world *w, uint32_t slot, uint32_t max_pages, uint32_t capabilities);
mfn_t tw_frame(struct world *w, struct domain *d);
struct domain *tw_run(struct world *w, uint32_t slot, struct tw_space *s);
/* mmu_set_entry and the flush that it asks for, which it may do exactly where a translation was replaced. */
enum abi_error tw_set(struct world *w, struct domain *d, mfn_t table, unsigned index, uint64_t value);
/* Pins a tree of tables from the leaves up. */
void tw_pin_tree(struct world *w, struct domain *d, mfn_t table, unsigned level);
/* A sealed image of two frames, text and data. */
uint32_t tw_image(struct world *w, mfn_t *text, mfn_t *data);
/* Ends @d where it is alive, its devices cut off first, and releases it; returns the number of calls that it took. */
unsigned tw_release(struct world *w, struct domain *d);

static inline uint64_t *tw_table(struct world *w, mfn_t mfn)
{
	return world_page(w, mfn);
}

/* A level-1 entry: data (writable or not), text, table. */
static inline uint64_t tw_pte(mfn_t mfn, uint64_t rights)
{
	return mfn << PAGE_SHIFT | PTE_P | PTE_U | rights;
}

#define TW_DATA (PTE_W | PTE_NX)
#define TW_CONST PTE_NX
#define TW_TEXT 0ull
#define TW_TABLE PTE_W

/* Fixed pseudo-random numbers (xorshift64*). */
uint64_t tw_random(uint64_t *state);
static inline uint32_t tw_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)((tw_random(state) >> 33) % n);
}

/* Counts all references, types, lists, ports, grants and mappings afresh and compares; checks the ghost TLB. */
void tw_recount(struct world *w);
/* Frames that nobody owns and a mapping keeps; after a recount. */
unsigned tw_orphans(const struct world *w);
/* What a domain or its builder can observe of the world, as one number. */
uint64_t tw_hash(const struct world *w);
/* Forgets, or writes rubbish through, all stale writable translations. */
void tw_ghost_clear(void);
void tw_ghost_scribble(struct world *w);

/* Asserts that @expression answers @error and has changed nothing. */
#define TW_REFUSED(w, error, expression)                                                                               \
	do {                                                                                                           \
		uint64_t before_ = tw_hash(w);                                                                         \
		enum abi_error e_;                                                                                     \
		TW_FLUSHING(w, e_, expression);                                                                        \
		cr_assert_eq(e_, error, "%s: %s", #expression, abi_error_text(e_));                                    \
		cr_assert_eq(tw_hash(w), before_, "%s was refused and changed something", #expression);                \
	} while (0)

#define TW_OK(w, expression)                                                                                           \
	do {                                                                                                           \
		enum abi_error e_;                                                                                     \
		TW_FLUSHING(w, e_, expression);                                                                        \
		cr_assert_eq(e_, HC_OK, "%s: %s", #expression, abi_error_text(e_));                                    \
	} while (0)

#endif
