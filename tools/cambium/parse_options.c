/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits, and what may stand behind a rule: limit, log, count. */
#include <string.h>

#include "parser.h"

static const char *const limit_parts[] = {"new", "forth", "back", NULL};

static const struct burst_default burst_default = {.part = 10, .least = 1};

#define LOG_DEFAULT                                                                                                    \
	(struct rules_rate)                                                                                            \
	{                                                                                                              \
		.amount = 1, .burst = 10, .seconds = 1                                                                 \
	}

/* `new RATE`, `forth RATE` or `back RATE` of @limit. */
static bool parse_limit_part(struct parser *p, struct rules_limit *limit)
{
	struct token word = p->token;
	struct rules_rate rate, *place = &limit->flows;
	enum rate_unit unit;

	parser_advance(p);
	if (!parse_rate(p, &burst_default, &rate, &unit))
		return false;
	if (token_is(&word, "new") != (unit == RATE_EVENTS)) {
		report_error(p->report, word.place,
			     "write `new 20/s` for flows, `forth 10mbit/s` or `back 500packets/s` for traffic",
			     "a rate in a unit that `%.*s` does not take", TOKEN_ARGS(&word));
		return false;
	}
	if (unit != RATE_EVENTS)
		place = unit == RATE_BITS ? &limit->bits[token_is(&word, "back")]
					  : &limit->packets[token_is(&word, "back")];
	if (place->amount) {
		report_error(p->report, word.place, "keep one of them", "the same is limited twice");
		return false;
	}
	*place = rate;
	return true;
}

/* limit NAME { part { part } } */
bool parse_limit(struct parser *p)
{
	struct name *name = parse_new_name(p, NAME_LIMIT);
	struct rules_limit limit = {0};

	if (!name)
		return false;
	if (p->policy->limit_count == RULES_LIMIT_MAX) {
		report_error(p->report, name->place, "let several rules use one limit", "more than %u limits",
			     RULES_LIMIT_MAX);
		return false;
	}
	memcpy(limit.name, name->text, sizeof limit.name);
	name->index = p->policy->limit_count;
	*(struct rules_limit *)arena_append(&p->policy->arena, &p->policy->limits, &p->policy->limit_count,
					    sizeof limit) = limit;
	if (!parser_expect(p, "{", "before what is limited"))
		return false;
	do {
		if (!parser_sees(p, limit_parts))
			return parser_unexpected(
				p, "`new`, `forth` or `back`",
				"new: flows of each source; forth and back: traffic from and to the opener");
		if (!parse_limit_part(p, &p->policy->limits[p->policy->limit_count - 1]))
			return false;
	} while (!token_is(&p->token, "}"));
	return parser_expect(p, "}", "behind what is limited");
}

/* The number of the counter named by the next word, a new one if need be. */
static bool parse_counter(struct parser *p, uint16_t *index)
{
	size_t len = p->token.place.length;
	struct rules_counter *counter;

	if (p->token.kind != TOKEN_NAME || len >= RULES_NAME_MAX || memchr(p->token.text, '/', len))
		return parser_unexpected(p, "the name of a counter", "a name begins with a letter and has at most 31");
	for (uint32_t i = 0; i < p->policy->counter_count; i++) {
		if (token_is(&p->token, p->policy->counters[i].name)) {
			*index = (uint16_t)i;
			parser_advance(p);
			return true;
		}
	}
	if (p->policy->counter_count == RULES_COUNTER_MAX)
		return parser_unexpected(p, "the name of a counter that is there", "there are as many as there can be");
	*index = (uint16_t)p->policy->counter_count;
	counter = arena_append(&p->policy->arena, &p->policy->counters, &p->policy->counter_count, sizeof *counter);
	memcpy(counter->name, p->token.text, len);
	parser_advance(p);
	return true;
}

/* `log`, with a rate where one follows. Rules with equal rates still have a budget each. */
static bool parse_log(struct parser *p, uint16_t *index)
{
	struct rules_rate rate = LOG_DEFAULT;
	enum rate_unit unit = RATE_EVENTS;
	struct place place = p->token.place;

	if (p->token.kind == TOKEN_NUMBER && !parse_rate(p, &burst_default, &rate, &unit))
		return false;
	if (unit != RATE_EVENTS || p->policy->log_count == RULES_LOG_MAX) {
		report_error(p->report, place, "write `log 10/min`, and log at most 256 rules",
			     "a log in lines of another unit, or too many logs");
		return false;
	}
	*index = (uint16_t)p->policy->log_count;
	*(struct rules_rate *)arena_append(&p->policy->arena, &p->policy->logs, &p->policy->log_count,
					   sizeof rate) = rate;
	return true;
}

static bool parse_limit_use(struct parser *p, struct policy_rule *rule)
{
	const struct name *name = NULL;

	if (p->token.kind == TOKEN_NAME)
		name = policy_find_name(p->policy, p->token.text, p->token.place.length);
	if (!name || name->kind != NAME_LIMIT)
		return parser_unexpected(p, "the name of a limit", "declare it before: limit NAME { new 20/s }");
	if (rule->action == RULES_ACTION_DROP || rule->action == RULES_ACTION_REJECT) {
		report_error(p->report, p->token.place, "limit the rule that allows, or leave the limit out",
			     "nothing of a refused flow can be limited");
		return false;
	}
	rule->limit = (uint16_t)name->index;
	parser_advance(p);
	return true;
}

bool parse_options(struct parser *p, struct policy_rule *rule)
{
	for (;;) {
		struct token word = p->token;
		bool good, twice;

		if (parser_accept(p, "limit")) {
			twice = rule->limit != RULES_INDEX_NONE;
			good = parse_limit_use(p, rule);
		} else if (parser_accept(p, "log")) {
			twice = rule->log != RULES_INDEX_NONE;
			good = parse_log(p, &rule->log);
		} else if (parser_accept(p, "count")) {
			twice = rule->counter != RULES_INDEX_NONE;
			good = parse_counter(p, &rule->counter);
		} else {
			return true;
		}
		if (!good)
			return false;
		if (twice) {
			report_error(p->report, word.place, "keep one of them", "`%.*s` stands twice in one rule",
				     TOKEN_ARGS(&word));
			return false;
		}
	}
}
