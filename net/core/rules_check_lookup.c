/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The check of what leads to a rule. The invariant it shows: groups, ranges and slots belong to one tuple each, every
 * group is found by its own key and no slot leads elsewhere, and every rule named is one of the tuple's block.
 */
#include "rules_check.h"

static enum rules_error prefix_check(const struct rules_prefix *prefix)
{
	struct rules_key key = rules_key_of(prefix->addr), cut = rules_key_cut(key, prefix->len);

	if (!rules_bytes_are_zero(prefix->reserved, sizeof(prefix->reserved)))
		return RULES_ERROR_RESERVED;
	if (prefix->family == RULES_FAMILY_IPV4 ? prefix->len > 32
						: prefix->family != RULES_FAMILY_IPV6 || prefix->len > 128)
		return RULES_ERROR_PREFIX;
	return key.hi == cut.hi && key.lo == cut.lo ? RULES_OK : RULES_ERROR_PREFIX;
}

static enum rules_error prefixes_check(const struct rules_table *t, uint32_t *index)
{
	for (*index = 0; *index < t->header->prefix_count; ++*index) {
		enum rules_error error = prefix_check(&t->prefixes[*index]);

		if (error != RULES_OK)
			return error;
	}
	return RULES_OK;
}

/* Is the prefix number @number one of @tuple's with length @len? */
static bool prefix_fits(const struct rules_table *t, const struct rules_tuple *tuple, uint32_t number, uint8_t len)
{
	if (len == 0)
		return number == RULES_PREFIX_NONE;
	return number < t->header->prefix_count && t->prefixes[number].family == tuple->family &&
	       t->prefixes[number].len == len;
}

/* A published range: ports of TCP or UDP that every target has room for. */
static bool published_is_right(const struct rules_table *t, const struct rules_rule *rule,
			       const struct rules_range *range)
{
	uint32_t proto = range->lo >> 16, lo = range->lo & 0xffff, hi = range->hi & 0xffff;

	if ((proto != RULES_PROTO_TCP && proto != RULES_PROTO_UDP) || range->hi >> 16 != proto || lo < rule->port_lo)
		return false;
	for (uint32_t i = 0; i < rule->target_count; i++) {
		if (t->targets[rule->first_target + i].port + (hi - rule->port_lo) > 65535)
			return false;
	}
	return true;
}

static enum rules_error ranges_check(const struct rules_table *t, const struct rules_block *block,
				     const struct rules_tuple *tuple, const struct rules_group *group, uint32_t *least)
{
	for (uint32_t i = 0; i < group->range_count; i++) {
		const struct rules_range *range = &t->ranges[group->first_range + i];

		if (range->lo > range->hi || range->hi > RULES_SERVICE_LAST || (i > 0 && range[-1].hi >= range->lo) ||
		    range->rule < block->first_rule || range->rule - block->first_rule >= block->rule_count)
			return RULES_ERROR_RANGE;
		if (tuple->exact && (range->lo != group->service || range->hi != group->service))
			return RULES_ERROR_RANGE;
		if (t->rules[range->rule].action == RULES_ACTION_PUBLISH &&
		    !published_is_right(t, &t->rules[range->rule], range))
			return RULES_ERROR_RANGE;
		if (range->rule < *least)
			*least = range->rule;
	}
	return RULES_OK;
}

/* Check the groups of @tuple; their ranges begin at number *@range, which moves on. */
static enum rules_error groups_check(const struct rules_table *t, const struct rules_block *block,
				     const struct rules_tuple *tuple, const struct rules_pause *pause, uint32_t *range)
{
	uint32_t least = RULE_INDEX_NONE;

	for (uint32_t i = 0; i < tuple->group_count; i++) {
		const struct rules_group *group = &t->groups[tuple->first_group + i];
		enum rules_error error;

		rules_pause_at(pause, i);
		if (!prefix_fits(t, tuple, group->src, tuple->src_len) ||
		    !prefix_fits(t, tuple, group->dst, tuple->dst_len) || (!tuple->exact && group->service != 0))
			return RULES_ERROR_GROUP;
		if (group->first_range != *range || group->range_count == 0 ||
		    group->range_count > t->header->range_count - *range || (tuple->exact && group->range_count != 1))
			return RULES_ERROR_GROUP;
		*range += group->range_count;
		error = ranges_check(t, block, tuple, group, &least);
		if (error != RULES_OK)
			return error;
	}
	return tuple->min_rule == least ? RULES_OK : RULES_ERROR_TUPLE;
}

