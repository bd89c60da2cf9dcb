/* SPDX-License-Identifier: BSD-2-Clause */
/* Texts from files. */
#include "source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"

/* The whole of @path, allocated; NULL and a line on standard error. */
static char *text_load(const char *path, size_t *len)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	char *text = malloc(POLICY_TEXT_MAX + 1);
	bool bad = !f || !text;

	if (!bad) {
		*len = fread(text, 1, POLICY_TEXT_MAX + 1, f);
		bad = ferror(f);
	}
	if (bad)
		fprintf(stderr, "cambium: error: %s: %s: is the name right, and may you read it?\n", path,
			strerror(errno));
	if (f && f != stdin)
		fclose(f);
	if (!bad)
		return text;
	free(text);
	return NULL;
}

bool source_load(struct source *source, const char *path)
{
	*source = (struct source){.report = {.file = path}};
	source->text = text_load(path, &source->report.len);
	if (!source->text)
		return false;
	source->report.text = source->text;
	source->policy = policy_read_checked(&source->report);
	return true;
}

bool source_load_good(struct source *source, const char *path)
{
	if (!source_load(source, path))
		return false;
	report_print(&source->report, stderr);
	return !source->report.errors;
}

void source_free(struct source *source)
{
	policy_free(source->policy);
	free(source->text);
}
