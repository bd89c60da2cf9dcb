/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions: QEMU counts them as the ticks of the TSC, tests/guests/bench_calls.c reads that. */
#include "bench.h"

#include <string.h>

#include "../lib/machine.h"

#define RESULT "calls| bench: "

void bench_calls(void)
{
	static const char *const count[] = {"-icount", "shift=0,sleep=off", NULL};
	struct machine_options options = {
		.log = "bench-calls", .config = "bench-calls", .door = MACHINE_PVH, .extra = count};
	struct machine *m = machine_start(&options);
	bool done = m && machine_expect(m, "^" RESULT "done$");
	char line[200], *figure;
	FILE *log;

	machine_stop(m);
	if (!done) {
		row_missing("instructions of hypercalls", "the guests did not come to their end");
		return;
	}
	log = log_open("bench-calls", 0);
	while (log_next(log, RESULT, line, sizeof line))
		if ((figure = strstr(line, " = "))) {
			*figure = 0;
			row(line + strlen(RESULT), "instructions: median of 1001 (least to most)", "%s", figure + 3);
		}
	fclose(log);
}