static struct rules_key key_of(const struct rules_table *t, uint32_t prefix)
{
	return prefix == RULES_PREFIX_NONE ? (struct rules_key){0, 0} : rules_key_of(t->prefixes[prefix].addr);
}

/* Each slot leads to one of the tuple's groups, and each group is found by its key: so no two have the same key. */
static enum rules_error slots_check(const struct rules_table *t, const struct rules_tuple *tuple,
				    const struct rules_pause *pause)
{
	for (uint32_t i = 0; i < tuple->slot_count; i++) {
		uint32_t slot = t->slots[tuple->first_slot + i];

		if (slot == RULES_SLOT_NONE)
			continue;
		if (slot < tuple->first_group || slot - tuple->first_group >= tuple->group_count)
			return RULES_ERROR_SLOT;
	}
	for (uint32_t i = 0; i < tuple->group_count; i++) {
		const struct rules_group *group = &t->groups[tuple->first_group + i];

		rules_pause_at(pause, i);
		if (rules_find_group(t, tuple, key_of(t, group->src), key_of(t, group->dst), group->service) != group)
			return RULES_ERROR_SLOT;
	}
	return RULES_OK;
}

/* Where the next tuple's things have to begin. */
struct ends {
	uint32_t group, range, slot;
};

static enum rules_error tuple_check(const struct rules_table *t, const struct rules_block *block,
				    const struct rules_tuple *tuple, const struct rules_pause *pause, struct ends *ends)
{
	uint8_t len_max = tuple->family == RULES_FAMILY_IPV4 ? 32 : tuple->family == RULES_FAMILY_IPV6 ? 128 : 0;
	enum rules_error error;

	if (tuple->reserved != 0)
		return RULES_ERROR_RESERVED;
	if ((tuple->family != RULES_FAMILY_ANY && len_max == 0) || tuple->src_len > len_max ||
	    tuple->dst_len > len_max || tuple->exact > 1 || tuple->group_count == 0 || tuple->slot_count == 0 ||
	    (tuple->slot_count & (tuple->slot_count - 1)) != 0 || tuple->probe_max == 0 ||
	    tuple->probe_max > RULES_PROBE_MAX)
		return RULES_ERROR_TUPLE;
	if (tuple->first_group != ends->group || tuple->group_count > t->header->group_count - ends->group ||
	    tuple->first_slot != ends->slot || tuple->slot_count > t->header->slot_count - ends->slot)
		return RULES_ERROR_TUPLE;
	ends->group += tuple->group_count;
	ends->slot += tuple->slot_count;
	error = groups_check(t, block, tuple, pause, &ends->range);
	return error != RULES_OK ? error : slots_check(t, tuple, pause);
}

enum rules_error rules_check_lookup(const struct rules_table *t, const struct rules_pause *pause, uint32_t *used,
				    uint32_t *index)
{
	const struct rules_header *h = t->header;
	struct ends ends = {0, 0, 0};
	enum rules_error error = prefixes_check(t, index);

	if (error != RULES_OK)
		return error;
	for (uint32_t b = 0; b < h->block_count; b++) {
		for (uint32_t i = 0; i < t->blocks[b].tuple_count; i++) {
			const struct rules_tuple *tuple = &t->tuples[t->blocks[b].first_tuple + i];

			*index = t->blocks[b].first_tuple + i;
			if (i > 0 && tuple[-1].min_rule > tuple->min_rule)
				return RULES_ERROR_TUPLE;
			rules_pause_at(pause, i);
			error = tuple_check(t, &t->blocks[b], tuple, pause, &ends);
			if (error != RULES_OK)
				return error;
			*used |= tuple->family == RULES_FAMILY_IPV6 ? RULES_FEATURE_IPV6 : 0;
		}
	}
	if (ends.group != h->group_count)
		return RULES_ERROR_GROUP;
	if (ends.range != h->range_count)
		return RULES_ERROR_RANGE;
	return ends.slot == h->slot_count ? RULES_OK : RULES_ERROR_SLOT;
}
