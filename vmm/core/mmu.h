/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Direct paging (Barham et al., SOSP 2003, section 3.3): a domain's page tables are its own frames, hold machine frame
 * numbers and are validated when a frame becomes a table and at every update. Entries: abi/hypercall.h.
 */
#ifndef CAMBIUM_VMM_MMU_H
#define CAMBIUM_VMM_MMU_H

#include "world.h"

/*
 * A reference to frame @mfn of @d as a table of @level (1-4), validating it and all below it when it is not one yet.
 * HC_EFRAME, HC_ETYPE, HC_EENTRY, HC_ESEALED, HC_EFRAMEREF: what the frame or an entry below it violates; CORE_FLUSH_FIRST.
 */
enum abi_error mmu_get_table(struct world *w, struct domain *d, mfn_t mfn, unsigned level);
/* Drops one; the last one releases everything that the table held. */
void mmu_put_table(struct world *w, struct domain *d, mfn_t mfn);

/*
 * Sets entry @index of table @table of @d. HC_ENOTABLE: not a table of this domain; HC_EADDRESS: an index that is not the
 * guest's (level 4: 255 and up); HC_EGRANTED: the old entry is a grant mapping; and the refusals of mmu_get_table. *@flush
 * becomes true when an old translation may remain.
 */
enum abi_error mmu_set_entry(struct world *w, struct domain *d, mfn_t table, unsigned index, uint64_t value,
			     bool *flush);

/* The level-1 entry that maps @va under @root: its table into *@table, index into *@index. HC_ENOTABLE, HC_EADDRESS. */
enum abi_error mmu_walk(const struct world *w, mfn_t root, uint64_t va, mfn_t *table, unsigned *index);

/* Pins frame @mfn as a table of @level, or unpins it. HC_ESTATE: already (not) pinned. */
enum abi_error mmu_pin(struct world *w, struct domain *d, mfn_t mfn, unsigned level);
enum abi_error mmu_unpin(struct world *w, struct domain *d, mfn_t mfn);

/*
 * For grants: writes or clears an entry that carries PTE_GRANT. set: the entry must be zero, the table a level-1 table;
 * holds a typed reference on the table so that it stays one. Both leave the granted frame's references to the caller.
 */
enum abi_error mmu_grant_set(struct world *w, mfn_t table, unsigned index, uint64_t value);
void mmu_grant_clear(struct world *w, struct domain *d, mfn_t table, unsigned index);

#endif
