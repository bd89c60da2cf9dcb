/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Assertions, by exact search. `always` is about packets as they arrive. `never` is about those, and about flows as they
 * are delivered: a published port is a way to the domain behind it. Where the text tells the addresses of interfaces, only
 * packets that can be there count: an inner interface's peer sends as itself, and is all that is reached there.
 */
#include <string.h>

#include <net/core/rules.h>
#include "claims.h"
#include "region.h"

static const uint8_t families[] = {RULES_FAMILY_IPV4, RULES_FAMILY_IPV6};

struct search {
	const struct policy *policy;
	const struct policy_claim *claim;
	struct report *report;
	struct arena arena;
	unsigned from, to;  /* of the way at hand */
	uint32_t publisher; /* look for boxes that this rule decides; RULES_RULE_NONE: for any against the claim */
	bool found, too_many;
};

static void found_report(struct search *s, const struct box *box, uint32_t rule)
{
	char text[BOX_TEXT_MAX];

	s->found = true;
	box_example(box, s->policy->ifaces[s->from].name, text);
	if (rule == RULES_RULE_NONE)
		report_error(s->report, s->claim->place, "write a rule that allows it, or correct what is asserted",
			     "must always pass to %s, but no rule allows: %s", policy_place_name(s->policy, s->to),
			     text);
	else if (s->claim->never)
		report_error(s->report, s->claim->place, "narrow that rule, or correct what is asserted",
			     "must never pass to %s, but line %u lets it: %s", policy_place_name(s->policy, s->to),
			     s->policy->rules[rule].place.line, text);
	else
		report_error(s->report, s->claim->place, "correct that rule's order or range, or what is asserted",
			     "must always pass to %s, but line %u refuses: %s", policy_place_name(s->policy, s->to),
			     s->policy->rules[rule].place.line, text);
}

static bool search_visit(void *arg, const struct box *box, const uint32_t rules[2])
{
	struct search *s = arg;
	bool passes = rules[0] != RULES_RULE_NONE && action_passes(s->policy->rules[rules[0]].action);
	bool against = s->publisher != RULES_RULE_NONE ? rules[0] == s->publisher : passes == s->claim->never;

	if (against)
		found_report(s, box, rules[0]);
	return !against;
}

/*
 * Narrows @spans to the one address that packets can have at an end: @place is the interface, whose own (else its peer's)
 * address it is. Nothing where the text tells none, or where that end is the outside.
 */
static void spans_narrow(struct search *s, struct spans *spans, unsigned place, bool own, uint8_t family)
{
	const struct rules_iface *i = &s->policy->ifaces[place];
	bool v4 = family == RULES_FAMILY_IPV4;
	struct rules_prefix address = {.family = family, .len = v4 ? 32 : 128};
	uint32_t kept = 0;
	struct spans one;

	if ((!own && i->kind != RULES_IF_INNER) || (!i->len4 && !i->len6))
		return;
	memcpy(address.addr, v4 ? (own ? i->addr4 : i->peer4) : (own ? i->addr6 : i->peer6), v4 ? 4 : 16);
	one = spans_of_hosts(&(struct hosts){.items = &address, .count = 1}, family, &s->arena);
	for (uint32_t k = 0; k < spans->count && (v4 ? i->len4 : i->len6); k++)
		if (spans->items[k].lo <= one.items[0].lo && spans->items[k].hi >= one.items[0].hi)
			kept = 1;
	*spans = (struct spans){one.items, kept};
}

/* The claim's packets on the way at hand, as they arrive. */
static void way_search(struct search *s)
{
	for (unsigned f = 0; f < 2 && !s->found; f++) {
		struct region region = region_of(s->policy, s->policy->pairs[s->from][s->to], families[f], &s->arena);
		struct spans dims[REGION_DIMS] = {spans_of_hosts(&s->claim->src, families[f], &s->arena),
						  spans_of_hosts(&s->claim->dst, families[f], &s->arena),
						  spans_of_services(&s->claim->services, &s->arena)};

		s->publisher = RULES_RULE_NONE;
		spans_narrow(s, &dims[REGION_SRC], s->from, false, families[f]);
		if (s->to == RULES_TO_SELF)
			spans_narrow(s, &dims[REGION_DST], s->from, true, families[f]);
		else
			spans_narrow(s, &dims[REGION_DST], s->to, false, families[f]);
		region_walk_product(&region, NULL, dims, families[f], search_visit, s, &s->too_many);
	}
}

