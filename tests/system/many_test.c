/* SPDX-License-Identifier: BSD-2-Clause */
/* A thousand domains of one image at once, and what the console says of their memory. */
#include <stdio.h>
#include <string.h>

#include "system.h"

#define SECTION_TIMEOUT 900
#define MANY 1000u
#define GROUP 100u

/* The number of frames and of the image's frames that "memory: idleNNN" tells behind offset @from of the log. */
static void memory_of(struct machine *m, size_t from, unsigned number, unsigned long *frames, unsigned long *image)
{
	char head[60], line[200];

	snprintf(head, sizeof head, "^control: memory: idle%03u ", number);
	MUST(machine_line(m, from, head, line, sizeof line));
	MUST(sscanf(line + strlen(head) - 1, "%lu %*u %*u %*u %*u %*u %lu", frames, image) == 2);
}

/* The frames of GROUP domains from number @first on, together. One domain's number varies with its random layout. */
static unsigned long frames_of(struct machine *m, size_t from, unsigned first)
{
	unsigned long sum = 0, frames = 0, image = 0;

	for (unsigned i = 0; i < GROUP; i++) {
		memory_of(m, from, first + i, &frames, &image);
		cr_assert(image > 0, "idle%03u does not use the frames of an image", first + i);
		sum += frames;
	}
	return sum;
}

Test(many, thousand_domains_of_one_image_run_at_once_in_a_gibibyte, .timeout = SECTION_TIMEOUT)
{
	static const char *const memory[] = {"-m", "1G", NULL};
	struct machine_options options = {.log = "many", .config = "many", .door = MACHINE_PVH, .extra = memory};
	struct machine *m = machine_start(&options);
	unsigned long first, last;
	size_t from;

	MUST(m);
	MUST(machine_expect_within(m, "^idle999| main began at ", SECTION_TIMEOUT));
	for (unsigned i = 0; i < MANY; i += 111) {
		char line[40];

		snprintf(line, sizeof line, "^idle%03u| main began at ", i);
		MUST(machine_expect_from(m, 0, line));
	}
	from = machine_here(m);
	machine_send(m, "memory\n");
	MUST(machine_expect_from(m, from, "^control: memory: idle999 "));
	first = frames_of(m, from, 0);
	last = frames_of(m, from, MANY - GROUP);
	cr_assert(first < last + GROUP && last < first + GROUP, "the last %u of them have %lu frames, the first %lu",
		  GROUP, last, first);
	cr_assert(machine_count(m, 0, ", 1 images of ") >= 1);
	machine_is_well(m);
	machine_stop(m);
}
