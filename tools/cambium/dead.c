/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules that never decide, because earlier ones take all their packets. */
#include <stdlib.h>

#include "claims.h"
#include "region.h"

struct marks {
	const struct policy *policy;
	bool *decides;              /* by rule */
	uint32_t number;            /* of the rule that is asked about */
	uint32_t earlier, opposite; /* a rule that decides instead; one that says the opposite */
};

static bool mark_visit(void *arg, const struct box *box, const uint32_t rules[2])
{
	struct marks *m = arg;

	(void)box;
	if (rules[0] != RULES_RULE_NONE)
		m->decides[rules[0]] = true;
	return true;
}

/* Who decides the packets of the dead rule. */
static bool earlier_visit(void *arg, const struct box *box, const uint32_t rules[2])
{
	struct marks *m = arg;

	(void)box;
	m->earlier = rules[0];
	if (action_passes(m->policy->rules[rules[0]].action) != action_passes(m->policy->rules[m->number].action))
		m->opposite = rules[0];
	return m->opposite == RULES_RULE_NONE;
}

static void dead_report(struct marks *m, struct report *report)
{
	const struct policy_rule *rule = &m->policy->rules[m->number];
	struct arena arena = {0};
	bool too_many = false;

	m->earlier = m->opposite = RULES_RULE_NONE;
	for (unsigned f = 0; f < 2; f++) {
		uint8_t family = f ? RULES_FAMILY_IPV6 : RULES_FAMILY_IPV4;
		struct region region = region_of(m->policy, rule->block, family, &arena);
		struct spans dims[REGION_DIMS] = {spans_of_hosts(&rule->src, family, &arena),
						  spans_of_hosts(&rule->dst, family, &arena),
						  spans_of_services(&rule->services, &arena)};

		if (m->opposite == RULES_RULE_NONE)
			region_walk_product(&region, NULL, dims, family, earlier_visit, m, &too_many);
	}
	arena_free(&arena);
	if (m->opposite != RULES_RULE_NONE)
		report_error(report, rule->place, "put the narrower rule first, or remove one of the two",
			     "this rule contradicts line %u, which comes before it and takes its packets",
			     m->policy->rules[m->opposite].place.line);
	else
		report_warning(report, rule->place, "remove it, or put it before that rule",
			       "this rule never decides: line %u takes its packets",
			       m->earlier == RULES_RULE_NONE ? 0 : m->policy->rules[m->earlier].place.line);
}

void policy_check_dead(const struct policy *policy, struct report *report)
{
	struct marks m = {.policy = policy, .decides = calloc(policy->rule_count + 1, sizeof(bool))};
	bool too_many = false;

	if (!m.decides)
		abort();
	for (uint32_t b = 0; b < policy->block_count; b++) {
		struct arena arena = {0};

		for (unsigned f = 0; f < 2; f++) {
			struct box whole = box_whole(f ? RULES_FAMILY_IPV6 : RULES_FAMILY_IPV4);
			struct region region = region_of(policy, b, whole.family, &arena);

			region_walk(&region, NULL, &whole, mark_visit, &m, &too_many);
		}
		arena_free(&arena);
	}
	for (uint32_t i = 0; i < policy->rule_count && !too_many; i++) {
		m.number = i;
		if (!m.decides[i])
			dead_report(&m, report);
	}
	if (too_many)
		report_warning(report, (struct place){0}, "", "too many cases to look for rules that never decide");
	free(m.decides);
}
