/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table as bytes. The same policy gives the same bytes; what is written passed the check that the router makes.
 */
#include <stdlib.h>
#include <string.h>

#include <base/sha256.h>
#include <net/core/rules.h>
#include "compile.h"

/* Any will do; it is written down so that tables are reproducible. */
#define HASH_SEED 0x43414d42u

static void *part_put(void *at, const void *items, size_t size, uint32_t count)
{
	if (count)
		memcpy(at, items, size * count);
	return (uint8_t *)at + size * count;
}

/* The lowest published port. */
static uint16_t port_lowest(const struct services *services)
{
	uint32_t lowest = 65535;

	for (uint32_t i = 0; i < services->count; i++)
		if ((services->items[i].lo & 0xffff) < lowest)
			lowest = services->items[i].lo & 0xffff;
	return (uint16_t)lowest;
}

static void hosts_digest(struct sha256 *state, const struct hosts *hosts)
{
	sha256_update(state, &hosts->any, sizeof hosts->any);
	sha256_update(state, &hosts->count, sizeof hosts->count);
	sha256_update(state, hosts->items, hosts->count * sizeof *hosts->items);
}

static void name_digest(struct sha256 *state, const char *name)
{
	sha256_update(state, name, RULES_NAME_MAX);
}

/*
 * A number for what the rule says: ways, conditions, action and the names of its options, but not its line or its place among
 * the others.
 */
static uint32_t rule_identity(const struct policy *policy, const struct policy_rule *rule)
{
	static const char none[RULES_NAME_MAX];
	const struct policy_block *block = &policy->blocks[rule->block];
	uint64_t ways[] = {block->is_first, block->from,        block->to,
			   rule->action,    rule->target_count, rule->target_port};
	uint8_t digest[SHA256_LEN];
	struct sha256 state;
	uint32_t identity;

	sha256_init(&state);
	sha256_update(&state, ways, sizeof ways);
	sha256_update(&state, rule->services.items, rule->services.count * sizeof *rule->services.items);
	hosts_digest(&state, &rule->src);
	hosts_digest(&state, &rule->dst);
	sha256_update(&state, rule->targets, rule->target_count);
	name_digest(&state, rule->limit == RULES_INDEX_NONE ? none : policy->limits[rule->limit].name);
	name_digest(&state, rule->counter == RULES_INDEX_NONE ? none : policy->counters[rule->counter].name);
	sha256_final(&state, digest);
	memcpy(&identity, digest, sizeof identity);
	return identity ? identity : 1;
}

/* The rules as the table has them, and their targets, *@target_count of them. */
static struct rules_rule *rules_make(const struct policy *policy, struct arena *arena, struct rules_target **targets,
				     uint32_t *target_count)
{
	struct rules_rule *rules = arena_get(arena, (policy->rule_count + 1) * sizeof *rules);

	for (uint32_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *from = &policy->rules[i];
		bool is_publish = from->action == RULES_ACTION_PUBLISH;
		uint16_t lowest = port_lowest(&from->services);

		rules[i] = (struct rules_rule){.action = from->action,
					       .port_lo = is_publish ? lowest : 0,
					       .first_target = is_publish ? *target_count : 0,
					       .target_count = (uint16_t)from->target_count,
					       .limit = from->limit,
					       .log = from->log,
					       .counter = from->counter,
					       .line = from->place.line,
					       .identity = rule_identity(policy, from)};
		for (uint32_t k = 0; k < from->target_count; k++)
			*(struct rules_target *)arena_append(arena, targets, target_count,
							     sizeof **targets) = (struct rules_target){
				.iface = from->targets[k], .port = from->target_port ? from->target_port : lowest};
	}
	return rules;
}

static struct rules_block *blocks_make(const struct policy *policy, const struct lookup *lookup, struct arena *arena)
{
	struct rules_block *blocks = arena_get(arena, (policy->block_count + 1) * sizeof *blocks);
	uint32_t tuple = 0;

	for (uint32_t i = 0; i < policy->block_count; i++) {
		blocks[i] = (struct rules_block){.first_rule = policy->blocks[i].first_rule,
						 .rule_count = policy->blocks[i].rule_count,
						 .first_tuple = tuple,
						 .tuple_count = lookup->block_tuples[i],
						 .line = policy->blocks[i].place.line};
		tuple += lookup->block_tuples[i];
	}
	return blocks;
}

