/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks and what stands in them: rules, or claims. */
#include <string.h>

#include "parser.h"

static const char *const claims[] = {"never", "always", NULL};

/* What a publish leads to: interfaces, and perhaps `port N`. */
static bool parse_targets(struct parser *p, struct policy_rule *rule)
{
	do {
		const struct name *name = NULL;

		if (p->token.kind == TOKEN_NAME)
			name = policy_find_name(p->policy, p->token.text, p->token.place.length);
		if (!name || name->kind != NAME_IFACE || p->policy->ifaces[name->index].kind != RULES_IF_INNER)
			return parser_unexpected(p, "an inner interface",
						 "publish leads to the domains behind interfaces");
		if (rule->target_count == POLICY_TARGETS_MAX)
			return parser_unexpected(p, "the end of the list", "publish to at most 32 instances");
		rule->targets[rule->target_count++] = (uint8_t)name->index;
		parser_advance(p);
	} while (parser_accept(p, ","));
	if (parser_accept(p, "port")) {
		uint32_t port;

		if (!parse_number(p, "a port", 1, 65535, &port))
			return false;
		rule->target_port = (uint16_t)port;
	}
	return true;
}

/* Are the published services ports of TCP or UDP only, and, with a port to become, one range that fits? */
static bool publish_is_right(struct parser *p, const struct policy_rule *rule)
{
	const struct services *s = &rule->services;

	for (uint32_t i = 0; i < s->count; i++) {
		uint32_t proto = s->items[i].lo >> 16;

		if (s->items[i].hi >> 16 != proto || (s->items[i].lo & 0xffff) == 0 ||
		    (proto != RULES_PROTO_TCP && proto != RULES_PROTO_UDP)) {
			report_error(p->report, rule->place, "name ports: publish tcp 80 to web",
				     "only ports of TCP and UDP can be published");
			return false;
		}
	}
	if (rule->target_port && (s->count > 1 || rule->target_port + (s->items[0].hi - s->items[0].lo) > 65535)) {
		report_error(p->report, rule->place, "write a rule for each, or leave `port` out",
			     "one port cannot stand for these services");
		return false;
	}
	return true;
}

/* `from hosts` and, unless @is_publish, `to hosts`. */
static bool parse_ends(struct parser *p, struct hosts *src, struct hosts *dst, bool is_publish)
{
	*src = *dst = (struct hosts){.any = true};
	if (parser_accept(p, "from") && !parse_hosts(p, src))
		return false;
	return is_publish || !parser_accept(p, "to") || parse_hosts(p, dst);
}

/* Can @src and @dst be of one family? */
static bool families_meet(struct parser *p, struct place place, const struct hosts *src, const struct hosts *dst)
{
	bool v4[2] = {src->any, dst->any}, v6[2] = {src->any, dst->any};
	const struct hosts *ends[2] = {src, dst};

	for (int e = 0; e < 2; e++)
		for (uint32_t i = 0; i < ends[e]->count; i++) {
			v4[e] |= ends[e]->items[i].family == RULES_FAMILY_IPV4;
			v6[e] |= ends[e]->items[i].family == RULES_FAMILY_IPV6;
		}
	if ((v4[0] && v4[1]) || (v6[0] && v6[1]))
		return true;
	report_error(p->report, place, "name hosts of one family on both sides",
		     "IPv4 on one side and IPv6 on the other: no packet is like that");
	return false;
}

static bool parse_rule(struct parser *p, uint8_t action)
{
	struct policy_rule rule = {.action = action,
				   .place = p->token.place,
				   .block = p->policy->block_count - 1,
				   .limit = RULES_INDEX_NONE,
				   .log = RULES_INDEX_NONE,
				   .counter = RULES_INDEX_NONE};
	bool is_publish = action == RULES_ACTION_PUBLISH;

	parser_advance(p);
	if (!parse_services(p, &rule.services) || !parse_ends(p, &rule.src, &rule.dst, is_publish))
		return false;
	if (is_publish && (!parser_expect(p, "to", "and the interface that is published") || !parse_targets(p, &rule) ||
			   !publish_is_right(p, &rule)))
		return false;
	if (!families_meet(p, rule.place, &rule.src, &rule.dst) || !parse_options(p, &rule))
		return false;
	if (p->policy->rule_count == RULES_COUNT_MAX) {
		report_error(p->report, rule.place, "join rules by sets", "more than %u rules", RULES_COUNT_MAX);
		return false;
	}
	*(struct policy_rule *)arena_append(&p->policy->arena, &p->policy->rules, &p->policy->rule_count,
					    sizeof rule) = rule;
	return true;
}

