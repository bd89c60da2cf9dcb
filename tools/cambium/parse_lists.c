/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists: zones, hosts, services, and sets of the latter two. Names in them were declared before. */
#include <string.h>

#include "parser.h"

static const char *kind_text(enum name_kind kind)
{
	switch (kind) {
	case NAME_ZONE: return "a zone";
	case NAME_IFACE: return "an interface";
	case NAME_HOST: return "a host or a set of hosts";
	case NAME_SERVICE: return "a service or a set of services";
	case NAME_LIMIT: return "a limit";
	}
	return "a name";
}

/* The declared name that stands next; NULL: none, which is reported. @wanted says what should stand there. */
static const struct name *name_take(struct parser *p, const char *wanted)
{
	const struct name *name = NULL;

	if (p->token.kind == TOKEN_NAME)
		name = policy_find_name(p->policy, p->token.text, p->token.place.length);
	if (!name) {
		parser_unexpected(p, wanted, "declare a name before its first use, or correct it");
		return NULL;
	}
	return name;
}

static bool name_refuse(struct parser *p, const struct name *name, const char *wanted)
{
	report_error(p->report, p->token.place, "use a name of the right kind, or declare one",
		     "`%s` is %s (line %u); %s was expected", name->text, kind_text(name->kind), name->place.line,
		     wanted);
	return false;
}

/* The interfaces of @kind, RULES_IF_NONE: all. */
static zone_t zone_of(const struct policy *policy, unsigned kind)
{
	zone_t zone = 0;

	for (unsigned i = 0; i < RULES_IF_COUNT; i++)
		if (policy->ifaces[i].kind != RULES_IF_NONE && (!kind || policy->ifaces[i].kind == kind))
			zone |= ZONE_BIT(i);
	return zone;
}

static bool parse_zone(struct parser *p, const char *wanted, zone_t *zone)
{
	static const char *const all[] = {"any", "inner", "uplinks", NULL};
	const struct name *name;

	p->ifaces_named |= parser_sees(p, all);
	if (parser_accept(p, "any"))
		*zone |= zone_of(p->policy, RULES_IF_NONE) | ZONE_SELF | ZONE_NOWHERE;
	else if (parser_accept(p, "inner"))
		*zone |= zone_of(p->policy, RULES_IF_INNER);
	else if (parser_accept(p, "uplinks"))
		*zone |= zone_of(p->policy, RULES_IF_UPLINK);
	else if (parser_accept(p, "router"))
		*zone |= ZONE_SELF;
	else {
		name = name_take(p, wanted);
		if (!name)
			return false;
		if (name->kind != NAME_ZONE && name->kind != NAME_IFACE)
			return name_refuse(p, name, wanted);
		*zone |= name->zone;
		parser_advance(p);
	}
	return true;
}

bool parse_zones(struct parser *p, const char *where, zone_t *zone)
{
	char wanted[80];

	snprintf(wanted, sizeof wanted, "a zone or an interface %s", where);
	*zone = 0;
	do {
		if (!parse_zone(p, wanted, zone))
			return false;
	} while (parser_accept(p, ","));
	return true;
}

static bool hosts_add_all(struct parser *p, struct hosts *hosts, const struct hosts *more)
{
	for (uint32_t i = 0; i < more->count; i++) {
		if (hosts->count == POLICY_LIST_MAX) {
			report_error(p->report, p->token.place, "use prefixes instead of single addresses",
				     "more than %u addresses in one list", POLICY_LIST_MAX);
			return false;
		}
		*(struct rules_prefix *)arena_append(&p->policy->arena, &hosts->items, &hosts->count,
						     sizeof *more->items) = more->items[i];
	}
	hosts->any |= more->any;
	return true;
}

static bool parse_host(struct parser *p, struct hosts *hosts)
{
	static const char wanted[] = "an address, a host or a set";
	static struct rules_prefix all4 = {.family = RULES_FAMILY_IPV4}, all6 = {.family = RULES_FAMILY_IPV6};
	const struct name *name;

	if (parser_sees_address(p))
		return parse_address(p, hosts);
	if (parser_accept(p, "any")) {
		hosts->any = true;
		return true;
	}
	if (parser_accept(p, "ipv4"))
		return hosts_add_all(p, hosts, &(struct hosts){.items = &all4, .count = 1});
	if (parser_accept(p, "ipv6"))
		return hosts_add_all(p, hosts, &(struct hosts){.items = &all6, .count = 1});
	name = name_take(p, wanted);
	if (!name)
		return false;
	if (name->kind != NAME_HOST && name->kind != NAME_IFACE)
		return name_refuse(p, name, wanted);
	if (name->kind == NAME_IFACE && !name->hosts.count) {
		report_error(p->report, p->token.place, "write `peer ADDRESS` where the interface is declared",
			     "the interface `%s` has no peer address to stand for", name->text);
		return false;
	}
	if (!hosts_add_all(p, hosts, &name->hosts))
		return false;
	parser_advance(p);
	return true;
}

