/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules text as a whole: declarations, and what its parts share. */
#include <stdlib.h>
#include <string.h>

#include "parser.h"

static const char *const statements[] = {"interface", "zone", "host",  "service", "set",
					 "limit",     "from", "first", "assert",  NULL};

static const char *const reserved[] = {
	"interface", "zone",  "host",   "service", "set",    "limit",   "from",  "to",      "first",  "shape",
	"assert",    "never", "always", "allow",   "reject", "drop",    "nat",   "publish", "log",    "count",
	"burst",     "new",   "forth",  "back",    "port",   "any",     "inner", "router",  "uplink", "uplinks",
	"tcp",       "udp",   "icmp",   "ipv4",    "ipv6",   "nowhere", NULL};

void parser_advance(struct parser *p)
{
	uint32_t line = p->token.place.line;

	p->token = lexer_next(&p->lexer);
	p->fresh = p->token.place.line != line;
}

bool parser_accept(struct parser *p, const char *word)
{
	if (!token_is(&p->token, word))
		return false;
	parser_advance(p);
	return true;
}

bool parser_sees(const struct parser *p, const char *const *words)
{
	for (; *words; words++)
		if (token_is(&p->token, *words))
			return true;
	return false;
}

bool parser_unexpected(struct parser *p, const char *wanted, const char *remedy)
{
	if (p->token.kind == TOKEN_END)
		report_error(p->report, p->token.place, remedy, "the text ends where %s was expected", wanted);
	else if (p->token.kind == TOKEN_BAD)
		report_error(p->report, p->token.place, "remove it; a comment begins with #",
			     "a character that means nothing here, where %s was expected", wanted);
	else
		report_error(p->report, p->token.place, remedy, "`%.*s` stands where %s was expected",
			     TOKEN_ARGS(&p->token), wanted);
	return false;
}

bool parser_expect(struct parser *p, const char *word, const char *where)
{
	char wanted[120];

	if (parser_accept(p, word))
		return true;
	snprintf(wanted, sizeof wanted, "`%s` %s", word, where);
	return parser_unexpected(p, wanted, "docs/router.md shows how each statement is written");
}

void parser_skip(struct parser *p, const char *const *words)
{
	while (p->token.kind != TOKEN_END && !token_is(&p->token, "}") && !(p->fresh && parser_sees(p, words)))
		parser_advance(p);
}

void parser_skip_line(struct parser *p)
{
	static const char *const goes_on[] = {"from", "to", "port", "limit", "log", "count", NULL};

	while (p->token.kind != TOKEN_END && !token_is(&p->token, "}") &&
	       !(p->fresh && p->token.kind == TOKEN_NAME && !parser_sees(p, goes_on)))
		parser_advance(p);
}

const struct name *policy_find_name(const struct policy *policy, const char *text, size_t len)
{
	for (uint32_t i = 0; i < policy->name_count; i++)
		if (strlen(policy->names[i].text) == len && !memcmp(policy->names[i].text, text, len))
			return &policy->names[i];
	return NULL;
}

struct name *parse_new_name(struct parser *p, enum name_kind kind)
{
	size_t len = p->token.place.length, max = kind == NAME_IFACE ? RULES_IF_NAME_MAX : RULES_NAME_MAX;
	const struct name *there;
	struct name *name;

	if (p->token.kind != TOKEN_NAME || memchr(p->token.text, '/', len)) {
		parser_unexpected(p, "a name", "a name begins with a letter and goes on with letters, digits, - _ .");
		return NULL;
	}
	if (parser_sees(p, reserved)) {
		parser_unexpected(p, "a name", "that word belongs to the language: choose another name");
		return NULL;
	}
	if (len >= max || p->policy->name_count == POLICY_NAMES_MAX) {
		report_error(p->report, p->token.place, "shorten it, or use sets instead of many names",
			     "a name of more than %zu characters, or more than %u names", max - 1, POLICY_NAMES_MAX);
		return NULL;
	}
	there = policy_find_name(p->policy, p->token.text, len);
	if (there) {
		report_error(p->report, p->token.place, "choose another name, or remove one of the two",
			     "`%s` was declared in line %u already", there->text, there->place.line);
		return NULL;
	}
	name = arena_append(&p->policy->arena, &p->policy->names, &p->policy->name_count, sizeof *name);
	memcpy(name->text, p->token.text, len);
	name->kind = kind;
	name->place = p->token.place;
	parser_advance(p);
	return name;
}