/* The action that the next word names, 0: none. */
static uint8_t action_of(const struct parser *p)
{
	static const struct {
		const char *word;
		uint8_t action;
	} actions[] = {
		{"allow", RULES_ACTION_ALLOW},    {"reject", RULES_ACTION_REJECT},   {"drop", RULES_ACTION_DROP},
		{"nat", RULES_ACTION_MASQUERADE}, {"publish", RULES_ACTION_PUBLISH},
	};

	for (unsigned i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (token_is(&p->token, actions[i].word))
			return actions[i].action;
	return 0;
}

/* The rules of the block that was appended last, up to its closing brace. */
static bool parse_rules(struct parser *p)
{
	struct policy_block *block = &p->policy->blocks[p->policy->block_count - 1];

	if (!parser_expect(p, "{", "before the rules of the block"))
		return false;
	while (!token_is(&p->token, "}") && p->token.kind != TOKEN_END) {
		const char *before = p->token.text;
		uint8_t action = action_of(p);
		bool good = action;

		if (!action)
			parser_unexpected(p, "a rule or `}`", "begin with allow, reject, drop, nat or publish");
		if (block->is_first && action && action != RULES_ACTION_DROP && action != RULES_ACTION_REJECT) {
			report_error(p->report, p->token.place, "write it in the block of its way",
				     "the first block can only drop and reject");
			good = false;
		}
		if (good)
			good = parse_rule(p, action);
		if (!good && p->token.text == before)
			parser_advance(p);
		if (!good)
			parser_skip_line(p);
	}
	block->rule_count = p->policy->rule_count - block->first_rule;
	return parser_expect(p, "}", "at the end of the block");
}

static struct policy_block *block_new(struct parser *p, struct place place)
{
	struct policy_block *block;

	if (p->policy->block_count == RULES_BLOCK_MAX) {
		report_error(p->report, place, "join ways by zones", "more than %u blocks", RULES_BLOCK_MAX);
		return NULL;
	}
	block = arena_append(&p->policy->arena, &p->policy->blocks, &p->policy->block_count, sizeof *block);
	block->place = place;
	block->first_rule = p->policy->rule_count;
	return block;
}

/* from ZONES to ZONES, the `from` being taken already. */
static bool parse_way(struct parser *p, uint32_t *from, zone_t *to)
{
	struct place place = p->token.place;
	zone_t zone;

	if (!parse_zones(p, "behind `from`", &zone))
		return false;
	if ((zone & ZONE_SELF) && !(zone & ZONE_NOWHERE)) {
		report_error(p->report, place, "begin ways at interfaces",
			     "the router opens no flows of its own, so no way begins there");
		return false;
	}
	*from = (uint32_t)(zone & ZONE_IFACES);
	if (!parser_expect(p, "to", "behind the zones that packets come from") || !parse_zones(p, "behind `to`", to))
		return false;
	if (*from && *to)
		return true;
	report_error(p->report, place, "declare the interfaces before the blocks", "a way without an interface");
	return false;
}

bool parse_block(struct parser *p)
{
	struct place place = p->token.place;
	struct policy_block way = {0}, *block;

	if (!parse_way(p, &way.from, &way.to))
		return false;
	block = block_new(p, place);
	if (!block)
		return false;
	block->from = way.from;
	block->to = way.to;
	return parse_rules(p);
}

bool parse_first(struct parser *p)
{
	struct place place = p->token.place;
	struct policy_block *block;

	if (p->policy->first_block != RULES_BLOCK_NONE) {
		report_error(p->report, place, "join the two", "a second first block: the other is in line %u",
			     p->policy->blocks[p->policy->first_block].place.line);
		return false;
	}
	block = block_new(p, place);
	if (!block)
		return false;
	block->is_first = true;
	p->policy->first_block = p->policy->block_count - 1;
	return parse_rules(p);
}

static bool parse_claim(struct parser *p, const struct policy_claim *way)
{
	struct policy_claim claim = *way;

	claim.place = p->token.place;
	claim.never = token_is(&p->token, "never");
	parser_advance(p);
	if (!parse_services(p, &claim.services) || !parse_ends(p, &claim.src, &claim.dst, false) ||
	    !families_meet(p, claim.place, &claim.src, &claim.dst))
		return false;
	*(struct policy_claim *)arena_append(&p->policy->arena, &p->policy->claims, &p->policy->claim_count,
					     sizeof claim) = claim;
	return true;
}

bool parse_assert(struct parser *p)
{
	struct policy_claim way = {0};

	if (!parser_expect(p, "from", "behind `assert`") || !parse_way(p, &way.from, &way.to) ||
	    !parser_expect(p, "{", "before what is asserted"))
		return false;
	while (!token_is(&p->token, "}") && p->token.kind != TOKEN_END) {
		const char *before = p->token.text;
		bool good = parser_sees(p, claims);

		if (!good)
			parser_unexpected(p, "`never` or `always`", "assert from A to B { never tcp 22 }");
		good = good && parse_claim(p, &way);
		if (!good && p->token.text == before)
			parser_advance(p);
		if (!good)
			parser_skip_line(p);
	}
	return parser_expect(p, "}", "at the end of what is asserted");
}
