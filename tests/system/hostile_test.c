/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile guests (tests/guests/hostile_*.c) beside a web server, all at once, on a machine booted by UEFI: each ends or
 * is refused as the contract says, word for word, and nobody else notices.
 */
#include "system.h"

#include <stdio.h>

#define TIMEOUT 600
#define LINES_SECONDS 300

/* What must be said, in any order. A guest that found a hole says another closing line. */
static const char *const lines[] = {
	/* reads, writes and executes the hypervisor's memory */
	"^memory| memory: 143409 attempts, each met as documented$",
	"^control: memory died: exception without a handler, code 14$",
	"^control: memory: #PF page fault (vector 14) error 0x7 cr2 ffffffff81000000$",
	/* maps every frame of the machine: those of the others are refused */
	"^frames| frames: 393216 attempts, each met as documented$",
	"^control: frames died: exited, code 0$",
	/* writes its page tables */
	"^tables| tables: 0 attempts, each met as documented$",
	"^control: tables died: exited, code 0$",
	/* entries bit by bit; frames that are two things; stale translations; at last a root that maps nothing */
	"^entries| entries: 392 attempts, each met as documented$",
	"^control: entries died: exited, code 0$",
	"^types| types: 171 attempts, each met as documented$",
	"^control: types died: exception stack not writable, code 14$",
	"^runs| runs: 750 attempts, each met as documented$",
	"^control: runs died: exited, code 0$",
	/* memory up and down, references by repetition */
	"^reserve| reserve: 0 attempts, each met as documented$",
	"^control: reserve died: exited, code 0$",
	"^refs| refs: 0 attempts, each met as documented$",
	"^control: refs died: exited, code 0$",
	/* grants between two, one of whom dies */
	"^giver| giver: 26 attempts, each met as documented$",
	"^control: giver died: exited, code 0$",
	"^taker| taker: 36 attempts, each met as documented$",
	"^control: taker died: exited, code 0$",
	/* with CAP_DOMAIN: capabilities, images, construction, text before and after the seal, what is read */
	"^builder| builder: 190 attempts, each met as documented$",
	"^control: builder died: exited, code 0$",
	"^child| child: 128 attempts, each met as documented$",
	"^control: child died: exited, code 0$",
	/* lies about whom it worked for; shares that cannot be */
	" (ledger) claims time that it did not spend, or for domains that it does not serve: ",
	"^ledger| ledger: 67 attempts, each met as documented$",
	"^control: ledger died: exited, code 0$",
	/* writable and executable; executable after the seal */
	"^exec| exec: 38 attempts, each met as documented$",
	"^control: exec died: exited, code 0$",
	/* every privileged instruction */
	"^opcodes| opcodes: 349 attempts, each met as documented$",
	"^control: opcodes died: exited, code 0$",
	/* bad pointers, huge lengths, wrong handles */
	"^pointers| pointers: 331638 attempts, each met as documented$",
	"^control: pointers died: exited, code 0$",
	"^grants| grants: 96266 attempts, each met as documented$",
	"^control: grants died: exited, code 0$",
	"^events| events: 25326 attempts, each met as documented$",
	"^control: events died: exited, code 0$",
	/* stack pointers, flags, bases, single steps */
	"^upcall| upcall: 43 attempts, each met as documented$",
	"^control: upcall died: exited, code 0$",
	"^flags| flags: 481 attempts, each met as documented$",
	"^control: flags died: exited, code 0$",
	"^window| window: 400 attempts, each met as documented$",
	"^control: window died: exited, code 0$",
	"^bases| bases: 81 attempts, each met as documented$",
	"^control: bases died: exited, code 0$",
	"^jumps| jumps: 0 attempts, each met as documented$",
	"^control: jumps died: exited, code 0$",
	/* each way to end, with its reason */
	"^ends1| ends: end 1$",
	"^control: ends1 died: exited, code 7$",
	"^ends1| ends: end 2$",
	"^control: ends1 died: reported its own crash, code 77$",
	"^ends1| ends: end 3$",
	"^control: ends1 died: exception without a handler, code 6$",
	"^ends1| ends: end 4$",
	"^control: ends1 died: exception inside the exception handler, code 3$",
	"^ends1| ends: end 5$",
	"^control: ends1 died: exception stack not writable, code 6$",
	"^ends1| ends: end 6$",
	"^control: ends1 died: exited, code 0$",
	"^ends7| ends: end 7$",
	"^control: ends7 died: exception stack not writable, code 6$",
	"^ends7| ends: end 8$",
	"^control: ends7 died: stack not writable for an upcall, code 0$",
	"^ends7| ends: end 10$",
	"^control: ends7 died: upcall frame not readable at its exit, code 0$",
	"^control: ends7 died: exited, code 0$",
	"^ends13| ends: end 13$",
	"^control: ends13 died: resumed with a state that it must not have, code 0$",
	"^control: ends13 died: asked to be restarted, code 5$",
	"^ends13| ends: end 17$",
	"^control: ends13 died: exception without a handler, code 14$",
	"^control: ends13 died: exited, code 0$",
	/* rings */
	"^rings| rings: a producer one slot too far ahead$",
	"^control: rings died: exited, code 1$",
	"^rings| rings: a producer that runs backwards$",
	"^control: rings died: exited, code 2$",
	"^rings| rings: more free buffers than there are slots$",
	"^control: rings died: exited, code 3$",
	"^rings| rings: a consumer ahead of its producer$",
	"^control: rings died: exited, code 4$",
	"^rings| rings: all dropped, and still heard$",
	"^control: rings died: exited, code 5$",
	"^rings| rings: still heard$",
	"^control: rings died: exited, code 0$",
	"^router| router: stats: 10 source MAC is not the interface's own$",
	"^router| router: stats: 10 ARP sender is not who it may be$",
	/* the console */
	"^flood| flood: for ever$",
	" bytes dropped]$",
	"^spin| spin: for ever$",
};