bool parse_hosts(struct parser *p, struct hosts *hosts)
{
	bool braces = parser_accept(p, "{");

	*hosts = (struct hosts){0};
	do {
		if (!parse_host(p, hosts))
			return false;
	} while (parser_accept(p, ","));
	hosts_normalise(hosts);
	return !braces || parser_expect(p, "}", "at the end of the set");
}

static bool services_add(struct parser *p, struct services *services, uint32_t lo, uint32_t hi)
{
	struct service_range *range;

	if (services->count == POLICY_LIST_MAX) {
		report_error(p->report, p->token.place, "use ranges of ports", "more than %u services in one list",
			     POLICY_LIST_MAX);
		return false;
	}
	range = arena_append(&p->policy->arena, &services->items, &services->count, sizeof *range);
	*range = (struct service_range){lo, hi};
	return true;
}

/* The ports behind `tcp` or `udp`; none: all of them. */
static bool parse_proto(struct parser *p, uint32_t proto, struct services *services)
{
	uint32_t lo, hi;

	if (p->token.kind != TOKEN_NUMBER)
		return services_add(p, services, RULES_SERVICE(proto, 0), RULES_SERVICE(proto, 65535));
	for (;;) {
		struct lexer ahead;

		if (!parse_ports(p, &lo, &hi) ||
		    !services_add(p, services, RULES_SERVICE(proto, lo), RULES_SERVICE(proto, hi)))
			return false;
		ahead = p->lexer;
		if (!token_is(&p->token, ",") || lexer_next(&ahead).kind != TOKEN_NUMBER)
			return true;
		parser_advance(p);
	}
}

static bool parse_service(struct parser *p, struct services *services)
{
	static const char wanted[] = "a service";
	const struct name *name;

	if (parser_accept(p, "any"))
		return services_add(p, services, 0, RULES_SERVICE_LAST);
	if (parser_accept(p, "tcp"))
		return parse_proto(p, RULES_PROTO_TCP, services);
	if (parser_accept(p, "udp"))
		return parse_proto(p, RULES_PROTO_UDP, services);
	if (parser_accept(p, "icmp"))
		return services_add(p, services, RULES_SERVICE(RULES_PROTO_ICMP, 0),
				    RULES_SERVICE(RULES_PROTO_ICMP, 0)) &&
		       services_add(p, services, RULES_SERVICE(RULES_PROTO_ICMP6, 0),
				    RULES_SERVICE(RULES_PROTO_ICMP6, 0));
	name = name_take(p, wanted);
	if (!name)
		return false;
	if (name->kind != NAME_SERVICE)
		return name_refuse(p, name, "a service: tcp, udp, icmp, any or the name of one");
	for (uint32_t i = 0; i < name->services.count; i++)
		if (!services_add(p, services, name->services.items[i].lo, name->services.items[i].hi))
			return false;
	parser_advance(p);
	return true;
}

bool parse_services(struct parser *p, struct services *services)
{
	bool braces = parser_accept(p, "{");

	*services = (struct services){0};
	do {
		if (!parse_service(p, services))
			return false;
	} while (parser_accept(p, ","));
	services_normalise(services);
	return !braces || parser_expect(p, "}", "at the end of the set");
}

bool parse_set(struct parser *p, struct name *name)
{
	static const char *const service_words[] = {"tcp", "udp", "icmp", NULL};
	const struct name *first = NULL;
	struct lexer ahead = p->lexer;
	struct token token;

	if (!token_is(&p->token, "{"))
		return parser_expect(p, "{", "before the elements of the set");
	token = lexer_next(&ahead);
	if (token.kind == TOKEN_NAME)
		first = policy_find_name(p->policy, token.text, token.place.length);
	for (const char *const *word = service_words; *word; word++)
		if (token_is(&token, *word))
			name->kind = NAME_SERVICE;
	if (first && first->kind == NAME_SERVICE)
		name->kind = NAME_SERVICE;
	return name->kind == NAME_SERVICE ? parse_services(p, &name->services) : parse_hosts(p, &name->hosts);
}
