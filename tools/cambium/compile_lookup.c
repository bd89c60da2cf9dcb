/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What leads to the rules: each rule becomes one entry for each pair of its prefixes and each range of its services;
 * sorted, entries of one key make a group, in which the first rule keeps its points and later ones get what is left.
 */
#include <stdlib.h>
#include <string.h>

#include <net/core/rules.h>
#include "compile.h"

struct entry {
	uint32_t block;
	uint8_t family, src_len, dst_len, exact;
	uint32_t src, dst; /* numbers of prefixes */
	uint32_t service;  /* exact: the point */
	uint32_t rule, lo, hi;
	uint32_t least; /* rule of its tuple */
};

struct entries {
	struct entry *items;
	size_t count, room;
};

static int prefix_compare(const void *a, const void *b)
{
	const struct rules_prefix *x = a, *y = b;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	return x->len != y->len ? x->len - y->len : memcmp(x->addr, y->addr, sizeof x->addr);
}

/* All prefixes of all rules, each once, sorted. */
static void prefixes_collect(const struct policy *policy, struct arena *arena, struct lookup *lookup)
{
	uint32_t count = 0, kept = 0;

	for (uint32_t i = 0; i < policy->rule_count; i++) {
		const struct hosts *ends[2] = {&policy->rules[i].src, &policy->rules[i].dst};

		for (int e = 0; e < 2; e++)
			for (uint32_t k = 0; k < ends[e]->count; k++)
				*(struct rules_prefix *)arena_append(arena, &lookup->prefixes, &count,
								     sizeof *lookup->prefixes) = ends[e]->items[k];
	}
	if (count)
		qsort(lookup->prefixes, count, sizeof *lookup->prefixes, prefix_compare);
	for (uint32_t i = 0; i < count; i++) {
		if (lookup->prefixes[i].len == 0 ||
		    (kept && !prefix_compare(&lookup->prefixes[kept - 1], &lookup->prefixes[i])))
			continue;
		lookup->prefixes[kept++] = lookup->prefixes[i];
	}
	lookup->prefix_count = kept;
}

static uint32_t prefix_number(const struct lookup *lookup, const struct rules_prefix *prefix)
{
	const struct rules_prefix *found;

	if (!prefix || prefix->len == 0)
		return RULES_PREFIX_NONE;
	found = bsearch(prefix, lookup->prefixes, lookup->prefix_count, sizeof *prefix, prefix_compare);
	return found ? (uint32_t)(found - lookup->prefixes) : RULES_PREFIX_NONE;
}

static bool entry_add(struct entries *entries, struct entry entry)
{
	if (entries->count == entries->room) {
		size_t room = entries->room ? 2 * entries->room : 1024;
		void *grown = realloc(entries->items, room * sizeof entry);

		if (!grown)
			return false;
		entries->items = grown;
		entries->room = room;
	}
	entries->items[entries->count++] = entry;
	return true;
}

/* The entries of rule number @number for one pair of prefixes, NULL meaning any address. */
static bool pair_add(const struct policy *policy, const struct lookup *lookup, struct entries *entries, uint32_t number,
		     const struct rules_prefix *src, const struct rules_prefix *dst)
{
	const struct policy_rule *rule = &policy->rules[number];
	struct entry entry = {.block = rule->block, .rule = number};

	if (src && dst && src->family != dst->family)
		return true;
	entry.family = src ? src->family : dst ? dst->family : RULES_FAMILY_ANY;
	entry.src_len = src ? src->len : 0;
	entry.dst_len = dst ? dst->len : 0;
	entry.src = prefix_number(lookup, src);
	entry.dst = prefix_number(lookup, dst);
	for (uint32_t i = 0; i < rule->services.count; i++) {
		entry.lo = rule->services.items[i].lo;
		entry.hi = rule->services.items[i].hi;
		entry.exact = entry.lo == entry.hi;
		entry.service = entry.exact ? entry.lo : 0;
		if (!entry_add(entries, entry))
			return false;
	}
	return true;
}

