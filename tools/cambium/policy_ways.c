/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which block decides about which way. The narrowest block that covers a way does, and no other: a block is narrower
 * than another when all its ways are among the other's. So the order of blocks means nothing, and two that overlap
 * without one lying inside the other are refused where no third, narrower one decides.
 */
#include "policy.h"

static bool block_covers(const struct policy_block *block, unsigned from, unsigned to)
{
	return !block->is_first && block->from >> from & 1 && block->to >> to & 1;
}

static bool block_is_within(const struct policy_block *inner, const struct policy_block *outer)
{
	return (inner->from & ~outer->from) == 0 && (inner->to & ~outer->to) == 0;
}

/* The narrowest block that covers the way, RULES_BLOCK_NONE; in *@rival one that is not around it, if there is. */
static uint32_t narrowest_find(const struct policy *policy, unsigned from, unsigned to, uint32_t *rival)
{
	uint32_t best = RULES_BLOCK_NONE;

	*rival = RULES_BLOCK_NONE;
	for (uint32_t i = 0; i < policy->block_count; i++)
		if (block_covers(&policy->blocks[i], from, to) &&
		    (best == RULES_BLOCK_NONE || block_is_within(&policy->blocks[i], &policy->blocks[best])))
			best = i;
	for (uint32_t i = 0; i < policy->block_count; i++)
		if (i != best && block_covers(&policy->blocks[i], from, to) &&
		    (!block_is_within(&policy->blocks[best], &policy->blocks[i]) ||
		     block_is_within(&policy->blocks[i], &policy->blocks[best])))
			*rival = i;
	return best;
}

/* Reports the rules of the block that its ways cannot take. */
static void rules_check_ways(const struct policy *policy, const struct policy_block *block, struct report *report)
{
	zone_t uplinks = 0, inner = 0;

	for (unsigned i = 0; i < RULES_IF_COUNT; i++) {
		uplinks |= policy->ifaces[i].kind == RULES_IF_UPLINK ? ZONE_BIT(i) : 0;
		inner |= policy->ifaces[i].kind == RULES_IF_INNER ? ZONE_BIT(i) : 0;
	}
	for (uint32_t i = 0; i < block->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[block->first_rule + i];

		if (rule->action == RULES_ACTION_PUBLISH && (block->from & ~uplinks || block->to != ZONE_SELF))
			report_error(report, rule->place, "write it in a block `from uplinks to router`",
				     "publish takes flows from an uplink to the router's own address only");
		if (rule->action == RULES_ACTION_MASQUERADE && (block->from & ~inner || block->to & ~uplinks))
			report_error(report, rule->place, "write it in a block `from inner to uplinks`",
				     "nat takes flows from inner interfaces to uplinks only");
	}
}

void policy_resolve_ways(struct policy *policy, struct report *report)
{
	for (unsigned from = 0; from < RULES_IF_COUNT; from++) {
		for (unsigned to = 0; to < RULES_TO_COUNT; to++) {
			uint32_t rival, best = narrowest_find(policy, from, to, &rival);

			policy->pairs[from][to] = (uint8_t)best;
			if (rival == RULES_BLOCK_NONE)
				continue;
			report_error(
				report, policy->blocks[rival > best ? rival : best].place,
				"write a block for just the ways that both cover, or join the two",
				"from %s to %s this block and the one in line %u decide, and neither lies inside the other",
				policy_place_name(policy, from), policy_place_name(policy, to),
				policy->blocks[rival > best ? best : rival].place.line);
			return;
		}
	}
	for (uint32_t i = 0; i < policy->block_count; i++)
		rules_check_ways(policy, &policy->blocks[i], report);
}
