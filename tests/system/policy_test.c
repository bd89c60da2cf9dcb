/* SPDX-License-Identifier: BSD-2-Clause */
/* The firewall's policy and the console, seen from outside. */
#include "system.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define TIMEOUT 400
#define SILENCE_MS 4000

/* Nothing behind @port may answer while a published port does. The host's side of the forward accepts, whatever the
 * machine does; an answer could only come from the machine. */
static void is_silent(struct machine *m, uint16_t port)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
	static struct http http;
	struct pollfd p = {.events = POLLIN};
	char byte;

	MUST(http_open(&http, machine_port(m, port), 30));
	MUST(http_send(&http, request, sizeof request - 1));
	MUST(http_serves(machine_port(m, PORT_WEB1), 30));
	p.fd = http.fd;
	if (poll(&p, 1, SILENCE_MS) == 1)
		cr_assert_leq(recv(http.fd, &byte, 1, 0), 0, "port %u answered", port);
	http_close(&http);
}

Test(policy, ports_that_are_not_published_do_not_answer, .timeout = TIMEOUT)
{
	struct machine_options options = demo_options("policy-ports", MACHINE_PVH);
	struct machine *m;

	/* 80 is where web1 listens, behind the router; 8082 is next to the published ones. */
	options.forwards[2] = 80;
	options.forwards[3] = 8082;
	m = machine_start(&options);
	MUST(m);
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	is_silent(m, 80);
	is_silent(m, 8082);
	machine_is_well(m);
	machine_stop(m);
}

Test(policy, the_router_logs_counts_and_limits_as_its_rules_say, .timeout = TIMEOUT)
{
	struct machine_options options = {.log = "policy-firewall",
					  .config = "firewall",
					  .door = MACHINE_PVH,
					  .forwards = {PORT_WEB1, PORT_WEB2}};
	struct machine *m = machine_start(&options);
	char line[256] = "";
	unsigned flows = 0;
	size_t from;

	MUST(m);
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	MUST(machine_expect_from(m, 0, "^router| router: line 10 published: from net protocol 6 10.0.2.2:"));
	from = machine_here(m);
	MUST(machine_expect_from(m, from, "^router| router: stats: count pages: flows "));
	MUST(machine_line(m, from, "router: stats: count pages: flows ", line, sizeof line));
	cr_assert(sscanf(line, "router| router: stats: count pages: flows %u", &flows) == 1 && flows > 0, "%s", line);
	/* one flow an hour: the second is not heard, the other port goes on */
	MUST(http_serves(machine_port(m, PORT_WEB2), SERVES_SECONDS));
	is_silent(m, PORT_WEB2);
	MUST(machine_expect_from(m, 0, "the source opens more flows than a limit lets it$"));
	machine_is_well(m);
	machine_stop(m);
}

/* Every whole line but the firmware's and QEMU's own says who speaks. Returns how many there are. */
static unsigned speakers_are(const char *log, const char *const *speakers, unsigned count)
{
	static char text[1 << 22];
	char line[512], *next;
	unsigned lines = 0, i;
	FILE *f = fopen(build_path("tests/log/%s.log", log), "r");

	cr_assert(f, "no log");
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	fclose(f);
	for (char *at = text; (next = strchr(at, '\n')); at = next + 1, lines++) {
		snprintf(line, sizeof line, "%.*s", (int)(next - at), at);
		for (i = 0; i < count && strncmp(line, speakers[i], strlen(speakers[i])); i++)
			;
		cr_assert_lt(i, count, "line %u: %s", lines + 1, line);
	}
	return lines;
}

Test(policy, every_console_line_begins_with_who_says_it, .timeout = TIMEOUT)
{
	static const char *const speakers[] = {"vmm: ",   "control: ",           "router| ", "web1| ", "web2| ",
					       "hello| ", "qemu-system-x86_64: "};
	struct machine *m = demo_start("policy-console", MACHINE_PVH);

	machine_send(m, "ps\nnonsense\n");
	MUST(machine_expect(m, "^control: ps: slot name state frames run-ms restarts target$"));
	MUST(machine_expect(m, "^control: ps: 1 router running "));
	MUST(machine_expect(m, "^control: ps: 4 hello ended "));
	MUST(machine_expect(m, "^control: unknown command: `help` lists them$"));
	machine_is_well(m);
	machine_stop(m);
	cr_assert_gt(speakers_are("policy-console", speakers, sizeof speakers / sizeof speakers[0]), 20);
}

/* Forty domains spin, so the control domain is often stopped within a line when the hypervisor has something to say. */
Test(policy, no_line_is_torn_however_long_its_writer_waits_for_the_cpu, .timeout = TIMEOUT)
{
	static const char *const speakers[] = {"vmm: ",   "control: ", "talk1| ", "talk2| ",
					       "talk3| ", "talk4| ",   "spin"};
	struct machine_options options = {.log = "policy-busy", .config = "busy", .door = MACHINE_PVH};
	struct machine *m = machine_start(&options);

	MUST(m);
	for (unsigned i = 0; i < 12; i++)
		MUST(machine_expect(m, "^vmm: domain "));
	machine_stop(m);
	cr_assert_gt(speakers_are("policy-busy", speakers, sizeof speakers / sizeof speakers[0]), 1000);
}
