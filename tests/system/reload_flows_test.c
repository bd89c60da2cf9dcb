/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many open connections through many reloads, with a load beside them. Each policy is drawn anew: it keeps a port as it was,
 * rejects it, drops it, or leads it to the other server. Just the connections go on that it lets be, each answers, and the
 * others are cut, no more and no fewer.
 *
 * RELOAD_FLOWS=n and RELOAD_ROUNDS=n for more (make soak).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "echo.h"
#include "reload.h"

#define FLOWS 200u
#define WARM_UP 3u
#define ROUNDS 15u
#define TIMEOUT 14400
#define PORTS 4u
#define FIRST_PORT 8082u

enum mode { KEPT, REJECTED, DROPPED, MOVED };

/* Where a port leads when it is KEPT; the first one alone may be MOVED, to web2, so that no server gets more than it can hold. */
static const char *const webs[PORTS] = {"web3", "web4", "web5", "web6"};

struct run {
	struct machine *m;
	struct http *flows; /* of port i % PORTS; fd -1: not open */
	unsigned count;
	enum mode modes[PORTS];
	uint32_t random;
	unsigned cut, asked, again;
	unsigned more; /* flows that may have been cut without belonging to a connection that was opened */
};

static char said[16384];

/* The number behind @name in the router's state. */
static unsigned long state(struct run *r, const char *name)
{
	char key[40];
	const char *at;

	snprintf(key, sizeof key, "\"%s\":", name);
	cr_assert_eq(rules_run(r->m, said, sizeof said, "status", "--json", NULL), 0, "%s", said);
	at = strstr(said, key);
	cr_assert(at, "no %s in %s", name, said);
	return strtoul(at + strlen(key), NULL, 10);
}

static bool is_open(enum mode mode)
{
	return mode == KEPT || mode == MOVED;
}

static void policy_load(struct run *r, const enum mode *modes)
{
	char text[2048];
	size_t len = (size_t)snprintf(text, sizeof text,
				      "interface web3 = inner 3 address 10.1.3.1/24 peer 10.1.3.2\n"
				      "interface web4 = inner 4 address 10.1.4.1/24 peer 10.1.4.2\n"
				      "interface web5 = inner 5 address 10.1.5.1/24 peer 10.1.5.2\n"
				      "interface web6 = inner 6 address 10.1.6.1/24 peer 10.1.6.2\n"
				      "from net to router {\npublish tcp 8080 to web1 port 80 count load\n");

	for (unsigned i = 0; i < PORTS; i++) {
		unsigned port = FIRST_PORT + i;

		if (is_open(modes[i]))
			len += (size_t)snprintf(text + len, sizeof text - len, "publish tcp %u to %s port 80\n", port,
						modes[i] == KEPT ? webs[i] : "web2");
		else
			len += (size_t)snprintf(text + len, sizeof text - len, "%s tcp %u\n",
						modes[i] == REJECTED ? "reject" : "drop", port);
	}
	/* something that changes nothing of this, and moves all numbers of rules */
	for (unsigned i = draw_below(&r->random, 4); i > 0; i--)
		len += (size_t)snprintf(text + len, sizeof text - len, "drop udp %u\n",
					1000 + draw_below(&r->random, 1000) * 8 + i);
	snprintf(text + len, sizeof text - len, "}\n");
	cr_assert_eq(rules_run(r->m, said, sizeof said, "load", policy_write("reload-flows", text), NULL), 0, "%s",
		     said);
}

static void flows_open(struct run *r)
{
	for (unsigned i = 0; i < r->count; i++) {
		struct http *h = &r->flows[i];
		unsigned port = FIRST_PORT + i % PORTS;

		if (h->fd >= 0 || !is_open(r->modes[i % PORTS]))
			continue;
		cr_assert(echo_open(h, machine_port(r->m, (uint16_t)port), &r->again), "connection %u: %s", i,
			  h->error);
	}
}

/* Judges all connections after the step to @modes: each one, or in a long run each eighth of those that go on. */
static void flows_judge(struct run *r, const enum mode *modes, unsigned round)
{
	for (unsigned i = 0; i < r->count; i++) {
		struct http *h = &r->flows[i];
		enum mode mode = modes[i % PORTS];

		if (h->fd < 0)
			continue;
		if (mode != r->modes[i % PORTS]) {
			r->cut++;
			cr_assert(mode == DROPPED || echo_ends(h), "round %u: connection %u goes on", round, i);
			http_close(h);
		} else if (r->count <= FLOWS || draw_below(&r->random, 8) == 0) {
			r->asked++;
			cr_assert(echo_is_alive(h), "round %u: connection %u was cut", round, i);
		}
	}
}

