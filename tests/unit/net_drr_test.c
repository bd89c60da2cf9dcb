// SPDX-License-Identifier: BSD-2-Clause
/* Deficit round robin: the lemmas of its paper, with frames of any kind. */
#include <criterion/criterion.h>

#include "net_support.h"

#include "net/core/drr.h"

#define QUANTUM 2048u
#define FRAME_MAX 1514u

/* The length of the next frame of source @i: each has its own kind. */
static uint32_t frame_of(uint64_t *state, unsigned i)
{
	static const uint32_t kinds[] = {60, FRAME_MAX, 0, 590};
	uint32_t kind = kinds[i % 4];

	return kind ? kind : 60 + (uint32_t)dice(state) % (FRAME_MAX - 59);
}

Test(net_drr, sources_that_always_have_something_get_the_same_bytes_over_any_interval)
{
	enum { SOURCES = 7, STEPS = 20000 };
	struct drr drr;
	uint64_t state = 9, sent[SOURCES] = {0};
	int64_t low[SOURCES][SOURCES] = {{0}};

	drr_init(&drr, QUANTUM);
	for (unsigned step = 0; step < STEPS; step++) {
		uint32_t i = drr_next(&drr, (1u << SOURCES) - 1), bytes = frame_of(&state, i);

		drr_took(&drr, i, bytes);
		sent[i] += bytes;
		/* Over the interval from where a was least ahead of b until now, a got no more than this ahead of b. */
		for (unsigned a = 0; a < SOURCES; a++)
			for (unsigned b = 0; b < SOURCES; b++) {
				int64_t ahead = (int64_t)(sent[a] - sent[b]);

				low[a][b] = ahead < low[a][b] ? ahead : low[a][b];
				cr_assert_leq(ahead - low[a][b], QUANTUM + 2 * FRAME_MAX);
			}
	}
	for (unsigned i = 0; i < SOURCES; i++)
		cr_assert_gt(sent[i], 100000);
}

/* The paper's lemma: after any number of its turns a source has had their quanta, give or take less than a frame. */
Test(net_drr, after_its_turns_a_source_has_had_their_quanta_but_for_less_than_a_frame)
{
	enum { SOURCES = 3 };
	static const uint32_t quanta[SOURCES] = {QUANTUM, 3 * QUANTUM, 500};
	struct drr drr;
	uint64_t state = 3, sent[SOURCES] = {0}, turns[SOURCES] = {0};
	uint32_t last = DRR_SOURCES;

	drr_init(&drr, QUANTUM);
	for (unsigned i = 0; i < SOURCES; i++)
		drr_set_quantum(&drr, i, quanta[i]);
	for (unsigned step = 0; step < 50000; step++) {
		uint32_t i = drr_next(&drr, (1u << SOURCES) - 1), bytes = frame_of(&state, i + 1);

		/* those between had their turn too, but were in debt */
		for (uint32_t k = last == DRR_SOURCES ? 0 : last; k != i; k = (k + 1) % SOURCES) {
			cr_assert_lt(turns[k] * quanta[k], sent[k] + FRAME_MAX);
			cr_assert_lt(sent[k], turns[k] * quanta[k] + FRAME_MAX);
			turns[(k + 1) % SOURCES]++;
		}
		turns[i] += last == DRR_SOURCES && i == 0;
		last = i;
		drr_took(&drr, i, bytes);
		sent[i] += bytes;
	}
	cr_assert_gt(turns[0], 1000);
	/* weights: bytes are as quanta */
	cr_assert_float_eq((double)sent[1] / (double)sent[0], 3, 0.01);
	cr_assert_float_eq((double)sent[2] / (double)sent[0], 500.0 / QUANTUM, 0.01);
}

Test(net_drr, who_comes_and_goes_gets_no_more_than_who_stays_and_nobody_waits_for_him)
{
	enum { STEPS = 60000 };
	struct drr drr;
	uint64_t state = 17, sent[2] = {0};
	uint32_t mask = 3, came = 0;

	drr_init(&drr, QUANTUM);
	for (unsigned step = 0; step < STEPS; step++) {
		uint32_t i = drr_next(&drr, mask), bytes;

		cr_assert(mask >> i & 1);
		if (i == 1 && dice(&state) % 8 == 0) {
			drr_has_none(&drr, 1);
			cr_assert_leq(drr.credit[1], 0, "credit is not saved up");
			mask = 1;
			continue;
		}
		bytes = frame_of(&state, i + 1);
		drr_took(&drr, i, bytes);
		sent[i] += bytes;
		cr_assert_leq(sent[1], sent[0] + QUANTUM + 2 * FRAME_MAX);
		if (mask == 1 && dice(&state) % 8 == 0) {
			mask = 3;
			came++;
		}
	}
	cr_assert(came > 1000 && sent[0] > sent[1] && sent[1] > sent[0] / 4);
}

Test(net_drr, a_debt_of_many_quanta_is_paid_before_the_next_frame)
{
	struct drr drr;
	uint64_t sent[2] = {0};

	drr_init(&drr, QUANTUM);
	for (unsigned step = 0; step < 10000; step++) {
		uint32_t i = drr_next(&drr, 3), bytes = i ? 65000 : 60;

		drr_took(&drr, i, bytes);
		sent[i] += bytes;
	}
	cr_assert_leq(sent[1], sent[0] + 65000);
	cr_assert_leq(sent[0], sent[1] + QUANTUM + 65000);
}
