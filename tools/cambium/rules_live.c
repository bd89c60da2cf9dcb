/* SPDX-License-Identifier: BSD-2-Clause */
/* cambium rules: load, confirm, status: with a running machine. */
#include <stdlib.h>
#include <string.h>

#include <net/core/rules.h>

#include "command.h"
#include "compile.h"
#include "decompile.h"
#include "diff.h"
#include "live.h"
#include "source.h"

struct words {
	const char *serial, *file;
	uint32_t confirm_seconds;
	bool json, has_confirm;
};

static bool seconds_read(const char *text, uint32_t *seconds)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*seconds = (uint32_t)n;
	return *text >= '1' && *text <= '9' && !*end && n <= MANAGE_CONFIRM_SECONDS_MAX;
}

static bool words_read(struct words *w, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json")) {
			w->json = true;
		} else if (!strcmp(argv[i], "--serial") && i + 1 < argc) {
			w->serial = argv[++i];
		} else if (!strcmp(argv[i], "--confirm") && i + 1 < argc) {
			w->has_confirm = true;
			if (!seconds_read(argv[++i], &w->confirm_seconds))
				return false;
		} else if ((argv[i][0] == '-' && argv[i][1]) || w->file) {
			return false;
		} else {
			w->file = argv[i];
		}
	}
	return w->serial;
}

static int trouble(const char *why)
{
	fprintf(stderr, "cambium: error: %s\n", why);
	return EXIT_NO;
}

/* Says what @policy changes in what the machine does now. False: it could not be asked. */
static bool changes_print(struct serial *serial, const struct policy *policy, bool json)
{
	struct policy *now;
	uint32_t index, parts;
	size_t len;
	void *table = live_table(serial, &len);

	if (!table) {
		if (len)
			return false;
		if (!json)
			puts("the machine has no policy: everything is new");
		return true;
	}
	if (rules_check(table, len, ~0u, &index) != RULES_OK) {
		free(table);
		snprintf(serial->why, sizeof serial->why,
			 "the table in force cannot be read back: is the command older?");
		return false;
	}
	now = policy_decompile(table, "in force");
	if (!policy_diff_print(now, policy, json, stdout, &parts))
		fputs("cambium: warning: too many cases: the difference is not complete\n", stderr);
	else if (parts == 0 && !json)
		puts("nothing that is allowed changes");
	fflush(stdout);
	policy_free(now);
	free(table);
	return true;
}

static int load_with(const struct words *w, struct serial *serial, const struct policy *policy, const void *table,
		     size_t len)
{
	char digest[DIGEST_TEXT_MAX];
	struct manage_status status;

	if (!changes_print(serial, policy, w->json) || !live_load(serial, table, len, w->confirm_seconds) ||
	    !live_status(serial, &status))
		return trouble(serial->why);
	if (w->json)
		return EXIT_YES;
	printf("in force: %s, %u rules\n", digest_text(status.sha256, digest), status.rule_count);
	if (status.left_ns)
		printf("for %u s, unless you say: cambium rules confirm --serial %s\n", w->confirm_seconds, w->serial);
	return EXIT_YES;
}

static int verb_load(const struct words *w, struct serial *serial)
{
	struct source source;
	void *table = NULL;
	size_t len = 0;
	int code = EXIT_NO;

	if (!source_load_good(&source, w->file)) {
		source_free(&source);
		return EXIT_NO;
	}
	table = policy_compile(source.policy, &source.report, &len);
	if (table)
		table_check_support(table, &source.report, "the machine");
	if (source.report.errors)
		report_print(&source.report, stderr);
	else if (!serial_open(serial, w->serial))
		trouble(serial->why);
	else {
		code = load_with(w, serial, source.policy, table, len);
		serial_close(serial);
	}
	free(table);
	source_free(&source);
	return code;
}

static int confirm_with(struct serial *serial)
{
	struct manage_status status;
	struct manage_confirm confirm;
	struct manage_message answer;
	char digest[DIGEST_TEXT_MAX];

	if (!live_status(serial, &status))
		return trouble(serial->why);
	if (!status.left_ns)
		return trouble("no policy is on trial: it is confirmed already, or its time was over: see `status`");
	memcpy(confirm.sha256, status.sha256, sizeof confirm.sha256);
	if (!serial_ask(serial, MANAGE_CONFIRM, &confirm, sizeof confirm, 0, &answer))
		return trouble(serial->why);
	printf("confirmed: %s\n", digest_text(status.sha256, digest));
	return EXIT_YES;
}

static int verb_live(const struct words *w, struct serial *serial, bool is_confirm)
{
	int code;

	if (!serial_open(serial, w->serial))
		return trouble(serial->why);
	if (is_confirm)
		code = confirm_with(serial);
	else
		code = live_status_print(serial, w->json, stdout) ? EXIT_YES : trouble(serial->why);
	serial_close(serial);
	return code;
}

int command_rules_live(int argc, char **argv)
{
	static struct serial serial;
	struct words w = {.json = false};
	bool is_load = !strcmp(argv[0], "load");

	if (!words_read(&w, argc, argv) || is_load != (w.file != NULL) || (w.has_confirm && !is_load))
		return rules_usage_error("something is missing, out of range or too much behind ", argv[0]);
	return is_load ? verb_load(&w, &serial) : verb_live(&w, &serial, !strcmp(argv[0], "confirm"));
}
