/* SPDX-License-Identifier: BSD-2-Clause */
/* A policy with the text that it was read from. */
#ifndef CAMBIUM_TOOLS_SOURCE_H
#define CAMBIUM_TOOLS_SOURCE_H

#include "policy.h"

struct source {
	struct report report;
	char *text;
	struct policy *policy;
};

/* Reads and checks the policy in the file @path, - for standard input. False, after saying so: there is no text. */
bool source_load(struct source *source, const char *path);

/* The same for a verb that only goes on with a good policy: what is wrong goes to standard error. */
bool source_load_good(struct source *source, const char *path);

void source_free(struct source *source);

#endif