static bool rule_add(const struct policy *policy, const struct lookup *lookup, struct entries *entries, uint32_t number)
{
	const struct policy_rule *rule = &policy->rules[number];
	uint32_t src_count = rule->src.any ? 1 : rule->src.count, dst_count = rule->dst.any ? 1 : rule->dst.count;

	for (uint32_t s = 0; s < src_count; s++)
		for (uint32_t d = 0; d < dst_count; d++)
			if (!pair_add(policy, lookup, entries, number, rule->src.any ? NULL : &rule->src.items[s],
				      rule->dst.any ? NULL : &rule->dst.items[d]))
				return false;
	return true;
}

/* How many entries the rule makes. */
static uint64_t rule_size(const struct policy_rule *rule)
{
	return (uint64_t)(rule->src.any ? 1 : rule->src.count) * (rule->dst.any ? 1 : rule->dst.count) *
	       rule->services.count;
}

static int compare(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

/* Is it the same tuple: 0; else which comes first. */
static int tuple_compare(const struct entry *x, const struct entry *y)
{
	int order = compare(x->block, y->block);

	order = order ? order : compare(x->family, y->family);
	order = order ? order : compare(x->src_len, y->src_len);
	order = order ? order : compare(x->dst_len, y->dst_len);
	return order ? order : compare(x->exact, y->exact);
}

static int group_compare(const struct entry *x, const struct entry *y)
{
	int order = tuple_compare(x, y);

	order = order ? order : compare(x->src, y->src);
	order = order ? order : compare(x->dst, y->dst);
	return order ? order : compare(x->service, y->service);
}

static int entry_compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = group_compare(x, y);

	order = order ? order : compare(x->rule, y->rule);
	return order ? order : compare(x->lo, y->lo);
}

/* Merges the sorted pieces behind the first @count sorted @ranges into them; @total in all, @spare as long. */
static void ranges_merge(struct rules_range *ranges, uint32_t count, uint32_t total, struct rules_range *spare)
{
	uint32_t old = 0, new = count;

	for (uint32_t i = 0; i < total; i++) {
		bool take_old = old < count && (new == total || ranges[old].lo < ranges[new].lo);

		spare[i] = ranges[take_old ? old++ : new ++];
	}
	memcpy(ranges, spare, total * sizeof *ranges);
}

/*
 * Adds what @count sorted and disjoint @ranges leave free of @entry: the earlier rules have theirs. Returns how many
 * there are then, sorted again.
 */
static uint32_t range_fill(struct rules_range *ranges, uint32_t count, const struct entry *entry,
			   struct rules_range *spare)
{
	uint32_t at = entry->lo, total = count;

	for (uint32_t i = 0; i < count && at <= entry->hi; i++) {
		if (ranges[i].hi < at)
			continue;
		if (ranges[i].lo > entry->hi)
			break;
		if (ranges[i].lo > at)
			ranges[total++] = (struct rules_range){at, ranges[i].lo - 1, entry->rule};
		at = ranges[i].hi + 1;
	}
	if (at <= entry->hi)
		ranges[total++] = (struct rules_range){at, entry->hi, entry->rule};
	if (total > count)
		ranges_merge(ranges, count, total, spare);
	return total;
}

/* Makes one group of the @count entries at @entries, which have one key. */
static void group_make(struct lookup *lookup, struct arena *arena, const struct entry *entries, size_t count)
{
	/* each entry adds at most one range more than it closes gaps */
	struct rules_range *ranges = arena_get(arena, (2 * count + 1) * sizeof *ranges);
	struct rules_range *spare = arena_get(arena, (2 * count + 1) * sizeof *ranges);
	struct rules_tuple *tuple = &lookup->tuples[lookup->tuple_count - 1];
	struct rules_group *group = arena_append(arena, &lookup->groups, &lookup->group_count, sizeof *lookup->groups);
	uint32_t range_count = 0;

	for (size_t i = 0; i < count; i++)
		range_count = range_fill(ranges, range_count, &entries[i], spare);
	*group = (struct rules_group){.src = entries->src,
				      .dst = entries->dst,
				      .service = entries->service,
				      .first_range = lookup->range_count,
				      .range_count = range_count};
	for (uint32_t i = 0; i < range_count; i++) {
		*(struct rules_range *)arena_append(arena, &lookup->ranges, &lookup->range_count,
						    sizeof *ranges) = ranges[i];
		if (ranges[i].rule < tuple->min_rule)
			tuple->min_rule = ranges[i].rule;
	}
	tuple->group_count++;
}

