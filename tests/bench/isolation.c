/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two well-behaved services, a web server under wrk and one that is asked for a little each 10 ms, alone and then beside each
 * antisocial domain in turn, after the performance isolation test of the Xen paper (Barham et al., SOSP 2003); where
 * the router's time went under a flood; and shares by weight, by work done.
 */
#include "isolation.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../lib/command.h"
#include "../lib/flood.h"
#include "../lib/http.h"
#include "../lib/network.h"
#include "bench.h"
#include "host.h"

#define LOG ISOLATION_LOG
#define LOG_SHARES "bench-shares"
#define ROUTER "10.0.2.15"
#define PORT_WEB1 8080u
#define PORT_WEB2 8081u
#define PORT_FORWARD "8092"
#define PATIENCE 240u
#define WRK "wrk", "-t1", "-c50", "-d10s"
#define WARM_SECONDS 1
#define MEASURED_SECONDS 8
#define COUNTED "-icount", "shift=0"
#define WARP "10 0 0" /* ms, its limit, its unwarp requirement */

static const char *const antisocial[] = {"spin", "churn", "thrash", "events", "flood", "calls"};
static const char *const does[] = {"one that spins",
				   "one that makes and ends domains without end",
				   "one that runs through 16 MiB of memory",
				   "a storm of events to a third domain",
				   "one that floods its console",
				   "a storm of hypercalls"};

#define ANTISOCIALS (sizeof antisocial / sizeof antisocial[0])

bool command(struct machine *m, const char *verb, const char *name, const char *answer)
{
	size_t from = machine_here(m);
	char text[120];

	snprintf(text, sizeof text, "%s %s\n", verb, name);
	machine_send(m, text);
	snprintf(text, sizeof text, answer, name);
	return machine_expect_from(m, from, text);
}

bool usage(struct machine *m, const char *name, struct usage *u)
{
	size_t from = machine_here(m);
	char head[64], line[300];
	double wait, steal, blocked;

	snprintf(head, sizeof head, "^control: cpu: %s ", name);
	machine_send(m, "cpu\n");
	if (!machine_expect_from(m, from, head) || !machine_line(m, from, head, line, sizeof line) ||
	    sscanf(strchr(line, ','), ", %lf %lf %lf %lf %lf", &u->run, &wait, &steal, &blocked, &u->charged) != 5)
		return false;
	u->life = u->run + wait + steal + blocked;
	return true;
}

/* wrk in the background: requests a second by the host's clock, or 0. */
struct load {
	const char *url;
	double rate;
	pthread_t thread;
};

static void *load_work(void *arg)
{
	struct load *load = arg;
	const char *const words[] = {WRK, load->url, NULL};
	char text[8192];

	if (command_run(words, text, sizeof text) || !number_behind(text, "Requests/sec:", &load->rate))
		load->rate = 0;
	return NULL;
}

/* What domains @names, the first of which is web1, have had in the middle of what wrk and the probe do. */
static bool measure(const struct place *p, const char *const *names, unsigned count, struct measure *r)
{
	struct probe *probe = probe_start(p->address, p->web2);
	struct load load = {.url = p->url};
	struct usage before[USED], after[USED];
	bool done = !pthread_create(&load.thread, NULL, load_work, &load);
	double began;

	if (!done)
		abort();
	sleep(WARM_SECONDS);
	began = seconds_now();
	for (unsigned i = 0; i < count; i++)
		done = done && usage(p->m, names[i], &before[i]);
	sleep(MEASURED_SECONDS);
	r->real = 1e3 * (seconds_now() - began);
	for (unsigned i = 0; i < count; i++)
		done = done && usage(p->m, names[i], &after[i]);
	pthread_join(load.thread, NULL);
	r->probe = probe_stop(probe);
	for (unsigned i = 0; done && i < count; i++)
		r->used[i] = (struct usage){after[i].run - before[i].run, after[i].charged - before[i].charged,
					    after[i].life - before[i].life};
	r->system = done ? r->used[0].life : 1;
	r->rate = load.rate * r->real / r->system;
	return done && load.rate > 0 && r->probe.answers;
}

/* ms of system time in which 99 of 100 small answers came. */
static double p99(const struct measure *r)
{
	return r->probe.p99 * r->system / r->real;
}

/*
 * Alone, and what is fair beside a neighbour of web1's weight that always runs: both get the same, where web1 is charged for the
 * router's work for it, and the rest of the router and web2, which have more than they need, as much as before for each request.
 */
static bool measure_alone(const struct place *p, struct alone *alone)
{
	static const char *const names[] = {"web1", "router", "web2"};
	struct measure *r = &alone->measure;
	double all;

	if (!measure(p, names, 3, r))
		return false;
	all = 2 * r->used[0].run + r->used[0].charged + r->used[1].run + r->used[2].run;
	alone->fair = r->system / all < 1 ? r->system / all : 1;
	return true;
}

