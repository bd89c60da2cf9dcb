/* SPDX-License-Identifier: BSD-2-Clause */
/* Word splitting in place: what is written is never ahead of what is read, since quotes and backslashes only shrink. */
#include <stdbool.h>

#include "words.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

size_t words_split(char *line, char **words, size_t max)
{
	char *in = line, *out = line;
	size_t n = 0;

	while (n < max) {
		bool quoted = false;

		while (blank(*in))
			in++;
		if (!*in)
			break;
		words[n++] = out;
		for (; *in && (quoted || !blank(*in)); in++) {
			if (*in == '"') {
				quoted = !quoted;
				continue;
			}
			if (*in == '\\' && in[1])
				in++;
			*out++ = *in;
		}
		if (*in)
			in++;
		*out++ = '\0';
	}
	return n;
}
