/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One CPU stands still, as in a virtual machine whose host has no time for it, in the middle of a call or in its guest; the other goes
 * on with all that needs nobody else, waits with what does, for as long as it takes, and nothing comes to harm. QEMU's stub
 * for gdb stops the one and lets the other go on.
 */
#include "../guests/apart.h"
#include "../lib/gdb.h"
#include "system.h"

#include <stdio.h>
#include <unistd.h>

#define TIMEOUT 400
#define TRIES 100u
#define TRY_US 100000u
#define STAND_US 3000000u
#define ROUNDS 100u /* of a job, while the other CPU stands still */

enum { LEFT, RIGHT }; /* CPUs, with a domain each */

static uint64_t board_at;

static bool board_read(struct gdb *g, unsigned cpu, struct apart_board *b)
{
	return gdb_read(g, cpu, board_at, b, sizeof *b) && b->magic == APART_MAGIC + (1u << cpu);
}

static void run_for(struct gdb *g, unsigned us)
{
	gdb_go(g);
	usleep(us);
	gdb_stop(g);
}

/* The board of the domain of CPU @cpu once it runs that. */
static struct apart_board board(struct gdb *g, unsigned cpu)
{
	struct apart_board b;

	for (unsigned i = 0; !board_read(g, cpu, &b); i++) {
		cr_assert_lt(i, TRIES, "CPU %u does not run its domain", cpu);
		run_for(g, TRY_US);
	}
	return b;
}

static uint64_t done(struct gdb *g, unsigned cpu, enum job job)
{
	return board(g, cpu).done[job];
}

static void set_job(struct gdb *g, unsigned cpu, enum job job)
{
	uint64_t value = job;

	MUST(gdb_write(g, cpu, board_at + offsetof(struct apart_board, job), &value, sizeof value));
}

/* Both go on until CPU @cpu does @job and nothing else any more. */
static void come_to(struct gdb *g, unsigned cpu, enum job job)
{
	uint64_t before;

	before = done(g, cpu, job);
	set_job(g, cpu, job);
	for (unsigned i = 0; done(g, cpu, job) < before + 2; i++) {
		cr_assert_lt(i, TRIES, "CPU %u does not come to job %u", cpu, job);
		run_for(g, TRY_US);
	}
}

/* Stops the machine when CPU LEFT, which does @job, enters @function of the hypervisor. */
static void stop_in(struct gdb *g, const char *function, enum job job)
{
	uint64_t at = gdb_symbol(build_path("vmm.elf"), function);
	unsigned cpu;

	cr_assert(at, "the hypervisor has no %s", function);
	done(g, LEFT, job); /* it runs its domain */
	set_job(g, LEFT, job);
	gdb_break(g, at, true);
	gdb_go(g);
	cpu = gdb_wait(g);
	gdb_break(g, at, false);
	cr_assert_eq(cpu, LEFT, "CPU %u came to %s", cpu, function);
	cr_assert_eq(gdb_register(g, LEFT, GDB_RIP), at);
}

/*
 * CPU RIGHT alone goes on with @job: many times if it @may, not at all if it may not. False: it has come to run the control domain,
 * which may wait for the world.
 */
static bool goes_on_alone(struct gdb *g, enum job job, bool may)
{
	struct apart_board b;
	uint64_t end = 0;
	unsigned tries = 0;

	if (!board_read(g, RIGHT, &b))
		return false;
	set_job(g, RIGHT, job);
	/* What it was doing may be the same, and near its end. */
	end = b.done[job] + (may ? ROUNDS : 2);
	do {
		gdb_go_alone(g, RIGHT);
		usleep(may ? TRY_US : STAND_US);
		gdb_stop(g);
		if (!board_read(g, RIGHT, &b))
			return false;
	} while (may && b.done[job] < end && ++tries < TRIES);
	if (may)
		cr_assert_geq(b.done[job], end, "job %u waits for a CPU that stands still", job);
	else
		cr_assert_lt(b.done[job], end, "job %u does not wait for a CPU that has not flushed", job);
	return true;
}

/* While CPU LEFT stands still in @function, which it comes to by its job @left, RIGHT goes on with @jobs, one after the other. */
static void others_go_on(struct gdb *g, const char *function, enum job left, const enum job *jobs, unsigned count)
{
	unsigned gone = 0;

	for (unsigned i = 0; gone < count; i++) {
		cr_assert_lt(i, TRIES, "CPU RIGHT does not keep to its domain");
		come_to(g, RIGHT, jobs[0]);
		stop_in(g, function, left);
		for (gone = 0; gone < count && goes_on_alone(g, jobs[gone], true); gone++)
			;
		come_to(g, LEFT, JOB_CALLS);
	}
}

static void both_go_on(struct gdb *g, enum job left, enum job right)
{
	uint64_t l = done(g, LEFT, left), r = done(g, RIGHT, right);
	unsigned tries = 0;

	do
		run_for(g, TRY_US);
	while ((done(g, LEFT, left) < l + ROUNDS || done(g, RIGHT, right) < r + ROUNDS) && ++tries < TRIES);
	cr_assert_lt(tries, TRIES, "one of them does not go on");
}

Test(apart, while_a_cpu_stands_still_the_other_does_all_that_needs_nobody_and_waits_with_the_rest, .timeout = TIMEOUT)
{
	static const enum job beside_one_that_shares[] = {JOB_CALLS, JOB_GRANTS},
			      beside_one_that_has_it[] = {JOB_CALLS};
	static const char log[] = "apart";
	const char *extra[] = {"-smp", "2", "-gdb", gdb_word(log), NULL};
	struct machine_options options = {.log = log, .config = "apart", .door = MACHINE_PVH, .extra = extra};
	struct machine *m = machine_start(&options);
	const char *elf = build_path("guests/apart.elf");
	struct gdb *g;

	MUST(m);
	MUST(machine_expect_from(m, 0, "^left| apart: ready$"));
	MUST(machine_expect_from(m, 0, "^right| apart: ready$"));
	board_at = gdb_symbol(elf, "apart_board");
	cr_assert(board_at, "%s has no board", elf);
	g = gdb_open(log);
	others_go_on(g, "do_grant_query", JOB_QUERY, beside_one_that_shares, 2);
	others_go_on(g, "do_machine_memory", JOB_WORLD, beside_one_that_has_it, 1);
	/* Wherever it is: what it may still translate changes no hands, however long that takes. */
	for (unsigned i = 0; !goes_on_alone(g, JOB_FLUSH, false); i++) {
		cr_assert_lt(i, TRIES, "CPU RIGHT does not keep to its domain");
		come_to(g, RIGHT, JOB_CALLS);
	}
	both_go_on(g, JOB_CALLS, JOB_FLUSH);
	gdb_close(g);
	cr_assert_eq(machine_count(m, 0, "HOLE"), 0);
	cr_assert_eq(machine_count(m, 0, "^control: left died"), 0);
	cr_assert_eq(machine_count(m, 0, "^control: right died"), 0);
	machine_is_well(m);
	machine_stop(m);
}
