/* SPDX-License-Identifier: BSD-2-Clause */
/* The demo appliance. */
#include "system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct machine_options demo_options(const char *log, enum machine_door door)
{
	return (struct machine_options){.log = log, .config = "demo", .door = door, .forwards = {PORT_WEB1, PORT_WEB2}};
}

struct machine *demo_start(const char *log, enum machine_door door)
{
	struct machine_options options = demo_options(log, door);

	return demo_start_with(&options);
}

struct machine *demo_start_with(const struct machine_options *options)
{
	struct machine *m = machine_start(options);

	MUST(m);
	MUST(machine_expect(m, "^control: started web1 as domain 2.1, "));
	MUST(machine_expect_from(m, 0, "^control: started web2 as domain 3.1, "));
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	MUST(http_serves(machine_port(m, PORT_WEB2), SERVES_SECONDS));
	return m;
}

void machine_is_well(struct machine *m)
{
	static const char *const bad[] = {"vmm: panic: ", "vmm: fatal: ", "in ring 0", "after it was freed",
					  "mastering does not go off"};

	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (machine_count(m, 0, bad[i]))
			machine_show(m, bad[i]);
		cr_assert_eq(machine_count(m, 0, bad[i]), 0, "the log has a line with \"%s\"", bad[i]);
	}
}

void kill_and_wait(struct machine *m, const char *name, unsigned slot, unsigned generation)
{
	size_t from = machine_here(m);
	char text[128];

	snprintf(text, sizeof text, "kill %s\n", name);
	machine_send(m, text);
	snprintf(text, sizeof text, "^control: %s died: ended by the control domain, code 0$", name);
	MUST(machine_expect_from(m, from, text));
	snprintf(text, sizeof text, "^control: restarted %s as domain %u.%u, ", name, slot, generation);
	MUST(machine_expect_from(m, from, text));
}

/* A line `NAME: NUMBER` of ab's report; -1: there is none. */
static long ab_number(const char *report, const char *name)
{
	const char *at = strstr(report, name);

	return at ? strtol(at + strlen(name), NULL, 10) : -1;
}

/* Through tools/forward, where callers can queue: QEMU's own listener holds but two and drops what comes beyond. */
void callers_get_pages(const struct machine *m, uint16_t port, unsigned requests, bool keep_alive)
{
	static char report[16384];
	uint16_t door = port_free();
	char url[64], way[32], count[16];
	const char *words[] = {"ab", "-q", "-s", "60", "-n", count, "-c", "50", url, keep_alive ? "-k" : NULL, NULL};
	const char *forward[] = {build_path("tools/forward"), way, NULL};
	int process;

	if (keep_alive) {
		words[8] = "-k";
		words[9] = url;
	}
	snprintf(count, sizeof count, "%u", requests);
	snprintf(url, sizeof url, "http://127.0.0.1:%u/", door);
	snprintf(way, sizeof way, "%u:%u", door, machine_port(m, port));
	process = command_start(forward);
	MUST(http_serves(door, SERVES_SECONDS));
	cr_assert_eq(command_run(words, report, sizeof report), 0, "ab gave up");
	command_stop(process);
	cr_assert_eq(ab_number(report, "Complete requests:"), requests, "%s", report);
	cr_assert_eq(ab_number(report, "Failed requests:"), 0, "%s", report);
	cr_assert_eq(ab_number(report, "Non-2xx responses:"), -1, "%s", report);
	if (keep_alive)
		cr_assert_gt(ab_number(report, "Keep-Alive requests:"), requests / 2, "%s", report);
}

unsigned number_from(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

unsigned draw_below(uint32_t *state, unsigned limit)
{
	*state = *state * 1664525u + 1013904223u;
	return (*state >> 16) % limit;
}
