/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Worked examples of borrowed virtual time. The paper (Duda and Cheriton 1999) was not at hand: each example is derived by
 * hand from its definitions (least E = A - W runs; A advances by real time over weight; SVT is the least A of the runnable;
 * who wakes gets max(A, SVT); the running i makes way when E_j < E_i - C/w_i; L and U bound the warp), and none is taken
 * from it. Virtual times are written as ns at the default weight.
 */
#include "bvt_recount.h"
#include "vmm_world.h"
#include "bvt_set.h"

#include <vmm/core/bvt.h>

#define MS 1000000ull
#define C BVT_ALLOWANCE
#define START (5 * MS)

struct scene {
	struct bvt_queue q;
	struct bvt_entity e[3];
};

static struct scene scene(void)
{
	struct scene s = {0};

	for (unsigned i = 0; i < 3; i++)
		bvt_entity_init(&s.e[i], START);
	return s;
}

/* All three at the queue, asleep. */
#define SCENE(s)                                                                                                       \
	struct scene s = scene();                                                                                      \
	for (unsigned i_ = 0; i_ < 3; i_++)                                                                            \
	cr_assert(!bvt_attach(&s.q, &s.e[i_], START))

/* A in ns at the default weight. */
static int64_t actual(const struct bvt_entity *e)
{
	return (int64_t)(e->actual * BVT_WEIGHT_DEFAULT / 65536);
}

static int who(const struct scene *s, const struct bvt_entity *e)
{
	return e ? (int)(e - s->e) : -1;
}

static void warp(struct scene *s, unsigned i, uint64_t w, uint64_t l, uint64_t u, uint64_t now)
{
	struct bvt_warp p = {.value = w, .limit = l, .unwarp = u, .on = 1};

	cr_assert_eq(bvt_set_warp(&s->q, &s->e[i], &p, now), HC_OK);
}

Test(bvt_example, two_of_weight_1_and_2_take_turns_as_computed_by_hand)
{
	/*
	 * A0 grows by 1 per ns, A1 by 1/2; C/w is 0.5 ms for 0 and 0.25 ms for 1. 0 runs until A0 > A1 + 0.5 ms, 1 until
	 * A1 > A0 + 0.25 ms, each to the first ns that exceeds: 500001; A1 = x/2 > 750001, x = 1500003;
	 * 500001 + x > 750001.5 + 500000, x = 750001; (1500003 + x)/2 > 1250002 + 250000, x = 1500002.
	 */
	static const uint64_t slice[] = {500001, 1500003, 750001, 1500002};
	uint64_t now = START;
	SCENE(s);

	cr_assert_eq(bvt_set_weight(&s.q, &s.e[1], 2 * BVT_WEIGHT_DEFAULT, now), HC_OK);
	cr_assert(bvt_wake(&s.q, &s.e[0], now));
	bvt_wake(&s.q, &s.e[1], now);
	for (unsigned i = 0; i < ARRAY_SIZE(slice); i++) {
		cr_assert_eq(who(&s, bvt_pick(&s.q, now)), (int)i % 2);
		cr_assert_eq(bvt_due(&s.q), now + slice[i], "slice %u is %lu", i, bvt_due(&s.q) - now);
		now += slice[i];
		cr_assert_eq(who(&s, bvt_pick(&s.q, now - 1)), (int)i % 2);
	}
	cr_assert_eq(s.e[0].time[BVT_RUNNING], 0 + slice[0] + slice[2]);
}

