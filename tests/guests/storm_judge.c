/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm_judge CHECKS ROUNDS SECONDS FIRST LAST: has the domains in slots FIRST to LAST (storm.c, soak.c) storm at once, and meanwhile moves
 * them from CPU to CPU, changes their weights and stops them for a moment. Each time that all have done ROUNDS more, they
 * rest, and the counters of the machine and of each domain must be what they were after the first such check; so until CHECKS
 * are done and SECONDS have passed. Exits with 0, or with 1 behind a line that says what is off.
 */
#include "storm.h"

#include <stdlib.h>

#define MEMBERS_MAX 16u
#define CPUS 4u
#define BUILDER_ROUND 256u
#define BETWEEN_NS 3000000u
#define REPORT 5u /* checks between two lines */

struct machine_counters {
	uint64_t free, images, image_frames, hypervisor, domains;
	uint64_t promised; /* to others than the members: a frame that one gives to another takes a promise along */
};

struct domain_counters {
	uint64_t frames, ports, grants, mappings, page_tables;
};

static struct member {
	uint32_t slot;
	struct storm_board *board;
	struct domain_counters before;
} members[MEMBERS_MAX];

static unsigned member_count, moves, pauses;
static struct machine_counters machine_before;
static uint32_t phase;

static uint32_t draw(uint32_t below)
{
	static uint32_t state = 88172645;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % below;
}

static struct memory_info memory_of(uint32_t slot)
{
	struct memory_info memory = {0};

	raw_expect("a domain's memory", hc_memory_info(STORM_DOMID(slot), &memory), HC_OK);
	return memory;
}

static struct machine_counters machine_count(void)
{
	struct machine_info machine = {0};
	struct machine_memory memory = {0};

	raw_expect("the machine's figures", hc_machine_info(&machine), HC_OK);
	raw_expect("the machine's memory", hc_machine_memory(&memory), HC_OK);
	for (unsigned i = 0; i < member_count; i++) {
		struct memory_info own = memory_of(members[i].slot);

		memory.promised -= own.reserved > own.frames ? own.reserved - own.frames : 0;
	}
	return (struct machine_counters){memory.free,         memory.images,
					 memory.image_frames, machine.frames_hypervisor,
					 machine.domains,     memory.promised};
}

static struct domain_counters domain_count(uint32_t slot)
{
	struct domain_info info = {0};

	raw_expect("a domain's figures", hc_domain_info(STORM_DOMID(slot), &info), HC_OK);
	return (struct domain_counters){info.frames, info.ports, info.grants, info.mappings,
					memory_of(slot).page_tables};
}

static void phase_set(uint32_t next)
{
	phase = next;
	for (unsigned i = 0; i < member_count; i++)
		members[i].board->phase = next;
}

static unsigned holes(void)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < member_count; i++)
		for (unsigned lane = 0; lane < members[i].board->lanes; lane++)
			sum += members[i].board->lane[lane].holes;
	return sum;
}

/* The least that any lane has done; a builder's round is as long as many of the others, and counts as so many. */
static uint32_t rounds_done(void)
{
	uint32_t least = UINT32_MAX;

	for (unsigned i = 0; i < member_count; i++)
		for (unsigned lane = 0; lane < members[i].board->lanes; lane++) {
			uint32_t rounds = members[i].board->lane[lane].rounds;

			if (members[i].board->lanes == 1)
				rounds *= BUILDER_ROUND;
			least = rounds < least ? rounds : least;
		}
	return least;
}

static bool all_rest(void)
{
	for (unsigned i = 0; i < member_count; i++)
		for (unsigned lane = 0; lane < members[i].board->lanes; lane++)
			if (members[i].board->lane[lane].answered != phase)
				return false;
	return true;
}

