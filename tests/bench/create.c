/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thousand domains of one plan: how long the 1st, 100th and 1000th take from the beginning of the build to the first
 * instruction of main, and what memory the machine has less for the 2nd, 100th and 1000th. Both are what the control domain
 * noted when the build began (`stats`) and what the guest says of itself.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/machine.h"

#define MANY 1000u
#define NEIGHBOURS 10u /* the memory of one instance is a mean over so many, for a neighbour may still be growing */
#define PATIENCE 1800u
#define KIB_PER_FRAME 4.0

struct instance {
	double began, main_began; /* ns of system time */
	double free;              /* frames that the machine had free when its build began */
};

static struct instance instances[MANY];

/* The number of an instance in the first word of @line behind @head, as in `idle007`. */
static struct instance *instance_of(const char *line, const char *head, const char *name)
{
	const char *at = line + strlen(head);
	unsigned long n;
	char *end;

	if (strncmp(at, name, strlen(name)))
		return NULL;
	n = strtoul(at + strlen(name), &end, 10);
	return end == at + strlen(name) + 3 && n < MANY ? &instances[n] : NULL;
}

/* Reads both sides of each instance out of the log; false when the last one is not there. */
static bool collect(const char *log_name, const char *name)
{
	char line[400];
	struct instance *i;
	FILE *log = log_open(log_name, 0);

	memset(instances, 0, sizeof instances);
	while (log_next(log, "", line, sizeof line)) {
		if (!strncmp(line, "control: stats: ", 16)) {
			i = instance_of(line, "control: stats: ", name);
			if (i)
				(void)(number_behind(line, "began at ", &i->began) &&
				       number_behind(line, "with ", &i->free));
		} else if ((i = instance_of(line, "", name))) {
			number_behind(line, "main began at ", &i->main_began);
		}
	}
	fclose(log);
	return instances[MANY - 1].began != 0;
}

/* Starts the plan and waits until the last of its domains has said @said and all were asked for. */
static struct machine *start(const char *config, const char *name, const char *said, bool count)
{
	static const char *const plain[] = {"-m", "1G", NULL};
	static const char *const counted[] = {"-m", "1G", "-icount", "shift=0,sleep=off", NULL};
	struct machine_options options = {
		.log = config, .config = config, .door = MACHINE_PVH, .extra = count ? counted : plain};
	struct machine *m = machine_start(&options);

	if (m && machine_expect_within(m, said, PATIENCE)) {
		size_t from = machine_here(m);
		char last[60];

		snprintf(last, sizeof last, "^control: stats: %s999 ", name);
		machine_send(m, "stats\n");
		if (machine_expect_from(m, from, last))
			return m;
	}
	machine_stop(m);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of instances @from to @to of the time from the beginning of the build until main, in ns. */
static double median(unsigned from, unsigned to)
{
	double ns[MANY];
	unsigned n = 0;

	for (unsigned i = from; i <= to; i++)
		ns[n++] = instances[i - 1].main_began - instances[i - 1].began;
	qsort(ns, n, sizeof ns[0], compare);
	return ns[n / 2];
}

static void times(bool count)
{
	static const struct {
		unsigned from, to;
		const char *what;
	} rows[] = {{1, 1,
		     "domain 1 of 1000, its image verified and copied first, from the beginning of its build to main"},
		    {2, 11, "domains 2 to 11, likewise, median"},
		    {91, 100, "domains 91 to 100, likewise, median"},
		    {991, 1000, "domains 991 to 1000, likewise, median"}};
	struct machine *m = start("many", "idle", "^idle999| main began at ", count);

	if (!m || !collect("many", "idle"))
		row_missing("from the beginning of a build to main", "not all of the thousand domains came up");
	else
		for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			double ns = median(rows[i].from, rows[i].to);

			if (count)
				row(rows[i].what, "instructions, by -icount; guests/idle", "%.0f", ns);
			else
				row(rows[i].what, "system time under TCG; guests/idle", "%.0f us", ns / 1e3);
		}
	machine_stop(m);
}

static void memory(const char *config, const char *name, const char *said, const char *app)
{
	static const unsigned which[] = {2, 100, 990};
	struct machine *m = start(config, name, said, false);
	char what[120];

	snprintf(what, sizeof what, "memory of one more instance of %s", app);
	if (!m || !collect(config, name))
		row_missing(what, "not all of the thousand domains came up");
	else
		for (unsigned i = 0; i < 3; i++) {
			unsigned n = which[i] - 1;
			double frames = (instances[n].free - instances[n + NEIGHBOURS].free) / NEIGHBOURS;

			snprintf(what, sizeof what, "memory of instance %u of %s, all included", which[i], app);
			row(what, "what the machine has less; mean of it and the nine that follow", "%.1f KiB",
			    frames * KIB_PER_FRAME);
		}
	machine_stop(m);
}

void bench_create(void)
{
	times(true);
	times(false);
	memory("many-hello", "hello", "^hello999| hello: ", "apps/hello");
	memory("many-web", "web", "^web999| web: listening ", "apps/web (no interface)");
}
