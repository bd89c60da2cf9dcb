/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * New rules for the running router, by the second serial port: trial and confirmation, restarts of the router, rubbish on
 * the line. The flows of many reloads are in reload_flows_test.c.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "reload.h"

#define TIMEOUT 600
#define TRIAL "5" /* seconds */

static char said[16384];

/* What configs/demo/rules says, with @web1 instead of what is published on PORT_WEB1. */
static const char *policy_with(const char *name, const char *web1)
{
	char text[512];

	snprintf(text, sizeof text, "from net to router {\n%s\npublish tcp 8081 to web2 port 80\n}\n", web1);
	return policy_write(name, text);
}

#define WEB1_AS_EVER "publish tcp 8080 to web1 port 80"

/* Nobody answers at @port: what is heard is an end, or nothing in time. */
static bool answers(struct machine *m, uint16_t port)
{
	static struct http http;
	static struct http_answer answer;
	bool good = http_open(&http, machine_port(m, port), 2) && http_ask(&http, "GET", "/", &answer);

	http_close(&http);
	return good;
}

Test(reload, a_policy_that_cuts_the_web_server_goes_back_by_itself_and_the_page_answers_again, .timeout = TIMEOUT)
{
	struct machine_options options = demo_options("reload-trial", MACHINE_PVH);
	const char *cut = policy_with("reload-trial-cut", "reject tcp 8080");
	struct machine *m;

	options.manage = true;
	m = demo_start_with(&options);
	cr_assert_eq(rules_run(m, said, sizeof said, "load", cut, "--confirm", TRIAL, NULL), 0, "%s", said);
	cr_assert(strstr(said, "- from net to router: tcp 8080: publish to web1 port 80 (in force:9) -> reject"), "%s",
		  said);
	cr_assert(strstr(said, "for " TRIAL " s, unless you say: cambium rules confirm"), "%s", said);
	cr_assert_not(answers(m, PORT_WEB1), "the page still answers");
	MUST(http_serves(machine_port(m, PORT_WEB2), SERVES_SECONDS));
	MUST(machine_expect_from(m, 0, "again: the one on trial was not confirmed in time$"));
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	cr_assert_eq(rules_run(m, said, sizeof said, "status", NULL), 0);
	cr_assert(strstr(said, "policies: 3 were put in force, 1 of them since nobody confirmed"), "%s", said);
	cr_assert(strstr(said, ":8080: a reject rule matches"), "%s", said);
	cr_assert_neq(rules_run(m, said, sizeof said, "confirm", NULL), 0);
	cr_assert(strstr(said, "no policy is on trial"), "%s", said);
	machine_is_well(m);
	machine_stop(m);
}

Test(reload, a_confirmed_policy_stays_and_a_router_started_anew_gets_it_but_none_on_trial, .timeout = TIMEOUT)
{
	struct machine_options options = demo_options("reload-restart", MACHINE_PVH);
	const char *cut = policy_with("reload-restart-cut", "drop tcp 8080");
	const char *as_ever = policy_with("reload-restart-ever", WEB1_AS_EVER);
	size_t from;
	struct machine *m;

	options.manage = true;
	m = demo_start_with(&options);
	cr_assert_eq(rules_run(m, said, sizeof said, "load", cut, "--confirm", "600", NULL), 0, "%s", said);
	cr_assert_neq(rules_run(m, said, sizeof said, "load", as_ever, NULL), 0, "one on trial was replaced");
	cr_assert(strstr(said, "a policy is on trial"), "%s", said);
	/* its router dies: what was on trial is not tried again */
	from = machine_here(m);
	kill_and_wait(m, "router", 1, 2);
	MUST(machine_expect_from(m, from, "^control: the policy on trial ends with its router$"));
	MUST(machine_expect_from(m, from, "^router| router: policy of 4 rules in force$"));
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	/* confirmed, it stays */
	cr_assert_eq(rules_run(m, said, sizeof said, "load", cut, "--confirm", "600", NULL), 0, "%s", said);
	cr_assert_eq(rules_run(m, said, sizeof said, "confirm", NULL), 0, "%s", said);
	from = machine_here(m);
	kill_and_wait(m, "router", 1, 3);
	MUST(machine_expect_from(m, from, "^router| router: policy of 2 rules in force$"));
	MUST(http_serves(machine_port(m, PORT_WEB2), SERVES_SECONDS));
	cr_assert_not(answers(m, PORT_WEB1), "the plan's policy came back");
	cr_assert_eq(rules_run(m, said, sizeof said, "load", as_ever, NULL), 0, "%s", said);
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	machine_is_well(m);
	machine_stop(m);
}