/*
 * As many were cut as should be: the router's own count, once its sweep is over. What was opened in vain may go on trying, and
 * so leave flows that nobody here knows, one after each policy.
 */
static void count_agrees(struct run *r)
{
	time_t end = time(NULL) + ECHO_PATIENCE;
	unsigned long cut;

	r->more += r->again;
	do
		cut = state(r, "flows_cut");
	while (cut < r->cut && time(NULL) < end);
	cr_assert(cut >= r->cut && cut <= r->cut + r->more, "the router cut %lu connections, not %u to %u", cut, r->cut,
		  r->cut + r->more);
}

/* Frames that the router has, by the console's `memory`. */
static unsigned long memory(struct run *r)
{
	size_t from = machine_here(r->m);
	unsigned long has;
	char line[300];

	machine_send(r->m, "memory\n");
	MUST(machine_expect_from(r->m, from, "^control: memory: router "));
	MUST(machine_line(r->m, from, "^control: memory: router ", line, sizeof line));
	cr_assert_eq(sscanf(line, "control: memory: router %lu", &has), 1, "%s", line);
	return has;
}

/* The appliance with its ports open to echo servers, and as many connections as @r->count there. */
static void run_start(struct run *r, const char *log)
{
	struct machine_options options = demo_options(log, MACHINE_PVH);

	for (unsigned i = 0; i < PORTS; i++)
		options.forwards[2 + i] = (uint16_t)(FIRST_PORT + i);
	options.config = "reload";
	options.manage = true;
	r->m = machine_start(&options);
	MUST(r->m);
	MUST(http_serves(machine_port(r->m, PORT_WEB1), SERVES_SECONDS));
	r->flows = calloc(r->count, sizeof *r->flows);
	for (unsigned i = 0; i < r->count; i++)
		r->flows[i].fd = -1;
	policy_load(r, r->modes);
	flows_open(r);
}

static void run_end(struct run *r)
{
	for (unsigned i = 0; i < r->count; i++)
		http_close(&r->flows[i]);
	machine_is_well(r->m);
	machine_stop(r->m);
	free(r->flows);
}

Test(reload_flows, just_the_connections_go_on_that_each_policy_lets_be, .timeout = TIMEOUT)
{
	struct run r = {.count = number_from("RELOAD_FLOWS", FLOWS), .random = number_from("SEED", 4711)};
	unsigned rounds = number_from("RELOAD_ROUNDS", ROUNDS);
	unsigned long before = 0, after;
	struct load *load;

	run_start(&r, "reload-flows");
	load = load_start(machine_port(r.m, PORT_WEB1), 2, ECHO_PATIENCE);
	for (unsigned round = 0; round < rounds; round++) {
		enum mode modes[PORTS];

		for (unsigned i = 0; i < PORTS; i++)
			modes[i] = draw_below(&r.random, 2) ? r.modes[i]
							    : (enum mode)draw_below(&r.random, i == 0 ? 4 : 3);
		policy_load(&r, modes);
		flows_judge(&r, modes, round);
		count_agrees(&r);
		memcpy(r.modes, modes, sizeof modes);
		flows_open(&r);
		/* Its tables have grown by then to what this takes. */
		if (round == (rounds > WARM_UP ? WARM_UP : rounds - 1))
			before = memory(&r);
	}
	after = memory(&r);
	cr_assert_leq(after, before + 64, "the router had %lu frames and has %lu", before, after);
	cr_assert_eq(load_stop(load), 0, "requests were lost");
	cr_assert_gt(r.cut, rounds);
	cr_assert_gt(r.asked, rounds);
	printf("reload: %u connections, %u reloads: %u cut, %u asked and answered, %u opened in vain first, frames of the router %lu, "
	       "then %lu\n",
	       r.count, rounds, r.cut, r.asked, r.again, before, after);
	run_end(&r);
}

/* More resets at once than the card and the servers have room for. */
Test(reload_flows, a_thousand_connections_cut_at_once_all_hear_of_it_at_both_ends, .timeout = TIMEOUT)
{
	static const enum mode rejected[PORTS] = {REJECTED, REJECTED, REJECTED, REJECTED};
	struct run r = {.count = 1000, .random = 4711};
	char line[64];

	run_start(&r, "reload-thousand");
	policy_load(&r, rejected);
	flows_judge(&r, rejected, 0);
	cr_assert_eq(r.cut, r.count);
	count_agrees(&r);
	for (unsigned i = 0; i < PORTS; i++) {
		snprintf(line, sizeof line, "^%s| echo: all of %u callers have gone$", webs[i], r.count / PORTS);
		MUST(machine_expect_from(r.m, 0, line));
	}
	run_end(&r);
}
