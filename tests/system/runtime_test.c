/* SPDX-License-Identifier: BSD-2-Clause */
/* The unikernel's runtime on the hypervisor: what its own guests find of its properties, and what a crash tells. */
#include "system.h"

#define SECTION_TIMEOUT 300

/* The lines by which each kind of crash is told, and the code that the control domain reports of it. */
static const struct {
	const char *line, *died;
} crashes[] = {
	{"^null| crash: page fault (vector 14) in thread main: write of 0x0$",
	 "^control: null died: reported its own crash, code 14$"},
	{"^readonly| crash: page fault (vector 14) in thread main: write of 0x2",
	 "^control: readonly died: reported its own crash, code 14$"},
	{"^execute| crash: page fault (vector 14) in thread main: execution of 0x2",
	 "^control: execute died: reported its own crash, code 14$"},
	{"^opcode| crash: invalid opcode (vector 6) in thread main$",
	 "^control: opcode died: reported its own crash, code 6$"},
	{"^divide| crash: divide error (vector 0) in thread main$",
	 "^control: divide died: reported its own crash, code 0$"},
	{"^abort| crash: signal 6 that nobody handles (abort) (thread main)$",
	 "^control: abort died: reported its own crash, code 256$"},
	{"^smash| crash: stack smashed: a local array was written beyond its end (thread main)$",
	 "^control: smash died: reported its own crash, code 256$"},
	{"^overflow| crash: stack overflow of thread main: the address is in the guard page below its stack$",
	 "^control: overflow died: reported its own crash, code 14$"},
	{"^thread-overflow| crash: stack overflow of thread pthread: the address is in the guard page below its stack$",
	 "^control: thread-overflow died: reported its own crash, code 14$"},
};

Test(runtime, properties_hold_and_each_crash_says_what_it_was, .timeout = SECTION_TIMEOUT)
{
	struct machine_options options = {
		.log = "runtime", .config = "runtime", .door = MACHINE_PVH, .append = "exit-when-done"};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect(m, "^control: all domains have ended: powering off$"));
	MUST(machine_expect_from(m, 0, "^runtime| runtime: 0 failures$"));
	MUST(machine_expect_from(m, 0, "^control: runtime died: exited, code 0$"));
	MUST(machine_expect_from(m, 0, "^sockets| holds: ten thousand connections in a row are answered$"));
	MUST(machine_expect_from(m, 0, "^control: sockets died: exited, code 0$"));
	MUST(machine_expect_from(m, 0, "^sockets6| holds: families do not mix$"));
	MUST(machine_expect_from(m, 0, "^control: sockets6 died: exited, code 0$"));
	cr_assert_eq(machine_count(m, 0, "| FAILS: "), 0);
	for (unsigned i = 0; i < sizeof crashes / sizeof crashes[0]; i++) {
		MUST(machine_expect_from(m, 0, crashes[i].line));
		MUST(machine_expect_from(m, 0, crashes[i].died));
	}
	cr_assert_eq(machine_count(m, 0, "| backtrace: 0x2"), sizeof crashes / sizeof crashes[0]);
	machine_is_well(m);
	MUST(machine_ends(m));
	machine_stop(m);
}
