/* SPDX-License-Identifier: BSD-2-Clause */
/* What a backend claims to have done for others: no more than it ran, for no one but those it serves, whatever it writes. */
#include <vmm/core/domain.h>
#include <vmm/core/ledger.h>

#include "vmm_world.h"

#define GHZ 1000000000ull

struct ledger_world {
	struct world *w;
	struct domain *back, *served, *other;
	struct timescale scale;
	struct ledger_claim claims[LEDGER_ENTRIES];
	uint32_t refused;
};

static struct ledger_world start(void)
{
	struct ledger_world t = {.w = tw_new(200), .scale = timescale_make(GHZ)};

	t.back = tw_domain(t.w, 1, 16, 0);
	t.served = tw_domain(t.w, 2, 16, 0);
	t.other = tw_domain(t.w, 70, 16, 0);
	t.back->links[0] = 1u << 2;
	return t;
}

static void claim(struct ledger_world *t, uint32_t i, uint32_t domid, uint64_t ticks)
{
	t->back->shared->ledger[0].entry[i] = (struct ledger_entry){.domid = domid, .ticks = ticks};
	t->back->shared->ledger[0].count = i + 1;
}

static void claim_parts(struct ledger_world *t, uint32_t i, uint32_t domid, uint64_t ticks, uint32_t parts)
{
	claim(t, i, domid, ticks);
	t->back->shared->ledger[0].entry[i].parts = parts;
}

static uint32_t take(struct ledger_world *t, uint64_t ran)
{
	return ledger_take(t->w, &t->back->vcpu, &t->scale, ran, t->claims, &t->refused);
}

Test(ledger, charges_those_whom_the_backend_serves_what_it_says)
{
	struct ledger_world t = start();

	t.back->links[1] = 1u << (70 - 64);
	claim(&t, 0, t.served->id, 300);
	claim(&t, 1, t.other->id, 500);
	cr_assert_eq(take(&t, 1000), 2);
	cr_assert(t.claims[0].domain == t.served && t.claims[0].ns >= 299 && t.claims[0].ns <= 300);
	cr_assert(t.claims[1].domain == t.other && t.claims[1].ns >= 499 && t.claims[1].ns <= 500);
	cr_assert_eq(t.claims[1].entry, 1);
	cr_assert_eq(t.refused, 0);
	cr_assert_eq(t.back->shared->ledger[0].count, 0, "what was taken is taken once");
	cr_assert_eq(take(&t, 1000), 0);
	tw_free(t.w);
}

Test(ledger, claims_of_more_than_was_run_are_cut)
{
	struct ledger_world t = start();

	claim(&t, 0, t.served->id, 700);
	claim(&t, 1, t.served->id, UINT64_MAX);
	claim(&t, 2, t.served->id, 2000000);
	cr_assert_eq(take(&t, 1000), 3);
	cr_assert_eq(t.claims[0].ns + t.claims[1].ns + t.claims[2].ns, 1000);
	cr_assert_eq(t.claims[2].ns, 0);
	cr_assert_eq(t.refused, 2);
	tw_free(t.w);
}

Test(ledger, domains_that_it_does_not_serve_pay_nothing)
{
	struct ledger_world t = start();
	uint32_t old = t.served->id + (1u << 16);

	claim(&t, 0, t.other->id, 10);
	claim(&t, 1, t.back->id + (1u << 16), 10);
	claim(&t, 2, old, 10);
	claim(&t, 3, DOMID_NONE, 10);
	claim(&t, 4, UINT32_MAX, 10);
	claim(&t, 5, t.served->id, 10);
	cr_assert_eq(take(&t, 1000), 1);
	cr_assert(t.claims[0].domain == t.served && t.claims[0].entry == 5);
	cr_assert_eq(t.refused, 4, "one of another life of a slot that it serves is no lie");
	domain_end(t.w, t.served, REASON_KILLED, 0);
	claim(&t, 0, t.served->id, 10);
	cr_assert_eq(take(&t, 1000), 0, "a dead one pays nothing");
	tw_free(t.w);
}

Test(ledger, what_nobody_claimed_is_shared_out_by_parts)
{
	struct ledger_world t = start();

	t.back->links[1] = 1u << (70 - 64);
	claim_parts(&t, 0, t.served->id, 3000, 1);
	claim_parts(&t, 1, t.back->id, 4000, 2);
	claim_parts(&t, 2, t.other->id, 1000, 5);
	cr_assert_eq(take(&t, 16000), 2);
	cr_assert(t.claims[0].ns >= 3990 && t.claims[0].ns <= 4000, "%lu of 16000", t.claims[0].ns);
	cr_assert(t.claims[1].ns >= 5990 && t.claims[1].ns <= 6000, "%lu of 16000", t.claims[1].ns);
	cr_assert_eq(t.refused, 0);
	/* Nobody says by what. */
	claim(&t, 0, t.served->id, 10);
	claim(&t, 1, t.back->id, 10);
	cr_assert_eq(take(&t, 16000), 1);
	cr_assert_leq(t.claims[0].ns, 10);
	/* It is its own that it claims for itself; and what it has no right to name has no part. */
	claim_parts(&t, 0, t.back->id, UINT64_MAX, 1);
	claim_parts(&t, 1, t.served->id, 1000, UINT32_MAX);
	cr_assert_eq(take(&t, 16000), 1);
	cr_assert_eq(t.claims[0].ns, 0);
	t.back->links[1] = 0;
	claim_parts(&t, 0, t.other->id, 0, UINT32_MAX);
	claim_parts(&t, 1, t.served->id, 0, 1);
	cr_assert_eq(take(&t, 16000), 1);
	cr_assert_eq(t.claims[0].ns, 16000);
	tw_free(t.w);
}

Test(ledger, shares_of_the_rest_are_never_more_than_there_is)
{
	struct ledger_world t = start();
	uint64_t random = 99;

	for (unsigned round = 0; round < 20000; round++) {
		uint64_t ran = tw_random(&random) >> (tw_random(&random) % 64), sum = 0;
		uint32_t count = 1 + (uint32_t)tw_random(&random) % LEDGER_ENTRIES, taken;

		for (uint32_t i = 0; i < count; i++)
			claim_parts(&t, i, tw_random(&random) % 3 ? t.served->id : t.back->id,
				    tw_random(&random) >> (tw_random(&random) % 64),
				    (uint32_t)(tw_random(&random) >> (tw_random(&random) % 64)));
		taken = take(&t, ran);
		for (uint32_t i = 0; i < taken; i++) {
			cr_assert_leq(t.claims[i].ns, ran - sum);
			sum += t.claims[i].ns;
		}
	}
	tw_free(t.w);
}

Test(ledger, of_any_length_is_read_no_further_than_it_is)
{
	struct ledger_world t = start();

	for (uint32_t i = 0; i < LEDGER_ENTRIES; i++)
		claim(&t, i, t.served->id, 1);
	t.back->shared->ledger[0].count = UINT32_MAX;
	cr_assert_eq(take(&t, 1000), LEDGER_ENTRIES);
	tw_free(t.w);
}
