/* SPDX-License-Identifier: BSD-2-Clause */
/* cambium rules: check, compile, explain, diff; what speaks with a machine is in rules_live.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "compile.h"
#include "diff.h"
#include "explain.h"
#include "source.h"

static const char usage[] =
	"usage: cambium rules check FILE [--json]\n"
	"       cambium rules compile FILE -o TABLE\n"
	"       cambium rules explain FILE PACKET... [--json]\n"
	"       cambium rules diff OLD NEW [--json]\n"
	"       cambium rules load --serial WHERE FILE [--confirm SECONDS] [--json]\n"
	"       cambium rules confirm --serial WHERE\n"
	"       cambium rules status --serial WHERE [--json]\n"
	"\n"
	"  check    reads the policy in FILE and reports everything that is wrong with it\n"
	"  compile  does the same and writes the table that the router takes\n"
	"  explain  says what happens to a packet that opens a flow, and by which rule:\n"
	"           from INTERFACE [to PLACE] tcp|udp ADDRESS:PORT > ADDRESS:PORT [syn]\n"
	"           from INTERFACE [to PLACE] icmp ADDRESS > ADDRESS\n"
	"  diff     says what NEW allows (+) and refuses (-) that OLD does not, and what it\n"
	"           allows in another way (~); no packet is in two lines\n"
	"  load     says what FILE changes in the policy of a running machine, and puts it in\n"
	"           force; with --confirm only for so long, unless `confirm` comes in time\n"
	"  confirm  lets the policy on trial stay\n"
	"  status   says which policy is in force, what it counted and what it last dropped\n"
	"\n"
	"FILE may be - for standard input. WHERE is the machine's second serial port: a device, or\n"
	"unix:SOCKET. docs/router.md teaches the language.\n"
	"Exit codes: 0 the policy is good, the packet passes, nothing differs; 1 not so;\n"
	"2 the command line is wrong.\n";

/* The command line behind the verb. */
struct words {
	const char *files[2]; /* of explain, the first is the file */
	int file_count;
	const char *out;
	char packet[EXPLAIN_PACKET_MAX];
	bool json, too_long;
};

int rules_usage_error(const char *why, const char *what)
{
	fprintf(stderr, "cambium: error: %s%s\n%s", why, what, usage);
	return EXIT_USAGE;
}

static void packet_add(struct words *w, const char *word)
{
	size_t len = strlen(w->packet), more = strlen(word) + 2;

	if (len + more > sizeof w->packet)
		w->too_long = true;
	else
		snprintf(w->packet + len, sizeof w->packet - len, "%s%s", len ? " " : "", word);
}

static bool words_read(struct words *w, int argc, char **argv, bool is_explain)
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			w->json = true;
		else if (!strcmp(argv[i], "-o") && i + 1 < argc)
			w->out = argv[++i];
		else if (is_explain && w->file_count == 1)
			packet_add(w, argv[i]);
		else if ((argv[i][0] == '-' && argv[i][1]) || w->file_count == 2)
			return false;
		else
			w->files[w->file_count++] = argv[i];
	}
	return !w->too_long;
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

static void check_print(const struct words *w, const struct source *source, size_t len)
{
	const struct report *report = &source->report;

	if (w->json) {
		printf("{\"good\":%s,\"rules\":%u,\"table_bytes\":%zu,\"messages\":", report->errors ? "false" : "true",
		       source->policy->rule_count, len);
		report_print_json(report, stdout);
		puts("}");
		return;
	}
	report_print(report, stderr);
	if (!report->errors)
		printf("%s: good: %u rules in %u blocks, a table of %zu bytes\n", report->file,
		       source->policy->rule_count, source->policy->block_count, len);
}

/* check, and compile where @w has an output. */
static int verb_check(const struct words *w)
{
	struct source source;
	void *table = NULL;
	size_t len = 0;
	int code;

	if (!source_load(&source, w->files[0]))
		return EXIT_NO;
	if (!source.report.errors)
		table = policy_compile(source.policy, &source.report, &len);
	if (table)
		table_check_support(table, &source.report, w->out);
	check_print(w, &source, len);
	code = source.report.errors ? EXIT_NO : EXIT_YES;
	if (code == EXIT_YES && w->out)
		code = file_write(w->out, table, len);
	free(table);
	source_free(&source);
	return code;
}

static int verb_explain(const struct words *w)
{
	struct source source;
	struct explanation e;
	int code = EXIT_NO;

	if (source_load_good(&source, w->files[0])) {
		if (policy_explain(source.policy, w->packet, &e)) {
			code = e.passes ? EXIT_YES : EXIT_NO;
			if (w->json)
				explanation_print_json(source.policy, &e, stdout);
			else
				explanation_print(source.policy, source.text, source.report.len, &e, stdout);
		} else {
			code = rules_usage_error("", e.why);
		}
	}
	source_free(&source);
	return code;
}

static int verb_diff(const struct words *w)
{
	struct source old, new = {0};
	int code = EXIT_NO;

	if (source_load_good(&old, w->files[0]) && source_load_good(&new, w->files[1])) {
		uint32_t parts;

		if (!policy_diff_print(old.policy, new.policy, w->json, stdout, &parts))
			fputs("cambium: error: too many cases: the difference is not complete\n", stderr);
		else if (parts == 0)
			code = EXIT_YES;
	}
	source_free(&old);
	source_free(&new);
	return code;
}

int command_rules(int argc, char **argv)
{
	struct words w = {.json = false};

	if (argc >= 1 && (!strcmp(argv[0], "--help") || !strcmp(argv[0], "help"))) {
		fputs(usage, stdout);
		return EXIT_YES;
	}
	if (argc < 1)
		return rules_usage_error("a verb is missing", "");
	if (!strcmp(argv[0], "load") || !strcmp(argv[0], "confirm") || !strcmp(argv[0], "status"))
		return command_rules_live(argc, argv);
	if (!words_read(&w, argc - 1, argv + 1, !strcmp(argv[0], "explain")))
		return rules_usage_error("a word that this command does not know stands behind ", argv[0]);
	if (!strcmp(argv[0], "check") && w.file_count == 1 && !w.out)
		return verb_check(&w);
	if (!strcmp(argv[0], "compile") && w.file_count == 1 && w.out)
		return verb_check(&w);
	if (!strcmp(argv[0], "explain") && w.file_count == 1 && w.packet[0] && !w.out)
		return verb_explain(&w);
	if (!strcmp(argv[0], "diff") && w.file_count == 2 && !w.out)
		return verb_diff(&w);
	return rules_usage_error("no such verb, or something is missing: ", argv[0]);
}
