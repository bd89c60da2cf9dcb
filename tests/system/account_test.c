/* SPDX-License-Identifier: BSD-2-Clause */
/* Who pays for the router's work, what a program is told of it, and what the operator sees and changes of shares. */
#include "system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/flood.h"
#include "../lib/wire.h"
#include "usage.h"

#define TIMEOUT 600
#define ASK_SECONDS 120u
#define LOAD_PATIENCE 60u
#define FLOOD_SECONDS 4u
#define PORT_LOAD1 7001u
#define PORT_LOAD2 7002u

/* Milliseconds that the control domain has run. */
static unsigned long control_ran(struct machine *m)
{
	size_t from = machine_here(m);
	char line[300];
	unsigned long ran;

	machine_send(m, "cpu\n");
	MUST(machine_expect_from(m, from, "^control: cpu: itself "));
	MUST(machine_line(m, from, "^control: cpu: itself ", line, sizeof line));
	cr_assert_eq(sscanf(line, "control: cpu: itself - - -, %lu", &ran), 1, "%s", line);
	return ran;
}

static struct machine *start(const char *log)
{
	struct machine_options options = {
		.log = log, .config = "account", .door = MACHINE_PVH, .forwards = {PORT_WEB1}};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect(m, "^spin| spin: for ever$"));
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	return m;
}

Test(account, the_router_s_work_is_charged_to_whom_it_was_for, .timeout = TIMEOUT)
{
	struct machine *m = start("account-charged");
	struct load *load;
	unsigned long before, spin;
	struct usage router;

	/* It has said one line; once the control domain was off the CPU since, that is paid for. */
	usage_of(m, "spin");
	spin = usage_of(m, "spin").charged;
	/* What a guest asks of its own work. */
	MUST(machine_expect_from(m, 0, "^cost| cost: the router's part is in it$"));
	cr_assert_eq(machine_count(m, 0, "makes no sense"), 0);
	/* What the operator sees, before and after the router and the server were started anew. */
	for (unsigned round = 0; round < 3; round++) {
		before = usage_of(m, "web1").charged;
		load = load_start(machine_port(m, PORT_WEB1), 2, 10);
		do {
			MUST(load_progress(load, 20, ASK_SECONDS));
		} while (usage_of(m, "web1").charged <= before);
		load_stop(load);
		cr_assert_eq(usage_of(m, "spin").charged, spin, "it says nothing and asks for nothing");
		router = usage_of(m, "router");
		cr_assert_leq(router.charged, control_ran(m), "its console is all that others do for it");
		kill_and_wait(m, round ? "web1" : "router", round ? 2 : 1, round > 1 ? 3 : 2);
		MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	}
	MUST(machine_expect_from(m, 0, "^router| router: stats: interface 1 charged "));
	machine_is_well(m);
	machine_stop(m);
}

#define OVER_BUDGET " for a domain that is over its budget"

/* How many frames the router says behind offset @from of the log that it dropped early. */
static unsigned long early_drops(struct machine *m, size_t from)
{
	char line[200];

	MUST(machine_expect_from(m, from, OVER_BUDGET));
	MUST(machine_line(m, from, OVER_BUDGET, line, sizeof line));
	return strtoul(line + strlen("router| router: stats: "), NULL, 10);
}

