/* SPDX-License-Identifier: BSD-2-Clause */
/* Word splitting in place: what is written is never ahead of what is read, since quotes and backslashes only shrink. */
#include <stdbool.h>
#include <string.h>

#include "words.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

size_t words_bound(const char *line)
{
	size_t n = 1;

	for (; *line; line++)
		n += blank(*line);
	return n;
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

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The length of the name that @word, if it is a setting, begins with, its = included; 0: it is none. */
static size_t setting_name(const char *word)
{
	size_t n = 0;

	while (letter(word[n]) || (n > 0 && word[n] >= '0' && word[n] <= '9'))
		n++;
	return n > 0 && word[n] == '=' ? n + 1 : 0;
}

size_t words_settings(char **words, size_t *count)
{
	size_t kept = 0, read = 0, len;

	for (; read < *count && (len = setting_name(words[read])) > 0; read++) {
		size_t at = 0;

		while (at < kept && memcmp(words[at], words[read], len) != 0)
			at++;
		words[at] = words[read];
		kept += at == kept;
	}
	memmove(words + kept, words + read, (*count - read) * sizeof(*words));
	*count -= read - kept;
	return kept;
}