/* --- rubbish --- */

static int line_open(const struct machine *m)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s", machine_manage_socket(m));
	cr_assert(!connect(fd, (const struct sockaddr *)&a, sizeof a), "no line");
	return fd;
}

static void line_send(int fd, const void *bytes, size_t len)
{
	cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
}

/* The next message of the machine, within @seconds. */
static bool line_hear(int fd, struct manage_line *line, struct manage_message *m, int seconds)
{
	static uint8_t bytes[MANAGE_FRAME_MAX];
	static size_t at, len;
	time_t end = time(NULL) + seconds;
	size_t used;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t got;

		if (manage_line_feed(line, bytes + at, len - at, &used, m)) {
			at += used;
			return true;
		}
		at = len = 0;
		if (time(NULL) > end || poll(&p, 1, 1000) < 0)
			return false;
		got = p.revents & POLLIN ? read(fd, bytes, sizeof bytes) : 0;
		len = got > 0 ? (size_t)got : 0;
	}
}

static void hears_error(int fd, uint32_t id, const char *cause)
{
	static struct manage_line line;
	struct manage_message m;

	do
		cr_assert(line_hear(fd, &line, &m, 60), "no answer about `%s`", cause);
	while (m.kind != MANAGE_ERROR || m.id != id || !memmem(m.payload, m.length, cause, strlen(cause)));
}

static uint32_t frame_of(uint8_t *frame, uint32_t kind, uint32_t id, const void *payload, uint32_t len)
{
	struct manage_message m = manage_message_of(kind, id, payload, len);

	return manage_line_write(&m, frame);
}

Test(reload, rubbish_on_the_line_is_refused_with_the_cause_and_disturbs_nobody, .timeout = TIMEOUT)
{
	struct machine_options options = demo_options("reload-rubbish", MACHINE_PVH);
	uint8_t frame[MANAGE_FRAME_MAX], noise[4000];
	struct manage_begin begin = {.bytes = 100};
	struct manage_data data = {.offset = 50};
	struct manage_commit commit = {.confirm_seconds = 0};
	uint32_t len, seed = 12345;
	struct machine *m;
	struct load *load;
	int fd;

	options.manage = true;
	m = demo_start_with(&options);
	load = load_start(machine_port(m, PORT_WEB1), 2, 30);
	fd = line_open(m);
	for (unsigned i = 0; i < sizeof noise; i++) {
		seed = seed * 1664525u + 1013904223u;
		noise[i] = i % 7 ? (uint8_t)(seed >> 24) : "CMBM"[seed >> 30];
	}
	line_send(fd, noise, sizeof noise);
	/* a frame with a wrong check */
	len = frame_of(frame, MANAGE_STATUS, 5, NULL, 0);
	frame[4] ^= 1;
	line_send(fd, frame, len);
	hears_error(fd, 0, "damaged on the line");
	/* half of one, and then nothing */
	len = frame_of(frame, MANAGE_BEGIN, 6, &begin, sizeof begin);
	line_send(fd, frame, len / 2);
	hears_error(fd, 0, "cut short");
	/* unknown, too short, out of turn, incomplete; an answer to nothing is not answered */
	line_send(fd, frame, frame_of(frame, MANAGE_OK, 7, NULL, 0));
	line_send(fd, frame, frame_of(frame, 77, 8, NULL, 0));
	hears_error(fd, 8, "no such request");
	line_send(fd, frame, frame_of(frame, MANAGE_BEGIN, 9, &begin, 3));
	hears_error(fd, 9, "wrong length");
	line_send(fd, frame, frame_of(frame, MANAGE_DATA, 10, &data, sizeof data));
	hears_error(fd, 10, "no policy was begun");
	line_send(fd, frame, frame_of(frame, MANAGE_BEGIN, 11, &begin, sizeof begin));
	line_send(fd, frame, frame_of(frame, MANAGE_DATA, 12, &data, 54));
	hears_error(fd, 12, "a piece is missing");
	line_send(fd, frame, frame_of(frame, MANAGE_COMMIT, 13, &commit, sizeof commit));
	hears_error(fd, 13, "pieces are missing at the end");
	data.offset = 0;
	line_send(fd, frame, frame_of(frame, MANAGE_DATA, 14, &data, 104));
	line_send(fd, frame, frame_of(frame, MANAGE_COMMIT, 15, &commit, sizeof commit));
	hears_error(fd, 15, "damaged on the way");
	begin.bytes = UINT32_MAX;
	line_send(fd, frame, frame_of(frame, MANAGE_BEGIN, 16, &begin, sizeof begin));
	hears_error(fd, 16, "at most 16 MiB");
	/* whole, with its sum right, and no policy: the router refuses it */
	begin.bytes = 100;
	sha256(data.bytes, 100, begin.sha256);
	memcpy(commit.sha256, begin.sha256, sizeof commit.sha256);
	line_send(fd, frame, frame_of(frame, MANAGE_BEGIN, 17, &begin, sizeof begin));
	line_send(fd, frame, frame_of(frame, MANAGE_DATA, 18, &data, 104));
	line_send(fd, frame, frame_of(frame, MANAGE_COMMIT, 19, &commit, sizeof commit));
	hears_error(fd, 19, "the router refuses it: the table is shorter than its header");
	line_send(fd, noise, sizeof noise);
	close(fd);
	/* the command gets through all the same, the operator is heard, the pages went on, and so do the rules */
	cr_assert_eq(rules_run(m, said, sizeof said, "status", NULL), 0, "%s", said);
	cr_assert(strstr(said, "policies: 1 were put in force"), "%s", said);
	machine_send(m, "ps\n");
	MUST(machine_expect(m, "^control: ps: 1 router running "));
	MUST(load_progress(load, 20, 60));
	cr_assert_eq(load_stop(load), 0, "pages were lost");
	machine_is_well(m);
	machine_stop(m);
}

