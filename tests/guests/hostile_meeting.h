/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a hostile driver and its victim (hostile_victim.c) meet: the victim's first references are this page, a secret
 * page that it takes back before the last attacks, and a page that is offered read-only. The victim follows the driver's
 * steps. Frame numbers are no secret: the driver learns them while the grants stand.
 */
#ifndef CAMBIUM_TESTS_HOSTILE_MEETING_H
#define CAMBIUM_TESTS_HOSTILE_MEETING_H

#include "raw_memory.h"

enum { MEETING_REF = 1, SECRET_REF, READONLY_REF };
enum { STEP_NONE, STEP_REVOKE, STEP_CHECK, STEP_DIE, STEP_END };

#define SECRET_WORD(i) (0x5ec2e70000000000ull + (i))
#define MEETING_DOMID(slot) (0x10000u | (uint32_t)(slot)) /* in its first life */

struct meeting {
	_Atomic uint32_t turn;   /* the driver's: one more for each step */
	_Atomic uint32_t answer; /* the victim's: the turn that it is done with */
	uint32_t step;           /* STEP_x of this turn */
	uint32_t changed;        /* words of the secret page that were not what they should be */
};

/* The driver's side. */
struct victim {
	uint32_t domid;
	struct meeting *meeting;
	uint64_t va; /* free for a mapping */
};

/* Maps reference @ref at v->va, which it then returns, the frame's bus address to *@bus; 0: refused. */
RAW uint64_t victim_map(const struct victim *v, uint32_t ref, uint32_t flags, uint64_t *bus)
{
	uint64_t mfn = 0;
	struct grant_map m = {
		.granter = v->domid, .first = ref, .count = 1, .flags = flags, .va = v->va, .mfns = (uint64_t)&mfn};

	if (hc_grant_map(&m))
		return 0;
	*bus = mfn << PAGE_SHIFT;
	return v->va;
}

/* Waits for the victim in @slot to be there. */
RAW void victim_meet(struct victim *v, int slot)
{
	uint64_t bus;

	*v = (struct victim){.domid = MEETING_DOMID(slot), .va = window_alloc(1)};
	while (!victim_map(v, READONLY_REF, GRANT_READONLY, &bus))
		hc_sched_block(raw_now() + 1000000);
	hc_grant_unmap(v->va, 1);
	v->meeting = (struct meeting *)victim_map(v, MEETING_REF, 0, &bus);
	v->va = window_alloc(1);
}

/* Has the victim do @step. */
RAW void victim_step(const struct victim *v, uint32_t step)
{
	v->meeting->step = step;
	v->meeting->turn++;
	while (step != STEP_DIE && v->meeting->answer != v->meeting->turn)
		hc_sched_block(raw_now() + 1000000);
}

/* Whether its secret page was changed. */
RAW bool victim_changed(const struct victim *v)
{
	victim_step(v, STEP_CHECK);
	return v->meeting->changed;
}

#endif
