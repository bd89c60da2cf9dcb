/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Direct paging (Barham et al., SOSP 2003, section 3.3): a domain's page tables are its own frames, hold machine frame
 * numbers and are validated when a frame becomes a table and at every update. Entries: abi/hypercall.h. A frame is a table
 * from pin to unpin, so that no call walks a tree: each does the work of one table at most.
 */
#pragma once

#include "world.h"

/*
 * Makes frame @mfn of @d a table of @level (1-4) after validating what it holds. HC_EFRAME, HC_ESTATE (it is one already),
 * HC_ETYPE, HC_EENTRY, HC_EUNPINNED, HC_ESEALED, HC_ETEXT, HC_EFRAMEREF: what the frame or an entry violates;
 * CORE_FLUSH_FIRST.
 */
enum abi_error mmu_pin(struct world *w, struct domain *d, mfn_t mfn, unsigned level);
/*
 * Makes it an ordinary frame again, all zero. HC_EFRAME, HC_ESTATE: it is no table; HC_ELINKED: linked, a root or with
 * grant mappings; HC_EAGAIN: some entries are gone, the rest of the table still stands. The caller flushes either way.
 */
enum abi_error mmu_unpin(struct world *w, struct domain *d, mfn_t mfn);

/* A reference to frame @mfn of @d as a table of @level, for who loads it into CR3. HC_EFRAME, HC_ETYPE, HC_EUNPINNED. */
enum abi_error mmu_link(struct world *w, struct domain *d, mfn_t mfn, unsigned level);
void mmu_unlink(struct world *w, mfn_t mfn);

/*
 * Sets entry @index of table @table of @d. HC_ENOTABLE: not a table of this domain; HC_EADDRESS: an index that is not the
 * guest's (level 4: 255 and up); HC_EGRANTED: the old entry is a grant mapping; and the refusals of mmu_pin. HC_ERUN: a
 * 2 MiB entry of frames that are not an aligned run of its own. *@flush becomes true when an old translation may remain.
 */
enum abi_error mmu_set_entry(struct world *w, struct domain *d, mfn_t table, unsigned index, uint64_t value,
			     bool *flush);

/* The entry of @level that maps @va under @root: its table into *@table, index into *@index. HC_ENOTABLE, HC_EADDRESS. */
enum abi_error mmu_walk(const struct world *w, mfn_t root, uint64_t va, unsigned level, mfn_t *table, unsigned *index);

/*
 * For grants: writes or clears an entry that carries PTE_GRANT. set: the entry must be zero, the table a level-1 table;
 * holds a typed reference on the table so that it stays one. Both leave the granted frame's references to the caller.
 */
enum abi_error mmu_grant_set(struct world *w, mfn_t table, unsigned index, uint64_t value);
void mmu_grant_clear(struct world *w, mfn_t table, unsigned index);
/* Nobody finds the page by such an entry any more; it still holds what it held. */
void mmu_grant_hide(struct world *w, mfn_t table, unsigned index);
