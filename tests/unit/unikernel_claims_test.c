/* SPDX-License-Identifier: BSD-2-Clause */
/* A backend's ledger: who is named for how much, whatever the moment at which the hypervisor takes it. */
#include <criterion/criterion.h>
#include <signal.h>
#include <ucontext.h>

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

/* As unikernel/account.c begins and claims, with the clock standing still meanwhile. */
static void begin(uint64_t now)
{
	claims_watch(&claims, now);
	claims_begin(&claims, now);
}

static uint64_t claim(uint32_t domid, uint64_t now)
{
	uint64_t ticks = claims_add(&claims, domid, now);

	if (claims.missed)
		begin(now);
	return ticks;
}

/* Only the first claim of all is lost: nobody was named before. */
static void settle_in(void)
{
	begin(0);
	cr_assert_eq(claim(ONE, 900), 0);
	cr_assert_eq(ledger.count, 1);
	cr_assert_eq(ledger.entry[0].ticks, 0);
}

/* What the run of frames was for is one entry, with as many parts as the frames would have had by themselves. */
Test(unikernel_claims, a_run_counts_as_often_as_the_pieces_in_it)
{
	settle_in();
	claims.own = TWO;
	begin(1000);
	ledger.entry[0].parts = 0;
	cr_assert_eq(claims_add_run(&claims, ONE, 7, 1090), 90);
	cr_assert_eq(claims_add(&claims, ONE, 1100), 10);
	cr_assert_eq(ledger.count, 1);
	cr_assert_eq(ledger.entry[0].ticks, 100);
	cr_assert_eq(ledger.entry[0].parts, 8);
	claims.own = DOMID_NONE;
	cr_assert_eq(claims_add_run(&claims, ONE, 7, 1101), 1);
	cr_assert_eq(ledger.entry[0].parts, 8);
}

/* The end of what was cut is not claimed, but shared out like all that is not. */
Test(unikernel_claims, who_lost_a_claim_has_a_part_of_the_stay_in_which_the_work_ended)
{
	settle_in();
	claims.own = TWO;
	begin(1000);
	ledger.entry[0].parts = 0;
	claim(ONE, 1010);
	take(0);
	cr_assert_eq(claim(ONE, 2000), 0);
	cr_assert_eq(ledger.count, 1);
	cr_assert_eq(ledger.entry[0].domid, ONE);
	cr_assert_eq(ledger.entry[0].ticks, 0);
	cr_assert_eq(ledger.entry[0].parts, 1);
	/* A round that begins after a sleep says nothing yet of what it is for. */
	take(0);
	begin(3000);
	cr_assert_eq(ledger.entry[0].parts, 0);
	take(0);
	claims.own = DOMID_NONE;
	cr_assert_eq(claim(ONE, 4000), 0);
	cr_assert_eq(ledger.entry[0].parts, 0);
}

Test(unikernel_claims, time_is_added_up_for_each_domain)
{
	settle_in();
	begin(1000);
	cr_assert_eq(claim(ONE, 1010), 10);
	cr_assert_eq(claim(TWO, 1030), 20);
	cr_assert_eq(claim(ONE, 1035), 5);
	cr_assert_eq(ledger.count, 2);
	cr_assert_eq(ledger.entry[0].domid, ONE);
	cr_assert_eq(ledger.entry[0].ticks, 15);
	cr_assert_eq(ledger.entry[1].domid, TWO);
	cr_assert_eq(ledger.entry[1].ticks, 20);
}

Test(unikernel_claims, what_is_before_a_beginning_or_for_nobody_is_claimed_for_nobody)
{
	settle_in();
	begin(1000);
	cr_assert_eq(claim(DOMID_NONE, 1100), 100);
	cr_assert_eq(ledger.entry[0].ticks, 0);
	claim(ONE, 1101);
	begin(5000);
	claim(ONE, 5002);
	cr_assert_eq(ledger.count, 1);
	cr_assert_eq(ledger.entry[0].ticks, 3);
}

