/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy: the check of a rules table (include/abi/rules.h) and the decision about a new flow.
 *
 * rules_decide() is pure: the router asks it for the first packet of each flow, and `cambium rules explain` asks it the
 * same about a packet that somebody describes. It costs one look-up in each tuple of at most two blocks, however many
 * rules there are: the number of tuples is that of the different shapes of rules, not of rules.
 */
#ifndef CAMBIUM_NET_CORE_RULES_H
#define CAMBIUM_NET_CORE_RULES_H

#include <abi/rules.h>
#include "packet.h"

#define RULE_INDEX_NONE 0xffffffffu

/* What this router can do; a table that asks for more is refused. */
#define RULES_FEATURES_SUPPORTED                                                                                       \
	(RULES_FEATURE_IPV6 | RULES_FEATURE_BALANCE | RULES_FEATURE_LIMIT | RULES_FEATURE_LOG | RULES_FEATURE_COUNT |  \
	 RULES_FEATURE_SHAPE)

/* What rules_check() can find. */
enum rules_error {
	RULES_OK = 0,
	RULES_ERROR_SHORT,     /* no room for a header */
	RULES_ERROR_ALIGNMENT, /* not 8-byte aligned */
	RULES_ERROR_MAGIC,
	RULES_ERROR_VERSION,
	RULES_ERROR_SIZE,     /* a size or count that is not what the version says, or not what is there */
	RULES_ERROR_RESERVED, /* a reserved field is not zero */
	RULES_ERROR_DIGEST,
	RULES_ERROR_UNSUPPORTED, /* it asks for what this router cannot do */
	RULES_ERROR_FEATURES,    /* the features named are not those that it uses */
	RULES_ERROR_IFACE,
	RULES_ERROR_RATE, /* limit or log */
	RULES_ERROR_NAME,
	RULES_ERROR_PAIR, /* a block for a way that there is not, or that its rules do not take */
	RULES_ERROR_BLOCK,
	RULES_ERROR_ACTION,
	RULES_ERROR_TARGET, /* target missing, given where there is none, or out of range */
	RULES_ERROR_INDEX,  /* of a limit, log or counter */
	RULES_ERROR_PREFIX, /* unknown family, length out of range, bits behind the prefix */
	RULES_ERROR_TUPLE,
	RULES_ERROR_GROUP,
	RULES_ERROR_RANGE,
	RULES_ERROR_SLOT, /* the hash table does not lead to each group, or to something else */
	RULES_ERROR_COUNT
};

/*
 * Check the @len bytes at @table, from an untrusted source but in private memory. @features are those that the caller
 * can do (RULES_FEATURES_SUPPORTED in the router, all in a tool that only asks). Gives RULES_OK, or the first thing
 * wrong, and in @index (may be NULL) which of its kind, or RULE_INDEX_NONE for the header. Reads nothing outside
 * [table, table + len).
 */
enum rules_error rules_check(const void *table, size_t len, uint32_t features, uint32_t *index);

/* What is called again and again in the middle of long work, so that something else can be done. */
struct rules_pause {
	void (*fn)(void *arg);
	void *arg;
};

#define RULES_PAUSE_STEPS 128u

/* @pause may be NULL: then nothing is called. The second form pauses at each RULES_PAUSE_STEPS-th @step. */
static inline void rules_pause_now(const struct rules_pause *pause)
{
	if (pause)
		pause->fn(pause->arg);
}

static inline void rules_pause_at(const struct rules_pause *pause, uint32_t step)
{
	if (step % RULES_PAUSE_STEPS == RULES_PAUSE_STEPS - 1)
		rules_pause_now(pause);
}

/* rules_check() with pauses; the table must not change meanwhile. */
enum rules_error rules_check_slowly(const void *table, size_t len, uint32_t features, const struct rules_pause *pause,
				    uint32_t *index);

/* The meaning of @error in words, a static string. */
const char *rules_error_get_text(enum rules_error error);

/* The places of the parts of a table. All zero: no table, which drops everything. */
struct rules_table {
	const struct rules_header *header;
	const struct rules_iface *ifaces; /* RULES_IF_COUNT of them */
	const struct rules_limit *limits;
	const struct rules_rate *logs;
	const struct rules_counter *counters;
	const struct rules_pairs *pairs;
	const struct rules_block *blocks;
	const struct rules_rule *rules;
	const struct rules_target *targets;
	const struct rules_prefix *prefixes;
	const struct rules_tuple *tuples;
	const struct rules_group *groups;
	const struct rules_range *ranges;
	const uint32_t *slots;
	uint32_t count; /* of rules */
};