static uint32_t features_of(const struct policy *policy, const struct lookup *lookup)
{
	uint32_t features = 0;

	for (uint32_t i = 0; i < RULES_IF_COUNT; i++)
		features |= policy->ifaces[i].shape[0].amount || policy->ifaces[i].shape[1].amount ? RULES_FEATURE_SHAPE
												   : 0;
	for (uint32_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		features |= (rule->target_count > 1 ? RULES_FEATURE_BALANCE : 0) |
			    (rule->limit != RULES_INDEX_NONE ? RULES_FEATURE_LIMIT : 0) |
			    (rule->log != RULES_INDEX_NONE ? RULES_FEATURE_LOG : 0) |
			    (rule->counter != RULES_INDEX_NONE ? RULES_FEATURE_COUNT : 0);
	}
	for (uint32_t i = 0; i < lookup->tuple_count; i++)
		features |= lookup->tuples[i].family == RULES_FAMILY_IPV6 ? RULES_FEATURE_IPV6 : 0;
	return features;
}

static void *table_write(const struct policy *policy, const struct lookup *l, struct arena *arena, size_t *len)
{
	struct rules_header h = {.magic = RULES_MAGIC,
				 .version = RULES_VERSION,
				 .header_size = sizeof h,
				 .features = features_of(policy, l),
				 .seed = l->seed,
				 .first_block = policy->first_block,
				 .block_count = policy->block_count,
				 .rule_count = policy->rule_count,
				 .limit_count = policy->limit_count,
				 .log_count = policy->log_count,
				 .counter_count = policy->counter_count,
				 .prefix_count = l->prefix_count,
				 .tuple_count = l->tuple_count,
				 .group_count = l->group_count,
				 .range_count = l->range_count,
				 .slot_count = l->slot_count};
	struct rules_target *targets = NULL;
	struct rules_rule *rules = rules_make(policy, arena, &targets, &h.target_count);
	uint8_t *table, *at;

	*len = (size_t)rules_get_size(&h);
	h.total_size = (uint32_t)*len;
	table = calloc(1, *len);
	if (!table)
		abort();
	at = part_put(table, &h, sizeof h, 1);
	at = part_put(at, policy->ifaces, sizeof *policy->ifaces, RULES_IF_COUNT);
	at = part_put(at, policy->limits, sizeof *policy->limits, h.limit_count);
	at = part_put(at, policy->logs, sizeof *policy->logs, h.log_count);
	at = part_put(at, policy->counters, sizeof *policy->counters, h.counter_count);
	at = part_put(at, policy->pairs, sizeof policy->pairs, 1);
	at = part_put(at, blocks_make(policy, l, arena), sizeof(struct rules_block), h.block_count);
	at = part_put(at, rules, sizeof *rules, h.rule_count);
	at = part_put(at, targets, sizeof *targets, h.target_count);
	at = part_put(at, l->prefixes, sizeof *l->prefixes, h.prefix_count);
	at = part_put(at, l->tuples, sizeof *l->tuples, h.tuple_count);
	at = part_put(at, l->groups, sizeof *l->groups, h.group_count);
	at = part_put(at, l->ranges, sizeof *l->ranges, h.range_count);
	part_put(at, l->slots, sizeof *l->slots, h.slot_count);
	rules_get_digest(table, *len, ((struct rules_header *)(void *)table)->sha256);
	return table;
}

void *policy_compile(const struct policy *policy, struct report *report, size_t *len)
{
	struct lookup lookup = {.seed = HASH_SEED};
	struct arena arena = {0};
	enum rules_error error;
	uint32_t index;
	void *table = NULL;

	if (lookup_build(policy, report, &arena, &lookup)) {
		table = table_write(policy, &lookup, &arena, len);
		error = rules_check(table, *len, ~0u, &index);
		if (error != RULES_OK) {
			report_error(report, (struct place){0},
				     "this is a fault of the compiler: report it with the text",
				     "the table is refused by its own check: %s (number %u)",
				     rules_error_get_text(error), index);
			free(table);
			table = NULL;
		}
	}
	arena_free(&arena);
	return table;
}

void table_check_support(const void *table, struct report *report, const char *out)
{
	static const struct {
		uint32_t feature;
		const char *what;
	} features[] = {
		{RULES_FEATURE_IPV6, "IPv6"},      {RULES_FEATURE_BALANCE, "publish to several instances"},
		{RULES_FEATURE_LIMIT, "limits"},   {RULES_FEATURE_LOG, "logs"},
		{RULES_FEATURE_COUNT, "counters"}, {RULES_FEATURE_SHAPE, "shaped interfaces"},
	};
	const struct rules_header *header = table;

	for (unsigned i = 0; i < sizeof features / sizeof features[0]; i++) {
		if (!(header->features & features[i].feature & ~RULES_FEATURES_SUPPORTED))
			continue;
		if (out)
			report_error(report, (struct place){0},
				     "leave those rules out, for the router would refuse the table",
				     "%s: not supported by this router yet", features[i].what);
		else
			report_warning(report, (struct place){0}, "`compile` refuses it",
				       "%s: not supported by this router yet", features[i].what);
	}
}