/* Is an address of the interface's peer among the claim's destinations? Where it has none that is told, perhaps. */
static bool claim_takes_peer(const struct search *s, uint8_t iface, uint8_t family)
{
	const struct rules_iface *i = &s->policy->ifaces[iface];
	struct rules_prefix peer = {.family = family, .len = family == RULES_FAMILY_IPV4 ? 32 : 128};
	bool told = family == RULES_FAMILY_IPV4 ? i->len4 : i->len6;

	memcpy(peer.addr, family == RULES_FAMILY_IPV4 ? i->peer4 : i->peer6, family == RULES_FAMILY_IPV4 ? 4 : 16);
	for (uint32_t k = 0; k < s->claim->dst.count; k++)
		if (s->claim->dst.items[k].family == family && (!told || prefix_covers(&s->claim->dst.items[k], &peer)))
			return true;
	return s->claim->dst.any;
}

/* The services of the rule that become services of the claim at the target. */
static struct spans services_before(struct search *s, const struct policy_rule *rule)
{
	struct spans claimed = spans_of_services(&s->claim->services, &s->arena);
	struct spans own = spans_of_services(&rule->services, &s->arena);
	struct spans both = {.items = arena_get(&s->arena, (claimed.count * own.count + 1) * sizeof(struct span))};

	for (uint32_t i = 0; i < own.count; i++) {
		wide_t shift = rule->target_port ? rule->target_port - (own.items[0].lo & 0xffff) : 0;

		for (uint32_t k = 0; k < claimed.count; k++) {
			wide_t lo = own.items[i].lo + shift, hi = own.items[i].hi + shift;

			lo = claimed.items[k].lo > lo ? claimed.items[k].lo : lo;
			hi = claimed.items[k].hi < hi ? claimed.items[k].hi : hi;
			if (lo <= hi)
				both.items[both.count++] = (struct span){lo - shift, hi - shift};
		}
	}
	return both;
}

/* What the publish rule number @number delivers to an interface of the claim. */
static void publisher_search(struct search *s, uint32_t number)
{
	const struct policy_rule *rule = &s->policy->rules[number];

	for (uint32_t t = 0; t < rule->target_count; t++) {
		s->to = rule->targets[t];
		for (unsigned f = 0; f < 2 && !s->found && (s->claim->to >> s->to & 1); f++) {
			struct box whole = box_whole(families[f]);
			struct region region = region_of(s->policy, rule->block, families[f], &s->arena);
			struct spans dims[REGION_DIMS] = {spans_of_hosts(&s->claim->src, families[f], &s->arena),
							  {&whole.dim[REGION_DST], 1},
							  services_before(s, rule)};

			s->publisher = number;
			spans_narrow(s, &dims[REGION_DST], s->from, true, families[f]);
			if (claim_takes_peer(s, (uint8_t)s->to, families[f]))
				region_walk_product(&region, NULL, dims, families[f], search_visit, s, &s->too_many);
		}
	}
}

static void delivered_search(struct search *s)
{
	uint32_t block = s->policy->pairs[s->from][RULES_TO_SELF];
	const struct policy_block *b;

	if (block == RULES_BLOCK_NONE)
		return;
	b = &s->policy->blocks[block];
	for (uint32_t i = 0; i < b->rule_count && !s->found; i++)
		if (s->policy->rules[b->first_rule + i].action == RULES_ACTION_PUBLISH)
			publisher_search(s, b->first_rule + i);
}

static void claim_check(struct search *s)
{
	for (s->from = 0; s->from < RULES_IF_COUNT; s->from++) {
		if (!(s->claim->from >> s->from & 1))
			continue;
		for (s->to = 0; s->to < RULES_TO_COUNT && !s->found; s->to++) {
			if (s->claim->to >> s->to & 1 && s->to != RULES_TO_NOWHERE)
				way_search(s);
		}
		if (s->claim->never && !s->found)
			delivered_search(s);
		if (s->found)
			return;
	}
}

void policy_check_claims(const struct policy *policy, struct report *report)
{
	for (uint32_t i = 0; i < policy->claim_count; i++) {
		struct search s = {.policy = policy, .claim = &policy->claims[i], .report = report};

		claim_check(&s);
		if (s.too_many && !s.found)
			report_error(report, s.claim->place, "assert about fewer addresses or services",
				     "too many cases to be sure of this");
		arena_free(&s.arena);
	}
}

struct policy *policy_read_checked(struct report *report)
{
	struct policy *policy = policy_read(report);

	if (!report->errors)
		policy_check_dead(policy, report);
	if (!report->errors)
		policy_check_claims(policy, report);
	return policy;
}
