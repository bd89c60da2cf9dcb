/* SPDX-License-Identifier: BSD-2-Clause */
/* From a policy to the table of abi/rules.h. */
#ifndef CAMBIUM_TOOLS_COMPILE_H
#define CAMBIUM_TOOLS_COMPILE_H

#include "policy.h"

/* What leads to the rules, while it grows. */
struct lookup {
	struct rules_prefix *prefixes;
	struct rules_tuple *tuples;
	struct rules_group *groups;
	struct rules_range *ranges;
	uint32_t *slots;
	uint32_t prefix_count, tuple_count, group_count, range_count, slot_count;
	uint32_t block_tuples[RULES_BLOCK_MAX]; /* how many tuples each block has */
	uint32_t seed;
};

/*
 * The table of @policy, which was read without an error: allocated with malloc, *@len bytes. NULL and an error in
 * @report where it would be larger than a table may be.
 */
void *policy_compile(const struct policy *policy, struct report *report, size_t *len);

/*
 * Reports what of the table this router cannot do yet: an error when it is to be written (@out is not NULL), for the
 * router would refuse it, else a warning.
 */
void table_check_support(const void *table, struct report *report, const char *out);

/* --- compile_lookup.c, compile_slots.c --- */

/* Fills @lookup for @policy, from @arena. False: too large, and reported. */
bool lookup_build(const struct policy *policy, struct report *report, struct arena *arena, struct lookup *lookup);

/* Gives each tuple its slots. False: there is no room for them. */
bool lookup_place(struct lookup *lookup, struct arena *arena);

#endif
