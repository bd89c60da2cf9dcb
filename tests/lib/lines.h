/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of a machine's console in what was read of it so far. */
#ifndef CAMBIUM_TESTS_LINES_H
#define CAMBIUM_TESTS_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
	char *text;
	size_t len, room;
	bool ended; /* no more will come: a last line may lack its end */
};

/* Appends. */
void lines_add(struct lines *l, const char *bytes, size_t len);

/* The next whole line at or behind *@at, without its end; *@at moves behind it. False: there is none. */
bool lines_next(const struct lines *l, size_t *at, const char **line, size_t *len);

/* The last whole line that is not empty, without its end; an empty one when there is none. */
void lines_last(const struct lines *l, const char **line, size_t *len);

/* Whether the line contains @text, a leading ^ binding it to the line's start, a trailing $ to its end. */
bool line_matches(const char *line, size_t len, const char *text);

/* Shows the last lines on standard error, a line that comes again and again once. */
void lines_show_tail(const struct lines *l);

#endif