Test(bvt_example, who_sleeps_wakes_at_svt_and_takes_the_cpu_only_beyond_the_allowance)
{
	SCENE(s);

	bvt_wake(&s.q, &s.e[0], START);
	cr_assert_eq(who(&s, bvt_pick(&s.q, START)), 0);
	/* After 100 ms alone A0 = SVT = 100 ms; 1 is moved up to it and has nothing to claim. */
	cr_assert(!bvt_wake(&s.q, &s.e[1], START + 100 * MS));
	cr_assert_eq(actual(&s.e[1]), 100 * MS);
	/* One that slept while SVT stood still keeps what it ran ahead. */
	cr_assert_eq(who(&s, bvt_pick(&s.q, START + 100 * MS + C)), 0);
	cr_assert_eq(who(&s, bvt_pick(&s.q, START + 100 * MS + C + 1)), 1);
	bvt_block(&s.q, &s.e[0], START + 100 * MS + 2 * C);
	cr_assert(!bvt_wake(&s.q, &s.e[0], START + 100 * MS + 2 * C));
	cr_assert_eq(actual(&s.e[0]), 100 * MS + C + 1);
	cr_assert_eq(actual(&s.e[1]), 100 * MS + C - 1);
}

Test(bvt_example, a_warped_one_that_wakes_takes_the_cpu_and_pays_it_back)
{
	SCENE(s);

	warp(&s, 1, 10 * MS, 0, 0, START);
	bvt_wake(&s.q, &s.e[0], START);
	bvt_pick(&s.q, START);
	/* E1 = 50 - 10 < E0 - C = 50 - C. It runs until E1 > E0 + C: for 10 ms, C and 1 ns. */
	cr_assert(bvt_wake(&s.q, &s.e[1], START + 50 * MS));
	cr_assert_eq(who(&s, bvt_pick(&s.q, START + 50 * MS)), 1);
	cr_assert_eq(bvt_due(&s.q), START + 60 * MS + C + 1);
	cr_assert_eq(who(&s, bvt_pick(&s.q, START + 60 * MS + C)), 1);
	cr_assert_eq(who(&s, bvt_pick(&s.q, START + 60 * MS + C + 1)), 0);
	/* 0 has the CPU until A0 > E1 + C = 50 + 2 C, E1 being 60 + C - 10: the warp is a head start, no greater share. */
	cr_assert_eq(bvt_due(&s.q), START + 60 * MS + C + 1 + 2 * C + 2);
}

Test(bvt_example, a_warp_ends_at_its_limit_and_comes_back_after_the_unwarp_requirement)
{
	uint64_t t = START + 50 * MS;
	SCENE(s);

	warp(&s, 1, 10 * MS, 3 * MS, 5 * MS, START);
	bvt_wake(&s.q, &s.e[0], START);
	bvt_pick(&s.q, START);
	bvt_wake(&s.q, &s.e[1], t);
	bvt_pick(&s.q, t);
	/* After 3 ms it stands at E1 = A1 = 53 > E0 + C. */
	cr_assert_eq(bvt_due(&s.q), t + 3 * MS);
	cr_assert_eq(who(&s, bvt_pick(&s.q, t + 3 * MS)), 0);
	bvt_block(&s.q, &s.e[1], t + 4 * MS);
	/* It last ran warped at t + 3: at t + 7 it may not yet, at t + 8 it may. */
	cr_assert(!bvt_wake(&s.q, &s.e[1], t + 7 * MS));
	cr_assert(!s.e[1].warped);
	bvt_block(&s.q, &s.e[1], t + 7 * MS);
	cr_assert(bvt_wake(&s.q, &s.e[1], t + 8 * MS));
	cr_assert(s.e[1].warped);
}

Test(bvt_example, short_sleeps_do_not_renew_a_warp)
{
	uint64_t t = START + 50 * MS;
	SCENE(s);

	warp(&s, 1, 20 * MS, 3 * MS, 5 * MS, START);
	bvt_wake(&s.q, &s.e[0], START);
	bvt_pick(&s.q, START);
	/* 1 ms of work, 1 ms of sleep: warped three times, and then not. */
	for (unsigned i = 0; i < 4; i++, t += 2 * MS) {
		cr_assert_eq(bvt_wake(&s.q, &s.e[1], t), i < 3, "wake-up %u", i);
		cr_assert_eq(who(&s, bvt_pick(&s.q, t)), i < 3);
		bvt_block(&s.q, &s.e[1], t + MS);
		bvt_pick(&s.q, t + MS);
	}
}