/* One of `address`, `peer`, `gateway` with what follows. */
static bool parse_interface_part(struct parser *p, struct rules_iface *iface)
{
	bool is_own = token_is(&p->token, "address");
	struct place place = p->token.place;
	static const uint8_t none[16];
	struct rules_prefix prefix;
	bool is_v4;

	parser_advance(p);
	if (!parse_interface_address(p, &prefix))
		return false;
	is_v4 = prefix.family == RULES_FAMILY_IPV4;
	if (!memcmp(prefix.addr, none, sizeof none) || prefix.len == 0 ||
	    (!is_own && prefix.len < (is_v4 ? 32 : 128))) {
		report_error(p->report, place, "write `address 10.0.1.1/24` and `peer 10.0.1.2`",
			     "no address that an interface can have");
		return false;
	}
	if (is_own) {
		*(is_v4 ? &iface->len4 : &iface->len6) = prefix.len;
		memcpy(is_v4 ? iface->addr4 : iface->addr6, prefix.addr, is_v4 ? 4 : 16);
		return true;
	}
	memcpy(is_v4 ? iface->peer4 : iface->peer6, prefix.addr, is_v4 ? 4 : 16);
	if ((is_v4 ? iface->len4 : iface->len6) > 0)
		return true;
	report_error(p->report, place, "write `address ADDRESS/LENGTH` of the same family before it",
		     "the other end's address without the router's own");
	return false;
}

/* `forth RATE` or `back RATE` behind `shape`. */
static bool parse_shape_part(struct parser *p, struct rules_iface *iface)
{
	struct token word = p->token;
	static const struct burst_default two_frames_at_least = {.part = 100, .least = 24000};
	bool is_back = token_is(&word, "back");
	struct rules_rate rate;
	enum rate_unit unit;

	parser_advance(p);
	if (!parse_rate(p, &two_frames_at_least, &rate, &unit))
		return false;
	if (unit != RATE_BITS || rate.amount < RULES_SHAPE_MIN || rate.burst < RULES_SHAPE_BURST_MIN) {
		report_error(p->report, word.place, "write `forth 20mbit/s` or `back 50mbit/s burst 512kbit`",
			     "a rate that is none of bits, or less than 8kbit/s, or a burst of less than 8kbit");
		return false;
	}
	if (!is_back && iface->kind != RULES_IF_INNER) {
		report_error(p->report, word.place,
			     "shape what goes out there (`back`), or what goes `back` to the domains inside",
			     "what comes from outside cannot be made to wait: it is there already");
		return false;
	}
	if (iface->shape[is_back].amount) {
		report_error(p->report, word.place, "keep one of them", "the same is shaped twice");
		return false;
	}
	iface->shape[is_back] = rate;
	return true;
}

/* shape ( forth | back ) RATE { ( forth | back ) RATE } */
static bool parse_shape(struct parser *p, struct rules_iface *iface)
{
	static const char *const ways[] = {"forth", "back", NULL};

	do {
		if (!parser_sees(p, ways))
			return parser_unexpected(p, "`forth` or `back`",
						 "forth: what comes from behind the interface; back: what goes there");
		if (!parse_shape_part(p, iface))
			return false;
	} while (parser_sees(p, ways));
	return true;
}

/* What of the interface's peer can be named as a host. */
static void iface_add_hosts(struct parser *p, struct name *name, const struct rules_iface *iface)
{
	struct rules_prefix prefix = {.family = RULES_FAMILY_IPV4, .len = 32};
	static const uint8_t none[16];

	if (iface->kind != RULES_IF_INNER)
		return;
	memcpy(prefix.addr, iface->peer4, 4);
	if (memcmp(iface->peer4, none, 4))
		*(struct rules_prefix *)arena_append(&p->policy->arena, &name->hosts.items, &name->hosts.count,
						     sizeof prefix) = prefix;
	prefix = (struct rules_prefix){.family = RULES_FAMILY_IPV6, .len = 128};
	memcpy(prefix.addr, iface->peer6, 16);
	if (memcmp(iface->peer6, none, 16))
		*(struct rules_prefix *)arena_append(&p->policy->arena, &name->hosts.items, &name->hosts.count,
						     sizeof prefix) = prefix;
}

