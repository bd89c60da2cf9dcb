/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests through the router to a web domain, by wrk and ab, and what the router did for them. Where the host lets us,
 * over a tap; else over QEMU's user network behind tools/forward, for QEMU listens with a backlog of 1, and the figures are
 * those of that network. Then the same loads for the same server compiled for Linux on this host, which is native and not emulated.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#include "../lib/command.h"
#include "../lib/http.h"
#include "../lib/machine.h"
#include "../lib/network.h"
#include "host.h"

#define PORT_WEB1 8080u
#define PORT_NATIVE "8090"
#define PORT_FORWARD "8091"
#define ROUTER_ADDRESS "10.0.2.15:8080"
#define FORWARD_ADDRESS "127.0.0.1:" PORT_FORWARD
#define PATIENCE 120u
#define ROUTER_LINE "router| router: stats: frames "
#define WARM_LINES 2u /* seconds of a load that do not count as steady */

struct load_kind {
	const char *name, *label; /* of the figure in what the program says */
	bool steady;              /* long enough for the router's counters */
	const char *words[10];    /* the address comes last */
};

static const struct load_kind loads[] = {
	{"wrk -t1 -c30 -d10s (keep-alive)", "Requests/sec:", true, {"wrk", "-t1", "-c30", "-d10s"}},
	{"ab -n 10000 -c 50", "Requests per second:", true, {"ab", "-q", "-n", "10000", "-c", "50"}},
	{"ab -k -n 10000 -c 50", "Requests per second:", false, {"ab", "-q", "-k", "-n", "10000", "-c", "50"}},
};

#define LOADS (sizeof loads / sizeof loads[0])

/* Runs load @k against @address. Requests a second, or 0; *@failures is how many went wrong. */
static double load_run(const struct load_kind *k, const char *address, double *failures)
{
	static const char *const bad[] = {"Failed requests:",
					  "Non-2xx responses:",
					  "Non-2xx or 3xx responses:",
					  "Socket errors: connect",
					  ", read",
					  ", write",
					  ", timeout"};
	const char *words[12] = {NULL};
	char url[64], text[8192];
	double rate = 0, part;

	for (unsigned i = 0; i < 10 && k->words[i]; i++)
		words[i] = k->words[i], words[i + 1] = url;
	snprintf(url, sizeof url, "http://%s/", address);
	*failures = 0;
	if (!command_exists(words[0]) || command_run(words, text, sizeof text) || !number_behind(text, k->label, &rate))
		return 0;
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (number_behind(text, bad[i], &part))
			*failures += part;
	return rate;
}

/* Hypercalls per frame of the router between the seconds of a load that are steady. */
static void router_row(size_t from, const char *load)
{
	double frames[2] = {0}, hypercalls[2] = {0}, sleeps[2] = {0}, f, h, s;
	unsigned lines = 0;
	char line[300], what[120];
	FILE *log = log_open("bench-web", from);

	while (log_next(log, ROUTER_LINE, line, sizeof line))
		if (number_behind(line, "frames ", &f) && number_behind(line, "hypercalls ", &h) &&
		    number_behind(line, "sleeps ", &s)) {
			unsigned end = lines++ > WARM_LINES;

			frames[end] = f, hypercalls[end] = h, sleeps[end] = s;
		}
	fclose(log);
	snprintf(what, sizeof what, "hypercalls per frame in the router, %s", load);
	if (lines < WARM_LINES + 2 || frames[1] <= frames[0]) {
		row_missing(what, "the load was too short");
		return;
	}
	f = frames[1] - frames[0];
	h = hypercalls[1] - hypercalls[0];
	s = sleeps[1] - sleeps[0];
	snprintf(line, sizeof line, "steady state, %.0f frames both ways: %.0f sleeps, %.0f notifications", f, s,
		 h - s);
	row(what, line, "%.3f", h / f);
}

