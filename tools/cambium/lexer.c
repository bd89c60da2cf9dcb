/* SPDX-License-Identifier: BSD-2-Clause */
/* From characters to words. It reads nothing outside the text, whatever that holds. */
#include "lexer.h"

#include <string.h>

void lexer_begin(struct lexer *lexer, const char *text, size_t len)
{
	*lexer = (struct lexer){.at = text, .end = text + len, .line = 1, .column = 1};
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == ':' || c == '/' || c == '-';
}

static void blanks_skip(struct lexer *lexer)
{
	bool in_comment = false;

	for (; lexer->at < lexer->end; lexer->at++) {
		char c = *lexer->at;

		if (c == '\n') {
			in_comment = false;
			lexer->line++;
			lexer->column = 1;
			continue;
		}
		in_comment |= c == '#';
		if (!in_comment && c != ' ' && c != '\t' && c != '\r')
			return;
		lexer->column++;
	}
}

static enum token_kind word_kind(const char *text, size_t len)
{
	if (memchr(text, ':', len))
		return TOKEN_ADDRESS;
	if (is_digit(*text))
		return TOKEN_NUMBER;
	return is_letter(*text) ? TOKEN_NAME : TOKEN_BAD;
}

struct token lexer_next(struct lexer *lexer)
{
	struct token token = {.kind = TOKEN_END};
	size_t len = 0, left;

	blanks_skip(lexer);
	left = (size_t)(lexer->end - lexer->at);
	token.text = lexer->at;
	while (len < left && is_word(lexer->at[len]))
		len++;
	if (len > 0) {
		token.kind = word_kind(lexer->at, len);
	} else if (left > 0) {
		token.kind = strchr("=,{}", *lexer->at) && *lexer->at ? TOKEN_SIGN : TOKEN_BAD;
		len = 1;
	}
	token.place = (struct place){lexer->line, lexer->column, (uint32_t)len};
	lexer->at += len;
	lexer->column += (uint32_t)len;
	return token;
}

bool token_is(const struct token *token, const char *word)
{
	return token->place.length == strlen(word) && memcmp(token->text, word, token->place.length) == 0;
}
