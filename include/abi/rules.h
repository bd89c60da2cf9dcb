/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The router's policy as a flat table, version 0.
 *
 * Whoever compiles the policy (a host tool) writes one header and, directly behind it, rule_count
 * rules. The control domain hands the bytes to the router, the router checks them again with
 * rules_check() and never parses text. All integers are little-endian; addresses are in network
 * order.
 *
 * Meaning. Rules are tried in their order; the first one that matches a packet decides it, and a
 * packet that no rule matches is dropped. Rules see only the first packet of a flow: replies and
 * everything later pass because the flow is known. A rule always sees the addresses and ports of
 * the packet as it arrived, before any translation. Anti-spoofing is not a rule: it holds always
 * and before the table.
 *
 * The `to` interface of a packet is where its destination address is routed; for the router's own
 * address on the interface where the packet came in it is RULES_IF_SELF. So `publish` rules match
 * packets to the router's uplink address, and a ping of the router passes only by an `allow` with
 * to_if RULES_IF_SELF. The router's addresses on its other interfaces, and addresses that lead
 * nowhere, match RULES_IF_ANY alone, and can only be rejected or dropped.
 */
#ifndef CAMBIUM_ABI_RULES_H
#define CAMBIUM_ABI_RULES_H

#include <stddef.h>

#include <abi/types.h>

#define RULES_MAGIC 0x4c525443u /* the bytes "CTRL" */
#define RULES_VERSION 0u
#define RULES_COUNT_MAX 1024u /* rules in one table */
#define RULES_IF_COUNT 32u    /* interfaces are numbered 0 .. 31 */

/*
 * Kinds of rule. ALLOW passes the flow untranslated. REJECT refuses it with an answer (TCP: RST,
 * else ICMP administratively prohibited), DROP without one. MASQUERADE passes a flow that leaves by
 * an uplink and gives it that uplink's own address as source. PUBLISH takes a TCP or UDP flow that
 * came in at an uplink for the router's own address, and gives it to target_addr:target_port behind
 * interface to_if.
 */
#define RULES_KIND_ALLOW 1u
#define RULES_KIND_REJECT 2u
#define RULES_KIND_DROP 3u
#define RULES_KIND_MASQUERADE 4u
#define RULES_KIND_PUBLISH 5u

/* Special values of from_if and to_if beside the numbers 0 .. 31. */
#define RULES_IF_SELF 0xfcu   /* to_if only: the router's own address there */
#define RULES_IF_INNER 0xfdu  /* any inner interface */
#define RULES_IF_UPLINK 0xfeu /* any uplink */
#define RULES_IF_ANY 0xffu    /* any interface; as to_if this includes RULES_IF_SELF */

/* IP protocol numbers that a rule can name; RULES_PROTO_ANY matches each of them. */
#define RULES_PROTO_ANY 0u
#define RULES_PROTO_ICMP 1u
#define RULES_PROTO_TCP 6u
#define RULES_PROTO_UDP 17u

/* Address families of a prefix. Version 0 knows no IPv6; the place is kept. */
#define RULES_FAMILY_ANY 0u
#define RULES_FAMILY_IPV4 4u

#define RULES_FLAG_LOG 0x0001u /* report each new flow that this rule decides */
#define RULES_FLAGS_KNOWN 0x0001u

/*
 * The first 32 bytes. header_size and rule_size are sizeof of the two structs below, and total_size
 * is header_size + rule_count * rule_size exactly. reserved is zero.
 */
struct rules_header {
	uint32_t magic;
	uint16_t version;
	uint16_t header_size;
	uint16_t rule_size;
	uint16_t rule_count;
	uint32_t total_size;
	uint32_t reserved[4];
};

/*
 * A set of addresses. family RULES_FAMILY_ANY matches every address, and then all other fields are
 * zero. An IPv4 prefix of length len (0 .. 32) stands in the first four bytes of addr; the bits
 * behind the prefix and the other twelve bytes are zero.
 */
struct rules_prefix {
	uint8_t addr[16];
	uint8_t family;
	uint8_t len;
	uint8_t reserved[2];
};

/*
 * One rule: it matches when interfaces, prefixes, protocol and destination port all do. port_lo and
 * port_hi bound the destination port, both inclusive; where proto is neither TCP nor UDP they are 0
 * and 65535.
 *
 * target_addr and target_port belong to PUBLISH and are zero otherwise. PUBLISH: from_if is an
 * uplink (number or RULES_IF_UPLINK), proto is TCP or UDP, to_if is the number of the inner
 * interface that gets the flow (it takes no part in matching), target_addr is the IPv4 address
 * there (all zero: the address assigned to that interface's peer), and port p becomes target_port +
 * (p - port_lo), which stays below 65536. MASQUERADE: to_if is an uplink (number or
 * RULES_IF_UPLINK), from_if is not RULES_IF_UPLINK.
 */
struct rules_rule {
	uint8_t kind;
	uint8_t proto;
	uint8_t from_if;
	uint8_t to_if;
	uint16_t flags;
	uint16_t port_lo;
	uint16_t port_hi;
	uint16_t target_port;
	struct rules_prefix from;
	struct rules_prefix to;
	uint8_t target_addr[16];
	uint32_t reserved;
};

ABI_ASSERT(sizeof(struct rules_header) == 32, "rules_header");
ABI_ASSERT(offsetof(struct rules_header, total_size) == 12, "rules_header.total_size");
ABI_ASSERT(sizeof(struct rules_prefix) == 20, "rules_prefix");
ABI_ASSERT(sizeof(struct rules_rule) == 72, "rules_rule");
ABI_ASSERT(offsetof(struct rules_rule, from) == 12, "rules_rule.from");
ABI_ASSERT(offsetof(struct rules_rule, to) == 32, "rules_rule.to");
ABI_ASSERT(offsetof(struct rules_rule, target_addr) == 52, "rules_rule.target_addr");
ABI_ASSERT(offsetof(struct rules_rule, reserved) == 68, "rules_rule.reserved");

#endif
