/* SPDX-License-Identifier: BSD-2-Clause */
/* A backend's ledger: who is named for how much, whatever the moment at which the hypervisor takes it. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include <unikernel/core/claims.h>

#define ONE 0x10005u
#define TWO 0x10006u

static struct ledger ledger;
static struct claims claims = {.ledger = &ledger};

/* The hypervisor's part: takes the ledger, answering @over. How many entries there were. */
static uint32_t take(uint32_t over)
{
	uint32_t count = ledger.count;

	ledger.count = 0;
	ledger.over = over;
	return count;
}

Test(unikernel_claims, time_is_added_up_for_each_domain)
{
	claims_begin(&claims, 1000);
	cr_assert_eq(claims_add(&claims, ONE, 1010), 10);
	cr_assert_eq(claims_add(&claims, TWO, 1030), 20);
	cr_assert_eq(claims_add(&claims, ONE, 1035), 5);
	cr_assert_eq(ledger.count, 2);
	cr_assert_eq(ledger.entry[0].domid, ONE);
	cr_assert_eq(ledger.entry[0].ticks, 15);
	cr_assert_eq(ledger.entry[1].domid, TWO);
	cr_assert_eq(ledger.entry[1].ticks, 20);
}

Test(unikernel_claims, what_is_before_a_beginning_or_for_nobody_is_claimed_for_nobody)
{
	claims_begin(&claims, 1000);
	cr_assert_eq(claims_add(&claims, DOMID_NONE, 1100), 100);
	cr_assert_eq(ledger.count, 0);
	claims_add(&claims, ONE, 1101);
	claims_begin(&claims, 5000);
	claims_add(&claims, ONE, 5002);
	cr_assert_eq(ledger.count, 1);
	cr_assert_eq(ledger.entry[0].ticks, 3);
}

Test(unikernel_claims, a_claim_during_which_the_cpu_was_taken_away_counts_for_nobody)
{
	claims_begin(&claims, 1000);
	claims_add(&claims, ONE, 1010);
	take(0);
	cr_assert_eq(claims_add(&claims, ONE, 900000), 0);
	cr_assert_eq(ledger.count, 0);
	cr_assert_eq(claims_add(&claims, ONE, 900007), 7);
	cr_assert_eq(ledger.count, 1);
	cr_assert_eq(ledger.entry[0].ticks, 7);
}

Test(unikernel_claims, a_claim_that_is_longer_than_work_lasts_counts_for_nobody)
{
	claims_begin(&claims, 1000);
	cr_assert_eq(claims_add(&claims, ONE, 1000 + CLAIM_TICKS_MAX + 1), 0);
	cr_assert_eq(ledger.count, 0);
	cr_assert_eq(claims_add(&claims, ONE, 1000 + 2 * (uint64_t)CLAIM_TICKS_MAX + 1), CLAIM_TICKS_MAX);
	cr_assert_eq(ledger.count, 1);
}

Test(unikernel_claims, the_seventeenth_domain_does_not_pay_and_the_others_go_on)
{
	uint64_t now = 1000;

	claims_begin(&claims, now);
	for (uint32_t i = 0; i <= LEDGER_ENTRIES; i++)
		cr_assert_eq(claims_add(&claims, ONE + i, now += 10), 10);
	cr_assert_eq(ledger.count, LEDGER_ENTRIES);
	claims_add(&claims, ONE + LEDGER_ENTRIES - 1, now += 10);
	cr_assert_eq(ledger.entry[LEDGER_ENTRIES - 1].ticks, 20);
	take(1u << (LEDGER_ENTRIES - 1));
	claims_begin(&claims, now);
	cr_assert(claims_is_over(&claims, ONE + LEDGER_ENTRIES - 1));
	claims_add(&claims, ONE + LEDGER_ENTRIES, now += 10);
	cr_assert_eq(ledger.count, 1);
	cr_assert_eq(ledger.entry[0].domid, ONE + LEDGER_ENTRIES);
}

Test(unikernel_claims, the_answer_is_about_those_who_were_named)
{
	claims_begin(&claims, 1000);
	claims_add(&claims, ONE, 1010);
	claims_add(&claims, TWO, 1020);
	cr_assert_not(claims_is_over(&claims, TWO));
	take(2);
	claims_begin(&claims, 2000);
	cr_assert(claims_is_over(&claims, TWO));
	cr_assert_not(claims_is_over(&claims, ONE));
	/* It holds through rounds in which nobody was named, and until the next answer. */
	claims_begin(&claims, 3000);
	cr_assert(claims_is_over(&claims, TWO));
	claims_add(&claims, ONE, 3001);
	cr_assert(claims_is_over(&claims, TWO));
	take(0);
	claims_begin(&claims, 4000);
	cr_assert_not(claims_is_over(&claims, TWO));
}

Test(unikernel_claims, an_old_answer_is_forgotten)
{
	claims_begin(&claims, 1000);
	claims_add(&claims, ONE, 1010);
	take(1);
	claims_begin(&claims, 2000);
	claims_begin(&claims, 1999 + CLAIM_ANSWER_TICKS);
	cr_assert(claims_is_over(&claims, ONE));
	claims_begin(&claims, 2000 + CLAIM_ANSWER_TICKS);
	cr_assert_not(claims_is_over(&claims, ONE));
}

/* The hypervisor between any two instructions of ours: a signal. */
static volatile uint64_t taken_ticks, taken_times;

static void on_signal(int number)
{
	uint32_t count = ledger.count;

	(void)number;
	if (count > LEDGER_ENTRIES)
		taken_ticks = UINT64_MAX / 2;
	for (uint32_t i = 0; i < count && count <= LEDGER_ENTRIES; i++)
		taken_ticks += ledger.entry[i].ticks;
	taken_times += count != 0;
	ledger.count = 0;
}

#define TAKES 3000u
#define STEP 64u

Test(unikernel_claims, taken_at_any_instruction_nothing_comes_twice_and_little_is_lost)
{
	const struct timeval interval = {.tv_usec = 40};
	const struct itimerval often = {interval, interval}, never = {{0, 0}, {0, 0}};
	uint64_t now = 1, said = 0;

	cr_assert_neq(signal(SIGALRM, on_signal), SIG_ERR);
	claims_begin(&claims, now);
	setitimer(ITIMER_REAL, &often, NULL);
	while (taken_times < TAKES) {
		now += STEP;
		said += claims_add(&claims, ONE + (uint32_t)(now / STEP) % 5, now);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	on_signal(0);
	cr_assert_leq(taken_ticks, said);
	/* What was added to an entry while it was taken, and nothing else. */
	cr_assert_geq(taken_ticks + taken_times * STEP, said);
	cr_assert_leq(said, now - 1);
	cr_assert_geq(said + taken_times * STEP, now - 1);
}
