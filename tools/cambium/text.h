/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a compiler of text needs: memory that goes all at once, places in the text, and a list of what is wrong there.
 */
#ifndef CAMBIUM_TOOLS_TEXT_H
#define CAMBIUM_TOOLS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Memory for many small things, zeroed, given back together. All zero is an empty one. */
struct arena {
	struct arena_block *blocks;
};

/* @size bytes of zeros, aligned for anything. Ends the process where there is no memory. */
void *arena_get(struct arena *arena, size_t size);
void arena_free(struct arena *arena);

/*
 * Room for one more element of @size bytes in the array at *@items, which has *@count and room for a power of two: the
 * place of the new one, zeroed; *@count is one more.
 */
void *arena_append(struct arena *arena, void *items, uint32_t *count, size_t size);

/* Some characters of a line: numbers from 1. Line 0: the file as a whole. */
struct place {
	uint32_t line, column, length;
};

#define REPORT_MAX 40u
#define MESSAGE_MAX 320u

struct message {
	struct place place;
	bool is_error; /* else a warning */
	char reason[MESSAGE_MAX], remedy[MESSAGE_MAX];
};

/* What is wrong with one text. Beyond REPORT_MAX messages are counted only. */
struct report {
	const char *file, *text;
	size_t len;
	struct message messages[REPORT_MAX];
	uint32_t count, errors, warnings;
};

/* Adds a message; @remedy says what to do about it. printf-like, the remedy after the reason's arguments is plain text. */
void report_error(struct report *report, struct place place, const char *remedy, const char *reason, ...)
	__attribute__((format(printf, 4, 5)));
void report_warning(struct report *report, struct place place, const char *remedy, const char *reason, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Prints the messages as `FILE:LINE:COLUMN: error: REASON`, the line with a caret, and the remedy; or, with @json, as
 * one array of objects.
 */
void report_print(const struct report *report, FILE *out);
void report_print_json(const struct report *report, FILE *out);

/* Writes @string as JSON, quotes included. */
void json_put_string(FILE *out, const char *string);

#endif
