/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From one policy to the next while packets flow. What takes long is prepared beside the rules in force; the switch
 * itself is bounded and happens between two packets; then each flow is looked at again, at its next packet or by a sweep.
 *
 * What goes on: the hits of a rule that says the same, the counters and limits of the same name, how much of its rate a
 * log has left. Everything else begins anew.
 */
#ifndef CAMBIUM_NET_CORE_RELOAD_H
#define CAMBIUM_NET_CORE_RELOAD_H

#include "rules.h"
#include "rules_meter.h"

/* What is in the old table what each rule, limit and counter of the new one is; RULES_INDEX_NONE: nothing. */
struct rules_carry {
	uint16_t rules[RULES_COUNT_MAX];
	uint16_t limits[RULES_LIMIT_MAX];
	uint16_t counters[RULES_COUNTER_MAX];
};

#define CARRY_PLACES (2 * RULES_COUNT_MAX) /* a power of two */

/* Room for what is being prepared. */
struct rules_reload {
	struct rules_table next; /* header NULL: nothing is prepared */
	struct rules_published published;
	uint64_t *hits; /* of the next rules, a count for each */
	struct rules_carry carry;
	struct meter_state meters;
	uint16_t places[CARRY_PLACES]; /* of the old rules, by identity */
};

/* Fill in @reload->carry for the step from @old, which may be all zero, to @new. */
void reload_match(struct rules_reload *reload, const struct rules_table *old, const struct rules_table *new,
		  const struct rules_pause *pause);

/* Bring the @hits of @old to those of @reload, and the state of @meters from @old to @reload->next, as the carry says. */
void reload_carry(struct rules_reload *reload, const struct rules_table *old, const uint64_t *hits,
		  struct rules_meters *meters);

#endif
