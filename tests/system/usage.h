/* SPDX-License-Identifier: BSD-2-Clause */
/* What the control domain's `cpu` says of a domain, and what it answers when it is told to change something. */
#ifndef CAMBIUM_TESTS_USAGE_H
#define CAMBIUM_TESTS_USAGE_H

#include "../lib/machine.h"

/* A line of `cpu`: times in ms. */
struct usage {
	unsigned weight, cap;
	unsigned long warp, run, wait, steal, blocked, charged;
	unsigned cpu;
};

struct usage usage_of(struct machine *m, const char *name);

/* Types @command, which must be answered by @answer. */
void usage_says(struct machine *m, const char *command, const char *answer);

#endif
