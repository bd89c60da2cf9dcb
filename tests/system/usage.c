/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of `cpu`. */
#include "usage.h"

#include <stdio.h>
#include <string.h>

#include "system.h"

struct usage usage_of(struct machine *m, const char *name)
{
	size_t from = machine_here(m);
	char head[64], line[300];
	struct usage u;

	snprintf(head, sizeof head, "^control: cpu: %s ", name);
	machine_send(m, "cpu\n");
	MUST(machine_expect_from(m, from, head));
	MUST(machine_line(m, from, head, line, sizeof line));
	cr_assert_eq(sscanf(strstr(line, "cpu: ") + 5 + strlen(name), " %u %u %lu, %lu %lu %lu %lu %lu, %u", &u.weight,
			    &u.cap, &u.warp, &u.run, &u.wait, &u.steal, &u.blocked, &u.charged, &u.cpu),
		     9, "%s", line);
	return u;
}

void usage_says(struct machine *m, const char *command, const char *answer)
{
	size_t from = machine_here(m);
	char text[300];

	snprintf(text, sizeof text, "%s\n", command);
	machine_send(m, text);
	snprintf(text, sizeof text, "^control: cpu: %s$", answer);
	MUST(machine_expect_from(m, from, text));
}
