/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No wake-up is lost: the protocol of abi/ring.h as a model in single memory steps, every interleaving of it searched,
 * with the store buffers of x86 (a load may overtake the CPU's own earlier store unless a fence stands between).
 *
 * Mover: [store index] [fence] [load wake] -> notify?      Sleeper: [store wake] [fence] [load index] -> sleep?
 * Lost means: the sleeper sleeps, the index it waits for is reached, and nobody notifies. The same search with a fence
 * taken out must find such a run; else the search itself would prove nothing.
 */
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MOVES 3u

struct cpu {
	unsigned step;
	bool pending; /* the store buffer's one entry */
	uint32_t value;
};

struct world {
	struct cpu mover, sleeper;
	uint32_t index, wake; /* memory */
	uint32_t published;   /* the mover's own */
	unsigned moves;       /* left */
	uint32_t seen;        /* the sleeper has consumed up to here */
	bool asleep, notified;
};

static bool mover_fence, sleeper_fence;
static unsigned long visited, lost;
static uint8_t *known; /* a bit per state */

static void drain(struct world *w, bool mover)
{
	struct cpu *c = mover ? &w->mover : &w->sleeper;

	if (!c->pending)
		return;
	if (mover)
		w->index = c->value;
	else
		w->wake = c->value;
	c->pending = false;
}

/* One step of the mover: it publishes MOVES slots, one at a time. False: it has none left. */
static bool step_mover(struct world *w)
{
	struct cpu *c = &w->mover;

	switch (c->step) {
	case 0:
		if (w->moves == 0)
			return false;
		drain(w, true);
		w->moves--;
		w->published++;
		c->value = w->published;
		c->pending = true;
		c->step = mover_fence ? 1 : 2;
		return true;
	case 1:
		drain(w, true);
		c->step = 2;
		return true;
	default:
		if (w->wake - 1 - (w->published - 1) < 1)
			w->notified = true;
		c->step = 0;
		return true;
	}
}

/* One step of the sleeper: it consumes what it sees, then asks to be woken, looks again, sleeps. False: it is asleep. */
static bool step_sleeper(struct world *w)
{
	struct cpu *c = &w->sleeper;

	if (w->asleep) {
		if (!w->notified)
			return false;
		w->asleep = w->notified = false;
		c->step = 0;
		return true;
	}
	switch (c->step) {
	case 0:
		w->seen = w->index;
		c->step = 1;
		return true;
	case 1:
		drain(w, false);
		c->value = w->seen + 1;
		c->pending = true;
		c->step = sleeper_fence ? 2 : 3;
		return true;
	case 2:
		drain(w, false);
		c->step = 3;
		return true;
	default:
		w->asleep = w->index == w->seen;
		c->step = 0;
		return true;
	}
}

/* A state as a number below 2^28. */
static uint32_t encode(const struct world *w)
{
	const uint32_t fields[][2] = {{w->moves, 2},         {w->mover.step, 2},   {w->mover.pending, 1},
				      {w->mover.value, 3},   {w->sleeper.step, 2}, {w->sleeper.pending, 1},
				      {w->sleeper.value, 3}, {w->index, 3},        {w->wake, 3},
				      {w->published, 2},     {w->seen, 2},         {w->asleep, 1},
				      {w->notified, 1}};
	uint32_t code = 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		cr_assert_lt(fields[i][0], 1u << fields[i][1]);
		code = code << fields[i][1] | fields[i][0];
	}
	return code;
}

static void search(struct world w)
{
	uint32_t code = encode(&w);
	struct world next;
	bool stuck = true;

	if (known[code / 8] & 1u << code % 8)
		return;
	known[code / 8] |= (uint8_t)(1u << code % 8);
	visited++;
	next = w;
	if (step_mover(&next)) {
		stuck = false;
		search(next);
	}
	next = w;
	if (w.seen < MOVES && step_sleeper(&next)) {
		stuck = false;
		search(next);
	}
	for (int mover = 0; mover < 2; mover++) {
		next = w;
		if ((mover ? w.mover : w.sleeper).pending) {
			drain(&next, mover);
			stuck = false;
			search(next);
		}
	}
	if (stuck && w.seen < MOVES)
		lost++;
}

/* How many of all runs end with the sleeper asleep over something that is there. */
static unsigned long search_all(bool with_mover_fence, bool with_sleeper_fence)
{
	struct world w;

	memset(&w, 0, sizeof(w));
	w.moves = MOVES;
	mover_fence = with_mover_fence;
	sleeper_fence = with_sleeper_fence;
	visited = lost = 0;
	known = calloc(1, 1u << 25);
	search(w);
	free(known);
	return lost;
}

Test(ring_wakeup, no_interleaving_of_the_protocol_loses_a_wake_up)
{
	cr_assert_eq(search_all(true, true), 0);
	cr_assert_gt(visited, 100);
}

Test(ring_wakeup, without_the_movers_fence_a_wake_up_is_lost)
{
	cr_assert_gt(search_all(false, true), 0);
}

Test(ring_wakeup, without_the_sleepers_fence_a_wake_up_is_lost)
{
	cr_assert_gt(search_all(true, false), 0);
}
