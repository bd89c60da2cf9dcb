/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the domains of a storm meet. Each offers a board to the judge, who tells by it when to work, when to rest and when
 * to end, and one to its peer, on which the references that it offers change all the time.
 */
#ifndef CAMBIUM_TESTS_STORM_H
#define CAMBIUM_TESTS_STORM_H

#include "raw_memory.h"

#include <stdlib.h>

enum { STORM_JUDGE_REF = 1, STORM_PEER_REF }; /* the first references of whoever has a board */

#define STORM_DOMID(slot) (0x10000u | (uint32_t)(slot)) /* in its first life */
#define STORM_LANES 2u                                  /* one for each vCPU */
#define STORM_PAGES 4u
#define STORM_END UINT32_MAX /* the phase after the last; before it, odd: work, even: rest */
#define STORM_MOMENT 200000u /* ns */

enum { STORM_MAIL = STORM_PAGES, STORM_TABLE, STORM_GIFT, STORM_OBJECTS };

/*
 * Written by one vCPU. An offer is a serial number << 32 | reference, 0 while there is none, and becomes 0 before it is
 * revoked: who still reads it after a reference was mapped has mapped what was meant.
 */
struct storm_lane {
	_Atomic uint64_t offer[STORM_OBJECTS];
	_Atomic uint64_t took;       /* the peer's gift that was taken last */
	_Atomic uint64_t port, sent; /* serial << 32 | port; the peer's one that was bound and notified last */
	_Atomic uint32_t calm;       /* the phase since which nothing of the peer is in use */
	_Atomic uint32_t answered;   /* the phase in which it rests */
	_Atomic uint32_t rounds, holes;
};

struct storm_board {
	_Atomic uint32_t phase; /* the judge's */
	uint32_t lanes;
	struct storm_lane lane[STORM_LANES];
};

RAW void storm_wait(void)
{
	RAW_SHARED->vcpu[0].upcall_pending = 0;
	hc_sched_block(raw_now() + STORM_MOMENT);
}

/* Offers @mfn to the domain in @slot when it is there; its reference is to be @ref. */
RAW void storm_offer(uint32_t slot, uint32_t ref, uint32_t flags, uint64_t mfn)
{
	int64_t result;

	while ((result = raw_offer_result(STORM_DOMID(slot), flags, mfn)) == -HC_ENODOM)
		storm_wait();
	raw_expect_number("a board offered", result, ref);
}

/* Maps reference @ref of the domain in @slot when it is there. */
RAW void *storm_meet(uint32_t slot, uint32_t ref, uint32_t flags)
{
	uint64_t va = window_alloc(1);

	while (raw_grant_map(STORM_DOMID(slot), ref, flags, va))
		storm_wait();
	return (void *)va;
}

#endif
