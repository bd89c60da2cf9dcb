/* SPDX-License-Identifier: BSD-2-Clause */
/* The frame table: ownership, references and the simple types. Table types are in vmm/core/mmu.h. */
#pragma once

#include "world.h"

/* True when @mfn is a frame of RAM that the frame table covers. */
bool frame_is_ram(const struct world *w, mfn_t mfn);

/* Puts frame @mfn (owner OWNER_NONE) on the free list; for start-up. Like every free frame it is scrubbed before it is handed out. */
void frame_release_boot(struct world *w, mfn_t mfn);
/* Marks frame @mfn as @owner's (OWNER_HYPERVISOR or OWNER_BUNDLE or OWNER_STUBS); for start-up. */
void frame_reserve_boot(struct world *w, mfn_t mfn, uint32_t owner);

/*
 * A zeroed frame for the hypervisor's own use into *@out. HC_ENOMEM, or CORE_FLUSH_FIRST when the frame may still be in a
 * TLB.
 */
enum abi_error frame_alloc_own(struct world *w, mfn_t *out);
void frame_free_own(struct world *w, mfn_t mfn);
/* Likewise, for the tables of @d and counted as its own. HC_ELIMIT: d->frame_target reached. */
enum abi_error frame_alloc_table(struct world *w, struct domain *d, void **page);
void frame_free_table(struct world *w, struct domain *d, void *page);

/* A zeroed frame for domain @d, with its owner's reference. HC_ENOMEM: none free; HC_ELIMIT: d->frame_target reached. */
enum abi_error frame_alloc(struct world *w, struct domain *d, mfn_t *out);
/* An aligned run of RUN_FRAMES of them, all or none; its first into *@out. */
enum abi_error frame_alloc_run(struct world *w, struct domain *d, mfn_t *out);
/* A zeroed frame for an image, into its list. HC_ENOMEM. */
enum abi_error frame_alloc_image(struct world *w, uint32_t owner, mfn_t *out);
/* Drops the owner's reference; the frame is freed now, or when the last other reference goes. */
void frame_disown(struct world *w, struct domain *d, mfn_t mfn);
void frame_disown_image(struct world *w, uint32_t owner, mfn_t mfn);
/* Gives frame @mfn of @d back. HC_EFRAME, HC_EBUSY (somebody uses it), HC_ETEXT. */
enum abi_error frame_give_back(struct world *w, struct domain *d, mfn_t mfn);
/*
 * Moves frame @mfn of @from to @to with its contents. It has the owner's reference and @others, which stay. HC_EBUSY: it
 * has more; HC_ETEXT; HC_ELIMIT: the target of @to is reached; CORE_FLUSH_FIRST.
 */
enum abi_error frame_move(struct world *w, struct domain *from, struct domain *to, mfn_t mfn, uint32_t others);

/* Changes what @d may have and what it is promised. HC_EINVAL, HC_ENOMEM. */
enum abi_error frame_set_target(struct world *w, struct domain *d, uint64_t target, uint64_t reserve);
/* How many frames count as those of @d. */
uint64_t frame_charge(const struct domain *d);

/*
 * Scrubs one free frame ahead of its use. HC_EAGAIN: enough are ready, or none is left; CORE_FLUSH_FIRST. For a CPU that
 * has nothing else to do.
 */
enum abi_error frame_scrub_ahead(struct world *w);

/* For frame_put: a frame without references goes to the free list. */
void frame_free(struct world *w, mfn_t mfn);

/* One more (one less) reference. get: HC_EFRAMEREF when the count would overflow. */
enum abi_error frame_get(struct world *w, mfn_t mfn);
void frame_put(struct world *w, mfn_t mfn);

/*
 * A reference that is typed @type: not a table, or the table type that the frame has already (HC_EUNPINNED: it has not).
 * HC_ETYPE: in use as another type. HC_ETEXT: text of a sealed domain. CORE_FLUSH_FIRST: was in use as another type since
 * the last flush.
 */
enum abi_error frame_get_type(struct world *w, mfn_t mfn, enum frame_type type);
void frame_put_type(struct world *w, mfn_t mfn);

/* A reference typed FRAME_WRITABLE for who is to @write, else an untyped one. */
static inline enum abi_error frame_hold(struct world *w, mfn_t mfn, bool write)
{
	return write ? frame_get_type(w, mfn, FRAME_WRITABLE) : frame_get(w, mfn);
}

static inline void frame_unhold(struct world *w, mfn_t mfn, bool write)
{
	if (write)
		frame_put_type(w, mfn);
	else
		frame_put(w, mfn);
}

/*
 * The first typed reference of frame @mfn, as a table of @level. HC_ESTATE: it is one already; HC_ETYPE: in use as something else;
 * HC_ETEXT, HC_EFRAMEREF, CORE_FLUSH_FIRST. never: takes that back, as if it had not been.
 */
enum abi_error frame_begin_table(struct world *w, mfn_t mfn, unsigned level);
void frame_never_table(struct world *w, mfn_t mfn);
/* Whether a change of owner of @mfn has to wait for a flush of all TLBs. */
bool frame_needs_flush(const struct world *w, mfn_t mfn);
/*
 * The TLB of @cpu has been flushed of guest translations since @begun, the answer of frame_flush_begin() before; or just now,
 * where nobody else changes the world meanwhile. These three alone may be called without the world.
 */
uint64_t frame_flush_begin(struct world *w);
void frame_flushed_since(struct world *w, uint32_t cpu, uint64_t begun);
void frame_flushed(struct world *w, uint32_t cpu);
