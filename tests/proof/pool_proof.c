/* SPDX-License-Identifier: BSD-2-Clause */
/* proves: vmm/core/frame_pool.c vmm/core/frame.c */
#include "world.h"

static void any_domain(struct domain *d)
{
	d->frame_count = nondet_u32();
	d->table_count = nondet_u32();
	d->frame_max = nondet_u32();
	d->frame_target = nondet_u32();
	d->frame_reserve = nondet_u32();
	ASSUME(d->frame_target <= d->frame_max && d->frame_reserve <= d->frame_target);
}

static uint64_t shortfall_of(const struct domain *d)
{
	return d->frame_reserve > frame_charge(d) ? d->frame_reserve - frame_charge(d) : 0;
}

static void any_pool(void)
{
	any_world();
	any_domain(&a);
	any_domain(&b);
	w.frames_free = nondet_u32();
	w.frames_promised = shortfall_of(&a) + shortfall_of(&b);
	ASSUME(w.frames_promised <= w.frames_free);
}

static void books_right(void)
{
	PROVE(w.frames_promised == shortfall_of(&a) + shortfall_of(&b));
	PROVE(w.frames_promised <= w.frames_free);
	PROVE(a.frame_reserve <= a.frame_target && b.frame_reserve <= b.frame_target);
}

void proof_set_target(void)
{
	uint64_t target = nondet_u64(), reserve = nondet_u64(), old_target, old_reserve;
	enum abi_error e;

	any_pool();
	old_target = a.frame_target;
	old_reserve = a.frame_reserve;
	e = frame_set_target(&w, &a, target, reserve);
	REACH(e == HC_OK && reserve > old_reserve);
	REACH(e == HC_OK && reserve < old_reserve);
	REACH(e == HC_ENOMEM);
	REACH(e == HC_EINVAL);
	if (e == HC_OK)
		PROVE(a.frame_target == target && a.frame_reserve == reserve && target <= a.frame_max);
	else
		PROVE(a.frame_target == old_target && a.frame_reserve == old_reserve);
	books_right();
}

/* A frame of one domain, alone in its list, moves to the other, which has none. */
void proof_move(void)
{
	mfn_t m = nondet_u64();
	uint32_t others = nondet_u32() % 2;
	enum abi_error e;

	any_pool();
	ASSUME(m > 0 && m < FRAMES && frames[m].owner == a.id && a.frame_count > 0);
	a.frame_list = (uint32_t)m;
	b.frame_list = 0;
	e = frame_move(&w, &a, &b, m, others);
	REACH(e == HC_OK);
	REACH(e == HC_EBUSY);
	REACH(e == HC_ETEXT);
	REACH(e == HC_ELIMIT);
	if (e == HC_OK) {
		PROVE(before[m].refs == 1 + others && frames[m].refs == before[m].refs);
		PROVE(frames[m].owner == b.id && frames[m].last_type == FRAME_NONE);
		PROVE(before[m].stamp < w.flushed);
		PROVE(frame_charge(&b) <= b.frame_target);
		PROVE(b.frame_list == m && a.frame_list == 0);
	} else {
		PROVE(counts_unchanged(m) && a.frame_list == m && b.frame_list == 0);
	}
	books_right();
}

/* A frame that is not the domain's, or that somebody uses, or that is sealed text, stays. */
void proof_give_back(void)
{
	mfn_t m = nondet_u64();
	uint64_t had, free_before;
	enum abi_error e;

	any_pool();
	ASSUME(m != 0 && a.frame_count > 0);
	a.frame_list = m < FRAMES ? (uint32_t)m : 0;
	had = a.frame_count;
	free_before = w.frames_free;
	e = frame_give_back(&w, &a, m);
	REACH(e == HC_OK);
	REACH(e == HC_EFRAME && m >= FRAMES);
	REACH(e == HC_EBUSY);
	REACH(e == HC_ETEXT);
	if (e == HC_OK) {
		PROVE(m < FRAMES && before[m].owner == a.id && before[m].refs == 1);
		PROVE(!(a.sealed && before[m].last_type == FRAME_EXEC));
		PROVE(frames[m].owner == OWNER_FREE && frames[m].refs == 0 && frame_needs_flush(&w, m));
		PROVE(a.frame_count == had - 1 && w.frames_free == free_before + 1 && w.free_list == m);
	} else {
		PROVE(a.frame_count == had && w.frames_free == free_before);
		PROVE(m >= FRAMES || counts_unchanged(m));
	}
	books_right();
}
