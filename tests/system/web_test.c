/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The web pages, as a browser on the host gets them: through the network card, the router domain and the rings. The
 * machine is the demo appliance, by UEFI.
 */
#include "../lib/wire.h"
#include "system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TIMEOUT 400
#define IDLE_MS 600000u
#define IDLE_REQUESTS 200u
#define GHOSTS 900u /* lwIP has room for 768 connections */

static struct http http;
static struct http_answer answer;

static void ask(struct machine *m, uint16_t port, const char *method, const char *path, int status)
{
	if (!http_open(&http, machine_port(m, port), 30) || !http_ask(&http, method, path, &answer)) {
		machine_show(m, http.error);
		cr_assert_fail("%s %s: %s", method, path, http.error);
	}
	http_close(&http);
	cr_assert_eq(answer.status, status, "%s %s: status %d, not %d", method, path, answer.status, status);
}

static void page_is_whole(void)
{
	cr_assert_gt(answer.len, 1000, "the page has %zu bytes", answer.len);
	cr_assert(strstr(answer.body, "<title>"), "no title in the page");
	cr_assert(strstr(answer.body, "</html>"), "no end in the page");
}

Test(web, both_web_domains_serve_the_page_and_refuse_what_they_should, .timeout = TIMEOUT)
{
	struct machine *m = demo_start("web-page", MACHINE_UEFI);
	static const uint16_t ports[] = {PORT_WEB1, PORT_WEB2};
	char length[32], allow[64];

	for (unsigned i = 0; i < 2; i++) {
		ask(m, ports[i], "GET", "/", 200);
		page_is_whole();
		ask(m, ports[i], "HEAD", "/", 200);
		cr_assert(http_header(&answer, "Content-Length", length, sizeof length), "HEAD without a length");
		cr_assert_gt(atoi(length), 1000, "HEAD says %s bytes", length);
		cr_assert_eq(answer.len, 0, "HEAD has a body");
		ask(m, ports[i], "GET", "/cambium.svg", 200);
		cr_assert(strstr(answer.body, "<svg"), "no picture");
		ask(m, ports[i], "GET", "/no/such/page", 404);
		ask(m, ports[i], "GET", "/../../etc/passwd", 400);
		ask(m, ports[i], "DELETE", "/", 405);
		cr_assert(http_header(&answer, "Allow", allow, sizeof allow), "405 without Allow");
	}
	machine_is_well(m);
	machine_stop(m);
}

Test(web, a_connection_carries_many_requests_in_a_row_and_at_once, .timeout = TIMEOUT)
{
	static const char one[] = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
	struct machine *m = demo_start("web-keep-alive", MACHINE_PVH);
	char twenty[20 * (sizeof one - 1) + 1] = "";

	MUST(http_open(&http, machine_port(m, PORT_WEB1), 30));
	for (unsigned i = 0; i < 50; i++) {
		MUST(http_ask(&http, "GET", "/", &answer));
		cr_assert_eq(answer.status, 200);
		page_is_whole();
	}
	for (unsigned i = 0; i < 20; i++)
		strcat(twenty, one);
	MUST(http_send(&http, twenty, strlen(twenty)));
	for (unsigned i = 0; i < 20; i++) {
		MUST(http_receive(&http, "GET", &answer));
		cr_assert_eq(answer.status, 200);
		page_is_whole();
	}
	cr_assert_eq(http.len, 0, "bytes behind the last answer");
	http_close(&http);
	machine_is_well(m);
	machine_stop(m);
}

Test(web, fifty_callers_at_once_all_get_their_pages, .timeout = TIMEOUT)
{
	struct machine *m;

	if (!command_exists("ab"))
		cr_skip_test("ab is not installed: run `make deps`");
	m = demo_start("web-many", MACHINE_PVH);
	callers_get_pages(m, PORT_WEB1, 10000, false);
	callers_get_pages(m, PORT_WEB1, 2000, true);
	callers_get_pages(m, PORT_WEB2, 2000, true);
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	cr_assert_eq(machine_count(m, 0, " died: "), machine_count(m, 0, "^control: hello died: "), "a domain died");
	machine_is_well(m);
	machine_stop(m);
}

/* --- idle minutes ------------------------------------------------------------------------------------------------ */

