/* SPDX-License-Identifier: BSD-2-Clause */
/* cambium rules: check, compile. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <net/core/rules.h>
#include "command.h"
#include "compile.h"

static const char usage[] = "usage: cambium rules check FILE [--json]\n"
			    "       cambium rules compile FILE -o TABLE\n"
			    "\n"
			    "  check    reads the policy in FILE and reports everything that is wrong with it\n"
			    "  compile  does the same and writes the table that the router takes\n"
			    "\n"
			    "FILE may be - for standard input. docs/router.md teaches the language.\n"
			    "Exit codes: 0 the policy is good, 1 it is not, 2 the command line is wrong.\n";

/* The command line behind the verb. */
struct words {
	const char *files[2];
	int file_count;
	const char *out;
	bool json;
};

static int usage_error(const char *why, const char *what)
{
	fprintf(stderr, "cambium: error: %s%s\n%s", why, what, usage);
	return EXIT_USAGE;
}

static bool words_read(struct words *w, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			w->json = true;
		else if (!strcmp(argv[i], "-o") && i + 1 < argc)
			w->out = argv[++i];
		else if ((argv[i][0] == '-' && argv[i][1]) || w->file_count == 2)
			return false;
		else
			w->files[w->file_count++] = argv[i];
	}
	return true;
}

/* The whole of @path, allocated; NULL and a line on standard error. */
static char *text_load(const char *path, size_t *len)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	char *text = malloc(POLICY_TEXT_MAX + 1);

	if (!f || !text) {
		fprintf(stderr, "cambium: error: %s: %s: is the name right, and may you read it?\n", path,
			strerror(errno));
		free(text);
		return NULL;
	}
	*len = fread(text, 1, POLICY_TEXT_MAX + 1, f);
	if (ferror(f))
		fprintf(stderr, "cambium: error: %s: cannot be read to its end\n", path);
	if (f != stdin)
		fclose(f);
	return text;
}

static int file_write(const char *path, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "wb");
	bool good = f && fwrite(bytes, 1, len, f) == len;

	good = f && !fclose(f) && good;
	if (good)
		return EXIT_YES;
	fprintf(stderr, "cambium: error: %s: %s: is there room, and may you write there?\n", path, strerror(errno));
	return EXIT_NO;
}

static void check_print(const struct words *w, const struct report *report, const struct policy *policy, size_t len)
{
	if (w->json) {
		printf("{\"good\":%s,\"rules\":%u,\"table_bytes\":%zu,\"messages\":", report->errors ? "false" : "true",
		       policy->rule_count, len);
		report_print_json(report, stdout);
		puts("}");
		return;
	}
	report_print(report, stderr);
	if (!report->errors)
		printf("%s: good: %u rules in %u blocks, a table of %zu bytes\n", report->file, policy->rule_count,
		       policy->block_count, len);
}

/* check, and compile where @w has an output. */
static int verb_check(const struct words *w)
{
	struct report report = {.file = w->files[0]};
	char *text = text_load(w->files[0], &report.len);
	struct policy *policy;
	void *table = NULL;
	size_t len = 0;
	int code;

	if (!text)
		return EXIT_NO;
	report.text = text;
	policy = policy_read(&report);
	if (!report.errors)
		table = policy_compile(policy, &report, &len);
	check_print(w, &report, policy, len);
	code = report.errors ? EXIT_NO : EXIT_YES;
	if (table && w->out)
		code = file_write(w->out, table, len);
	free(table);
	policy_free(policy);
	free(text);
	return code;
}

int command_rules(int argc, char **argv)
{
	struct words w = {0};

	if (argc >= 1 && (!strcmp(argv[0], "--help") || !strcmp(argv[0], "help"))) {
		fputs(usage, stdout);
		return EXIT_YES;
	}
	if (argc < 1)
		return usage_error("a verb is missing", "");
	if (!words_read(&w, argc - 1, argv + 1))
		return usage_error("a word that this command does not know stands behind ", argv[0]);
	if (!strcmp(argv[0], "check") && w.file_count == 1 && !w.out)
		return verb_check(&w);
	if (!strcmp(argv[0], "compile") && w.file_count == 1 && w.out)
		return verb_check(&w);
	return usage_error("no such verb, or a file is missing: ", argv[0]);
}
