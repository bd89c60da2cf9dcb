/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A double fault: its handler has a stack of its own, and says what it was and who called. It cannot be had from a guest; from
 * outside the idle CPU gets a stack pointer under which nothing is mapped, and then an interrupt.
 */
#include "../lib/gdb.h"
#include "system.h"

#include <stdio.h>
#include <unistd.h>

#define TIMEOUT 300
#define TRIES 600u
#define CPU_BLOCK 32768u
#define GUARD 0x1800u /* in the page below a CPU's stack, where it would be after an overflow */
#define HLT 0xf4u
#define NOWHERE 0xffff900000001000u

/* Whether CPU 0 waits for an interrupt: behind a HLT. */
static bool is_idle(struct gdb *g)
{
	uint8_t before = 0;

	return !gdb_ring(g, 0) && gdb_read(g, 0, gdb_register(g, 0, GDB_RIP) - 1, &before, 1) && before == HLT;
}

static struct gdb *stop_idle(const char *log)
{
	struct gdb *g = gdb_open(log);

	for (unsigned i = 0; !is_idle(g); i++) {
		cr_assert_lt(i, TRIES, "it is never idle");
		gdb_go(g);
		usleep(10000);
		gdb_stop(g);
	}
	return g;
}

/* The machine's last words with its stack at @rsp, or, if that is 0, in the guard page below it. */
static void double_fault(const char *log, uint64_t rsp, bool has_callers)
{
	const char *extra[] = {"-gdb", gdb_word(log), NULL};
	struct machine_options options = {.log = log, .config = "hello", .door = MACHINE_PVH, .extra = extra};
	struct machine *m = machine_start(&options);
	char line[100];
	struct gdb *g;
	size_t from;

	MUST(m);
	MUST(machine_expect(m, "^control: hello died: exited, code 0$"));
	from = machine_here(m);
	g = stop_idle(log);
	if (!rsp)
		rsp = (gdb_register(g, 0, GDB_RSP) & ~(uint64_t)(CPU_BLOCK - 1)) + GUARD;
	gdb_register_set(g, 0, GDB_RSP, rsp);
	gdb_close(g);
	machine_send(m, "help\n");
	cr_assert(machine_halts(m), "a CPU goes on");
	snprintf(line, sizeof line, " in ring 0: rsp %016lx ", rsp);
	cr_assert_eq(machine_count(m, from, "^vmm: fatal: exception 8 error 0 at ffffffff8"), 1);
	cr_assert_eq(machine_count(m, from, line), 1, "the stack pointer is not told");
	cr_assert_eq(machine_count(m, from, "^vmm: fatal: "), 1, "another fault in the last words");
	if (has_callers)
		cr_assert_gt(machine_count(m, from, "^vmm:   called from ffffffff8"), 0, "by whom is not told");
	machine_stop(m);
}

Test(fault, a_double_fault_is_told_on_a_stack_of_its_own, .timeout = TIMEOUT)
{
	double_fault("double-fault", NOWHERE, false);
}

Test(fault, a_stack_that_has_overflowed_is_told_with_who_called, .timeout = TIMEOUT)
{
	double_fault("stack-overflow", 0, true);
}
