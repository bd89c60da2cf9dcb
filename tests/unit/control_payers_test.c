/* SPDX-License-Identifier: BSD-2-Clause */
/* Who pays for the output: in the end each for its own bytes, whatever was sent when. */
#include <criterion/criterion.h>

#include <unikernel/control/core/payers.h>

static uint32_t sum(const struct payers *p)
{
	uint32_t all = 0;

	for (uint32_t i = 0; i < p->count; i++) {
		cr_assert_gt(p->bytes[i], 0);
		for (uint32_t j = 0; j < i; j++)
			cr_assert_neq(p->domids[i], p->domids[j]);
		all += p->bytes[i];
	}
	return all;
}

static uint32_t of(const struct payers *p, uint32_t domid)
{
	for (uint32_t i = 0; i < p->count; i++)
		if (p->domids[i] == domid)
			return p->bytes[i];
	return 0;
}

Test(control_payers, what_was_sent_is_taken_in_proportion)
{
	struct payers p = {0};

	payers_add(&p, 7, 300);
	payers_add(&p, DOMID_NONE, 100);
	payers_add(&p, 7, 0);
	payers_sent(&p, 40);
	cr_assert_eq(of(&p, 7), 270);
	cr_assert_eq(of(&p, DOMID_NONE), 90);
	payers_add(&p, 8, 0);
	cr_assert_eq(p.count, 2);
	payers_sent(&p, 1000);
	cr_assert_eq(p.count, 0);
	payers_sent(&p, 1);
	cr_assert_eq(p.count, 0);
}

Test(control_payers, too_many_at_once_are_ours)
{
	struct payers p = {0};

	for (uint32_t i = 0; i < 2 * PAYERS_MAX; i++)
		payers_add(&p, 100 + i, 10);
	cr_assert_eq(p.count, PAYERS_MAX);
	cr_assert_eq(of(&p, DOMID_NONE), 10 * (PAYERS_MAX + 1));
	payers_add(&p, 100, 5);
	cr_assert_eq(of(&p, 100), 15);
	cr_assert_eq(sum(&p), 20 * PAYERS_MAX + 5);
}

Test(control_payers, nothing_is_lost_and_nothing_added)
{
	struct payers p = {0};
	uint64_t state = 88172645463325252ull;
	uint32_t waits = 0;

	for (unsigned i = 0; i < 100000; i++) {
		uint32_t bytes;

		state ^= state << 13, state ^= state >> 7, state ^= state << 17;
		bytes = (uint32_t)(state >> 40) % 700;
		if (state & 1 && waits < 32768) {
			payers_add(&p, (uint32_t)(state >> 8) % 24, bytes);
			waits += bytes;
		} else {
			payers_sent(&p, bytes);
			waits -= bytes < waits ? bytes : waits;
		}
		cr_assert_eq(sum(&p), waits);
		cr_assert_leq(p.count, PAYERS_MAX);
	}
}
