/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Floods of datagrams from outside for a third service, beside the two that behave: at half the rate at which the router drops
 * what no rule lets pass, measured first, and the curve around that; what came of the frames, and who paid for the router's time.
 * Without a tap, at the one rate that QEMU's user network leaves room for.
 */
#include "isolation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/flood.h"
#include "../lib/network.h"
#include "bench.h"
#include "blast.h"
#include "host.h"

#define LOG ISOLATION_LOG
#define PORT_SINK 9u
#define PORT_SHUT 7009u
#define DROP_SECONDS 3.0
#define STATS "router| router: stats: "

/* Frames, as the router and the tap count them. */
struct counters {
	double over, full, refused; /* dropped early, for its budget or its full ring; dropped for want of a rule */
	double not_taken;           /* by the card */
};

struct paid {
	double router, sink, others; /* ms */
};

/* The number before @label in @line, behind the head of all such lines. */
static void count_read(const char *line, const char *label, double *count)
{
	if (strstr(line, label))
		*count = strtod(line + strlen(STATS), NULL);
}

/* What the tap had to throw away since the card did not take it. */
static double tap_dropped(void)
{
	FILE *f = fopen("/proc/net/dev", "r");
	char line[400];
	double n = 0;

	while (f && fgets(line, sizeof line, f)) {
		const char *at = strstr(line, NETWORK_TAP ":");

		/* received: eight numbers; sent: bytes, packets, errors, dropped */
		if (at)
			sscanf(at + strlen(NETWORK_TAP ":"), "%*f %*f %*f %*f %*f %*f %*f %*f %*f %*f %*f %lf", &n);
	}
	if (f)
		fclose(f);
	return n;
}

/* The next whole block of what the router tells each second. */
static bool counters_read(struct machine *m, struct counters *c)
{
	size_t from = machine_here(m);
	unsigned blocks = 0;
	char line[300];
	FILE *log;

	*c = (struct counters){.not_taken = tap_dropped()};
	machine_skip(m);
	if (!machine_expect(m, "^" STATS "frames ") || !machine_expect(m, "^" STATS "frames "))
		return false;
	log = log_open(LOG, from);
	while (log_next(log, STATS, line, sizeof line)) {
		blocks += !strncmp(line, STATS "frames ", strlen(STATS "frames "));
		if (blocks != 1)
			continue;
		count_read(line, " for a domain that is over its budget", &c->over);
		count_read(line, " for a domain that has not taken what it has", &c->full);
		count_read(line, " no rule matches", &c->refused);
	}
	fclose(log);
	return true;
}

static bool paid_read(struct machine *m, struct paid *paid)
{
	static const char *const names[] = {"router", "sink", "web1", "web2"};
	struct usage u[4];
	bool told = true;

	for (unsigned i = 0; i < 4; i++)
		told = told && usage(m, names[i], &u[i]);
	if (told)
		*paid = (struct paid){u[0].run, u[1].charged, u[2].charged + u[3].charged};
	return told;
}

/* Datagrams a second that the router can drop for want of a rule: the best of several offers. */
static double drop_rate(const struct place *p)
{
	static const double offers[] = {10e3, 20e3, 40e3, 80e3, 160e3, 0};
	struct counters before, after;
	char condition[400] = "offered: dropped by the router, by the tap";
	double best = 0;

	progress("the router's drop rate");
	for (unsigned i = 0; i < sizeof offers / sizeof offers[0]; i++) {
		double sent, dropped;
		size_t used = strlen(condition);

		if (!counters_read(p->m, &before))
			return 0;
		sent = (double)blast(p->address, PORT_SHUT, offers[i], DROP_SECONDS);
		if (!counters_read(p->m, &after))
			return 0;
		dropped = (after.refused - before.refused) / DROP_SECONDS;
		best = dropped > best ? dropped : best;
		snprintf(condition + used, sizeof condition - used, "; %.0f: %.0f, %.0f", sent / DROP_SECONDS, dropped,
			 (after.not_taken - before.not_taken) / DROP_SECONDS);
	}
	row("datagrams of 18 bytes a second that no rule lets pass, dropped by the router", condition, "%.0f", best);
	return best;
}

/* Beside datagrams at @rate a second, or those of the user network, and what became of them and of the router's time. */
static void flooded(const char *what, double rate, const char *how, const struct place *p, const struct alone *alone)
{
	struct paid paid[2];
	struct counters c[2];
	struct blast *b = NULL;
	struct flood *f = NULL;
	double began, took, sent, router, sink, others;
	char title[160], condition[400];

	if (!counters_read(p->m, &c[0]) || !paid_read(p->m, &paid[0])) {
		row_missing(what, "the console did not tell");
		return;
	}
	began = seconds_now();
	if (p->tap)
		b = blast_start(p->address, PORT_SINK, rate);
	else
		f = flood_start(LOG);
	row_beside(what, "sink", how, p, alone);
	took = seconds_now() - began;
	sent = (double)(b ? blast_stop(b) : flood_stop(f));
	snprintf(title, sizeof title, "the router's time beside %s%s", what, how);
	if (!paid_read(p->m, &paid[1]) || !counters_read(p->m, &c[1])) {
		row_missing(title, "the console did not tell");
		return;
	}
	router = paid[1].router - paid[0].router;
	sink = paid[1].sink - paid[0].sink;
	others = paid[1].others - paid[0].others;
	snprintf(
		condition, sizeof condition,
		"in %.1f s %.0f datagrams a second; %.0f %% of them not taken by the card, %.0f %% dropped early since the service was over its budget, %.0f %% since its ring was full; others: the two services, from wrk and the probe",
		took, sent / took, 100 * (c[1].not_taken - c[0].not_taken) / sent, 100 * (c[1].over - c[0].over) / sent,
		100 * (c[1].full - c[0].full) / sent);
	row(title, condition,
	    "%.0f ms: charged to the flooded service %.0f ms, to others %.0f ms, to nobody %.0f ms (%.0f %%)", router,
	    sink, others, router - sink - others, 100 * (router - sink - others) / router);
}

/* The router's drop rate is measured once, while nobody else has work for it. */
static void curve(const char *how, const struct place *p, const struct alone *alone, bool whole)
{
	static const unsigned parts[] = {25, 50, 75, 100, 150};
	static double rate;
	char what[120];

	if (!rate)
		rate = drop_rate(p);
	if (!rate) {
		row_missing("beside datagrams for a third service", "the router's drop rate could not be measured");
		return;
	}
	for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (!whole && parts[i] != 50)
			continue;
		snprintf(what, sizeof what, "datagrams for a third service at %u %% of that", parts[i]);
		flooded(what, rate * parts[i] / 100, how, p, alone);
	}
}

void flood_rows(const char *how, const struct place *p, const struct alone *alone, bool whole)
{
	if (!command(p->m, "start", "sink", "^%s| antisocial: sink$")) {
		row_missing("beside datagrams for a third service", "that service did not start");
		return;
	}
	if (p->tap)
		curve(how, p, alone, whole);
	else
		flooded("datagrams of 1000 bytes for a third service", 0, how, p, alone);
	command(p->m, "kill", "sink", "^control: %s died: ");
}