void row_beside(const char *what, const char *name, const char *how, const struct place *p, const struct alone *alone)
{
	const char *const names[] = {"web1", name, "itself"};
	struct measure r;
	char title[160], condition[300];

	progress(what);
	snprintf(title, sizeof title, "beside %s%s", what, how);
	if (!measure(p, names, 3, &r)) {
		row_missing(title, "the loads failed");
		return;
	}
	snprintf(
		condition, sizeof condition,
		"%.0f requests/s; p99 %.2f ms of %u small answers, %u failed; CPU of %.0f ms, what others did for them included: web1 %.0f ms, %s %.0f ms; the control domain ran %.0f ms",
		r.rate, p99(&r), r.probe.answers, r.probe.failures, r.system, r.used[0].run + r.used[0].charged, name,
		r.used[1].run + r.used[1].charged, r.used[2].run);
	row(title, condition, "throughput %.0f %%, %.0f %% of the fair share, p99 ratio %.2f",
	    100 * r.rate / alone->measure.rate, 100 * r.rate / alone->measure.rate / alone->fair,
	    p99(&r) / p99(&alone->measure));
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

static void beside_each(const struct place *p, const struct alone *alone, const char *how, bool whole)
{
	for (unsigned i = 0; i < ANTISOCIALS; i++) {
		if (command(p->m, "start", antisocial[i], "^control: restarted %s as ")) {
			row_beside(does[i], antisocial[i], how, p, alone);
			command(p->m, "kill", antisocial[i], "^control: %s died: ");
		} else {
			row_missing(does[i], "it did not start");
		}
	}
	flood_rows(how, p, alone, whole);
}

static void rows(const struct place *p)
{
	struct alone alone;
	const struct measure *r = &alone.measure;
	bool quiet = command(p->m, "kill", "sink", "^control: %s died: ");
	char condition[200];

	for (unsigned i = 0; i < ANTISOCIALS; i++)
		quiet &= command(p->m, "kill", antisocial[i], "^control: %s died: ");
	progress("alone");
	/* the first is for warming up */
	if (!quiet || !measure_alone(p, &alone) || !measure_alone(p, &alone)) {
		row_missing("two services alone", "the neighbours could not be ended, or the loads failed");
		return;
	}
	snprintf(condition, sizeof condition, "one CPU; %s; a second of system time took %.1f s",
		 p->tap ? "tap, the emulated CPU on a processor of its own, all else on another one"
			: "QEMU's user network",
		 r->real / r->system);
	row("two services alone: wrk -t1 -c50 -d10s at web1, HEAD / each 10 ms at web2", condition,
	    "%.0f requests/s; p99 %.2f ms of %u small answers; fair beside one more: %.0f %%", r->rate, p99(r),
	    r->probe.answers, 100 * alone.fair);
	beside_each(p, &alone, "", true);
	if (!warped(p->m))
		row_missing("with warp", "the console did not take it");
	else
		beside_each(p, &alone, ", with warp", false);
}

/* Over a tap, with the emulated CPU on a processor of its own, and all of it before whatever else this host does. */
static bool tap_start(struct place *p)
{
	static const char *const words[] = {"-name", "bench,debug-threads=on", COUNTED, NULL};
	static const char *const lines[] = {"^web1| web: listening on port ", "^web2| web: listening on port ",
					    "^sink| antisocial: sink$"};
	struct machine_options options = {.log = LOG,
					  .config = LOG,
					  .door = MACHINE_PVH,
					  .netdev = "tap,id=net,ifname=" NETWORK_TAP ",script=no,downscript=no",
					  .extra = words};
	int thread;

	p->tap = true;
	p->address = ROUTER;
	p->web2 = PORT_WEB2;
	snprintf(p->url, sizeof p->url, "http://" ROUTER ":%u/", PORT_WEB1);
	thread_pin(0, processor_get(1) < 0 ? -1 : processor_get(0));
	setpriority(PRIO_PROCESS, 0, PRIO_MIN);
	p->m = machine_start(&options);
	if (!p->m || !machine_expect_all(p->m, lines, 3, PATIENCE))
		return false;
	thread = thread_find(machine_process(p->m), "ALL CPUs/");
	thread_pin(thread, processor_get(1));
	return thread != 0;
}

/* Over QEMU's user network, wherever the host puts the emulated CPU. */
static bool user_start(struct place *p, int *forward)
{
	static char network[160], way[32];
	static const char *words[FLOOD_WORDS + 2] = {COUNTED};
	struct machine_options options = {
		.log = LOG, .config = LOG, .door = MACHINE_PVH, .netdev = FLOOD_NETDEV, .extra = words};
	uint16_t web1 = port_free();

	flood_words(words + 2, LOG, web1, PORT_WEB1);
	p->address = "127.0.0.1";
	p->web2 = port_free();
	snprintf(p->url, sizeof p->url, "http://127.0.0.1:" PORT_FORWARD "/");
	snprintf(network, sizeof network, "user,id=up,hostfwd=tcp:127.0.0.1:%u-:%u,hostfwd=tcp:127.0.0.1:%u-:%u", web1,
		 PORT_WEB1, p->web2, PORT_WEB2);
	words[3] = network;
	p->m = machine_start(&options);
	if (!p->m || !http_serves(web1, PATIENCE) || !http_serves(p->web2, PATIENCE))
		return false;
	snprintf(way, sizeof way, PORT_FORWARD ":%u", web1);
	*forward = program_start(build_path("tools/forward"), way);
	return true;
}

static void services(void)
{
	struct place p = {.m = NULL};
	int forward = -1;

	if (network_private() ? tap_start(&p) : user_start(&p, &forward))
		rows(&p);
	else
		row_missing("isolation", "the appliance did not start");
	program_stop(forward);
	machine_stop(p.m);
	thread_pin(0, -1);
	setpriority(PRIO_PROCESS, 0, 0);
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
