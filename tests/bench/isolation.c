/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two well-behaved services, a web server under wrk and one that is asked for a little each 10 ms, alone and then beside each
 * antisocial domain in turn, after the performance isolation test of the Xen paper (Barham et al., SOSP 2003); where
 * the router's time went under a flood; and shares by weight, by work done.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/command.h"
#include "../lib/flood.h"
#include "../lib/http.h"
#include "../lib/machine.h"
#include "host.h"
#include "probe.h"

#define LOG "bench-isolation"
#define LOG_SHARES "bench-shares"
#define PORT_WEB1 8080u
#define PORT_WEB2 8081u
#define PORT_FORWARD "8092"
#define PATIENCE 240u
#define WRK "wrk", "-t1", "-c10", "-d6s"
#define WARP "10 0 0" /* ms, its limit, its unwarp requirement */
#define OVER_BUDGET " for a domain that is over its budget"

struct measure {
	double rate; /* of web1, requests a second */
	double fair; /* the part of it that is left beside one more that always runs */
	struct probe_result probe;
};

struct place {
	struct machine *m;
	uint16_t web1, web2; /* of 127.0.0.1 */
};

static const char *const antisocial[] = {"spin", "churn", "thrash", "events", "flood", "calls"};
static const char *const does[] = {"one that spins",
				   "one that makes and ends domains without end",
				   "one that runs through 16 MiB of memory",
				   "a storm of events to a third domain",
				   "one that floods its console",
				   "a storm of hypercalls"};

#define ANTISOCIALS (sizeof antisocial / sizeof antisocial[0])

/* Types `@verb @name` and waits for the answer, @answer behind the name. */
static bool command(struct machine *m, const char *verb, const char *name, const char *answer)
{
	size_t from = machine_here(m);
	char text[120];

	snprintf(text, sizeof text, "%s %s\n", verb, name);
	machine_send(m, text);
	snprintf(text, sizeof text, answer, name);
	return machine_expect_from(m, from, text);
}

/* What `cpu` tells of domain @name, in ms. */
static bool usage(struct machine *m, const char *name, double *run, double *charged)
{
	size_t from = machine_here(m);
	char head[64], line[300];

	snprintf(head, sizeof head, "^control: cpu: %s ", name);
	machine_send(m, "cpu\n");
	return machine_expect_from(m, from, head) && machine_line(m, from, head, line, sizeof line) &&
	       sscanf(strchr(line, ','), ", %lf %*f %*f %*f %lf", run, charged) == 2;
}

/* What domain @name has had of the CPU, in ms, with what others did for it. */
static bool cpu_had(struct machine *m, const char *name, double *ms)
{
	double charged;
	bool told = usage(m, name, ms, &charged);

	if (told)
		*ms += charged;
	return told;
}

static bool measure(const struct place *p, struct measure *r)
{
	static const char *const words[] = {WRK, "http://127.0.0.1:" PORT_FORWARD "/", NULL};
	struct probe *probe = probe_start(p->web2);
	char text[8192];
	bool done = !command_run(words, text, sizeof text) && number_behind(text, "Requests/sec:", &r->rate);

	r->probe = probe_stop(probe);
	return done && r->rate > 0 && r->probe.answers;
}

/*
 * Alone, and what is fair beside a neighbour of web1's weight that always runs: both get the same, where web1 is charged for the
 * router's work for it, and the rest of the router and web2, which have more than they need, as much as before for each request.
 */
static bool measure_alone(const struct place *p, struct measure *r)
{
	static const char *const names[] = {"web1", "router", "web2"};
	double began = seconds_now(), run[2][3], charged[2][3], took;
	bool done = true;

	for (unsigned i = 0; i < 3; i++)
		done &= usage(p->m, names[i], &run[0][i], &charged[0][i]);
	done = done && measure(p, r);
	for (unsigned i = 0; i < 3; i++)
		done = done && usage(p->m, names[i], &run[1][i], &charged[1][i]);
	took = 1e3 * (seconds_now() - began);
	if (!done)
		return false;
	/* web1 twice, the router once and what it did for web1 once more, web2. */
	r->fair = took / (2 * (run[1][0] - run[0][0]) + charged[1][0] - charged[0][0] + run[1][1] - run[0][1] +
			  run[1][2] - run[0][2]);
	r->fair = r->fair > 1 ? 1 : r->fair;
	return true;
}