/* The bytes that a table with the counts of @header has; the counts are within their maxima. */
uint64_t rules_get_size(const struct rules_header *header);

/* View the table at @table, whose header and size are right. Checks nothing. */
struct rules_table rules_view(const void *table);

/* Where an interface number stands in the policy. */
enum rules_side {
	RULES_SIDE_INNER,
	RULES_SIDE_UPLINK,
	RULES_SIDE_SELF,    /* `to` only: the router's own addresses; the number is not used */
	RULES_SIDE_NOWHERE, /* `to` only: no route */
};

/*
 * The first packet of a flow as it arrived: interfaces, addresses and their family, protocol and destination port (0
 * for ICMP).
 */
struct rules_query {
	uint8_t from_if, to_if;
	enum rules_side from_side, to_side;
	uint8_t family; /* RULES_FAMILY_IPV4 or _IPV6 */
	uint8_t proto;
	uint16_t dport;
	struct ip_addr src, dst;
};

enum rules_action {
	RULES_DROP = RULES_ACTION_DROP,
	RULES_REJECT = RULES_ACTION_REJECT,
	RULES_ALLOW = RULES_ACTION_ALLOW,
	RULES_MASQUERADE = RULES_ACTION_MASQUERADE,
	RULES_PUBLISH = RULES_ACTION_PUBLISH,
};

/* The answer. @rule is its number, RULE_INDEX_NONE for the default (drop). */
struct decision {
	enum rules_action action;
	uint32_t rule;
};

/* Decide about @query by @table: the first rule that matches, else drop. */
struct decision rules_decide(const struct rules_table *table, const struct rules_query *query);

/* Where a published flow goes: a port of the peer of an inner interface. */
struct rules_instance {
	uint8_t iface;
	uint16_t port;
};

/*
 * Target number @which (below its target_count) of the PUBLISH rule number @rule for destination port @dport, which
 * that rule matched.
 */
struct rules_instance rules_get_instance(const struct rules_table *table, uint32_t rule, uint32_t which,
					 uint16_t dport);

/* The TCP and UDP ports that some PUBLISH rule takes, a bit each. */
struct rules_published {
	uint64_t tcp[1024], udp[1024];
};

/* Collect the published ports of @table, which may be all zero, into @published. Pauses, where @pause is not NULL. */
void rules_collect_published(const struct rules_table *table, const struct rules_pause *pause,
			     struct rules_published *published);

/* Is @port of @proto among them? */
bool rules_is_published(const struct rules_published *published, uint8_t proto, uint16_t port);

/* Is @port of @proto published by another rule of @table than @rule, be it to other sources? Looks at all ranges. */
bool rules_publish_again(const struct rules_table *table, uint32_t rule, uint8_t proto, uint16_t port);

/*
 * Does @table publish @port of the peer of @iface to @opening, a query to the router itself, at any destination port?
 */
bool rules_is_target(const struct rules_table *table, const struct rules_query *opening, uint8_t iface, uint16_t port);

/* --- for rules_check.c and whoever writes a table --- */

/* The digest that belongs into the header of the @len bytes at @table, at least a header: of all but itself. */
void rules_get_digest(const void *table, size_t len, uint8_t digest[32]);

/* An address as two words in host order, bits behind @len of them cleared by rules_key_cut(). */
struct rules_key {
	uint64_t hi, lo;
};

struct rules_key rules_key_of(const uint8_t addr[16]);
struct rules_key rules_key_cut(struct rules_key key, unsigned len);

/* The hash of a group's key with the seed of the header: where in its tuple's slots the search for it begins. */
uint32_t rules_hash(uint32_t seed, struct rules_key src, struct rules_key dst, uint32_t service);

/*
 * The group of @tuple for addresses cut to its lengths, and @service (0 unless exact), or NULL.
 */
const struct rules_group *rules_find_group(const struct rules_table *table, const struct rules_tuple *tuple,
					   struct rules_key src, struct rules_key dst, uint32_t service);

#endif
