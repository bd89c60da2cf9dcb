/* SPDX-License-Identifier: BSD-2-Clause */
/* A thousand domains of one image at once, and what the console says of their memory. */
#include <stdio.h>
#include <string.h>

#include "system.h"

#define SECTION_TIMEOUT 900
#define MANY 1000u

/* The numbers behind "memory: NAME": has target maximum reserved tables page-tables image. */
static void memory_of(struct machine *m, const char *name, unsigned long v[7])
{
	char head[60], line[200];
	size_t from = machine_here(m);

	snprintf(head, sizeof head, "^control: memory: %s ", name);
	machine_send(m, "memory\n");
	MUST(machine_expect_from(m, from, "^control: memory: idle999 "));
	MUST(machine_line(m, from, head, line, sizeof line));
	MUST(sscanf(line + strlen(head) - 1, "%lu %lu %lu %lu %lu %lu %lu", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
		    &v[6]) == 7);
}

Test(many, thousand_domains_of_one_image_run_at_once_in_a_gibibyte, .timeout = SECTION_TIMEOUT)
{
	static const char *const memory[] = {"-m", "1G", NULL};
	struct machine_options options = {.log = "many", .config = "many", .door = MACHINE_PVH, .extra = memory};
	struct machine *m = machine_start(&options);
	unsigned long first[7], last[7];

	MUST(m);
	MUST(machine_expect_within(m, "^idle999| main began at ", SECTION_TIMEOUT));
	for (unsigned i = 0; i < MANY; i += 111) {
		char line[40];

		snprintf(line, sizeof line, "^idle%03u| main began at ", i);
		MUST(machine_expect_from(m, 0, line));
	}
	memory_of(m, "idle000", first);
	memory_of(m, "idle999", last);
	cr_assert_eq(first[0], last[0], "the last of them has %lu frames, the first %lu", last[0], first[0]);
	cr_assert(last[6] > 0 && first[6] == last[6], "both use the frames of one image");
	cr_assert(machine_count(m, 0, ", 1 images of ") >= 1);
	machine_is_well(m);
	machine_stop(m);
}
