/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory, places and messages of the compilers. */
#include "text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK 65536u

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(16) unsigned char bytes[];
};

void *arena_get(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->blocks;
	void *got;

	size = (size + 15) & ~(size_t)15;
	if (!block || block->size - block->used < size) {
		size_t room = size > ARENA_BLOCK ? size : ARENA_BLOCK;

		block = calloc(1, sizeof *block + room);
		if (!block) {
			fprintf(stderr, "cambium: error: no memory for %zu bytes more\n", room);
			exit(1);
		}
		block->size = room;
		block->next = arena->blocks;
		arena->blocks = block;
	}
	got = block->bytes + block->used;
	block->used += size;
	return got;
}

void arena_free(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		free(block);
	}
}

void *arena_append(struct arena *arena, void *items, uint32_t *count, size_t size)
{
	void *old;

	memcpy(&old, items, sizeof old);
	if ((*count & (*count - 1)) == 0) {
		void *grown = arena_get(arena, size * (*count ? 2 * (size_t)*count : 1));

		if (*count)
			memcpy(grown, old, size * *count);
		memcpy(items, &grown, sizeof grown);
		old = grown;
	}
	return (char *)old + size * (*count)++;
}

static void report_add(struct report *report, struct place place, bool is_error, const char *remedy, const char *reason,
		       va_list args)
{
	struct message *m;

	report->errors += is_error;
	report->warnings += !is_error;
	if (report->count == REPORT_MAX)
		return;
	m = &report->messages[report->count++];
	*m = (struct message){.place = place, .is_error = is_error};
	vsnprintf(m->reason, sizeof m->reason, reason, args);
	snprintf(m->remedy, sizeof m->remedy, "%s", remedy);
}

void report_error(struct report *report, struct place place, const char *remedy, const char *reason, ...)
{
	va_list args;

	va_start(args, reason);
	report_add(report, place, true, remedy, reason, args);
	va_end(args);
}

void report_warning(struct report *report, struct place place, const char *remedy, const char *reason, ...)
{
	va_list args;

	va_start(args, reason);
	report_add(report, place, false, remedy, reason, args);
	va_end(args);
}

/* The line of @place with a caret under it; tabs stay tabs, so that the caret stands right. */
static void line_print(const struct report *report, struct place place, FILE *out)
{
	const char *at = report->text, *end = report->text + report->len, *stop;

	for (uint32_t line = 1; line < place.line && at; line++) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	if (!at)
		return;
	stop = memchr(at, '\n', (size_t)(end - at));
	stop = stop ? stop : end;
	fputs("    ", out);
	for (const char *c = at; c < stop; c++)
		fputc((unsigned char)*c < ' ' && *c != '\t' ? '?' : *c, out);
	fputs("\n    ", out);
	for (uint32_t i = 1; i < place.column; i++)
		fputc(i <= (size_t)(stop - at) && at[i - 1] == '\t' ? '\t' : ' ', out);
	for (uint32_t i = 0; i == 0 || i < place.length; i++)
		fputc(i ? '~' : '^', out);
	fputc('\n', out);
}

void report_print(const struct report *report, FILE *out)
{
	for (uint32_t i = 0; i < report->count; i++) {
		const struct message *m = &report->messages[i];

		fprintf(out, "%s:", report->file);
		if (m->place.line)
			fprintf(out, "%u:%u:", m->place.line, m->place.column);
		fprintf(out, " %s: %s\n", m->is_error ? "error" : "warning", m->reason);
		if (m->place.line)
			line_print(report, m->place, out);
		if (m->remedy[0])
			fprintf(out, "    remedy: %s\n", m->remedy);
	}
	if (report->errors + report->warnings > report->count)
		fprintf(out, "%s: %u more messages are left out\n", report->file,
			report->errors + report->warnings - report->count);
}

void json_put_string(FILE *out, const char *string)
{
	fputc('"', out);
	for (const unsigned char *c = (const unsigned char *)string; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else if (*c < ' ' || *c > '~')
			fprintf(out, "\\u%04x", *c);
		else
			fputc(*c, out);
	}
	fputc('"', out);
}

void report_print_json(const struct report *report, FILE *out)
{
	fputc('[', out);
	for (uint32_t i = 0; i < report->count; i++) {
		const struct message *m = &report->messages[i];

		fprintf(out, "%s{\"file\":", i ? "," : "");
		json_put_string(out, report->file);
		fprintf(out, ",\"line\":%u,\"column\":%u,\"severity\":\"%s\",\"reason\":", m->place.line,
			m->place.column, m->is_error ? "error" : "warning");
		json_put_string(out, m->reason);
		fputs(",\"remedy\":", out);
		json_put_string(out, m->remedy);
		fputc('}', out);
	}
	fputc(']', out);
}
