/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far system time runs away from the host's steady clock, and how late timers are. A guest says its time each second;
 * what a line takes to get here varies, so only the quickest of many counts: the least difference in the first tenth of the
 * time beside the least in the last one.
 */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/machine.h"

#define LOG "bench-time"
#define MINUTES 10.0
#define HEAD "^clock| clock: "

struct clock {
	double minutes, began, ended; /* host's time of the first and the last line */
	double first, last;           /* least difference of the clocks, host's less guest's, in s */
	char line[300];               /* the last one */
};

/* The next line; the difference of the clocks. False: none came. */
static bool look(struct machine *m, struct clock *c, double *difference)
{
	size_t from = machine_here(m);
	double ns;

	if (!machine_expect_from(m, from, HEAD))
		return false;
	c->ended = seconds_now();
	if (!machine_line(m, from, HEAD, c->line, sizeof c->line) || !number_behind(c->line, "now ", &ns))
		return false;
	*difference = c->ended - ns / 1e9;
	return true;
}

static bool follow(struct machine *m, struct clock *c)
{
	double difference, until;

	c->first = c->last = INFINITY;
	if (!look(m, c, &difference))
		return false;
	c->began = c->ended;
	until = c->began + 60 * c->minutes;
	while (c->ended < until) {
		if (!look(m, c, &difference))
			return false;
		if (c->ended < c->began + 6 * c->minutes)
			c->first = fmin(c->first, difference);
		if (c->ended > until - 6 * c->minutes)
			c->last = fmin(c->last, difference);
	}
	return true;
}

void bench_time(void)
{
	const char *minutes = getenv("TIME_MINUTES");
	struct clock c = {.minutes = minutes ? strtod(minutes, NULL) : MINUTES};
	struct machine_options options = {.log = LOG, .config = LOG, .door = MACHINE_PVH};
	struct machine *m = machine_start(&options);
	double timers, early, half, most, p99;

	if (!m || c.minutes < 0.5 || !follow(m, &c)) {
		row_missing("time", m && c.minutes >= 0.5 ? "the guest did not tell the time"
							  : "no machine, or TIME_MINUTES below 0.5");
		machine_stop(m);
		return;
	}
	machine_stop(m);
	row("drift of system time against the host's steady clock",
	    "least delay of the first and of the last tenth of the time compared",
	    "%+.1f ppm: %+.3f ms in %.1f minutes", 1e6 * (c.first - c.last) / (0.9 * (c.ended - c.began)),
	    1e3 * (c.first - c.last), 0.9 * (c.ended - c.began) / 60);
	if (number_behind(c.line, "clock: ", &timers) && number_behind(c.line, "timers, ", &early) &&
	    number_behind(c.line, "half within ", &half) && number_behind(c.line, "99 % within ", &p99) &&
	    number_behind(c.line, "most ", &most))
		row("lateness of timers", "sched_block to deadlines up to 20 ms ahead, one domain; how many were early",
		    "median %.0f us, p99 %.0f us, most %.0f us of %.0f; %.0f early", half, p99, most, timers, early);
	else
		row_missing("lateness of timers", "the guest did not tell");
}
