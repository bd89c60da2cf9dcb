/* SPDX-License-Identifier: BSD-2-Clause */
/* What of two policies is the same, and the state that goes on with it. */
#include <string.h>

#include "reload.h"

#define PLACE_FREE RULES_INDEX_NONE

/* The place of @identity among those of @old: where it stands, or where it would. */
static uint16_t *place_find(uint16_t *places, const struct rules_table *old, uint32_t identity)
{
	uint32_t at = identity * 0x9e3779b1u;

	for (;; at++) {
		uint16_t *place = &places[at % CARRY_PLACES];

		if (*place == PLACE_FREE || old->rules[*place].identity == identity)
			return place;
	}
}

static void rules_match(struct rules_reload *reload, const struct rules_table *old, const struct rules_table *new,
			const struct rules_pause *pause)
{
	memset(reload->places, 0xff, sizeof(reload->places));
	for (uint32_t i = 0; i < old->count; i++) {
		uint16_t *place = place_find(reload->places, old, old->rules[i].identity);

		rules_pause_at(pause, i);
		if (*place == PLACE_FREE)
			*place = (uint16_t)i;
	}
	for (uint32_t i = 0; i < new->count; i++) {
		uint32_t identity = new->rules[i].identity;

		rules_pause_at(pause, i);
		reload->carry.rules[i] = identity ? *place_find(reload->places, old, identity) : RULES_INDEX_NONE;
	}
}

static void names_match(struct rules_carry *carry, const struct rules_table *old, const struct rules_table *new,
			const struct rules_pause *pause)
{
	uint32_t limits = old->header ? old->header->limit_count : 0;
	uint32_t counters = old->header ? old->header->counter_count : 0;

	for (uint32_t i = 0; i < new->header->limit_count; i++) {
		carry->limits[i] = RULES_INDEX_NONE;
		for (uint32_t k = 0; k < limits && carry->limits[i] == RULES_INDEX_NONE; k++)
			if (memcmp(new->limits[i].name, old->limits[k].name, RULES_NAME_MAX) == 0)
				carry->limits[i] = (uint16_t)k;
	}
	for (uint32_t i = 0; i < new->header->counter_count; i++) {
		rules_pause_now(pause);
		carry->counters[i] = RULES_INDEX_NONE;
		for (uint32_t k = 0; k < counters && carry->counters[i] == RULES_INDEX_NONE; k++)
			if (memcmp(new->counters[i].name, old->counters[k].name, RULES_NAME_MAX) == 0)
				carry->counters[i] = (uint16_t)k;
	}
}

void reload_match(struct rules_reload *reload, const struct rules_table *old, const struct rules_table *new,
		  const struct rules_pause *pause)
{
	rules_match(reload, old, new, pause);
	names_match(&reload->carry, old, new, pause);
}

/* The state of limits, counters and logs as @reload->next numbers them. */
static void meters_carry(struct rules_reload *reload, const struct rules_table *old, struct rules_meters *meters)
{
	const struct rules_table *new = &reload->next;
	const struct rules_carry *carry = &reload->carry;
	const struct meter_state *from = &meters->state;
	struct meter_state *to = &reload->meters;

	memset(to, 0, sizeof(*to));
	for (uint32_t i = 0; i < new->header->limit_count; i++) {
		uint16_t k = carry->limits[i];

		to->limits[i] = k == RULES_INDEX_NONE ? (struct meter_limit){.id = meters->next_id++} : from->limits[k];
	}
	for (uint32_t i = 0; i < new->header->counter_count; i++)
		if (carry->counters[i] != RULES_INDEX_NONE)
			to->counters[i] = from->counters[carry->counters[i]];
	for (uint32_t i = 0; i < new->count; i++) {
		uint16_t k = carry->rules[i];

		if (k != RULES_INDEX_NONE && new->rules[i].log != RULES_INDEX_NONE &&
		    old->rules[k].log != RULES_INDEX_NONE)
			to->logs[new->rules[i].log] = from->logs[old->rules[k].log];
	}
	meters->state = *to;
}

void reload_carry(struct rules_reload *reload, const struct rules_table *old, const uint64_t *hits,
		  struct rules_meters *meters)
{
	for (uint32_t i = 0; i < reload->next.count; i++) {
		uint16_t k = reload->carry.rules[i];

		reload->hits[i] = k == RULES_INDEX_NONE ? 0 : hits[k];
	}
	meters_carry(reload, old, meters);
}
