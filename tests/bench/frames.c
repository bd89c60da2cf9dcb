/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a small frame from outside costs the router, in instructions, by what it says itself that its time went into: receiving,
 * deciding, accounting, copying, doorbells. Frames come in bursts that the card has room for, and the next one only when an echo
 * behind the last has come back, so that nothing is lost and the host's load makes no difference but to how many come in a round.
 */
#include "bench.h"

#include "../lib/machine.h"
#include "../lib/wire.h"

#define BURST 63u
#define BURSTS 300u
#define PORT_OPEN 7001u
#define PORT_OTHER 7002u
#define PORT_SHUT 7009u
#define PATIENCE 300u
#define ECHO_SECONDS 20u
#define STATS "router| router: stats: "

struct sums {
	double frames, ns;
};

/* The counters as the router tells them anew, to the end of a block of lines. */
static bool sums_read(struct machine *m, struct sums *sums)
{
	static const char *const work[] = {STATS "interface 0 charged ", STATS "interface 1 charged ",
					   STATS "interface 2 charged "};
	char line[200];
	double part;
	size_t from;

	machine_skip(m);
	if (!machine_expect(m, "^" STATS "ran "))
		return false;
	from = machine_here(m);
	if (!machine_expect(m, "^" STATS "ran ") || !machine_line(m, from, "^" STATS "frames ", line, sizeof line) ||
	    !number_behind(line, "frames ", &sums->frames))
		return false;
	sums->ns = 0;
	for (unsigned i = 0; i < sizeof work / sizeof work[0]; i++) {
		if (!machine_line(m, from, work[i], line, sizeof line))
			continue;
		sums->ns += number_behind(line, "charged ", &part) ? part : 0;
		sums->ns += number_behind(line, "unpaid ", &part) ? part : 0;
	}
	return true;
}

/* To @to, and the echo from @echo. */
static bool bursts(struct wire *w, uint16_t to, uint16_t echo, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		for (unsigned n = 0; n < BURST; n++)
			wire_datagram(w, 4000, to);
		if (!wire_echo(w, 4000, echo, ECHO_SECONDS))
			return false;
	}
	return true;
}

static void measure(struct machine *m, struct wire *w, const char *what, uint16_t to, uint16_t echo)
{
	struct sums before, after;

	if (!bursts(w, to, echo, 20) || !sums_read(m, &before) || !bursts(w, to, echo, BURSTS) ||
	    !sums_read(m, &after) || after.frames - before.frames < BURSTS * BURST) {
		row_missing(what, "the load failed");
		return;
	}
	row(what, "instructions a frame of the router, by -icount, 63 of 65 frames such, the others an echo", "%.0f",
	    (after.ns - before.ns) / (after.frames - before.frames));
}

void bench_frames(void)
{
	static const char *const count[] = {"-icount", "shift=0", NULL};
	struct machine_options options = {
		.log = "bench-frames", .config = "bench-router", .door = MACHINE_PVH, .extra = count};
	struct machine *m;
	struct wire w = {0};

	if (!wire_open(&w, "bench-frames")) {
		row_missing("a small frame in the router", "no socket");
		return;
	}
	options.netdev = w.netdev;
	m = machine_start(&options);
	if (m && machine_expect_within(m, "^load1| load: listening on port ", PATIENCE)) {
		measure(m, &w, "a small frame that no rule lets pass", PORT_SHUT, PORT_OPEN);
		measure(m, &w, "a small frame of a known flow to a service", PORT_OPEN, PORT_OPEN);
		machine_send(m, "pause load1\n");
		if (machine_expect(m, "^control: load1 paused$"))
			measure(m, &w, "a small frame for a service that has not taken what it has", PORT_OPEN,
				PORT_OTHER);
	} else {
		row_missing("a small frame in the router", "the appliance did not start");
	}
	machine_stop(m);
	wire_close(&w);
}