Test(bvt_example, a_cap_of_a_quarter_runs_in_portions_as_computed_by_hand)
{
	uint64_t t = START;
	SCENE(s);

	/* It saves up 2.5 ms and loses 0.75 ns per ns of run: 3333334 ns, then 10 ms until all is there again. */
	cr_assert_eq(bvt_set_cap(&s.q, &s.e[0], 250, t), HC_OK);
	bvt_wake(&s.q, &s.e[0], t);
	for (unsigned i = 0; i < 3; i++) {
		cr_assert_eq(who(&s, bvt_pick(&s.q, t)), 0, "portion %u", i);
		cr_assert_eq(bvt_due(&s.q), t + 3333334, "alone, too, a cap needs a timer");
		cr_assert_eq(who(&s, bvt_pick(&s.q, t + 3333333)), 0);
		cr_assert_null(bvt_pick(&s.q, t + 3333334));
		/* It is 0.5 ns short of nothing, hence 2 ns more at a quarter. */
		cr_assert_eq(bvt_due(&s.q), t + 3333334 + 10 * MS + 2);
		cr_assert_null(bvt_pick(&s.q, t + 3333334 + 10 * MS + 1));
		t += 3333334 + 10 * MS + 2;
	}
	cr_assert_eq(who(&s, bvt_pick(&s.q, t)), 0);
}

Test(bvt_example, a_cap_that_is_lifted_lets_a_parked_one_run_at_once)
{
	SCENE(s);

	cr_assert_eq(bvt_set_cap(&s.q, &s.e[0], 10, START), HC_OK);
	bvt_wake(&s.q, &s.e[0], START);
	bvt_pick(&s.q, START);
	cr_assert_null(bvt_pick(&s.q, START + MS));
	cr_assert_eq(bvt_load(&s.q), 0, "who is out of budget is no load");
	cr_assert_eq(bvt_set_cap(&s.q, &s.e[0], 0, START + MS), HC_OK);
	cr_assert_eq(who(&s, bvt_pick(&s.q, START + MS)), 0);
	cr_assert_eq(bvt_due(&s.q), TIME_NEVER);
	cr_assert_eq(s.e[0].time[BVT_STOLEN], 0);
}

Test(bvt_example, whose_budget_is_full_again_is_the_svt_of_who_wakes_then)
{
	SCENE(s);

	/* 0 runs its 5 ms and what they save up meanwhile; work of 20 ms for it: A0 = 30 ms, full again after (20 + 5) ms / 0.5. */
	cr_assert_eq(bvt_set_cap(&s.q, &s.e[0], 500, START), HC_OK);
	bvt_wake(&s.q, &s.e[0], START);
	cr_assert_eq(who(&s, bvt_pick(&s.q, START)), 0);
	cr_assert_null(bvt_pick(&s.q, START + 10 * MS));
	bvt_charge_other(&s.q, &s.e[0], 20 * MS, START + 10 * MS);
	cr_assert_eq(bvt_due(&s.q), START + 60 * MS);
	/* From then on 0 is the only one that waits, and SVT its A: who has slept wakes there, not where 0 was parked. */
	bvt_wake(&s.q, &s.e[1], START + 60 * MS);
	cr_assert_eq(actual(&s.e[0]), 30 * MS);
	cr_assert_eq(actual(&s.e[1]), 30 * MS);
	/* So it leads by no more than an allowance. */
	cr_assert_eq(who(&s, bvt_pick(&s.q, START + 60 * MS)), 1);
	cr_assert_eq(who(&s, bvt_pick(&s.q, START + 60 * MS + C + 1)), 0);
	bvt_recount(&s.q, s.e, 3);
}