/* Lines that occur this often, once all of the above were said. */
static const struct {
	const char *text;
	unsigned count;
} counts[] = {
	{"HOLE", 0},
	{" HOLES in ", 0},
	{"^router| router: interface 3 (rings) detached: its rings make no sense$", 4},
	{"^router| router: interface 1 (web1) detached", 0},
	{"^rings| rings: no longer heard$", 4},
	{"^control: ends7 died: stack not writable for an upcall, code 0$", 2},
	{"^control: ends7 died: upcall frame not readable at its exit, code 0$", 2},
	{"^control: ends13 died: resumed with a state that it must not have, code 0$", 3},
	{"^control: web1 died", 0},
	{"^control: router died", 0},
	/* a line that was torn */
	{"^... ", 0},
	/* the flood's words in another's name */
	{"^control: flood 1", 0},
	{"^router| flood", 0},
};

static void is_killed(struct machine *m, const char *name)
{
	char text[128];

	snprintf(text, sizeof text, "kill %s\n", name);
	machine_send(m, text);
	snprintf(text, sizeof text, "^control: %s died: ended by the control domain, code 0$", name);
	MUST(machine_expect_from(m, 0, text));
}

static void guests_end_as_documented(struct machine_options *options)
{
	struct machine *m = machine_start(options);
	struct load *load;
	char line[512];

	MUST(m);
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	load = load_start(machine_port(m, PORT_WEB1), 1, 60);
	MUST(machine_expect_all(m, lines, sizeof lines / sizeof lines[0], LINES_SECONDS));
	MUST(load_progress(load, 5, 60));
	is_killed(m, "flood");
	is_killed(m, "spin");
	MUST(load_progress(load, 20, 60));
	cr_expect_eq(load_stop(load), 0, "the web page failed meanwhile");
	for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		unsigned count = machine_count(m, 0, counts[i].text);

		line[0] = 0;
		machine_line(m, 0, counts[i].text, line, sizeof line);
		cr_expect_eq(count, counts[i].count, "%u times \"%s\": %s", count, counts[i].text, line);
	}
	machine_is_well(m);
	machine_stop(m);
}

Test(hostile, guests_end_as_documented_and_the_web_page_is_served_all_the_time, .timeout = TIMEOUT)
{
	struct machine_options options = {
		.log = "hostile", .config = "hostile", .door = MACHINE_UEFI, .forwards = {PORT_WEB1}};

	guests_end_as_documented(&options);
}

Test(hostile, guests_end_as_documented_on_two_cpus, .timeout = TIMEOUT)
{
	static const char *const two[] = {"-smp", "2", NULL};
	struct machine_options options = {
		.log = "hostile-smp", .config = "hostile", .door = MACHINE_PVH, .forwards = {PORT_WEB1}, .extra = two};

	guests_end_as_documented(&options);
}
