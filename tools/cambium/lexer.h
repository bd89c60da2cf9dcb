/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The words of a rules text. Line ends mean nothing; `#` begins a comment that ends with its line. A word is the longest
 * run of letters, digits and _ . : / -, and its first characters tell what it is.
 */
#ifndef CAMBIUM_TOOLS_LEXER_H
#define CAMBIUM_TOOLS_LEXER_H

#include "text.h"

enum token_kind {
	TOKEN_END,     /* of the text */
	TOKEN_NAME,    /* a keyword, too: begins with a letter and has no colon */
	TOKEN_NUMBER,  /* begins with a digit: 80, 8000-8100, 10/s, 10mbit/s, 10.0.0.0/8 */
	TOKEN_ADDRESS, /* has a colon: IPv6 */
	TOKEN_SIGN,    /* one of = , { } */
	TOKEN_BAD      /* a character that begins no word */
};

struct token {
	enum token_kind kind;
	const char *text; /* in the source; not terminated */
	struct place place;
};

struct lexer {
	const char *at, *end;
	uint32_t line, column; /* of *at */
};

/* Begin at the start of the @len bytes at @text. */
void lexer_begin(struct lexer *lexer, const char *text, size_t len);

/* The next word. Behind the last one it is TOKEN_END for ever. */
struct token lexer_next(struct lexer *lexer);

/* Is @token the word or sign @word? */
bool token_is(const struct token *token, const char *word);

#endif