Test(bvt_example, of_two_parked_ones_the_second_is_moved_up_to_the_first_however_late_the_timer)
{
	SCENE(s);

	/* Both out of budget from the beginning: A0 = 5 ms, full again after 5 ms / 0.5; A1 = 2 ms, after 2 ms / 0.1. */
	cr_assert_eq(bvt_set_cap(&s.q, &s.e[0], 500, START), HC_OK);
	cr_assert_eq(bvt_set_cap(&s.q, &s.e[1], 100, START), HC_OK);
	bvt_charge_other(&s.q, &s.e[0], 5 * MS, START);
	bvt_charge_other(&s.q, &s.e[1], 2 * MS, START);
	bvt_wake(&s.q, &s.e[0], START);
	bvt_wake(&s.q, &s.e[1], START);
	cr_assert_null(bvt_pick(&s.q, START));
	cr_assert_eq(bvt_due(&s.q), START + 10 * MS);
	bvt_charge(&s.q, START + 50 * MS);
	cr_assert_eq(actual(&s.e[0]), 5 * MS);
	cr_assert_eq(actual(&s.e[1]), 5 * MS);
	bvt_recount(&s.q, s.e, 3);
}

Test(bvt_example, no_timer_while_nobody_else_wants_the_cpu)
{
	SCENE(s);

	cr_assert_eq(bvt_due(&s.q), TIME_NEVER);
	warp(&s, 0, 10 * MS, 3 * MS, 5 * MS, START);
	bvt_wake(&s.q, &s.e[0], START);
	cr_assert_eq(bvt_due(&s.q), START, "somebody waits and nobody runs");
	bvt_pick(&s.q, START);
	cr_assert_eq(bvt_due(&s.q), TIME_NEVER);
	bvt_wake(&s.q, &s.e[1], START);
	cr_assert_neq(bvt_due(&s.q), TIME_NEVER);
	bvt_block(&s.q, &s.e[1], START + MS);
	cr_assert_eq(bvt_due(&s.q), TIME_NEVER);
}

Test(bvt_example, run_wait_and_stolen_time_add_up)
{
	SCENE(s);

	bvt_wake(&s.q, &s.e[0], START + MS);
	bvt_wake(&s.q, &s.e[1], START + MS);
	bvt_pick(&s.q, START + 2 * MS);              /* 0 waited 1 ms */
	bvt_pick(&s.q, START + 5 * MS);              /* and ran 3; 1 waited 4 */
	bvt_pick(&s.q, START + 11 * MS);             /* and ran 6; 0 had 6 stolen */
	cr_assert(bvt_yield(&s.q, START + 12 * MS)); /* 0 ran 1 more and waits, 1 had 1 stolen */
	bvt_block(&s.q, &s.e[1], START + 14 * MS);   /* 1 ran 2 more, 0 waited 2 */
	bvt_pick(&s.q, START + 14 * MS);
	bvt_block(&s.q, &s.e[0], START + 15 * MS);
	cr_assert_eq(s.e[0].time[BVT_BLOCKED], 1 * MS);
	cr_assert_eq(s.e[0].time[BVT_WAITING], 3 * MS);
	cr_assert_eq(s.e[0].time[BVT_STOLEN], 6 * MS);
	cr_assert_eq(s.e[0].time[BVT_RUNNING], 5 * MS);
	cr_assert_eq(s.e[1].time[BVT_WAITING], 4 * MS);
	cr_assert_eq(s.e[1].time[BVT_RUNNING], 8 * MS);
	cr_assert_eq(s.e[1].time[BVT_STOLEN], 1 * MS);
}

