/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A policy as the text says it (docs/router.md has the language): names resolved, lists flat and sorted, nothing
 * compiled yet. Everything belongs to the policy's arena.
 */
#ifndef CAMBIUM_TOOLS_POLICY_H
#define CAMBIUM_TOOLS_POLICY_H

#include <abi/rules.h>
#include "text.h"

#define POLICY_TEXT_MAX (4u << 20) /* bytes of a text */
#define POLICY_NAMES_MAX 4096u
#define POLICY_LIST_MAX 65536u /* addresses or services in one list */
#define POLICY_TARGETS_MAX 32u

/* Places a packet comes from or goes to: bit i is interface i, then RULES_TO_SELF and RULES_TO_NOWHERE. */
typedef uint64_t zone_t;
#define ZONE_BIT(place) (1ull << (place))
#define ZONE_SELF ZONE_BIT(RULES_TO_SELF)
#define ZONE_NOWHERE ZONE_BIT(RULES_TO_NOWHERE)
#define ZONE_IFACES 0xffffffffull

/* Service points lo .. hi. */
struct service_range {
	uint32_t lo, hi;
};

/* Sorted, disjoint, not adjacent. */
struct services {
	struct service_range *items;
	uint32_t count;
};

/* Sorted, none within another. any: every address of both families, and no items. */
struct hosts {
	struct rules_prefix *items;
	uint32_t count;
	bool any;
};

enum name_kind { NAME_ZONE, NAME_IFACE, NAME_HOST, NAME_SERVICE, NAME_LIMIT };

struct name {
	char text[RULES_NAME_MAX];
	enum name_kind kind;
	struct place place;
	zone_t zone;        /* ZONE and IFACE */
	struct hosts hosts; /* HOST, and IFACE: the peer's addresses */
	struct services services;
	uint32_t index; /* IFACE: its number. LIMIT */
};

struct policy_rule {
	uint8_t action; /* RULES_ACTION_x */
	struct place place;
	uint32_t block;
	struct services services;
	struct hosts src, dst;
	uint8_t targets[POLICY_TARGETS_MAX]; /* PUBLISH: interfaces */
	uint32_t target_count;
	uint16_t target_port; /* 0: the same */
	uint16_t limit, log, counter;
};

/* Rules of one way. is_first: asked before all others, on every way. */
struct policy_block {
	struct place place;
	uint32_t from; /* a bit for each interface */
	zone_t to;
	uint32_t first_rule, rule_count;
	bool is_first;
};

/* Something that must never, or must always, be allowed. */
struct policy_claim {
	struct place place;
	bool never;
	uint32_t from;
	zone_t to;
	struct services services;
	struct hosts src, dst;
};

struct policy {
	struct arena arena;
	const char *file;
	struct rules_iface ifaces[RULES_IF_COUNT];
	struct name *names;
	struct rules_limit *limits;
	struct rules_rate *logs;
	struct rules_counter *counters;
	struct policy_block *blocks;
	struct policy_rule *rules;
	struct policy_claim *claims;
	uint32_t name_count, limit_count, log_count, counter_count, block_count, rule_count, claim_count;
	uint32_t first_block; /* RULES_BLOCK_NONE: there is none */
	uint8_t pairs[RULES_IF_COUNT][RULES_TO_COUNT];
};

/*
 * Reads the text of @report into a new policy; what is wrong goes into @report. Usable only when that has no error;
 * freed by policy_free() in any case.
 */
struct policy *policy_read(struct report *report);
void policy_free(struct policy *policy);

/* The name @text of @len characters, or NULL. */
const struct name *policy_find_name(const struct policy *policy, const char *text, size_t len);

/* The name of a place, below RULES_TO_COUNT: an interface's, "router" or "nowhere". */
const char *policy_place_name(const struct policy *policy, unsigned place);

/* --- policy_ways.c --- */

/*
 * Gives each way the narrowest block that covers it (policy->pairs). Reports blocks that overlap without one inside the
 * other, and rules on ways that cannot take them.
 */
void policy_resolve_ways(struct policy *policy, struct report *report);

/* --- lists.c --- */

/* Sorts and joins the lists. */
void services_normalise(struct services *services);
void hosts_normalise(struct hosts *hosts);

/* Is prefix @outer the same as @inner, or around it? */
bool prefix_covers(const struct rules_prefix *outer, const struct rules_prefix *inner);

#endif