/* interface NAME = (uplink | inner) NUMBER { address PREFIX | peer ADDRESS | gateway ADDRESS | shape ... } */
static bool parse_interface(struct parser *p)
{
	static const char *const parts[] = {"address", "peer", "gateway", "shape", NULL};
	struct place begin = p->token.place;
	struct name *name = parse_new_name(p, NAME_IFACE);
	struct rules_iface iface = {.kind = RULES_IF_INNER};
	struct place place;
	uint32_t number;

	if (!name || !parser_expect(p, "=", "behind the interface's name"))
		return false;
	if (parser_accept(p, "uplink"))
		iface.kind = RULES_IF_UPLINK;
	else if (!parser_expect(p, "inner", "or `uplink`"))
		return false;
	if (p->ifaces_named) {
		report_error(p->report, begin, "declare all interfaces before zones and blocks",
			     "an interface behind `any`, `inner` or `uplinks`, which would not mean it");
		return false;
	}
	place = p->token.place;
	if (!parse_number(p, "an interface number", 0, RULES_IF_COUNT - 1, &number))
		return false;
	if (p->policy->ifaces[number].kind != RULES_IF_NONE) {
		report_error(p->report, place, "give each interface the number that the plan gives it",
			     "interface %u is `%s` already", number, p->policy->ifaces[number].name);
		return false;
	}
	memcpy(iface.name, name->text, sizeof iface.name);
	p->policy->ifaces[number] = iface;
	name->index = number;
	name->zone = ZONE_BIT(number);
	while (parser_sees(p, parts))
		if (parser_accept(p, "shape") ? !parse_shape(p, &p->policy->ifaces[number])
					      : !parse_interface_part(p, &p->policy->ifaces[number]))
			return false;
	iface_add_hosts(p, name, &p->policy->ifaces[number]);
	return true;
}

/* zone, host, service and set: NAME = list */
static bool parse_declaration(struct parser *p, enum name_kind kind, bool is_set)
{
	struct name *name = parse_new_name(p, kind);

	if (!name || !parser_expect(p, "=", "behind the name"))
		return false;
	if (is_set)
		return parse_set(p, name);
	switch (kind) {
	case NAME_ZONE: return parse_zones(p, "in a zone", &name->zone);
	case NAME_HOST: return parse_hosts(p, &name->hosts);
	default: return parse_services(p, &name->services);
	}
}

static bool parse_statement(struct parser *p)
{
	if (parser_accept(p, "interface"))
		return parse_interface(p);
	if (parser_accept(p, "zone"))
		return parse_declaration(p, NAME_ZONE, false);
	if (parser_accept(p, "host"))
		return parse_declaration(p, NAME_HOST, false);
	if (parser_accept(p, "service"))
		return parse_declaration(p, NAME_SERVICE, false);
	if (parser_accept(p, "set"))
		return parse_declaration(p, NAME_HOST, true);
	if (parser_accept(p, "limit"))
		return parse_limit(p);
	if (parser_accept(p, "first"))
		return parse_first(p);
	if (parser_accept(p, "assert"))
		return parse_assert(p);
	if (parser_accept(p, "from"))
		return parse_block(p);
	return parser_unexpected(p, "a statement",
				 "begin with interface, zone, host, service, set, limit, first, from or assert");
}

/* To the next statement after an error; out of the block that it may have happened in. */
static void recover(struct parser *p)
{
	do {
		parser_accept(p, "}");
		parser_skip(p, statements);
	} while (token_is(&p->token, "}"));
}

struct policy *policy_read(struct report *report)
{
	struct policy *policy = calloc(1, sizeof *policy);
	struct parser p = {.policy = policy, .report = report};

	if (!policy)
		abort();
	policy->file = report->file;
	policy->first_block = RULES_BLOCK_NONE;
	memset(policy->pairs, RULES_BLOCK_NONE, sizeof policy->pairs);
	if (report->len > POLICY_TEXT_MAX) {
		report_error(report, (struct place){0}, "split it, or shorten it by sets", "a text of more than %u MiB",
			     POLICY_TEXT_MAX >> 20);
		return policy;
	}
	lexer_begin(&p.lexer, report->text, report->len);
	parser_advance(&p);
	while (p.token.kind != TOKEN_END) {
		const char *before = p.token.text;

		if (!parse_statement(&p))
			recover(&p);
		if (p.token.text == before && p.token.kind != TOKEN_END)
			parser_advance(&p);
	}
	if (!report->errors)
		policy_resolve_ways(policy, report);
	return policy;
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	arena_free(&policy->arena);
	free(policy);
}

const char *policy_place_name(const struct policy *policy, unsigned place)
{
	if (place == RULES_TO_SELF)
		return "router";
	return place < RULES_IF_COUNT ? policy->ifaces[place].name : "nowhere";
}