Test(unikernel_claims, a_claim_during_which_the_cpu_was_taken_away_counts_for_nobody)
{
	settle_in();
	begin(1000);
	claim(ONE, 1010);
	take(0);
	cr_assert_eq(claim(TWO, 900000), 0);
	cr_assert_eq(claim(ONE, 900007), 7);
	cr_assert_eq(ledger.count, 2);
	cr_assert_eq(ledger.entry[1].ticks, 7);
	/* Nobody's time shows it as well, and so does the first claim after a beginning. */
	take(0);
	cr_assert_eq(claim(DOMID_NONE, 910000), 0);
	begin(1000000);
	take(0);
	cr_assert_eq(claim(ONE, 2000000), 0);
	cr_assert_eq(claim(ONE, 2000003), 3);
}

Test(unikernel_claims, a_claim_counts_however_long_it_lasted_on_the_cpu)
{
	settle_in();
	begin(1000);
	cr_assert_eq(claim(TWO, 1000 + (1ull << 32)), 1ull << 32);
	cr_assert_eq(ledger.count, 2);
	cr_assert_eq(ledger.entry[1].ticks, 1ull << 32);
}

Test(unikernel_claims, work_for_several_is_shared_out_and_nothing_of_it_is_lost)
{
	static const uint32_t domids[] = {ONE, DOMID_NONE, TWO}, parts[] = {1, 2, 4};
	uint64_t ticks[3];

	settle_in();
	begin(1000);
	claims_share(&claims, domids, parts, ticks, 3, 1073);
	cr_assert(ticks[0] == 10 && ticks[1] == 21 && ticks[2] == 42, "%lu %lu %lu", ticks[0], ticks[1], ticks[2]);
	cr_assert_eq(ledger.entry[0].ticks, 10);
	cr_assert_eq(ledger.entry[1].ticks, 42);
	cr_assert_eq(claim(ONE, 1074), 1);
	take(0);
	claims_share(&claims, domids, parts, ticks, 3, 9000);
	cr_assert(ticks[0] == 0 && ticks[1] == 0 && ticks[2] == 0);
	cr_assert(claims.missed);
}

Test(unikernel_claims, the_seventeenth_domain_does_not_pay_and_the_others_go_on)
{
	uint64_t now = 1000;

	settle_in();
	begin(now);
	for (uint32_t i = 0; i <= LEDGER_ENTRIES; i++)
		cr_assert_eq(claim(ONE + i, now += 10), 10);
	cr_assert_eq(ledger.count, LEDGER_ENTRIES);
	claim(ONE + LEDGER_ENTRIES - 1, now += 10);
	cr_assert_eq(ledger.entry[LEDGER_ENTRIES - 1].ticks, 20);
	take(1u << (LEDGER_ENTRIES - 1));
	begin(now);
	cr_assert(claims_is_over(&claims, ONE + LEDGER_ENTRIES - 1));
	claim(ONE + LEDGER_ENTRIES, now += 10);
	cr_assert_eq(ledger.count, 2);
	cr_assert_eq(ledger.entry[1].domid, ONE + LEDGER_ENTRIES);
	cr_assert_eq(ledger.entry[1].ticks, 10);
}

Test(unikernel_claims, the_answer_is_about_those_who_were_named)
{
	settle_in();
	begin(1000);
	claim(ONE, 1010);
	claim(TWO, 1020);
	cr_assert_not(claims_is_over(&claims, TWO));
	take(2);
	begin(2000);
	cr_assert(claims_is_over(&claims, TWO));
	cr_assert_not(claims_is_over(&claims, ONE));
	/* It holds through rounds in which nobody was named, and until the next answer. */
	begin(3000);
	cr_assert(claims_is_over(&claims, TWO));
	take(0);
	begin(3500);
	cr_assert(claims_is_over(&claims, TWO));
	claim(ONE, 3501);
	cr_assert(claims_is_over(&claims, TWO));
	take(0);
	begin(4000);
	cr_assert_not(claims_is_over(&claims, TWO));
}

Test(unikernel_claims, an_old_answer_is_forgotten)
{
	settle_in();
	begin(1000);
	claim(ONE, 1010);
	take(1);
	begin(2000);
	begin(1999 + CLAIM_ANSWER_TICKS);
	cr_assert(claims_is_over(&claims, ONE));
	begin(2000 + CLAIM_ANSWER_TICKS);
	cr_assert_not(claims_is_over(&claims, ONE));
}

/*
 * The hypervisor between any two instructions of ours: single steps, at the chosen one of which the ledger is taken.
 */
static volatile unsigned steps, take_at;
static volatile uint64_t taken[2];

