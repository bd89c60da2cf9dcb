/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each range of each group says where one rule is the first of its group to match; among the groups the smallest number
 * decides. So the ranges of a block, in the order of their rules, are a list of rules of which the first that matches decides.
 */
#include "decompile.h"

#include <stdlib.h>
#include <string.h>

#include <net/core/rules.h>

/* One range with what stands above it. */
struct entry {
	const struct rules_tuple *tuple;
	const struct rules_group *group;
	const struct rules_range *range;
};

static int entry_compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->range->rule != y->range->rule)
		return x->range->rule < y->range->rule ? -1 : 1;
	return x->range < y->range ? -1 : x->range > y->range;
}

/* The hosts of one side of a group. */
static struct hosts hosts_of(const struct rules_table *t, const struct rules_tuple *tuple, uint32_t prefix,
			     struct arena *arena)
{
	struct hosts hosts = {.any = tuple->family == RULES_FAMILY_ANY};

	if (hosts.any)
		return hosts;
	hosts.items = arena_get(arena, sizeof *hosts.items);
	hosts.count = 1;
	if (prefix == RULES_PREFIX_NONE)
		hosts.items[0] = (struct rules_prefix){.family = tuple->family};
	else
		hosts.items[0] = t->prefixes[prefix];
	return hosts;
}

static void rule_make(struct policy *policy, const struct rules_table *t, const struct entry *e, uint32_t block,
		      struct policy_rule *to)
{
	const struct rules_rule *rule = &t->rules[e->range->rule];

	*to = (struct policy_rule){.action = rule->action,
				   .place = {.line = rule->line},
				   .block = block,
				   .target_count = rule->target_count < POLICY_TARGETS_MAX ? rule->target_count
											   : POLICY_TARGETS_MAX,
				   .limit = rule->limit,
				   .log = rule->log,
				   .counter = rule->counter};
	to->services.items = arena_get(&policy->arena, sizeof *to->services.items);
	to->services.items[0] = (struct service_range){e->range->lo, e->range->hi};
	to->services.count = 1;
	to->src = hosts_of(t, e->tuple, e->group->src, &policy->arena);
	to->dst = hosts_of(t, e->tuple, e->group->dst, &policy->arena);
	for (uint32_t i = 0; i < to->target_count; i++) {
		const struct rules_target *target = &t->targets[rule->first_target + i];

		to->targets[i] = target->iface;
		to->target_port = (uint16_t)(target->port + ((e->range->lo & 0xffff) - rule->port_lo));
	}
}

/* The entries of block number @number, sorted; @entries has room for all. */
static uint32_t entries_collect(const struct rules_table *t, uint32_t number, struct entry *entries)
{
	const struct rules_block *block = &t->blocks[number];
	uint32_t count = 0;

	for (uint32_t i = 0; i < block->tuple_count; i++) {
		const struct rules_tuple *tuple = &t->tuples[block->first_tuple + i];

		for (uint32_t g = 0; g < tuple->group_count; g++) {
			const struct rules_group *group = &t->groups[tuple->first_group + g];

			for (uint32_t r = 0; r < group->range_count; r++)
				entries[count++] = (struct entry){tuple, group, &t->ranges[group->first_range + r]};
		}
	}
	if (count)
		qsort(entries, count, sizeof *entries, entry_compare);
	return count;
}

static void block_make(struct policy *policy, const struct rules_table *t, uint32_t number, struct entry *entries)
{
	struct policy_block *block = &policy->blocks[number];
	uint32_t count = entries_collect(t, number, entries);

	*block = (struct policy_block){.place = {.line = t->blocks[number].line},
				       .first_rule = policy->rule_count,
				       .rule_count = count,
				       .is_first = t->header->first_block == number};
	for (uint32_t i = 0; i < count; i++)
		rule_make(policy, t, &entries[i], number, &policy->rules[policy->rule_count++]);
}

struct policy *policy_decompile(const void *table, const char *file)
{
	struct rules_table t = rules_view(table);
	const struct rules_header *h = t.header;
	struct policy *policy = calloc(1, sizeof *policy);
	struct entry *entries = calloc(h->range_count + 1, sizeof *entries);

	if (!policy || !entries)
		abort();
	policy->file = file;
	memcpy(policy->ifaces, t.ifaces, sizeof policy->ifaces);
	memcpy(policy->pairs, t.pairs->block, sizeof policy->pairs);
	policy->first_block = h->first_block;
	policy->limit_count = h->limit_count;
	policy->counter_count = h->counter_count;
	policy->block_count = h->block_count;
	policy->limits = arena_get(&policy->arena, (h->limit_count + 1) * sizeof *policy->limits);
	policy->counters = arena_get(&policy->arena, (h->counter_count + 1) * sizeof *policy->counters);
	policy->blocks = arena_get(&policy->arena, (h->block_count + 1) * sizeof *policy->blocks);
	policy->rules = arena_get(&policy->arena, (h->range_count + 1) * sizeof *policy->rules);
	memcpy(policy->limits, t.limits, h->limit_count * sizeof *policy->limits);
	memcpy(policy->counters, t.counters, h->counter_count * sizeof *policy->counters);
	for (uint32_t i = 0; i < h->block_count; i++)
		block_make(policy, &t, i, entries);
	free(entries);
	return policy;
}