Test(bvt_example, work_done_for_another_is_charged_to_it_even_asleep)
{
	SCENE(s);

	cr_assert_eq(bvt_set_cap(&s.q, &s.e[2], 100, START), HC_OK);
	bvt_wake(&s.q, &s.e[0], START);
	bvt_pick(&s.q, START);
	/* 0 works 8 ms, 3 of them for 1, which sleeps: A1 = SVT + 3, and 0 pays for 5. */
	bvt_charge_other(&s.q, &s.e[1], 3 * MS, START + 8 * MS);
	cr_assert_eq(actual(&s.e[1]), 11 * MS);
	bvt_wake(&s.q, &s.e[1], START + 8 * MS);
	cr_assert_eq(actual(&s.e[1]), 11 * MS);
	cr_assert_eq(s.e[1].charged, 3 * MS);
	cr_assert_eq(s.e[1].time[BVT_RUNNING], 0);
	bvt_block(&s.q, &s.e[1], START + 8 * MS);
	/* A refund stops at SVT, which another that waits at 9 holds. */
	bvt_charge(&s.q, START + 9 * MS);
	bvt_wake(&s.q, &s.e[2], START + 9 * MS);
	bvt_refund(&s.q, &s.e[0], 4 * MS, START + 11 * MS);
	cr_assert_eq(actual(&s.e[0]), 9 * MS);
	bvt_refund(&s.q, &s.e[2], 4 * MS, START + 11 * MS);
	cr_assert_eq(actual(&s.e[2]), 9 * MS);
	/* Work for one with a cap uses that up: 1 ms is all it has saved. */
	bvt_charge_other(&s.q, &s.e[2], MS, START + 11 * MS);
	cr_assert_eq(s.e[2].place, BVT_PARKED);
	bvt_refund(&s.q, &s.e[2], MS, START + 11 * MS);
	cr_assert_eq(s.e[2].place, BVT_QUEUED);
	bvt_recount(&s.q, s.e, 3);
}

Test(bvt_example, a_hand_over_runs_the_other_at_the_donors_place_for_an_allowance_at_most)
{
	SCENE(s);

	/* 1 has run 20 ms ahead; 0 and 2 are equal. */
	bvt_wake(&s.q, &s.e[0], START);
	bvt_wake(&s.q, &s.e[1], START);
	bvt_wake(&s.q, &s.e[2], START);
	bvt_charge_other(&s.q, &s.e[1], 20 * MS, START);
	cr_assert_eq(who(&s, bvt_pick(&s.q, START)), 0);
	cr_assert(!bvt_hand(&s.q, &s.e[1], &s.e[2], false, START), "who does not run has nothing to give");
	cr_assert(bvt_hand(&s.q, &s.e[0], &s.e[1], false, START + C / 2));
	cr_assert_eq(who(&s, bvt_pick(&s.q, START + C / 2)), 1, "by its own virtual time it would have to make way");
	/* 0 stood at half an allowance: as much is left of its slice, and 1 ns. */
	cr_assert_eq(bvt_due(&s.q), START + C + 1);
	cr_assert_eq(who(&s, bvt_pick(&s.q, START + C + 1)), 2);
	cr_assert_eq(actual(&s.e[0]), C + 1, "the donor pays");
	cr_assert_eq(actual(&s.e[1]), 20 * MS + C / 2 + 1, "and so does who ran");
	cr_assert_eq(s.e[1].time[BVT_RUNNING], C / 2 + 1);
	/* 2 is far behind 1, which has 20 ms of its time before it; it does not get more than an allowance of it. */
	bvt_block(&s.q, &s.e[0], START + C + 1);
	cr_assert(bvt_hand(&s.q, &s.e[2], &s.e[1], false, START + C + 1));
	cr_assert_eq(bvt_due(&s.q), START + C + 1 + C);
	cr_assert_eq(who(&s, bvt_pick(&s.q, START + C + C)), 1);
	cr_assert_eq(who(&s, bvt_pick(&s.q, START + C + 1 + C)), 2);
}

