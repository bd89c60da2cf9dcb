/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines are found anew each time: what was read only grows, and may move. */
#include "lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAIL_LINES 60u

void lines_add(struct lines *l, const char *bytes, size_t len)
{
	if (l->len + len > l->room) {
		l->room = 2 * (l->len + len);
		l->text = realloc(l->text, l->room);
		if (!l->text)
			abort();
	}
	memcpy(l->text + l->len, bytes, len);
	l->len += len;
}

bool lines_next(const struct lines *l, size_t *at, const char **line, size_t *len)
{
	const char *end;

	if (*at >= l->len)
		return false;
	*line = l->text + *at;
	end = memchr(*line, '\n', l->len - *at);
	if (!end && !l->ended)
		return false;
	*len = end ? (size_t)(end - *line) : l->len - *at;
	*at += *len + (end != NULL);
	while (*len && (*line)[*len - 1] == '\r')
		--*len;
	return true;
}

void lines_last(const struct lines *l, const char **line, size_t *len)
{
	const char *next;
	size_t at = 0, next_len;

	*line = "";
	*len = 0;
	while (lines_next(l, &at, &next, &next_len))
		if (next_len) {
			*line = next;
			*len = next_len;
		}
}

bool line_matches(const char *line, size_t len, const char *text)
{
	size_t want = strlen(text);
	bool head = want && text[0] == '^', tail = want > head && text[want - 1] == '$';

	text += head;
	want -= (size_t)head + tail;
	if (want > len)
		return false;
	if (head && tail)
		return want == len && !memcmp(line, text, len);
	if (head || tail)
		return !memcmp(head ? line : line + len - want, text, want);
	return !want || memmem(line, len, text, want);
}

void lines_show_tail(const struct lines *l)
{
	struct {
		const char *line;
		size_t len;
		unsigned again;
	} tail[TAIL_LINES] = {0}, *last;
	const char *line;
	size_t at = 0, len;
	unsigned count = 0;

	while (lines_next(l, &at, &line, &len)) {
		last = &tail[(count + TAIL_LINES - 1) % TAIL_LINES];
		if (count && last->len == len && !memcmp(last->line, line, len)) {
			last->again++;
			continue;
		}
		last = &tail[count++ % TAIL_LINES];
		last->line = line;
		last->len = len;
		last->again = 0;
	}
	for (unsigned i = count > TAIL_LINES ? count - TAIL_LINES : 0; i < count; i++) {
		last = &tail[i % TAIL_LINES];
		fprintf(stderr, "%.*s\n", (int)last->len, last->line);
		if (last->again)
			fprintf(stderr, "    (%u times more)\n", last->again);
	}
	fprintf(stderr, "%.*s\n", (int)(l->len - at), l->text + at);
}