Test(account, what_is_for_a_domain_over_its_budget_is_dropped_early_and_others_are_served, .timeout = TIMEOUT)
{
	const char *words[FLOOD_WORDS];
	uint16_t port = port_free();
	struct machine_options options = {.log = "account-early",
					  .config = "account",
					  .door = MACHINE_PVH,
					  .netdev = FLOOD_NETDEV,
					  .extra = words};
	struct machine *m;
	struct flood *flood;
	struct load *load;
	unsigned long first, then;
	uint64_t frames;

	flood_words(words, options.log, port, PORT_WEB1);
	m = machine_start(&options);
	MUST(m);
	MUST(machine_expect(m, "^sink| antisocial: sink$"));
	MUST(http_serves(port, SERVES_SECONDS));
	load = load_start(port, 2, LOAD_PATIENCE);
	MUST(load_progress(load, 20, ASK_SECONDS));
	cr_assert_eq(machine_count(m, 0, OVER_BUDGET), 0, "before the flood");
	flood = flood_start(options.log);
	first = early_drops(m, 0);
	do {
		MUST(load_progress(load, 5, ASK_SECONDS));
		then = early_drops(m, machine_here(m));
	} while (then < first + 100);
	frames = flood_stop(flood);
	cr_assert_eq(load_stop(load), 0, "a request to another service failed");
	cr_assert_leq(then, frames, "%lu frames dropped early, the flood had %lu", then, (unsigned long)frames);
	cr_assert_gt(usage_of(m, "sink").charged, 0);
	machine_is_well(m);
	machine_stop(m);
}

Test(account, what_finds_no_room_is_dropped_early_until_there_is_room_again, .timeout = TIMEOUT)
{
	struct machine_options options = {.log = "account-room", .config = "bench-router", .door = MACHINE_PVH};
	struct wire w = {0};
	struct machine *m;

	MUST(wire_open(&w, options.log));
	options.netdev = w.netdev;
	m = machine_start(&options);
	MUST(m);
	MUST(machine_expect(m, "^load1| load: listening on port "));
	MUST(wire_echo(&w, 4000, PORT_LOAD1, ASK_SECONDS));
	machine_send(m, "pause load1\n");
	MUST(machine_expect(m, "^control: load1 paused$"));
	for (unsigned i = 0; i < 1000; i++)
		wire_datagram(&w, 4000, PORT_LOAD1);
	MUST(machine_expect(m, " for a domain that has not taken what it has"));
	MUST(wire_echo(&w, 4000, PORT_LOAD2, ASK_SECONDS));
	machine_send(m, "unpause load1\n");
	MUST(machine_expect(m, "^control: load1 unpaused$"));
	MUST(wire_echo(&w, 4000, PORT_LOAD1, ASK_SECONDS));
	machine_is_well(m);
	machine_stop(m);
	wire_close(&w);
}

Test(account, the_operator_sees_and_changes_shares, .timeout = TIMEOUT)
{
	struct machine *m = start("account-console");
	struct usage u = usage_of(m, "web1");

	cr_assert(u.weight == 256 && u.cap == 0 && u.warp == 0 && u.cpu == 0);
	u = usage_of(m, "router");
	cr_assert_eq(u.weight, 512);
	cr_assert_gt(usage_of(m, "spin").run, 0);
	usage_says(m, "cpu spin weight 7", "spin has weight 7 cap 0 warp 0 0 0 ms cpus 0xffffffffffffffff now");
	usage_says(m, "cpu spin cap 250", "spin has weight 7 cap 250 warp 0 0 0 ms cpus 0xffffffffffffffff now");
	usage_says(m, "cpu spin warp 10 2 10", "spin has weight 7 cap 250 warp 10 2 10 ms cpus 0xffffffffffffffff now");
	usage_says(m, "cpu spin cpus 0x3", "spin has weight 7 cap 250 warp 10 2 10 ms cpus 0x3 now");
	u = usage_of(m, "spin");
	cr_assert(u.weight == 7 && u.cap == 250 && u.warp == 10);
	/* Refused, in the hypervisor's words, and nothing has changed. */
	usage_says(m, "cpu spin weight 0", "the weight of spin stays: a weight is 1 to 65535");
	usage_says(m, "cpu spin weight 65536", "the weight of spin stays: a weight is 1 to 65535");
	usage_says(m, "cpu spin weight 4294967297", "the weight of spin stays: a weight is 1 to 65535");
	usage_says(m, "cpu spin cap 1001", "the cap of spin stays: a cap is at most 1000 thousandths of a CPU");
	usage_says(m, "cpu spin warp 101 0 0",
		   "the warp of spin stays: a warp value is at most 100 ms of virtual time");
	usage_says(m, "cpu spin warp 10 60001 0",
		   "the warp of spin stays: a warp limit or an unwarp requirement is at most a minute");
	usage_says(m, "cpu spin warp 10 0 5",
		   "the warp of spin stays: an unwarp requirement without a warp limit would never apply");
	usage_says(m, "cpu spin cpus 0x8000000000000000", "the cpus of spin stays: none of these CPUs exists");
	usage_says(m, "cpu spin cpus 0", "the cpus of spin stays: none of these CPUs exists");
	usage_says(m, "cpu nobody weight 1", "which domain? `ps` lists their names");
	usage_says(m, "cpu spin weight -1",
		   "`cpu spin weight N`, `cap THOUSANDTHS`, `warp MS LIMIT UNWARP` in milliseconds, or `cpus MASK`");
	usage_says(m, "cpu spin warp 10 2",
		   "`cpu spin weight N`, `cap THOUSANDTHS`, `warp MS LIMIT UNWARP` in milliseconds, or `cpus MASK`");
	u = usage_of(m, "spin");
	cr_assert(u.weight == 7 && u.cap == 250 && u.warp == 10);
	/* It lasts through a restart. */
	usage_says(m, "cpu web1 weight 300", "web1 has weight 300 cap 0 warp 0 0 0 ms cpus 0xffffffffffffffff now");
	kill_and_wait(m, "web1", 2, 2);
	cr_assert_eq(usage_of(m, "web1").weight, 300);
	machine_is_well(m);
	machine_stop(m);
}

