/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser's inside: recursive descent over the words of lexer.h, one word ahead. A function that parses says whether
 * it could; where not, it has reported why and the caller goes on at the next statement, so that one run finds many
 * errors. Not for others.
 */
#ifndef CAMBIUM_TOOLS_PARSER_H
#define CAMBIUM_TOOLS_PARSER_H

#include "lexer.h"
#include "policy.h"

struct parser {
	struct lexer lexer;
	struct token token; /* the next word, not taken yet */
	bool ifaces_named;  /* all of some kind were named: from then on there are no new ones */
	bool fresh;         /* it is the first of its line */
	struct policy *policy;
	struct report *report;
};

/* Goes on to the next word. */
void parser_advance(struct parser *p);

/* Takes the next word when it is @word. */
bool parser_accept(struct parser *p, const char *word);

/* Takes @word; else reports that it is missing @where. */
bool parser_expect(struct parser *p, const char *word, const char *where);

/* Is the next word one of @words, whose last is NULL? */
bool parser_sees(const struct parser *p, const char *const *words);

/* Skips to a word of @words at the beginning of a line, or a closing brace, or the end. */
void parser_skip(struct parser *p, const char *const *words);

/* Skips to the next line of a block that begins a statement of its own, or the block's end. */
void parser_skip_line(struct parser *p);

/* Reports that the next word is not @wanted. Always false. */
bool parser_unexpected(struct parser *p, const char *wanted, const char *remedy);

/* A printf precision and text for a token in a message. */
#define TOKEN_ARGS(token) (int)((token)->place.length < 40 ? (token)->place.length : 40), (token)->text

/* --- parse_values.c --- */

/* A number between @min and @max, called @what. */
bool parse_number(struct parser *p, const char *what, uint32_t min, uint32_t max, uint32_t *number);

/* Two numbers with a dash, or one. */
bool parse_ports(struct parser *p, uint32_t *lo, uint32_t *hi);

/* Is the next word an address, a prefix, or a range of addresses? */
bool parser_sees_address(const struct parser *p);

/* An address with a prefix length, bits behind it allowed and kept (an interface's), or without: the longest. */
bool parse_interface_address(struct parser *p, struct rules_prefix *prefix);

/* An address, a prefix or a range: appended to @hosts. */
bool parse_address(struct parser *p, struct hosts *hosts);

/* What a rate counts. */
enum rate_unit { RATE_EVENTS, RATE_BITS, RATE_PACKETS };

/* The burst of a rate of bits that names none: what the rate gives in that part of a second, and not less than that. */
struct burst_default {
	uint32_t part, least;
};

/* A rate as `20/s`, `5/min`, `10mbit/s`, `500packets/s`, then perhaps `burst` and how much. */
bool parse_rate(struct parser *p, const struct burst_default *otherwise, struct rules_rate *rate, enum rate_unit *unit);

/* --- parse_lists.c --- */

bool parse_zones(struct parser *p, const char *where, zone_t *zone);
bool parse_hosts(struct parser *p, struct hosts *hosts);
bool parse_services(struct parser *p, struct services *services);

/* The inside of `set NAME = { ... }`: hosts or services, as its first element is. */
bool parse_set(struct parser *p, struct name *name);

/* --- parse_options.c --- */

bool parse_limit(struct parser *p);

/* limit NAME, log [RATE], count NAME: each at most once. */
bool parse_options(struct parser *p, struct policy_rule *rule);

/* --- parse_block.c --- */

bool parse_block(struct parser *p);
bool parse_first(struct parser *p);
bool parse_assert(struct parser *p);

/* --- parse.c --- */

/* A new name of @kind from the next word, or NULL: it is no name, a keyword, or there already. */
struct name *parse_new_name(struct parser *p, enum name_kind kind);

#endif
