/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The router's policy as a flat table, version 2.
 *
 * `cambium rules compile` writes it, the control domain hands the bytes to the router, the router checks them again
 * with rules_check() and never parses text. All integers are little-endian; addresses are in network order, an IPv4
 * address in the first four octets of sixteen. The table is aligned to 8 bytes and holds, one behind the other without
 * gaps and each as often as the header says:
 *
 *   rules_header | rules_iface[32] | rules_limit[] | rules_rate[] (logs) | rules_counter[] | rules_pairs | rules_block[]
 *   | rules_rule[] | rules_target[] | rules_prefix[] | rules_tuple[] | rules_group[] | rules_range[] | uint32_t slots[]
 *
 * Meaning. A packet that belongs to no flow yet has a way: the interface where it came in and the place where its
 * destination address leads (an interface, the router's own address on the interface where it came in, or nowhere:
 * the router's other addresses lead nowhere too). `pairs` gives the one block that decides about that way; without one
 * the packet is dropped. The first block, where there is one, is asked before. Within a block the matching rule with
 * the smallest number decides; where none matches, the packet is dropped. Rules see addresses and ports as they
 * arrived, before any translation. Anti-spoofing is not a rule: it holds always and before the table.
 *
 * Look-up. What a rule matches stands in the block's tuples, not in the rule. A tuple is a hash table of groups that
 * have the same lengths of source and destination prefix (tuple space search: Srinivasan, Suri and Varghese, SIGCOMM
 * 1999). A group is a pair of prefixes with its ranges of service points, disjoint and ascending, each with the rule
 * that is the first to match there. A service point is protocol << 16 | destination port, the port being 0 where the
 * protocol has none. In an exact tuple the service point is part of the key and each group has one range of one point.
 */
#ifndef CAMBIUM_ABI_RULES_H
#define CAMBIUM_ABI_RULES_H

#include <stddef.h>

#include <abi/types.h>

#define RULES_MAGIC 0x4c525443u /* the bytes "CTRL" */
#define RULES_VERSION 2u

#define RULES_IF_COUNT 32u /* interfaces are numbered 0 .. 31 */
#define RULES_TO_SELF 32u  /* places that are no interface: the router itself, */
#define RULES_TO_NOWHERE 33u
#define RULES_TO_COUNT 34u

/* The most of each kind in one table. */
#define RULES_BLOCK_MAX 250u
#define RULES_COUNT_MAX 16384u
#define RULES_TARGET_MAX 4096u
#define RULES_LIMIT_MAX 256u
#define RULES_LOG_MAX 256u
#define RULES_COUNTER_MAX 1024u
#define RULES_PREFIX_MAX 131072u
#define RULES_TUPLE_MAX 4096u
#define RULES_GROUP_MAX 262144u
#define RULES_RANGE_MAX 262144u
#define RULES_SLOT_MAX 1048576u
#define RULES_PROBE_MAX 64u           /* slots that one look-up may try */
#define RULES_RATE_MAX 10000000000ull /* of amounts and bursts */
#define RULES_RATE_SECONDS_MAX 3600u
#define RULES_SHAPE_MIN 8000u       /* of what is shaped: bits in a second */
#define RULES_SHAPE_BURST_MIN 8000u /* bits */

#define RULES_BLOCK_NONE 0xffu
#define RULES_INDEX_NONE 0xffffu /* of a limit, log or counter */
#define RULES_PREFIX_NONE 0xffffffffu
#define RULES_SLOT_NONE 0xffffffffu

/* What a router must be able to do for this table; a router refuses what it cannot do. */
#define RULES_FEATURE_IPV6 0x1u    /* rules about IPv6 addresses */
#define RULES_FEATURE_BALANCE 0x2u /* publish to several instances */
#define RULES_FEATURE_LIMIT 0x4u   /* limits */
#define RULES_FEATURE_LOG 0x8u     /* logs with a rate */
#define RULES_FEATURE_COUNT 0x10u  /* named counters */
#define RULES_FEATURE_SHAPE 0x20u  /* shaped interfaces */

/*
 * Actions. ALLOW passes the flow untranslated. REJECT refuses it with an answer (TCP: RST, else ICMP administratively
 * prohibited), DROP without one. MASQUERADE passes a flow from an inner interface to an uplink with that uplink's own
 * address as source. PUBLISH passes a TCP or UDP flow that came in at an uplink for the router's own address to one of
 * its targets.
 */
#define RULES_ACTION_ALLOW 1u
#define RULES_ACTION_REJECT 2u
#define RULES_ACTION_DROP 3u
#define RULES_ACTION_MASQUERADE 4u
#define RULES_ACTION_PUBLISH 5u

#define RULES_PROTO_ICMP 1u
#define RULES_PROTO_TCP 6u
#define RULES_PROTO_UDP 17u
#define RULES_PROTO_ICMP6 58u

#define RULES_SERVICE(proto, port) ((uint32_t)(proto) << 16 | (uint32_t)(port))
#define RULES_SERVICE_LAST 0xffffffu

#define RULES_FAMILY_ANY 0u
#define RULES_FAMILY_IPV4 4u
#define RULES_FAMILY_IPV6 6u

#define RULES_NAME_MAX 32u
#define RULES_IF_NAME_MAX 16u

#define RULES_IF_NONE 0u
#define RULES_IF_INNER 1u
#define RULES_IF_UPLINK 2u

/*
 * total_size counts everything. first_block is asked before all others, RULES_BLOCK_NONE: none. sha256 is of the whole
 * table but itself.
 */
struct rules_header {
	uint32_t magic;
	uint16_t version;
	uint16_t header_size;
	uint32_t total_size;
	uint32_t features;
	uint32_t seed; /* of the hash */
	uint32_t first_block;
	uint32_t block_count, rule_count, target_count;
	uint32_t limit_count, log_count, counter_count;
	uint32_t prefix_count, tuple_count, group_count, range_count, slot_count;
	uint32_t reserved[7];
	uint8_t sha256[32];
};

/* At most amount in seconds, and burst at once. amount 0: no limit, and all else is zero. */
struct rules_rate {
	uint64_t amount, burst;
	uint32_t seconds;
	uint32_t reserved;
};

/*
 * What the policy believes of an interface. A router whose interface is of another kind decides by no rule about it.
 * Addresses are told for `explain` and for whoever builds the plan; len 0: none. shape: bits of frames, [0] that
 * come in there (inner interfaces only), [1] that go out there; what is over waits. Its seconds are 1.
 */
struct rules_iface {
	char name[RULES_IF_NAME_MAX]; /* a-z 0-9 - _ . and zeros */
	uint8_t kind;                 /* RULES_IF_x; NONE: all else is zero */
	uint8_t len4, len6;           /* of the prefix on the link */
	uint8_t reserved[5];
	uint8_t addr4[4], peer4[4]; /* the router's; the inner peer's or the gateway's */
	uint8_t addr6[16], peer6[16];
	struct rules_rate shape[2];
};

/* of bits and packets: [0] from who opened the flow, [1] to it. All flows of the rules that name it share it. */
struct rules_limit {
	char name[RULES_NAME_MAX];
	struct rules_rate flows; /* new ones, for each source address */
	struct rules_rate bits[2], packets[2];
};

struct rules_counter {
	char name[RULES_NAME_MAX];
};

struct rules_pairs {
	uint8_t block[RULES_IF_COUNT][RULES_TO_COUNT]; /* RULES_BLOCK_NONE: drop */
};

/* The rules and tuples of block n are behind those of block n - 1. */
struct rules_block {
	uint32_t first_rule, rule_count;
	uint32_t first_tuple, tuple_count; /* by their min_rule, ascending */
	uint32_t line;                     /* in the text */
	uint32_t reserved;
};

/* A published port p becomes target.port + (p - port_lo). limit, log, counter: RULES_INDEX_NONE is none. */
struct rules_rule {
	uint8_t action;
	uint8_t reserved0;
	uint16_t port_lo;      /* PUBLISH, else 0 */
	uint32_t first_target; /* behind those of the rules before; 0 where there are none */
	uint16_t target_count;
	uint16_t limit, log, counter;
	uint32_t line;     /* in the text */
	uint32_t identity; /* of what it says: the same in two tables, it is the same rule; 0: of no other table */
};

/* The peer of an inner interface. */
struct rules_target {
	uint8_t iface;
	uint8_t reserved;
	uint16_t port;
};

/* Bits of addr behind the prefix are zero. */
struct rules_prefix {
	uint8_t addr[16];
	uint8_t family; /* RULES_FAMILY_IPV4 or _IPV6 */
	uint8_t len;
	uint8_t reserved[2];
};

/* Its slots are a hash table with linear probing; RULES_SLOT_NONE is a free one. */
struct rules_tuple {
	uint8_t family; /* RULES_FAMILY_ANY only where both lengths are 0 */
	uint8_t src_len, dst_len;
	uint8_t exact;
	uint32_t min_rule; /* the least of its ranges' rules */
	uint32_t first_group, group_count;
	uint32_t first_slot, slot_count; /* a power of two */
	uint32_t probe_max;              /* slots that a look-up tries at most */
	uint32_t reserved;
};

/* src, dst: numbers of prefixes, RULES_PREFIX_NONE where the tuple's length is 0. */
struct rules_group {
	uint32_t src, dst;
	uint32_t service; /* exact: its point; else 0 */
	uint32_t first_range, range_count;
};

/* The points lo .. hi, both included. */
struct rules_range {
	uint32_t lo, hi;
	uint32_t rule;
};

ABI_ASSERT(sizeof(struct rules_header) == 128, "rules_header");
ABI_ASSERT(offsetof(struct rules_header, sha256) == 96, "rules_header.sha256");
ABI_ASSERT(sizeof(struct rules_iface) == 112, "rules_iface");
ABI_ASSERT(sizeof(struct rules_rate) == 24, "rules_rate");
ABI_ASSERT(sizeof(struct rules_limit) == 152, "rules_limit");
ABI_ASSERT(sizeof(struct rules_pairs) == 1088, "rules_pairs");
ABI_ASSERT(sizeof(struct rules_block) == 24, "rules_block");
ABI_ASSERT(sizeof(struct rules_rule) == 24, "rules_rule");
ABI_ASSERT(sizeof(struct rules_target) == 4, "rules_target");
ABI_ASSERT(sizeof(struct rules_prefix) == 20, "rules_prefix");
ABI_ASSERT(sizeof(struct rules_tuple) == 32, "rules_tuple");
ABI_ASSERT(sizeof(struct rules_group) == 20, "rules_group");
ABI_ASSERT(sizeof(struct rules_range) == 12, "rules_range");

#endif