static void ends_when_killed(struct machine *m, const char *name)
{
	size_t from = machine_here(m);
	char text[80];

	snprintf(text, sizeof text, "kill %s\n", name);
	machine_send(m, text);
	snprintf(text, sizeof text, "^control: %s died: ended by the control domain, code 0$", name);
	MUST(machine_expect_from(m, from, text));
}

Test(account, what_the_control_domain_does_for_consoles_is_charged_to_those_who_talk, .timeout = TIMEOUT)
{
	struct machine_options options = {.log = "account-console", .config = "bench-isolation", .door = MACHINE_PVH};
	struct machine *m = machine_start(&options);
	unsigned long flood, spin, control;

	MUST(m);
	MUST(machine_expect(m, "^control: started calls as "));
	ends_when_killed(m, "churn");
	ends_when_killed(m, "calls");
	spin = usage_of(m, "spin").charged;
	control = control_ran(m);
	flood = usage_of(m, "flood").charged;
	/* Asking costs the control domain much, too: not often. */
	for (unsigned i = 0; i < FLOOD_SECONDS; i++)
		MUST(machine_expect_from(m, machine_here(m), "^router| router: stats: ran "));
	flood = usage_of(m, "flood").charged - flood;
	control = control_ran(m) - control;
	cr_assert_gt(flood, control / 2, "%lu of %lu ms", flood, control);
	cr_assert_eq(usage_of(m, "spin").charged, spin);
	machine_is_well(m);
	machine_stop(m);
}

/* The neighbours of the isolation benchmark: each is what it should be for as long as nobody ends it, whatever happens to the others. */
Test(account, antisocial_domains_go_on_until_they_are_ended, .timeout = TIMEOUT)
{
	static const char *const names[] = {"churn", "sink", "spin", "thrash", "events", "flood", "calls"};
	struct machine_options options = {
		.log = "account-antisocial", .config = "bench-isolation", .door = MACHINE_PVH};
	struct machine *m = machine_start(&options);

	MUST(m);
	MUST(machine_expect(m, "^control: started churn as "));
	MUST(machine_expect(m, "^control: started calls as "));
	ends_when_killed(m, "churn");
	/* In its second life, too. */
	machine_skip(m);
	machine_send(m, "start churn\n");
	MUST(machine_expect(m, "^churn| soak: 0 rounds: "));
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		ends_when_killed(m, names[i]);
	machine_is_well(m);
	machine_stop(m);
}