static unsigned long uptime_ms(struct machine *m)
{
	static const char head[] = "^control: stats: uptime ";
	size_t from = machine_here(m);
	char line[200];

	machine_send(m, "stats\n");
	MUST(machine_expect_from(m, from, head));
	MUST(machine_line(m, from, head, line, sizeof line));
	return strtoul(line + sizeof head - 2, NULL, 10);
}

/*
 * A machine whose time is its instructions, and that sleeps for no time when it has nothing to do: its minutes pass in seconds.
 * A domain that spins keeps them away while somebody outside waits for an answer.
 */
Test(web, pages_are_served_after_ten_idle_minutes_as_before, .timeout = TIMEOUT)
{
	static const char *const skip[] = {"-icount", "shift=4,sleep=off", NULL};
	struct machine_options options = {
		.log = "web-idle", .config = "idle", .door = MACHINE_PVH, .forwards = {PORT_WEB1}, .extra = skip};
	struct machine *m = machine_start(&options);
	unsigned long before;

	MUST(m);
	MUST(machine_expect_from(m, 0, "^spin| spin: for ever$"));
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	if (command_exists("ab"))
		callers_get_pages(m, PORT_WEB1, IDLE_REQUESTS, false);
	before = uptime_ms(m);
	machine_send(m, "pause spin\n");
	MUST(machine_expect_from(m, 0, "^control: spin paused$"));
	while (uptime_ms(m) < before + IDLE_MS)
		sleep(1);
	machine_send(m, "unpause spin\n");
	MUST(machine_expect_from(m, 0, "^control: spin unpaused$"));
	for (unsigned i = 0; i < 10; i++)
		ask(m, PORT_WEB1, "GET", "/", 200);
	page_is_whole();
	if (command_exists("ab"))
		callers_get_pages(m, PORT_WEB1, IDLE_REQUESTS, false);
	cr_assert_eq(machine_count(m, 0, " died: "), 0);
	machine_is_well(m);
	machine_stop(m);
}

Test(web, callers_who_hang_on_silently_keep_nobody_else_out, .timeout = TIMEOUT)
{
	struct machine *m = demo_start("web-silent", MACHINE_PVH);
	static struct http silent[20];

	for (unsigned i = 0; i < 20; i++) {
		MUST(http_open(&silent[i], machine_port(m, PORT_WEB1), 30));
		MUST(http_send(&silent[i], "GET / HT", 8));
	}
	for (unsigned i = 0; i < 10; i++)
		ask(m, PORT_WEB1, "GET", "/", 200);
	for (unsigned i = 0; i < 20; i++)
		http_close(&silent[i]);
	machine_is_well(m);
	machine_stop(m);
}

/* --- callers that vanish ----------------------------------------------------------------------------------------- */

/* Each takes a page's first bytes and is never heard of again: what the server keeps for them must not keep others out. */
Test(web, callers_that_vanish_before_their_last_bytes_do_not_keep_others_out, .timeout = TIMEOUT)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
	static struct wire wire;
	struct machine_options options = demo_options("web-ghosts", MACHINE_PVH);
	struct wire_caller caller;
	struct machine *m;

	MUST(wire_open(&wire, "web-ghosts"));
	options.netdev = wire.netdev;
	m = machine_start(&options);
	MUST(m);
	MUST(machine_expect_from(m, 0, "^web1| web: listening on port 80$"));
	MUST(machine_expect_from(m, 0, "^router| router: interface 1 (web1) "));
	for (unsigned i = 0; i < GHOSTS; i++) {
		cr_assert(wire_call(&wire, &caller, (uint16_t)(10000 + i), PORT_WEB1, 60), "caller %u: no answer", i);
		cr_assert(wire_ask(&wire, &caller, request, 30), "caller %u: no page", i);
	}
	/* now those of them that nobody answered are told from the living, who get in */
	cr_assert(wire_call(&wire, &caller, 9999, PORT_WEB1, 60), "nobody gets in any more");
	cr_assert(wire_ask(&wire, &caller, request, 30));
	cr_assert_eq(machine_count(m, 0, "^control: web1 died"), 0);
	machine_is_well(m);
	machine_stop(m);
	wire_close(&wire);
}