/* Somebody moves, or stands still for a moment. */
static void disturb(void)
{
	uint32_t domid = STORM_DOMID(members[draw(member_count)].slot);
	struct domain_schedule schedule = {
		.domid = domid, .weight = 1 + draw(1000), .cpus = 1 + draw((1u << CPUS) - 1)};
	int64_t result = hc_domain_schedule(&schedule);

	raw_attempts++;
	if (result && result != -HC_EAFFINITY) /* a machine of fewer CPUs */
		raw_hole("a domain is moved: %ld", (long)result);
	moves += !result;
	if (draw(8) == 0) {
		raw_expect("a domain is paused", hc_domain_pause(domid), HC_OK);
		storm_wait();
		raw_expect("and goes on", hc_domain_unpause(domid), HC_OK);
		pauses++;
	}
	hc_sched_block(raw_now() + BETWEEN_NS);
}

/* Whether anybody has seen what should not be. */
static bool storm(uint32_t rounds)
{
	uint32_t until = rounds_done() + rounds;

	phase_set(phase + 1);
	while (rounds_done() < until && !holes())
		disturb();
	phase_set(phase + 1);
	while (!all_rest() && !holes())
		storm_wait();
	return !holes();
}

static void compare(void)
{
	struct machine_counters m = machine_count();
	const struct machine_counters *was = &machine_before;

	raw_attempts++;
	if (memcmp(&m, was, sizeof m))
		raw_hole(
			"machine: free %lu, %lu before; promised %lu, %lu; images %lu, %lu of %lu, %lu frames; hypervisor %lu, "
			"%lu; domains %lu, %lu",
			m.free, was->free, m.promised, was->promised, m.images, was->images, m.image_frames,
			was->image_frames, m.hypervisor, was->hypervisor, m.domains, was->domains);
	for (unsigned i = 0; i < member_count; i++) {
		struct domain_counters d = domain_count(members[i].slot), *b = &members[i].before;

		raw_attempts++;
		if (memcmp(&d, b, sizeof d))
			raw_hole(
				"slot %u: frames %lu, %lu before; ports %lu, %lu; grants %lu, %lu; mappings %lu, %lu; page tables "
				"%lu, %lu",
				members[i].slot, d.frames, b->frames, d.ports, b->ports, d.grants, b->grants,
				d.mappings, b->mappings, d.page_tables, b->page_tables);
	}
}

static void remember(void)
{
	machine_before = machine_count();
	for (unsigned i = 0; i < member_count; i++)
		members[i].before = domain_count(members[i].slot);
}

static void meet(uint32_t first, uint32_t last)
{
	for (uint32_t slot = first; slot <= last && member_count < MEMBERS_MAX; slot++)
		members[member_count++] = (struct member){.slot = slot, .board = storm_meet(slot, STORM_JUDGE_REF, 0)};
}

int main(int argc, char **argv)
{
	uint32_t checks, rounds;
	uint64_t end;
	bool well;

	if (argc < 6)
		return 2;
	checks = (uint32_t)strtoul(argv[1], NULL, 10);
	rounds = (uint32_t)strtoul(argv[2], NULL, 10);
	raw_mask(1);
	meet((uint32_t)strtoul(argv[4], NULL, 10), (uint32_t)strtoul(argv[5], NULL, 10));
	end = clock_ns() + strtoul(argv[3], NULL, 10) * 1000000000;
	well = storm(rounds);
	remember();
	for (uint32_t check = 1; well && !raw_holes && (check <= checks || clock_ns() < end); check++) {
		well = storm(rounds);
		if (well)
			compare();
		if (check % REPORT == 0)
			printf("storm_judge: check %u: %u rounds, %u moves, %u pauses\n", check, rounds_done(), moves,
			       pauses);
	}
	phase_set(STORM_END);
	printf("storm_judge: %u rounds, %u moves, %u pauses: %s\n", rounds_done(), moves, pauses,
	       well && !raw_holes ? "nothing is left behind" : "something is wrong");
	return !well || raw_holes;
}
