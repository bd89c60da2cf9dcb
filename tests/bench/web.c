/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests through the router to a web domain, by wrk and ab, and what the router did for them. Where the host lets us,
 * over a tap; else over QEMU's user network, which listens with a backlog of 1, so that its figures are its own. Then the
 * same loads for the same server compiled for Linux on this host, which is native and not emulated.
 */
#include "bench.h"

#include <string.h>

#include "../lib/command.h"
#include "../lib/http.h"
#include "../lib/machine.h"
#include "host.h"

#define PORT_WEB1 8080u
#define PORT_NATIVE 8090u
#define PATIENCE 120u
#define ROUTER_LINE "router| router: stats: frames "
#define WARM_LINES 2u /* seconds of a load that do not count as steady */

struct load_kind {
	const char *name, *label; /* of the figure in what the program says */
	const char *words[10];    /* the address comes last */
};

static const struct load_kind loads[] = {
	{"wrk -t1 -c30 -d10s (keep-alive)", "Requests/sec:", {"wrk", "-t1", "-c30", "-d10s", "--latency"}},
	{"ab -n 10000 -c 50", "Requests per second:", {"ab", "-q", "-n", "10000", "-c", "50"}},
	{"ab -k -n 10000 -c 50", "Requests per second:", {"ab", "-q", "-k", "-n", "10000", "-c", "50"}},
};

#define LOADS (sizeof loads / sizeof loads[0])

/* Runs load @k against @address. Requests a second, or 0; @failures is how many went wrong. */
static double load_run(const struct load_kind *k, const char *address, double *failures)
{
	const char *words[12] = {NULL};
	char url[64], text[8192];
	double rate = 0, part;

	for (unsigned i = 0; i < 10 && k->words[i]; i++)
		words[i] = k->words[i], words[i + 1] = url;
	snprintf(url, sizeof url, "http://%s/", address);
	*failures = 0;
	if (!command_exists(words[0]) || command_run(words, text, sizeof text) || !number_behind(text, k->label, &rate))
		return 0;
	if (number_behind(text, "Failed requests:", &part) || number_behind(text, "timeout ", &part))
		*failures += part;
	if (number_behind(text, "Non-2xx responses:", &part) || number_behind(text, "Non-2xx or 3xx responses:", &part))
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
	snprintf(line, sizeof line, "steady state, %.0f frames: %.0f sleeps, %.0f notifications", f, s, h - s);
	row(what, line, "%.3f", h / f);
}

static void native(double rates[LOADS])
{
	int process = native_start(PORT_NATIVE);
	double failures;
	char address[32];

	snprintf(address, sizeof address, "127.0.0.1:%u", PORT_NATIVE);
	if (process > 0 && http_serves(PORT_NATIVE, PATIENCE))
		for (unsigned i = 0; i < LOADS; i++)
			rates[i] = load_run(&loads[i], address, &failures);
	native_stop(process);
}

static void rows(const struct load_kind *k, double rate, double failures, double peer, bool tap)
{
	char what[120], condition[200];

	snprintf(what, sizeof what, "requests/s through the router, %s", k->name);
	if (rate <= 0) {
		row_missing(what, "the load program failed or is missing");
		return;
	}
	snprintf(condition, sizeof condition, "%s, %.0f failed", tap ? "tap" : "QEMU's user network (backlog 1)",
		 failures);
	row(what, condition, "%.0f", rate);
	if (peer > 0)
		row("the same by the same apps/web on Linux", "native on this host by loopback, not emulated",
		    "%.0f (ratio %.3f)", peer, rate / peer);
	else
		row_missing("the same by the same apps/web on Linux", "it did not serve");
}

void bench_web(void)
{
	bool tap = host_network();
	struct machine_options options = {.log = "bench-web",
					  .config = "bench-web",
					  .door = MACHINE_PVH,
					  .netdev = tap ? "tap,id=net,ifname=" HOST_TAP ",script=no,downscript=no"
							: NULL,
					  .forwards = {PORT_WEB1}};
	double rates[LOADS] = {0}, failures[LOADS], peers[LOADS] = {0};
	struct machine *m = machine_start(&options);
	char address[32];

	if (!m || !machine_expect(m, "router: interface 1 (web1) ") ||
	    !machine_expect_from(m, 0, "web: listening on port ")) {
		row_missing("requests/s through the router", "the appliance did not start");
		machine_stop(m);
		return;
	}
	snprintf(address, sizeof address, tap ? "10.0.2.15:%u" : "127.0.0.1:%u",
		 tap ? PORT_WEB1 : machine_port(m, PORT_WEB1));
	for (unsigned i = 0; i < LOADS; i++) {
		size_t from = machine_here(m);

		progress(loads[i].name);
		rates[i] = load_run(&loads[i], address, &failures[i]);
		router_row(from, loads[i].name);
	}
	machine_stop(m);
	progress("the same on Linux");
	native(peers);
	for (unsigned i = 0; i < LOADS; i++)
		rows(&loads[i], rates[i], failures[i], peers[i], tap);
}
