/* SPDX-License-Identifier: BSD-2-Clause */
/* A command line becomes words. */
#ifndef UNIKERNEL_CORE_WORDS_H
#define UNIKERNEL_CORE_WORDS_H

#include <stddef.h>

/* Splits @line in place at blanks (space, tab, newline): each word gets a NUL, @words its address. Between double
 * quotes blanks are ordinary and the quotes go; a backslash takes the next character as it is. Returns how many, at most
 * @max (the rest is dropped). */
size_t words_split(char *line, char **words, size_t max);

#endif
