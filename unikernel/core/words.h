/* SPDX-License-Identifier: BSD-2-Clause */
/* A command line becomes words. */
#ifndef UNIKERNEL_CORE_WORDS_H
#define UNIKERNEL_CORE_WORDS_H

#include <stddef.h>

/* At least as many as there are words in @line. */
size_t words_bound(const char *line);

/* Splits @line in place at blanks (space, tab, newline): each word gets a NUL, @words its address. Between double
 * quotes blanks are ordinary and the quotes go; a backslash takes the next character as it is. Returns how many, at most
 * @max (the rest is dropped). */
size_t words_split(char *line, char **words, size_t max);

/*
 * How many of the *@count @words at the front are settings: NAME=VALUE, NAME of letters, digits and _, no digit first. Of
 * several for one name the last stays, at the first one's place: *@count becomes less.
 */
size_t words_settings(char **words, size_t *count);

#endif
