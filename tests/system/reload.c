/* SPDX-License-Identifier: BSD-2-Clause */
/* The command, as an operator types it. */
#include "reload.h"

#include <stdarg.h>
#include <stdio.h>

#define WORDS 16u
#define PATHS 8u

int rules_run(const struct machine *m, char *said, size_t bytes, const char *verb, ...)
{
	const char *words[WORDS] = {build_path("tools/cambium"), "rules", verb, "--serial", machine_manage(m)};
	unsigned count = 5;
	va_list args;

	va_start(args, verb);
	while (count + 1 < WORDS && (words[count] = va_arg(args, const char *)))
		count++;
	va_end(args);
	words[count] = NULL;
	return command_run(words, said, bytes);
}

const char *policy_write(const char *name, const char *text)
{
	static char paths[PATHS][512];
	static unsigned turn;
	char *path = paths[turn++ % PATHS];
	FILE *f;

	snprintf(path, sizeof paths[0], "%s", build_path("tests/%s.rules", name));
	f = fopen(path, "w");

	cr_assert(f, "%s cannot be written", path);
	fprintf(f,
		"interface net = uplink 0 address 10.0.2.15/24 gateway 10.0.2.2\n"
		"interface web1 = inner 1 address 10.1.1.1/24 peer 10.1.1.2\n"
		"interface web2 = inner 2 address 10.1.2.1/24 peer 10.1.2.2\n"
		"%s",
		text);
	cr_assert_eq(fclose(f), 0);
	return path;
}
