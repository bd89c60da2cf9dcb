/* SPDX-License-Identifier: BSD-2-Clause */
/* The frame table: ownership, references and the simple types. Table types are in vmm/core/mmu.h. */
#ifndef CAMBIUM_VMM_FRAME_H
#define CAMBIUM_VMM_FRAME_H

#include "world.h"

/* True when @mfn is a frame of RAM that the frame table covers. */
bool frame_is_ram(const struct world *w, mfn_t mfn);

/* Puts frame @mfn (owner OWNER_NONE) on the free list; for start-up. Like every free frame it is scrubbed when it is handed out. */
void frame_release_boot(struct world *w, mfn_t mfn);
/* Marks frame @mfn as @owner's (OWNER_HYPERVISOR or OWNER_BUNDLE or OWNER_STUBS); for start-up. */
void frame_reserve_boot(struct world *w, mfn_t mfn, uint32_t owner);

/*
 * A zeroed frame for the hypervisor's own use into *@out. HC_ENOMEM, or CORE_FLUSH_FIRST when the frame may still be in a
 * TLB.
 */
enum abi_error frame_alloc_own(struct world *w, mfn_t *out);
void frame_free_own(struct world *w, mfn_t mfn);

/* A zeroed frame for domain @d, with its owner's reference. HC_ENOMEM: none free or d->frame_max reached. */
enum abi_error frame_alloc(struct world *w, struct domain *d, mfn_t *out);
/* Drops the owner's reference; the frame is freed now, or when the last other reference goes. */
void frame_disown(struct world *w, struct domain *d, mfn_t mfn);

/* One more (one less) reference. get: HC_EFRAMEREF when the count would overflow. */
enum abi_error frame_get(struct world *w, mfn_t mfn);
void frame_put(struct world *w, mfn_t mfn);

/*
 * A reference that is typed FRAME_WRITABLE or FRAME_EXEC. HC_ETYPE: in use as another type. CORE_FLUSH_FIRST: was in use
 * as another type since the last flush.
 */
enum abi_error frame_get_type(struct world *w, mfn_t mfn, enum frame_type type);
void frame_put_type(struct world *w, mfn_t mfn);

/* Whether a change of use of @mfn has to wait for a flush of all TLBs. */
bool frame_needs_flush(const struct world *w, mfn_t mfn);
/* Whether @mfn, of no type now, has to wait for such a flush before it becomes @type. */
bool frame_type_needs_flush(const struct world *w, mfn_t mfn, enum frame_type type);
/* Bookkeeping of a type count that went to 0. */
void frame_type_dropped(struct world *w, mfn_t mfn);
/* Every TLB of every CPU has been flushed of guest translations just now. */
void frame_flushed(struct world *w);

#endif
