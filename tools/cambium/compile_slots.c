/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash tables of tuples: linear probing, at most half full, and larger where a search would be long. */
#include <string.h>

#include <net/core/rules.h>
#include "compile.h"

#define PROBE_GOOD 8u /* slots that a search may try before the table is made larger */
#define GROW_MAX 4u

static struct rules_key key_of(const struct lookup *lookup, uint32_t prefix)
{
	return prefix == RULES_PREFIX_NONE ? (struct rules_key){0, 0} : rules_key_of(lookup->prefixes[prefix].addr);
}

/* Puts the groups of @tuple into the @count free @slots. The longest search. */
static uint32_t slots_fill(const struct lookup *lookup, const struct rules_tuple *tuple, uint32_t *slots,
			   uint32_t count)
{
	uint32_t longest = 1;

	memset(slots, 0xff, count * sizeof *slots);
	for (uint32_t i = 0; i < tuple->group_count; i++) {
		const struct rules_group *group = &lookup->groups[tuple->first_group + i];
		uint32_t at = rules_hash(lookup->seed, key_of(lookup, group->src), key_of(lookup, group->dst),
					 group->service);
		uint32_t try = 0;

		while (slots[(at + try) & (count - 1)] != RULES_SLOT_NONE)
			try++;
		slots[(at + try) & (count - 1)] = tuple->first_group + i;
		longest = try + 1 > longest ? try + 1 : longest;
	}
	return longest;
}

bool lookup_place(struct lookup *lookup, struct arena *arena)
{
	uint32_t total = 0;

	for (uint32_t i = 0; i < lookup->tuple_count; i++) {
		struct rules_tuple *tuple = &lookup->tuples[i];
		uint32_t count = 1, *slots;

		while (count < 2 * tuple->group_count)
			count *= 2;
		for (uint32_t grown = 0;; grown++, count *= 2) {
			slots = arena_get(arena, count * sizeof *slots);
			tuple->probe_max = slots_fill(lookup, tuple, slots, count);
			if (tuple->probe_max <= PROBE_GOOD || grown == GROW_MAX)
				break;
		}
		if (tuple->probe_max > RULES_PROBE_MAX || total + count > RULES_SLOT_MAX)
			return false;
		tuple->first_slot = total;
		tuple->slot_count = count;
		total += count;
		for (uint32_t k = 0; k < count; k++)
			*(uint32_t *)arena_append(arena, &lookup->slots, &lookup->slot_count, sizeof *slots) = slots[k];
	}
	return true;
}
