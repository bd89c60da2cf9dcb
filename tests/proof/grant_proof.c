/* SPDX-License-Identifier: BSD-2-Clause */
/* proves: vmm/core/grant.c */
#include <vmm/core/grant.h>
#include <vmm/core/mmu.h>

#include "world.h"

/* The frame core has proofs of its own; here it only counts. */
static uint32_t puts;

void frame_put(struct world *world, mfn_t mfn)
{
	(void)world, (void)mfn;
	puts++;
}

static struct grant page[GRANTS_PER_PAGE];

static void any_grants(void)
{
	any_world();
	for (unsigned i = 0; i < 4; i++) {
		page[i].peer = nondet_u32();
		page[i].flags = nondet_u32() % 4;
		page[i].maps = nondet_u32();
		page[i].mfn = nondet_u64() % FRAMES;
	}
	a.grants[0] = page;
	a.grant_count = nondet_u32();
}

/* Ranges among four references of which any are in use and any are mapped: all go, or none. */
static void revoke(uint32_t first, uint32_t count)
{
	struct grant old[4];
	uint32_t had;
	enum abi_error e;

	any_grants();
	had = a.grant_count;
	for (unsigned i = 0; i < 4; i++)
		old[i] = page[i];
	e = grant_revoke(&w, &a, first, count);
	REACH(e == HC_OK);
	REACH(e == HC_EBUSY);
	REACH(e == HC_EGRANT);
	PROVE(e == HC_OK || e == HC_EBUSY || e == HC_EGRANT);
	PROVE(puts == (e == HC_OK ? count : 0) && a.grant_count == had - puts);
	for (unsigned i = 0; i < 4; i++) {
		_Bool goes = e == HC_OK && i >= first && i < first + count;

		PROVE(page[i].peer == (goes ? DOMID_NONE : old[i].peer));
		PROVE(page[i].maps == old[i].maps && page[i].mfn == old[i].mfn);
		PROVE(!goes || (old[i].peer != DOMID_NONE && !old[i].maps));
	}
}

void proof_revoke_all(void)
{
	revoke(0, 4);
}

void proof_revoke_some(void)
{
	revoke(1, 2);
}

/* No range that leaves the table, or wraps, touches anything. */
void proof_revoke_range(void)
{
	uint32_t first = nondet_u32(), count = nondet_u32();
	enum abi_error e;

	any_world();
	ASSUME(count > 0);
	e = grant_revoke(&w, &a, first, count);
	REACH(first + count < first);
	REACH(first < GRANT_MAX && first + count == GRANT_MAX);
	PROVE(e == HC_EGRANT && puts == 0);
	PROVE(grant_retarget(&a, first, count, 7) == HC_EGRANT);
}

void proof_access(void)
{
	uint32_t ref = nondet_u32(), peer = nondet_u32();
	_Bool write = nondet_bool();
	mfn_t mfn = 99;

	any_grants();
	ASSUME(peer != DOMID_NONE);
	ASSUME(ref < 4 || ref >= GRANTS_PER_PAGE);
	if (grant_access(&a, peer, ref, write, &mfn) == HC_OK) {
		REACH(write);
		REACH(page[ref].flags & GRANT_READONLY);
		PROVE(ref < 4 && page[ref].peer == peer && mfn == page[ref].mfn);
		PROVE(!(page[ref].flags & GRANT_TRANSFER));
		PROVE(!write || !(page[ref].flags & GRANT_READONLY));
	} else {
		REACH(ref < 4 && page[ref].peer == peer);
		REACH(ref >= GRANT_MAX);
		PROVE(mfn == 99);
	}
}
