/* SPDX-License-Identifier: BSD-2-Clause */
/* The difference of two policies: what becomes allowed, what ceases to be, what is allowed otherwise. */
#ifndef CAMBIUM_TOOLS_DIFF_H
#define CAMBIUM_TOOLS_DIFF_H

#include "region.h"

enum diff_change { DIFF_ALLOWED, DIFF_REFUSED, DIFF_OTHERWISE, DIFF_CHANGES };

/*
 * A box on which the policies differ one way throughout. box.family is RULES_FAMILY_ANY where it is the same in both and
 * no address matters. rules: the number of the rule that decides in the old and in the new, RULES_RULE_NONE: none.
 */
struct diff_part {
	struct box box;
	enum diff_change change;
	uint32_t rules[2];
};

/* Called for each part of the difference on the ways from each of @from, @from_count names, to @to. */
typedef void diff_visit(void *arg, const struct diff_part *part, const char *const *from, uint32_t from_count,
			const char *to);

/*
 * Shows the exact difference of @old and @new, good policies both; no packet is in two parts. Interfaces are the same
 * where their names are. False: too many cases, not all is shown.
 */
bool policy_diff(const struct policy *old, const struct policy *new, diff_visit *visit, void *arg);

/* --- diff_print.c --- */

/* Prints the difference, a line for each part, or with @json one array. *@parts is how many there are. */
bool policy_diff_print(const struct policy *old, const struct policy *new, bool json, FILE *out, uint32_t *parts);

#endif