static void tuple_make(struct lookup *lookup, struct arena *arena, const struct entry *entry)
{
	struct rules_tuple *tuple = arena_append(arena, &lookup->tuples, &lookup->tuple_count, sizeof *lookup->tuples);

	*tuple = (struct rules_tuple){.family = entry->family,
				      .src_len = entry->src_len,
				      .dst_len = entry->dst_len,
				      .exact = entry->exact,
				      .min_rule = RULE_INDEX_NONE,
				      .first_group = lookup->group_count};
	lookup->block_tuples[entry->block]++;
}

/* The final order: within a block, tuples ascend by their least rule. */
static int final_compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = compare(x->block, y->block);

	order = order ? order : compare(x->least, y->least);
	return order ? order : entry_compare(a, b);
}

/* Sorts: entries of a tuple stand together, and within them those of a group, the earlier rule first. */
static void entries_order(struct entries *entries)
{
	struct entry *items = entries->items;

	if (!entries->count)
		return;
	qsort(items, entries->count, sizeof *items, entry_compare);
	for (size_t start = 0, end; start < entries->count; start = end) {
		uint32_t least = items[start].rule;

		for (end = start; end < entries->count && !tuple_compare(&items[start], &items[end]); end++)
			least = items[end].rule < least ? items[end].rule : least;
		for (size_t i = start; i < end; i++)
			items[i].least = least;
	}
	qsort(items, entries->count, sizeof *items, final_compare);
}

static bool too_large(struct report *report, struct place place, const char *what, uint64_t max)
{
	report_error(report, place, "use prefixes for lists of addresses and ranges for lists of ports",
		     "the policy needs more than %llu %s", (unsigned long long)max, what);
	return false;
}

bool lookup_build(const struct policy *policy, struct report *report, struct arena *arena, struct lookup *lookup)
{
	struct entries entries = {0};
	uint64_t size = 0;

	prefixes_collect(policy, arena, lookup);
	if (lookup->prefix_count > RULES_PREFIX_MAX)
		return too_large(report, (struct place){0}, "different prefixes", RULES_PREFIX_MAX);
	for (uint32_t i = 0; i < policy->rule_count; i++) {
		size += rule_size(&policy->rules[i]);
		if (size > RULES_GROUP_MAX)
			return too_large(report, policy->rules[i].place, "pairs of addresses with a service",
					 RULES_GROUP_MAX);
	}
	for (uint32_t i = 0; i < policy->rule_count; i++)
		if (!rule_add(policy, lookup, &entries, i))
			abort();
	entries_order(&entries);
	for (size_t start = 0, end; start < entries.count; start = end) {
		if (start == 0 || tuple_compare(&entries.items[start - 1], &entries.items[start]))
			tuple_make(lookup, arena, &entries.items[start]);
		for (end = start; end < entries.count && !group_compare(&entries.items[start], &entries.items[end]);
		     end++)
			;
		group_make(lookup, arena, &entries.items[start], end - start);
	}
	free(entries.items);
	if (lookup->tuple_count > RULES_TUPLE_MAX || lookup->range_count > RULES_RANGE_MAX)
		return too_large(report, (struct place){0}, "shapes of rules, or ranges", RULES_TUPLE_MAX);
	return lookup_place(lookup, arena) ||
	       too_large(report, (struct place){0}, "places of hash tables", RULES_SLOT_MAX);
}
