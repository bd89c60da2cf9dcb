/* SPDX-License-Identifier: BSD-2-Clause */
/* The router dies, and open connections do not notice, where the plan has it so: they go on through the one that comes after it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "echo.h"
#include "reload.h"

#define TIMEOUT 900
#define ECHOES 40u
#define PAGES 10u
#define ROUNDS 3u
#define PORT_ECHO 8082u
#define PORT_STREAM 8083u
#define PORT_TRIAL 8084u

static struct machine *machine_of(const char *log, const char *config)
{
	struct machine_options options = demo_options(log, MACHINE_PVH);
	struct machine *m;

	options.forwards[1] = PORT_ECHO;
	options.forwards[2] = PORT_STREAM;
	options.forwards[3] = PORT_TRIAL;
	options.config = config;
	options.manage = true;
	m = machine_start(&options);
	MUST(m);
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	return m;
}

static struct http *echoes_open(struct machine *m, unsigned count, uint16_t port)
{
	struct http *all = calloc(count, sizeof *all);
	unsigned again = 0;

	for (unsigned i = 0; i < count; i++)
		cr_assert(echo_open(&all[i], machine_port(m, port), &again), "connection %u: %s", i, all[i].error);
	return all;
}

static void echoes_close(struct http *all, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		http_close(&all[i]);
	free(all);
}

static bool page_comes(struct http *h)
{
	static struct http_answer answer;

	return http_ask(h, "GET", "/", &answer) && answer.status == 200;
}

/* The next router's line; how many flows it kept and dropped. */
static void line_read(struct machine *m, size_t from, unsigned *kept, unsigned *dropped)
{
	char line[300];

	MUST(machine_expect_from(m, from, "^router| router: handed over: "));
	MUST(machine_line(m, from, "^router| router: handed over: ", line, sizeof line));
	cr_assert_eq(sscanf(line, "router| router: handed over: %u flows kept, %u dropped", kept, dropped), 2, "%s",
		     line);
}

Test(handover, open_connections_go_on_when_their_router_dies_under_load, .timeout = TIMEOUT)
{
	struct machine *m = machine_of("handover", "handover");
	struct http *echoes = echoes_open(m, ECHOES, PORT_ECHO), *pages = calloc(PAGES, sizeof *pages);
	struct http *upload = echoes_open(m, 1, PORT_STREAM);
	struct stream *stream = stream_start(upload);
	struct load *load = load_start(machine_port(m, PORT_WEB1), 2, 3);
	static char said[16384];

	for (unsigned i = 0; i < PAGES; i++)
		cr_assert(http_open(&pages[i], machine_port(m, PORT_WEB1), ECHO_PATIENCE));
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t from = machine_here(m);
		unsigned kept, dropped;

		MUST(load_progress(load, 10, 120));
		cr_assert(stream_progress(stream, 100000, 120), "the stream stands still");
		for (unsigned i = 0; i < PAGES; i++)
			cr_assert(page_comes(&pages[i]), "round %u: page %u: %s", round, i, pages[i].error);
		kill_and_wait(m, "router", 1, 2 + round);
		for (unsigned i = 0; i < PAGES; i++)
			cr_assert(page_comes(&pages[i]), "round %u: page %u: %s", round, i, pages[i].error);
		for (unsigned i = 0; i < ECHOES; i++)
			cr_assert(echo_is_alive(&echoes[i]), "round %u: connection %u ended", round, i);
		cr_assert(stream_progress(stream, 100000, 120), "the stream stands still");
		line_read(m, from, &kept, &dropped);
		cr_assert_geq(kept, ECHOES + PAGES + 1);
		cr_assert_eq(dropped, 0);
	}
	cr_assert_eq(rules_run(m, said, sizeof said, "status", NULL), 0, "%s", said);
	cr_assert(strstr(said, "handed over by the router before, 0 not\n"), "%s", said);
	load_stop(load);
	cr_assert(stream_stop(stream), "bytes were lost");
	free(upload);
	echoes_close(echoes, ECHOES);
	echoes_close(pages, PAGES);
	machine_is_well(m);
	machine_stop(m);
}

/* The policy on trial ends with its router: so do the connections that it alone let be, and the others go on. */
Test(handover, connections_that_the_new_routers_policy_forbids_are_cut_and_counted, .timeout = TIMEOUT)
{
	const char *trial = "interface web3 = inner 3 address 10.1.3.1/24 peer 10.1.3.2\n"
			    "from net to router {\n"
			    "publish tcp 8080 to web1 port 80\n"
			    "publish tcp 8082 to web2 port 80\n"
			    "publish tcp 8083 to web3 port 80\n"
			    "publish tcp 8084 to web2 port 80\n"
			    "}\n";
	struct machine *m = machine_of("handover-policy", "handover");
	const unsigned half = ECHOES / 2;
	const struct timeval moment = {.tv_sec = 5};
	struct http *kept, *cut;
	static char said[16384];
	unsigned flows_kept, dropped;
	char count[64];
	size_t from;

	cr_assert_eq(
		rules_run(m, said, sizeof said, "load", policy_write("handover", trial), "--confirm", "3600", NULL), 0,
		"%s", said);
	kept = echoes_open(m, half, PORT_ECHO);
	cut = echoes_open(m, half, PORT_TRIAL);
	from = machine_here(m);
	kill_and_wait(m, "router", 1, 2);
	for (unsigned i = 0; i < half; i++)
		cr_assert(echo_is_alive(&kept[i]), "connection %u ended", i);
	for (unsigned i = 0; i < half; i += half / 3) {
		setsockopt(cut[i].fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
		cr_assert_not(echo_is_alive(&cut[i]), "connection %u goes on", i);
	}
	line_read(m, from, &flows_kept, &dropped);
	cr_assert_geq(flows_kept, half);
	cr_assert_geq(dropped, half);
	snprintf(count, sizeof count, "dropped: %u forbidden by the rules$", dropped);
	MUST(machine_expect_from(m, from, count));
	echoes_close(kept, half);
	echoes_close(cut, half);
	machine_is_well(m);
	machine_stop(m);
}

Test(handover, without_the_option_connections_end_with_their_router, .timeout = TIMEOUT)
{
	struct machine *m = machine_of("handover-none", "reload");
	static struct http page;

	cr_assert(http_open(&page, machine_port(m, PORT_WEB1), ECHO_PATIENCE));
	cr_assert(page_comes(&page));
	kill_and_wait(m, "router", 1, 2);
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	cr_assert_not(page_comes(&page));
	cr_assert_eq(machine_count(m, 0, "^router| router: handed over: "), 0);
	http_close(&page);
	machine_is_well(m);
	machine_stop(m);
}