static void row_beside(const char *what, const char *name, const char *how, const struct place *p,
		       const struct measure *alone)
{
	struct measure r;
	char title[120], condition[240];
	double had[2][2];

	progress(what);
	snprintf(title, sizeof title, "beside %s%s", what, how);
	if (!cpu_had(p->m, "web1", &had[0][0]) || !cpu_had(p->m, name, &had[0][1]) || !measure(p, &r) ||
	    !cpu_had(p->m, "web1", &had[1][0]) || !cpu_had(p->m, name, &had[1][1])) {
		row_missing(title, "the loads failed");
		return;
	}
	snprintf(
		condition, sizeof condition,
		"%.0f requests/s; median %.1f ms, p99 %.1f ms, most %.1f ms of %u small answers, %u failed; CPU, what the router did for them included: web1 %.0f ms, %s %.0f ms",
		r.rate, r.probe.median, r.probe.p99, r.probe.most, r.probe.answers, r.probe.failures,
		had[1][0] - had[0][0], name, had[1][1] - had[0][1]);
	row(title, condition, "throughput %.0f %%, %.0f %% of the fair share, p99 ratio %.2f",
	    100 * r.rate / alone->rate, 100 * r.rate / alone->rate / alone->fair, r.probe.p99 / alone->probe.p99);
}

/* How many frames the router says that it dropped early. */
static double early_drops(void)
{
	char line[300], *at;
	double drops = 0;
	FILE *log = log_open(LOG, 0);

	while (log_next(log, "router| router: stats: ", line, sizeof line))
		if ((at = strstr(line, OVER_BUDGET)))
			drops = strtod(line + strlen("router| router: stats: "), NULL);
	fclose(log);
	return drops;
}

/* The flood, and who was charged for it. */
static void flooded(const char *how, const struct place *p, const struct measure *alone)
{
	static const char *const names[] = {"router", "sink", "web1", "web2"};
	double run[2][4], charged[2][4], frames, target, others, all, drops = early_drops();
	struct flood *f;
	char condition[200];
	bool told = true;

	if (!command(p->m, "start", "sink", "^%s| antisocial: sink$")) {
		row_missing("beside a flood of datagrams for a third service", "that service did not start");
		return;
	}
	for (unsigned i = 0; i < 4; i++)
		told &= usage(p->m, names[i], &run[0][i], &charged[0][i]);
	f = flood_start(LOG);
	row_beside("a flood of datagrams for a third service", "sink", how, p, alone);
	frames = (double)flood_stop(f);
	for (unsigned i = 0; i < 4; i++)
		told &= usage(p->m, names[i], &run[1][i], &charged[1][i]);
	if (!told) {
		row_missing("the router's time under the flood", "the console did not tell");
		return;
	}
	target = charged[1][1] - charged[0][1];
	others = charged[1][2] - charged[0][2] + charged[1][3] - charged[0][3];
	all = run[1][0] - run[0][0];
	snprintf(
		condition, sizeof condition,
		"%.0f datagrams of 1000 bytes, %.0f of them dropped early; others: the two services, from wrk and the probe",
		frames, early_drops() - drops);
	row("the router's time under that flood", condition,
	    "%.0f ms: charged to the flooded service %.0f ms, to others %.0f ms, to nobody %.0f ms (%.0f %%)", all,
	    target, others, all - target - others, 100 * (all - target - others) / all);
}

/* Whoever answers quickly gets a head start, as docs/scheduling.md has it. */
static bool warped(struct machine *m)
{
	static const char *const names[] = {"router", "web1", "web2"};
	char text[64], answer[64];
	bool done = true;

	for (unsigned i = 0; i < 3; i++) {
		size_t from = machine_here(m);

		snprintf(text, sizeof text, "cpu %s warp " WARP "\n", names[i]);
		snprintf(answer, sizeof answer, "^control: cpu: %s has weight ", names[i]);
		machine_send(m, text);
		done = done && machine_expect_from(m, from, answer);
	}
	return done;
}