/* --- many rules --- */

/* The demo appliance's bundle with the rules in the file @rules instead of its own, at @bundle. */
static void bundle_make(const char *rules, const char *bundle)
{
	static const char *const parts[][2] = {{"control=", "strip/control.elf"},
					       {"image:router=", "strip/router.elf"},
					       {"image:web=", "strip/web.elf"},
					       {"image:hello=", "strip/hello.elf"}};
	char tools[4][300], table[300], plan[300], words[5][320];
	const char *compile[] = {tools[0], "rules", "compile", rules, "-o", table, NULL};
	const char *mkplan[] = {tools[1], plan, table, NULL};
	const char *mkbundle[] = {tools[2], "-o",     bundle,   "--vmm",  tools[3], words[0],
				  words[1], words[2], words[3], words[4], NULL};

	snprintf(tools[0], sizeof tools[0], "%s", build_path("tools/cambium"));
	snprintf(tools[1], sizeof tools[1], "%s", build_path("demo/mkplan"));
	snprintf(tools[2], sizeof tools[2], "%s", build_path("tools/mkbundle"));
	snprintf(tools[3], sizeof tools[3], "%s", build_path("vmm.stripped.elf"));
	snprintf(table, sizeof table, "%s.table", rules);
	snprintf(plan, sizeof plan, "%s.plan", rules);
	for (unsigned i = 0; i < 4; i++)
		snprintf(words[i], sizeof words[i], "%s%s", parts[i][0], build_path("%s", parts[i][1]));
	snprintf(words[4], sizeof words[4], "plan=%s", plan);
	cr_assert_eq(command_run(compile, said, sizeof said), 0, "%s", said);
	cr_assert_eq(command_run(mkplan, said, sizeof said), 0, "%s", said);
	cr_assert_eq(command_run(mkbundle, said, sizeof said), 0, "%s", said);
}

/* Far more than device pages would hold. */
Test(reload, ten_thousand_rules_are_taken_at_the_start, .timeout = TIMEOUT)
{
	static char text[1 << 20], bundle[300];
	struct machine_options options = demo_options("reload-large", MACHINE_PVH);
	size_t len = (size_t)snprintf(text, sizeof text, "from net to router {\n%s\npublish tcp 8081 to web2 port 80\n",
				      WEB1_AS_EVER);
	struct machine *m;

	for (unsigned i = 0; i < 10000; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "drop udp %u from 172.%u.%u.0/24\n", 1 + i,
					16 + i / 256 % 16, i % 256);
	snprintf(text + len, sizeof text - len, "}\n");
	snprintf(bundle, sizeof bundle, "%s", build_path("tests/reload-large.bundle"));
	bundle_make(policy_write("reload-large", text), bundle);
	options.bundle = bundle;
	options.manage = true;
	m = demo_start_with(&options);
	MUST(machine_expect_from(m, 0, "^router| router: policy of 10002 rules in force$"));
	cr_assert_eq(rules_run(m, said, sizeof said, "status", NULL), 0);
	cr_assert(strstr(said, ", 10002 rules\n"), "%s", said);
	machine_is_well(m);
	machine_stop(m);
}