Test(bvt_example, a_donor_that_others_work_puts_out_of_budget_gives_no_more)
{
	SCENE(s);

	/* A0 = 0, A1 = 10 ms, A2 = 8 ms; 1 stands at the place of 0. */
	cr_assert_eq(bvt_set_cap(&s.q, &s.e[0], 500, START), HC_OK);
	bvt_charge_other(&s.q, &s.e[1], 10 * MS, START);
	bvt_charge_other(&s.q, &s.e[2], 8 * MS, START);
	bvt_wake(&s.q, &s.e[0], START);
	cr_assert_eq(who(&s, bvt_pick(&s.q, START)), 0);
	bvt_wake(&s.q, &s.e[2], START);
	cr_assert(bvt_hand(&s.q, &s.e[0], &s.e[1], false, START));
	cr_assert_eq(who(&s, bvt_pick(&s.q, START)), 1);
	/* 5 ms are all that its cap leaves 0; without it 1 is judged by its own E and makes way at once. */
	bvt_charge_other(&s.q, &s.e[0], 5 * MS, START);
	cr_assert_eq(who(&s, bvt_pick(&s.q, START)), 2);
	bvt_recount(&s.q, s.e, 3);
}

Test(bvt_example, next_is_who_waits_and_has_had_least)
{
	SCENE(s);

	cr_assert_null(bvt_next(&s.q), "all sleep");
	bvt_wake(&s.q, &s.e[0], START);
	bvt_pick(&s.q, START);
	cr_assert_null(bvt_next(&s.q), "who runs does not wait");
	bvt_wake(&s.q, &s.e[1], START);
	bvt_wake(&s.q, &s.e[2], START);
	bvt_charge_other(&s.q, &s.e[1], MS, START);
	cr_assert_eq(bvt_next(&s.q), &s.e[2]);
	bvt_block(&s.q, &s.e[2], START);
	cr_assert_eq(bvt_next(&s.q), &s.e[1]);
}

Test(bvt_example, who_has_left_its_queue_meanwhile_pays_nothing)
{
	SCENE(s);
	struct bvt_entity before;

	bvt_detach(&s.q, &s.e[1], START);
	before = s.e[1];
	bvt_charge_other(&s.q, &s.e[1], 20 * MS, START + MS);
	cr_assert(!memcmp(&before, &s.e[1], sizeof before));
}

Test(bvt_example, a_yield_lets_another_run_at_once_and_its_equals_in_turn)
{
	SCENE(s);

	cr_assert(!bvt_yield(&s.q, START), "nobody runs");
	for (unsigned i = 0; i < 3; i++)
		bvt_wake(&s.q, &s.e[i], START);
	bvt_pick(&s.q, START);
	for (int i = 1; i < 7; i++) {
		cr_assert(bvt_yield(&s.q, START));
		cr_assert_eq(who(&s, bvt_pick(&s.q, START)), i % 3, "yield %d", i);
	}
	bvt_block(&s.q, &s.e[1], START);
	bvt_block(&s.q, &s.e[2], START);
	cr_assert(!bvt_yield(&s.q, START), "nobody else waits");
	cr_assert_eq(who(&s, bvt_pick(&s.q, START)), 0);
}

Test(bvt_example, a_migration_keeps_the_distance_from_svt)
{
	struct bvt_queue other = {0};
	SCENE(s);

	for (unsigned i = 0; i < 3; i++)
		bvt_wake(&s.q, &s.e[i], START);
	bvt_charge_other(&s.q, &s.e[1], 3 * MS, START);
	bvt_charge_other(&s.q, &s.e[0], 7 * MS, START);
	/* SVT is 0 by 2 there, and 50 ms here by 2 again: 1 goes from 3 to 53. */
	bvt_detach(&s.q, &s.e[1], START);
	bvt_detach(&s.q, &s.e[2], START);
	cr_assert(bvt_attach(&other, &s.e[2], START));
	bvt_pick(&other, START);
	cr_assert(!bvt_attach(&other, &s.e[1], START + 50 * MS));
	cr_assert_eq(actual(&s.e[1]), 53 * MS);
	cr_assert_eq(s.e[1].state, BVT_WAITING);
	cr_assert_eq(bvt_load(&other), 2);
	cr_assert_eq(bvt_load(&s.q), 1);
	/* One that runs can be taken away, too. */
	bvt_detach(&other, &s.e[2], START + 51 * MS);
	cr_assert_eq(bvt_pick(&other, START + 51 * MS), &s.e[1]);
	bvt_recount(&other, s.e, 3);
	bvt_recount(&s.q, s.e, 3);
}

