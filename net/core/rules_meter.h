/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What rules count and limit while the router runs: limits, the rates of logs, named counters.
 *
 * A limit of bits or packets is a token bucket that all flows of its rules share, for each direction; a packet passes
 * while there is a token, and may leave the bucket in debt, so that one of any size passes. The limit of new flows is a
 * bucket for each source address, in a table of fixed size under a secret hash: where all places of a hash are taken,
 * the fullest bucket makes room, since it has least to lose.
 */
#ifndef CAMBIUM_NET_CORE_RULES_METER_H
#define CAMBIUM_NET_CORE_RULES_METER_H

#include "rules.h"
#include "siphash.h"

#define METER_SOURCE_SETS 1024u
#define METER_SOURCE_WAYS 4u

/* filled_ns 0: never used, that is full. */
struct meter_bucket {
	uint64_t filled_ns;
	int64_t tokens;
};

struct meter_source {
	struct ip_addr src;
	struct meter_bucket bucket;
	uint32_t limit; /* the id of its limit */
	uint8_t in_use;
};

/* The id stays the limit's as long as there is one of its name, and is nobody else's afterwards. */
struct meter_limit {
	struct meter_bucket bits[2], packets[2];
	uint32_t id;
};

struct meter_counter {
	uint64_t flows, packets, bytes;
};

/* By the numbers of one table. All zero: buckets full, counters zero. */
struct meter_state {
	struct meter_limit limits[RULES_LIMIT_MAX];
	struct meter_bucket logs[RULES_LOG_MAX];
	struct meter_counter counters[RULES_COUNTER_MAX];
};

struct rules_meters {
	struct siphash_key key;
	struct meter_state state;
	uint32_t next_id;
	struct meter_source sources[METER_SOURCE_SETS][METER_SOURCE_WAYS];
};

/* Begin anew. @key is secret. */
void meters_init(struct rules_meters *meters, struct siphash_key key);

/* Take @cost tokens from @bucket, which @rate fills, at @now. False, and nothing taken: there is none. */
bool meter_take(struct meter_bucket *bucket, const struct rules_rate *rate, uint64_t now, uint32_t cost);

/*
 * For what waits instead of being dropped: when @bucket has a token, 0 for now already; and @cost tokens go, perhaps into
 * debt.
 */
uint64_t meter_ready_at(struct meter_bucket *bucket, const struct rules_rate *rate, uint64_t now);
void meter_charge(struct meter_bucket *bucket, uint32_t cost);

/* May @rule open a flow from @src at @now? Counts against the limit if so. */
bool meters_admit_flow(struct rules_meters *meters, const struct rules_table *table, const struct rules_rule *rule,
		       struct ip_addr src, uint64_t now);

/*
 * May another packet of a flow of @rule pass in direction @dir (0: from its opener)? Then, when it does pass, it is
 * counted: its @bytes against the limit, and in the counter.
 */
bool meters_admit_packet(struct rules_meters *meters, const struct rules_table *table, const struct rules_rule *rule,
			 unsigned dir, uint64_t now);
void meters_count_packet(struct rules_meters *meters, const struct rules_table *table, const struct rules_rule *rule,
			 unsigned dir, uint32_t bytes);

/* @rule decided a new flow: the counter's flows. */
void meters_count_flow(struct rules_meters *meters, const struct rules_rule *rule);

/* Shall this decision of @rule be reported? */
bool meters_admit_log(struct rules_meters *meters, const struct rules_table *table, const struct rules_rule *rule,
		      uint64_t now);

#endif
