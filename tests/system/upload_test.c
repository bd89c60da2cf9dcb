/* SPDX-License-Identifier: BSD-2-Clause */
/* A policy of ten thousand rules by the management line, while pages are served. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "reload.h"

#define TIMEOUT 1800
#define RULES 10000u
#define RULES_OWN 2u
#define WORKERS 2u
#define PATIENCE 120u

static char said[1 << 22]; /* the command tells each rule that it adds */

/* The demo's two services, and before them so many refusals, of which none concerns the load. */
static const char *policy_make(void)
{
	size_t bytes = 64u * RULES, len = 0;
	char *text = malloc(bytes);
	const char *path;

	MUST(text);
	len += (size_t)snprintf(text, bytes, "from net to router {\n");
	for (unsigned i = 0; i < RULES - RULES_OWN; i++)
		len += (size_t)snprintf(text + len, bytes - len, "%s %s %u from 198.18.%u.%u\n",
					i % 3 ? "drop" : "reject", i % 2 ? "tcp" : "udp", 1000 + i % 7000, i / 250,
					1 + i % 250);
	snprintf(text + len, bytes - len, "publish tcp 8080 to web1 port 80\npublish tcp 8081 to web2 port 80\n}\n");
	path = policy_write("upload", text);
	free(text);
	return path;
}

Test(upload, ten_thousand_rules_come_by_the_line_while_every_page_is_served, .timeout = TIMEOUT)
{
	struct machine_options options = demo_options("upload", MACHINE_PVH);
	const char *path = policy_make();
	struct timespec began, ended;
	struct machine *m;
	struct load *load;
	unsigned before, served;

	options.manage = true;
	m = demo_start_with(&options);
	MUST(http_serves(machine_port(m, PORT_WEB1), SERVES_SECONDS));
	load = load_start(machine_port(m, PORT_WEB1), WORKERS, PATIENCE);
	MUST(load_progress(load, 10, PATIENCE));
	before = load_good(load);
	clock_gettime(CLOCK_MONOTONIC, &began);
	cr_assert_eq(rules_run(m, said, sizeof said, "load", path, NULL), 0, "%s", said);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	served = load_good(load) - before;
	MUST(load_progress(load, 10, PATIENCE));
	cr_assert_eq(load_stop(load), 0, "requests were lost");
	MUST(machine_expect_from(m, 0, "^router| router: policy of 10000 rules in force"));
	cr_assert_gt(served, 0, "no page was served meanwhile");
	printf("upload: %u rules in force %.1f s after the command began, %u pages served meanwhile, none lost\n",
	       RULES, (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9, served);
	machine_is_well(m);
	machine_stop(m);
}