Test(bvt_example, an_idle_cpu_takes_the_first_that_may_run_there)
{
	struct bvt_queue q = {0};
	struct bvt_entity e[40];

	cr_assert_null(bvt_movable(&q, 0));
	for (unsigned i = 0; i < 40; i++) {
		bvt_entity_init(&e[i], START);
		cr_assert_eq(bvt_set_affinity(&e[i], i == 29 ? 4 : i % 8 == 5 ? 2 : 1, 7), HC_OK);
		bvt_attach(&q, &e[i], START);
		bvt_wake(&q, &e[i], START);
		bvt_charge_other(&q, &e[i], (i * 17 % 40) * MS, START);
	}
	/* 5, 13, 21, 29 (which may on 2 alone), 37 of 40: 5 * 17 % 40 = 5, 13: 21, 21: 37, 37: 29. */
	cr_assert_eq(bvt_movable(&q, 0), &e[0]);
	cr_assert_eq(bvt_movable(&q, 1), &e[5]);
	bvt_block(&q, &e[5], START);
	cr_assert_eq(bvt_movable(&q, 1), &e[13]);
	cr_assert_eq(bvt_movable(&q, 2), &e[29]);
	cr_assert_null(bvt_movable(&q, 3));
}

Test(bvt_example, parameters_out_of_range_or_contradictory_are_refused_each_with_its_reason)
{
	static const struct {
		struct bvt_warp warp;
		enum abi_error result;
	} cases[] = {
		{{0, 0, 0, 0}, HC_OK},
		{{BVT_WARP_MAX, BVT_WARP_TIME_MAX, BVT_WARP_TIME_MAX, 1}, HC_OK},
		{{BVT_WARP_MAX + 1, 0, 0, 1}, HC_EWARP},
		{{1, BVT_WARP_TIME_MAX + 1, 0, 1}, HC_EWARPTIME},
		{{1, 1, BVT_WARP_TIME_MAX + 1, 1}, HC_EWARPTIME},
		{{1, 0, 1, 1}, HC_EUNWARP},
	};
	struct bvt_warp before;
	SCENE(s);

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		before = s.e[0].warp;
		cr_assert_eq(bvt_set_warp(&s.q, &s.e[0], &cases[i].warp, START), cases[i].result, "case %u", i);
		cr_assert_eq(s.e[0].warp.value, cases[i].result ? before.value : cases[i].warp.value);
		cr_assert_eq(s.e[0].warp.on, cases[i].result ? before.on : cases[i].warp.on);
	}
	cr_assert_eq(bvt_set_weight(&s.q, &s.e[0], 0, START), HC_EWEIGHT);
	cr_assert_eq(bvt_set_weight(&s.q, &s.e[0], BVT_WEIGHT_MAX + 1, START), HC_EWEIGHT);
	cr_assert_eq(s.e[0].weight, BVT_WEIGHT_DEFAULT);
	cr_assert_eq(bvt_set_weight(&s.q, &s.e[0], BVT_WEIGHT_MAX, START), HC_OK);
	cr_assert_eq(bvt_set_cap(&s.q, &s.e[0], BVT_CAP_MAX + 1, START), HC_ECAP);
	cr_assert_eq(s.e[0].cap, 0);
	cr_assert_eq(bvt_set_cap(&s.q, &s.e[0], BVT_CAP_MAX, START), HC_OK);
	cr_assert_eq(bvt_set_affinity(&s.e[0], 0, 3), HC_EAFFINITY);
	cr_assert_eq(bvt_set_affinity(&s.e[0], 4, 3), HC_EAFFINITY);
	cr_assert_eq(s.e[0].affinity, UINT64_MAX);
	cr_assert_eq(bvt_set_affinity(&s.e[0], 6, 3), HC_OK);
}
