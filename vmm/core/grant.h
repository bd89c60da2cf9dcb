/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Grants: a domain offers frames to a named peer, which maps or copies them. The table is the hypervisor's alone, offers
 * are made by hypercall; buffer pools are offered once, so that this costs nothing per packet.
 */
#pragma once

#include "world.h"

/*
 * Finds @count consecutive free references of @d, growing its table. *@first. HC_ENOGRANT, HC_ENOMEM, HC_ELIMIT,
 * CORE_FLUSH_FIRST.
 */
enum abi_error grant_reserve(struct world *w, struct domain *d, uint32_t count, uint32_t *first);
/* What grant_offer would say of frame @mfn. */
enum abi_error grant_may_offer(const struct world *w, const struct domain *d, uint32_t flags, mfn_t mfn);
/*
 * Offers frame @mfn of @d to @peer under the free reference @ref. HC_EFRAME: not the domain's own, nor read-only data of
 * its image; HC_EREADONLY: such data can be offered with GRANT_READONLY alone.
 */
enum abi_error grant_offer(struct world *w, struct domain *d, uint32_t ref, domid_t peer, uint32_t flags, mfn_t mfn);
/* Takes back @count references from @first, all or none. HC_EGRANT, HC_EBUSY. */
enum abi_error grant_revoke(struct world *w, struct domain *d, uint32_t first, uint32_t count);
/* Reference @ref of @d; NULL: it is free, or there is none. */
struct grant *grant_find(const struct domain *d, uint32_t ref);
/* Gives references to a new peer. The caller has checked that the old ones' peers are dead. HC_EGRANT, HC_EBUSY. */
enum abi_error grant_retarget(struct domain *d, uint32_t first, uint32_t count, domid_t peer);
/* Whether somebody maps a frame of @d: nobody may when it starts. */
bool grant_any_mapped(const struct domain *d);

/*
 * Maps reference @ref of @granter into @mapper's level-1 entry (@table, @index). *@mfn is the frame. @flags GRANT_READONLY,
 * GRANT_DMA (for the mapper's devices too, if it owns any; HC_EINVAL: its own frame). HC_EGRANT, HC_EREADONLY, HC_EBUSY
 * (entry in use; its devices reach the frame already), HC_ETYPE, HC_ENOGRANT, HC_ENOMEM, CORE_FLUSH_FIRST.
 */
enum abi_error grant_map(struct world *w, struct domain *mapper, struct domain *granter, uint32_t ref, uint32_t flags,
			 mfn_t table, unsigned index, mfn_t *mfn);
/* Whether level-1 entry (@table, @index) holds a grant mapping. */
bool grant_is_mapping(const struct world *w, mfn_t table, unsigned index);
/* Drops the grant mapping in that entry. HC_EGRANT: there is none. The caller flushes, the IOTLB too when it is stale. */
enum abi_error grant_unmap(struct world *w, struct domain *mapper, mfn_t table, unsigned index);
/* Drops up to @budget mappings of a dead domain; true when none is left. */
bool grant_unmap_all(struct world *w, struct domain *mapper, unsigned budget);

/* Moves the frame that @granter offered under @ref with GRANT_TRANSFER to @taker. HC_EGRANT and the refusals of frame_move. */
enum abi_error grant_accept(struct world *w, struct domain *taker, struct domain *granter, uint32_t ref, mfn_t *mfn);

/*
 * Takes a reference on the frame behind reference @ref of @granter for @peer to read, or a typed one to @write; the offer counts
 * one mapping more with @map, else one copy under way, which a revocation waits for until grant_copied(). HC_EGRANT, HC_EREADONLY, HC_ETYPE, HC_ETEXT, HC_EFRAMEREF, CORE_FLUSH_FIRST.
 */
enum abi_error grant_hold(struct world *w, struct domain *granter, domid_t peer, uint32_t ref, bool write, bool map,
			  mfn_t *mfn);
/* The reference on @mfn goes, and with @granter (NULL: the copier's own frame) the count. */
void grant_copied(struct world *w, struct domain *granter, uint32_t ref, mfn_t mfn, bool write);
/* Whether grant_hold() would find such an offer, and its frame. */
enum abi_error grant_access(const struct domain *granter, domid_t peer, uint32_t ref, bool write, mfn_t *mfn);

/* Frees the tables of a dead domain without mappings. */
void grant_free_tables(struct world *w, struct domain *d);
