/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * baton: gives the CPU to the domain in slot 2 (baton answer) and gets it back, while the one in slot 3 wants it as well, which
 * therefore must hardly ever run in between; each is charged for what it does itself. Then the other one answers no more, and the
 * deadline counts.
 */
#include "bench.h"
#include "raw.h"

#define GIVER (1u << 16 | 1u)
#define TAKER (1u << 16 | 2u)
#define THIRD (1u << 16 | 3u)
#define ROUNDS 1000u
#define TURNS 20000u /* of a loop, for each answer */
#define WAIT_NS 5000000u
#define PORTS 64u

static struct vcpu_times times_of(uint32_t domid)
{
	struct vcpu_times t = {0};

	raw_expect("times", hc_vcpu_times(domid, 0, &t), HC_OK);
	return t;
}

_Noreturn static void answer(void)
{
	int64_t port = hc_event_alloc(GIVER, 0);

	for (unsigned answers = 0; answers < ROUNDS;) {
		if (!event_take((uint32_t)port)) {
			hc_sched_block(TIME_NEVER);
			continue;
		}
		for (unsigned i = 0; i < TURNS; i++)
			__asm__ volatile("");
		answers++;
		hc_sched_handover((uint32_t)port, TIME_NEVER);
	}
	for (;;) {
		event_take(0);
		hc_sched_block(TIME_NEVER);
	}
}

/* A port of ours, connected to the one that the other has waiting for us. */
static uint32_t meet(void)
{
	for (;;) {
		for (uint32_t port = 1; port < PORTS; port++) {
			int64_t own = hc_event_bind(TAKER, port, 0);

			if (own > 0)
				return (uint32_t)own;
		}
		hc_sched_block(raw_now() + 1000000);
	}
}

/* The one that wants the CPU as well is there, too. */
static void wait_for_third(void)
{
	struct vcpu_times t = {0};

	while (hc_vcpu_times(THIRD, 0, &t) || !t.run)
		hc_sched_block(raw_now() + 1000000);
}

static void to_and_fro(uint32_t port)
{
	struct vcpu_times own = times_of(GIVER), other = times_of(TAKER);
	unsigned undisturbed = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t third = times_of(THIRD).run;

		raw_attempts++;
		if (hc_sched_handover(port, TIME_NEVER) || !event_take(port))
			raw_hole("round %u has no answer", i);
		undisturbed += times_of(THIRD).run == third;
	}
	raw_attempts += 2;
	if (undisturbed < ROUNDS / 2)
		raw_hole("a third one ran in between in %u rounds of %u", ROUNDS - undisturbed, ROUNDS);
	own.run = times_of(GIVER).run - own.run;
	other.run = times_of(TAKER).run - other.run;
	if (other.run < own.run)
		raw_hole("who answers ran for %lu ns, who asks for %lu", other.run, own.run);
	printf("baton: %u rounds undisturbed\n", undisturbed);
}

static void nobody_answers(uint32_t port)
{
	uint64_t deadline = raw_now() + WAIT_NS;

	raw_attempts++;
	if (hc_sched_handover(port, deadline) != 1 || clock_ns() < deadline)
		raw_hole("a hand-over without an answer does not end at its deadline");
	raw_event();
	raw_attempts++;
	if (hc_sched_handover(port, TIME_NEVER))
		raw_hole("an event that was pending is not told");
}

int main(int argc, char **argv)
{
	uint32_t port;

	(void)argv;
	raw_mask(1);
	if (argc > 1)
		answer();
	port = meet();
	wait_for_third();
	to_and_fro(port);
	nobody_answers(port);
	return raw_end("baton");
}