/* Milliseconds that domain @name has run, as the control domain's console tells; 0: it does not. */
static double run_ms(struct machine *m, const char *name)
{
	size_t from = machine_here(m);
	char line[300], word[40];
	double frames, ms = 0;
	unsigned slot;
	FILE *log;

	machine_send(m, "ps\n");
	if (!machine_expect_from(m, from, "^control: ps: 2 "))
		return 0;
	log = log_open("bench-web", from);
	while (log_next(log, "control: ps: ", line, sizeof line))
		if (sscanf(line, "control: ps: %u %39s running %lf %lf", &slot, word, &frames, &ms) == 4 &&
		    !strcmp(word, name))
			break;
	fclose(log);
	return ms;
}

/* Load @k through the router, and what it took there. */
static double routed(struct machine *m, const struct load_kind *k, const char *address, double *failures)
{
	size_t from = machine_here(m);
	double began = seconds_now(), router = run_ms(m, "router"), web = run_ms(m, "web1"), rate, wall;
	char what[120];

	progress(k->name);
	rate = load_run(k, address, failures);
	wall = 1e3 * (seconds_now() - began);
	router = run_ms(m, "router") - router;
	web = run_ms(m, "web1") - web;
	snprintf(what, sizeof what, "share of the time, %s", k->name);
	row(what, "run time of the domains; the rest is the control domain and idle", "router %.0f %%, web1 %.0f %%",
	    100 * router / wall, 100 * web / wall);
	if (k->steady)
		router_row(from, k->name);
	return rate;
}

static void native(double rates[LOADS])
{
	int process = program_start(build_path("linux/web"), PORT_NATIVE);
	double failures;

	if (process > 0 && http_serves((uint16_t)atoi(PORT_NATIVE), PATIENCE))
		for (unsigned i = 0; i < LOADS; i++)
			rates[i] = load_run(&loads[i], "127.0.0.1:" PORT_NATIVE, &failures);
	program_stop(process);
}

static void rows(const struct load_kind *k, double rate, double failures, double peer, bool tap)
{
	char what[120], condition[200];

	snprintf(what, sizeof what, "requests/s through the router, %s", k->name);
	if (rate <= 0) {
		row_missing(what, "the load program failed or is missing");
		return;
	}
	snprintf(condition, sizeof condition, "%s, %.0f failed",
		 tap ? "tap" : "QEMU's user network behind tools/forward", failures);
	row(what, condition, "%.0f", rate);
	if (peer > 0)
		row("the same by the same apps/web on Linux", "native on this host by loopback, not emulated",
		    "%.0f (ratio %.3f)", peer, rate / peer);
	else
		row_missing("the same by the same apps/web on Linux", "it did not serve");
}

void bench_web(void)
{
	bool tap = network_private();
	struct machine_options options = {.log = "bench-web",
					  .config = "bench-web",
					  .door = MACHINE_PVH,
					  .netdev = tap ? "tap,id=net,ifname=" NETWORK_TAP ",script=no,downscript=no"
							: NULL,
					  .forwards = {PORT_WEB1}};
	double rates[LOADS] = {0}, failures[LOADS], peers[LOADS] = {0};
	struct machine *m = machine_start(&options);
	char doors[32];
	int forward;

	if (!m || !machine_expect(m, "router: interface 1 (web1) ") ||
	    !machine_expect_from(m, 0, "web: listening on port ")) {
		row_missing("requests/s through the router", "the appliance did not start");
		machine_stop(m);
		return;
	}
	snprintf(doors, sizeof doors, PORT_FORWARD ":%u", machine_port(m, PORT_WEB1));
	forward = tap ? -1 : program_start(build_path("tools/forward"), doors);
	for (unsigned i = 0; i < LOADS; i++)
		rates[i] = routed(m, &loads[i], tap ? ROUTER_ADDRESS : FORWARD_ADDRESS, &failures[i]);
	program_stop(forward);
	machine_stop(m);
	progress("the same on Linux");
	native(peers);
	for (unsigned i = 0; i < LOADS; i++)
		rows(&loads[i], rates[i], failures[i], peers[i], tap);
}