static void take_all(void)
{
	cr_assert_leq(ledger.count, LEDGER_ENTRIES);
	for (uint32_t i = 0; i < ledger.count; i++)
		taken[ledger.entry[i].domid == TWO] += ledger.entry[i].ticks;
	ledger.count = 0;
}

static void on_step(int number, siginfo_t *info, void *context)
{
	ucontext_t *at = context;

	(void)number;
	(void)info;
	if (++steps != take_at)
		return;
	take_all();
	at->uc_mcontext.gregs[REG_EFL] &= ~0x100; /* enough */
}

/* Sets or clears TF, below the red zone. */
#define STEPPING(operation)                                                                                            \
	__asm__ volatile("lea -128(%%rsp), %%rsp; pushf; " operation ", (%%rsp); popf; lea 128(%%rsp), %%rsp"          \
			 :                                                                                             \
			 :                                                                                             \
			 : "memory", "cc")

/* Claims 20 for @domid, and then 7, the ledger being taken at instruction @at of the first. False: it has not so many. */
static bool claim_stepping(unsigned at, uint32_t domid)
{
	ledger = (struct ledger){.count = 0};
	claims = (struct claims){.ledger = &ledger};
	taken[0] = taken[1] = 0;
	settle_in();
	begin(1000);
	claim(ONE, 1010);
	steps = 0;
	take_at = at;
	STEPPING("orq $0x100");
	claim(domid, 1030);
	STEPPING("andq $~0x100");
	claim(domid, 1037);
	take_all();
	return steps >= at;
}

static void claims_survive(uint32_t domid)
{
	const struct sigaction action = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
	uint64_t first = domid == ONE ? 10 : 0, least = UINT64_MAX, most = 0;
	unsigned at = 1;

	cr_assert_eq(sigaction(SIGTRAP, &action, NULL), 0);
	for (; claim_stepping(at, domid); at++) {
		uint64_t claimed = taken[domid == TWO];

		/* Whatever the instruction: what stood there before comes once, the two claims at most once each. */
		cr_assert_eq(domid == ONE ? 0 : taken[0], domid == ONE ? 0 : 10);
		cr_assert(claimed == first || claimed == first + 7 || claimed == first + 20 || claimed == first + 27,
			  "taken at instruction %u: %lu", at, claimed);
		least = claimed < least ? claimed : least;
		most = claimed > most ? claimed : most;
	}
	cr_assert_gt(at, 20, "the processor does not take single steps here");
	cr_assert_eq(least, domid == ONE ? 10 : 7, "a claim in the middle of which it was taken counts");
	cr_assert_geq(most, first + 20);
}

Test(unikernel_claims, a_new_entry_taken_at_any_instruction_comes_once_or_never)
{
	claims_survive(TWO);
}

Test(unikernel_claims, an_entry_added_to_and_taken_at_any_instruction_comes_once_or_never)
{
	claims_survive(ONE);
}

Test(unikernel_claims, each_claim_is_a_part_of_the_rest_and_what_is_for_nobody_has_an_entry)
{
	static const uint32_t who[] = {ONE, TWO}, parts[] = {3, 1};
	uint64_t ticks[2];

	claims.own = 0x10001;
	settle_in();
	begin(1000);
	cr_assert_eq(claim(ONE, 1010), 10);
	cr_assert_eq(claim(DOMID_NONE, 1050), 40);
	cr_assert_eq(claim(ONE, 1052), 2);
	cr_assert_eq(claim(DOMID_NONE, 1055), 3);
	claims_share(&claims, who, parts, ticks, 2, 1075);
	cr_assert_eq(ledger.count, 3);
	/* One of its parts is for the claim that was lost when all settled in. */
	cr_assert(ledger.entry[0].domid == ONE && ledger.entry[0].ticks == 27 && ledger.entry[0].parts == 3);
	cr_assert(ledger.entry[1].domid == 0x10001 && ledger.entry[1].ticks == 43 && ledger.entry[1].parts == 2);
	cr_assert(ledger.entry[2].domid == TWO && ledger.entry[2].ticks == 5 && ledger.entry[2].parts == 0);
	cr_assert_eq(take(1u << 0), 3);
	begin(2000);
	cr_assert_eq(ledger.count, 1, "an entry shows that the ledger is taken");
	cr_assert(claims_is_over(&claims, ONE) && !claims_is_over(&claims, 0x10001));
}
