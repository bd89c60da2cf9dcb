/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `make model`: every scenario to its depth. usage: model [slice]. MODEL_DEPTH: another depth; MODEL_SECONDS: how long all
 * together may take; MODEL_SCENARIO: one of them only.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

static double number(const char *name, double otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtod(value, NULL) : otherwise;
}

int main(int argc, char **argv)
{
	bool slice = argc > 1 && !strcmp(argv[1], "slice");
	double left = number("MODEL_SECONDS", 1e9);
	const char *only = getenv("MODEL_SCENARIO");
	struct tally sum = {.complete = true};
	unsigned run = 0;

	printf("%-10s %5s %10s %12s %12s %8s\n", "scenario", "depth", "states", "transitions", "refusals", "seconds");
	for (unsigned i = 0; i < scenario_count; i++) {
		const struct scenario *s = &scenarios[i];
		unsigned depth = (unsigned)number("MODEL_DEPTH", slice ? s->slice : s->depth);
		struct tally t;

		if (only && *only && strcmp(only, s->name))
			continue;
		t = search(s, depth, left / (scenario_count - i));
		run++;
		left = MAX(left - t.seconds, 1.0);
		printf("%-10s %5u %10lu %12lu %12lu %8.1f  %s\n", s->name, t.depth, t.states, t.transitions, t.refusals,
		       t.seconds,
		       t.violation  ? "VIOLATION"
		       : t.complete ? "no violation"
				    : "no violation; stopped within the next depth");
		if (t.violation)
			fputs(t.violation, stdout);
		fflush(stdout);
		if (t.violation)
			return 1;
		sum.states += t.states;
		sum.transitions += t.transitions;
		sum.refusals += t.refusals;
		sum.seconds += t.seconds;
	}
	printf("%-10s %5s %10lu %12lu %12lu %8.1f\n", "all", "", sum.states, sum.transitions, sum.refusals,
	       sum.seconds);
	if (run)
		return 0;
	fprintf(stderr, "error: no scenario is named %s\n", only);
	return 2;
}