static void beside_each(const struct place *p, const struct measure *alone, const char *how)
{
	for (unsigned i = 0; i < ANTISOCIALS; i++) {
		if (command(p->m, "start", antisocial[i], "^control: restarted %s as ")) {
			row_beside(does[i], antisocial[i], how, p, alone);
			command(p->m, "kill", antisocial[i], "^control: %s died: ");
		} else {
			row_missing(does[i], "it did not start");
		}
	}
	flooded(how, p, alone);
	command(p->m, "kill", "sink", "^control: %s died: ");
}

static void rows(const struct place *p)
{
	struct measure alone;
	bool quiet = command(p->m, "kill", "sink", "^control: %s died: ");

	for (unsigned i = 0; i < ANTISOCIALS; i++)
		quiet &= command(p->m, "kill", antisocial[i], "^control: %s died: ");
	progress("alone");
	/* the first is for warming up */
	if (!quiet || !measure(p, &alone) || !measure_alone(p, &alone)) {
		row_missing("two services alone", "the neighbours could not be ended, or the loads failed");
		return;
	}
	row("two services alone: wrk -t1 -c10 -d6s at web1, HEAD / each 10 ms at web2", "one CPU; QEMU's user network",
	    "%.0f requests/s; median %.1f ms, p99 %.1f ms, most %.1f ms of %u; fair beside one more: %.0f %%",
	    alone.rate, alone.probe.median, alone.probe.p99, alone.probe.most, alone.probe.answers, 100 * alone.fair);
	beside_each(p, &alone, "");
	if (!warped(p->m))
		row_missing("with warp", "the console did not take it");
	else
		beside_each(p, &alone, ", with warp");
}

static void services(void)
{
	const char *words[FLOOD_WORDS];
	char network[160], way[32];
	struct place p = {.web1 = port_free()};
	struct machine_options options = {
		.log = LOG, .config = LOG, .door = MACHINE_PVH, .netdev = FLOOD_NETDEV, .extra = words};
	int forward;

	flood_words(words, LOG, p.web1, PORT_WEB1);
	p.web2 = port_free();
	snprintf(network, sizeof network, "user,id=up,hostfwd=tcp:127.0.0.1:%u-:%u,hostfwd=tcp:127.0.0.1:%u-:%u",
		 p.web1, PORT_WEB1, p.web2, PORT_WEB2);
	words[1] = network;
	p.m = machine_start(&options);
	if (!p.m || !http_serves(p.web1, PATIENCE) || !http_serves(p.web2, PATIENCE)) {
		row_missing("isolation", "the appliance did not start");
		machine_stop(p.m);
		return;
	}
	snprintf(way, sizeof way, PORT_FORWARD ":%u", p.web1);
	forward = program_start(build_path("tools/forward"), way);
	rows(&p);
	program_stop(forward);
	machine_stop(p.m);
}

static void shares(void)
{
	static const char *const count[] = {"-icount", "shift=0,sleep=off", NULL};
	static const char *const names[] = {"one", "two", "four"};
	struct machine_options options = {.log = LOG_SHARES,
					  .config = LOG_SHARES,
					  .door = MACHINE_PVH,
					  .append = "exit-when-done",
					  .extra = count};
	struct machine *m = machine_start(&options);
	bool done = m && machine_expect_within(m, "^control: all domains have ended: powering off$", PATIENCE);
	double work[3] = {0}, sum = 0, worst = 0;
	char line[200], head[64];

	for (unsigned i = 0; done && i < 3; i++) {
		snprintf(head, sizeof head, "^%s| antisocial: counted to ", names[i]);
		done = machine_line(m, 0, head, line, sizeof line) && number_behind(line, "counted to ", &work[i]);
		sum += work[i];
	}
	machine_stop(m);
	if (!done || !sum) {
		row_missing("shares by weight", "the guests did not come to their end");
		return;
	}
	for (unsigned i = 0; i < 3; i++) {
		double off = work[i] / sum * 7 / (1 << i) - 1;

		worst = off * off > worst * worst ? off : worst;
	}
	row("work of three domains with weights 1 : 2 : 4 in 3 s of system time",
	    "-icount shift=0; the furthest from its share in %", "1 : %.3f : %.3f, %+.2f %%", work[1] / work[0],
	    work[2] / work[0], 100 * worst);
}

void bench_isolation(void)
{
	progress("shares");
	shares();
	services();
}
