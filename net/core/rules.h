/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy: the check of a rules table (include/abi/rules.h) and the decision about a new flow.
 *
 * rules_decide() is pure: the router asks it for the first packet of each flow, and a tool can ask
 * it the same about a packet that somebody describes.
 */
#ifndef CAMBIUM_NET_CORE_RULES_H
#define CAMBIUM_NET_CORE_RULES_H

#include <abi/rules.h>
#include "packet.h"

#define RULE_INDEX_NONE 0xffffffffu

/* What rules_check() can find. */
enum rules_error {
	RULES_OK = 0,
	RULES_ERROR_SHORT,     /* no room for a header */
	RULES_ERROR_ALIGNMENT, /* not 4-byte aligned */
	RULES_ERROR_MAGIC,
	RULES_ERROR_VERSION,
	RULES_ERROR_SIZE,     /* a size or count that is not what the version says, or not what is there */
	RULES_ERROR_RESERVED, /* a reserved field is not zero */
	RULES_ERROR_KIND,
	RULES_ERROR_PROTO,
	RULES_ERROR_IFACE, /* from_if or to_if is out of range or not allowed for the kind */
	RULES_ERROR_FLAGS,
	RULES_ERROR_PORTS,  /* empty range, or a range where there are no ports */
	RULES_ERROR_PREFIX, /* unknown family, length out of range, bits behind the prefix */
	RULES_ERROR_TARGET, /* target missing, or given where the kind has none, or out of range */
};

/*
 * Check the @len bytes at @table, from an untrusted source but in private memory. Gives RULES_OK,
 * or the first thing wrong, and in @index (may be NULL) the rule, or RULE_INDEX_NONE for the
 * header. Reads nothing outside [table, table + len).
 */
enum rules_error rules_check(const void *table, size_t len, uint32_t *index);

/* The meaning of @error in words, a static string. */
const char *rules_error_get_text(enum rules_error error);

/* A table that rules_check() passed. An empty policy has count 0 and drops everything. */
struct rules_table {
	const struct rules_rule *rules;
	uint32_t count;
};

/*
 * View a checked table of @len bytes at @table; CHECKs nothing again.
 */
struct rules_table rules_view(const void *table);

/* Where an interface number stands in the policy. */
enum rules_side {
	RULES_SIDE_INNER,
	RULES_SIDE_UPLINK,
	RULES_SIDE_SELF,    /* `to` only: the router's own addresses; the number is not used */
	RULES_SIDE_NOWHERE, /* `to` only: no route; matches RULES_IF_ANY only */
};

/*
 * The first packet of a flow as it arrived: interfaces, addresses, protocol and destination port (0
 * for ICMP).
 */
struct rules_query {
	uint8_t from_if, to_if;
	enum rules_side from_side, to_side;
	struct ip_addr src, dst;
	uint8_t proto;
	uint16_t dport;
};

enum rules_action {
	RULES_DROP,
	RULES_REJECT,
	RULES_ALLOW,
	RULES_MASQUERADE,
	RULES_PUBLISH,
};

/*
 * The answer. @rule is its index, RULE_INDEX_NONE for the default (drop). For RULES_PUBLISH, the
 * flow goes to @target:@target_port at @target_if; @target all zero means that interface's peer.
 */
struct decision {
	enum rules_action action;
	uint32_t rule;
	bool log;
	uint8_t target_if;
	uint16_t target_port;
	struct ip_addr target;
};

/* Decide about @query by @table: the first rule that matches, else drop. */
struct decision rules_decide(const struct rules_table *table, const struct rules_query *query);

/* Does a PUBLISH rule of @table take @proto and @port at the uplink number @uplink? */
bool rules_is_published(const struct rules_table *table, uint8_t uplink, uint8_t proto, uint16_t port);

/*
 * Could the packet @answer, whose source port is @sport, belong to a flow that a PUBLISH rule of @table opens: does one lead
 * from @answer's way out and destination to its source?
 */
bool rules_is_target(const struct rules_table *table, const struct rules_query *answer, uint16_t sport);

#endif
