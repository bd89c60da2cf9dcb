/* SPDX-License-Identifier: BSD-2-Clause */
/* Consuming events from the shared-info page: nothing is lost, nothing comes twice, masks hold. */
#include <criterion/criterion.h>

#include <unikernel/core/pending.h>

static struct shared_info shared;

/* Takes everything; how many ports came, the last in *port. */
static unsigned consume(unsigned *port)
{
	unsigned n = 0;

	for (uint64_t words = pending_select(&shared, 0); words; words &= words - 1) {
		unsigned word = (unsigned)__builtin_ctzll(words);

		for (uint64_t ports = pending_take(&shared, word); ports; ports &= ports - 1, n++)
			*port = word * 64 + (unsigned)__builtin_ctzll(ports);
	}
	return n;
}

Test(unikernel_pending, every_port_alone_arrives_once)
{
	for (unsigned port = 0; port < EVENT_PORT_MAX; port++) {
		unsigned got = EVENT_PORT_MAX;

		pending_post(&shared, 0, port);
		cr_assert(pending_any(&shared, 0));
		cr_assert_not(pending_any(&shared, 1));
		cr_assert_eq(consume(&got), 1);
		cr_assert_eq(got, port);
		cr_assert_not(pending_any(&shared, 0));
		cr_assert_eq(consume(&got), 0);
	}
}

Test(unikernel_pending, all_ports_at_once_arrive_once_each)
{
	unsigned got;

	for (unsigned port = 0; port < EVENT_PORT_MAX; port++)
		pending_post(&shared, 0, port), pending_post(&shared, 0, port);
	cr_assert_eq(consume(&got), EVENT_PORT_MAX);
	cr_assert_eq(consume(&got), 0);
}

Test(unikernel_pending, a_masked_port_stays_pending_until_it_is_unmasked)
{
	unsigned got = 0;

	cr_assert_not(pending_mask(&shared, 70, true));
	cr_assert(pending_mask(&shared, 70, true));
	pending_post(&shared, 0, 70);
	pending_post(&shared, 0, 71);
	cr_assert_eq(consume(&got), 1);
	cr_assert_eq(got, 71);
	cr_assert(shared.pending[1] & 1 << 6);
	cr_assert(pending_mask(&shared, 70, false));
	cr_assert_not(pending_mask(&shared, 70, false));
	pending_post(&shared, 0, 70);
	cr_assert_eq(consume(&got), 1);
	cr_assert_eq(got, 70);
}

Test(unikernel_pending, an_event_between_two_steps_of_consumption_is_seen_by_the_next)
{
	uint64_t words;

	pending_post(&shared, 0, 5);
	words = pending_select(&shared, 0);
	cr_assert_eq(words, 1);
	pending_post(&shared, 0, 6); /* after the selector was taken, before the word is */
	cr_assert_eq(pending_take(&shared, 0), 1 << 5 | 1 << 6);
	cr_assert(pending_any(&shared, 0));
	cr_assert_eq(pending_select(&shared, 0), 1);
	cr_assert_eq(pending_take(&shared, 0), 0);
}
