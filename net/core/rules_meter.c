/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Token buckets. The invariant: in any span of time a bucket gives at most its burst and what its rate earns in that
 * span, and one packet's cost more.
 */
#include <string.h>

#include "rules_meter.h"

#define SECOND 1000000000ull
#define SPAN_MAX (SECOND * 1000000) /* beyond, so much is earned that only the burst counts */

void meters_init(struct rules_meters *meters, struct siphash_key key)
{
	memset(meters, 0, sizeof(*meters));
	meters->key = key;
}

/*
 * Earn tokens. What is left of the time that earned none stays for the next one, so that a slow rate loses nothing by
 * being asked often. No product overflows: amounts and bursts are within RULES_RATE_MAX, and a burst's time is too.
 */
static void bucket_fill(struct meter_bucket *bucket, const struct rules_rate *rate, uint64_t now)
{
	uint64_t span = now - bucket->filled_ns, earned;

	if (bucket->tokens > (int64_t)rate->burst)
		bucket->tokens = (int64_t)rate->burst;
	if (bucket->filled_ns == 0 || span > SPAN_MAX) {
		bucket->tokens = (int64_t)rate->burst;
		bucket->filled_ns = now ? now : 1;
		return;
	}
	earned = (span / SECOND * rate->amount + span % SECOND * rate->amount / SECOND) / rate->seconds;
	if (earned == 0)
		return;
	if (bucket->tokens + (int64_t)earned >= (int64_t)rate->burst) {
		bucket->tokens = (int64_t)rate->burst;
		bucket->filled_ns = now;
		return;
	}
	bucket->tokens += (int64_t)earned;
	/* The time of so many tokens, rounded up: never more than the rate. */
	earned *= rate->seconds;
	bucket->filled_ns += earned / rate->amount * SECOND +
			     (earned % rate->amount * SECOND + rate->amount - 1) / rate->amount;
}

bool meter_take(struct meter_bucket *bucket, const struct rules_rate *rate, uint64_t now, uint32_t cost)
{
	bucket_fill(bucket, rate, now);
	if (bucket->tokens <= 0)
		return false;
	bucket->tokens -= cost;
	return true;
}

uint64_t meter_ready_at(struct meter_bucket *bucket, const struct rules_rate *rate, uint64_t now)
{
	uint64_t missing;

	bucket_fill(bucket, rate, now);
	if (bucket->tokens > 0)
		return 0;
	/* bucket_fill() lets so many tokens be earned at just this time, or at the next nanosecond */
	missing = (uint64_t)(1 - bucket->tokens) * rate->seconds;
	return bucket->filled_ns + missing / rate->amount * SECOND +
	       (missing % rate->amount * SECOND + rate->amount - 1) / rate->amount;
}

void meter_charge(struct meter_bucket *bucket, uint32_t cost)
{
	bucket->tokens -= cost;
}

/* The bucket of @src for the limit @id: its own, or the fullest of its set, emptied of whose it was. */
static struct meter_bucket *source_find(struct rules_meters *meters, const struct rules_rate *rate, uint32_t id,
					struct ip_addr src, uint64_t now)
{
	struct {
		struct ip_addr src;
		uint64_t id;
	} salt = {src, id};
	struct meter_source *set = meters->sources[siphash(&meters->key, &salt, sizeof(salt)) % METER_SOURCE_SETS];
	struct meter_source *fullest = set;

	for (unsigned i = 0; i < METER_SOURCE_WAYS; i++) {
		if (set[i].in_use && set[i].limit == id && ip_addr_equal(set[i].src, src))
			return &set[i].bucket;
		if (!fullest->in_use)
			continue;
		if (!set[i].in_use || set[i].bucket.tokens > fullest->bucket.tokens)
			fullest = &set[i];
	}
	*fullest = (struct meter_source){.src = src, .limit = id, .in_use = 1};
	bucket_fill(&fullest->bucket, rate, now);
	return &fullest->bucket;
}

bool meters_admit_flow(struct rules_meters *meters, const struct rules_table *table, const struct rules_rule *rule,
		       struct ip_addr src, uint64_t now)
{
	const struct rules_rate *rate;

	if (rule->limit == RULES_INDEX_NONE)
		return true;
	rate = &table->limits[rule->limit].flows;
	return rate->amount == 0 ||
	       meter_take(source_find(meters, rate, meters->state.limits[rule->limit].id, src, now), rate, now, 1);
}

/* Is there a token, or no limit? Takes none. */
static bool bucket_has(struct meter_bucket *bucket, const struct rules_rate *rate, uint64_t now)
{
	if (rate->amount == 0)
		return true;
	bucket_fill(bucket, rate, now);
	return bucket->tokens > 0;
}

bool meters_admit_packet(struct rules_meters *meters, const struct rules_table *table, const struct rules_rule *rule,
			 unsigned dir, uint64_t now)
{
	const struct rules_limit *limit;

	if (rule->limit == RULES_INDEX_NONE)
		return true;
	limit = &table->limits[rule->limit];
	return bucket_has(&meters->state.limits[rule->limit].bits[dir], &limit->bits[dir], now) &&
	       bucket_has(&meters->state.limits[rule->limit].packets[dir], &limit->packets[dir], now);
}

void meters_count_packet(struct rules_meters *meters, const struct rules_table *table, const struct rules_rule *rule,
			 unsigned dir, uint32_t bytes)
{
	if (rule->limit != RULES_INDEX_NONE) {
		if (table->limits[rule->limit].bits[dir].amount)
			meters->state.limits[rule->limit].bits[dir].tokens -= (int64_t)bytes * 8;
		if (table->limits[rule->limit].packets[dir].amount)
			meters->state.limits[rule->limit].packets[dir].tokens--;
	}
	if (rule->counter != RULES_INDEX_NONE) {
		meters->state.counters[rule->counter].packets++;
		meters->state.counters[rule->counter].bytes += bytes;
	}
}

void meters_count_flow(struct rules_meters *meters, const struct rules_rule *rule)
{
	if (rule->counter != RULES_INDEX_NONE)
		meters->state.counters[rule->counter].flows++;
}

bool meters_admit_log(struct rules_meters *meters, const struct rules_table *table, const struct rules_rule *rule,
		      uint64_t now)
{
	return rule->log != RULES_INDEX_NONE &&
	       meter_take(&meters->state.logs[rule->log], &table->logs[rule->log], now, 1);
}
