// SPDX-License-Identifier: BSD-2-Clause
/*
 * Random policies as plain structures: written out as text, and read by a naive interpreter that walks them rule by rule.
 * Nothing is shared with parser, compiler and look-up.
 */
#ifndef CAMBIUM_TESTS_RULES_MODEL_H
#define CAMBIUM_TESTS_RULES_MODEL_H

#include "net_support.h"

/* Places in the naive world: interfaces by number, then the router and nowhere. */
#define SELF 32u
#define NOWHERE 33u
#define IFACES 5u

struct model_iface {
	const char *name;
	unsigned number;
	bool uplink;
};

extern const struct model_iface model_ifaces[IFACES];

enum { ALLOW, REJECT, DROP, NAT, PUBLISH };

/* An address of the small universe: IPv4 10.x.y.z or IPv6 fd00::xyz0, which have the same bits where it matters. */
struct net {
	unsigned family; /* 0: any */
	uint32_t bits;
	unsigned len; /* of 32 bits: for IPv6 those are the last */
};

struct port_range {
	unsigned proto; /* 0: any protocol; 1: icmp */
	unsigned lo, hi;
};

struct rule {
	unsigned action;
	struct port_range services[3];
	struct net src[3], dst[3];
	unsigned service_count, src_count, dst_count; /* src and dst 0: any */
	unsigned target, target_port;
};

struct block {
	bool first;
	bool from[IFACES];
	bool to[IFACES], self, nowhere;
	struct rule rules[6];
	unsigned count;
	unsigned number; /* of its first rule */
};

struct text {
	char bytes[16384];
	size_t len;
};

struct policy_model {
	struct block blocks[7];
	unsigned count;
};

struct naive_packet {
	unsigned from; /* index of ifaces */
	unsigned to;   /* index of ifaces, SELF or NOWHERE */
	unsigned family, proto, port;
	uint32_t src, dst;
};

/* Make a random policy: blocks in a chain or apart, never in conflict, in any order, each there or not. */
void model_random(uint64_t *state, struct policy_model *model);

/* Write it into @text. */
void model_put(struct text *text, const struct policy_model *model);

/* A random packet, near to what the rules are about. */
struct naive_packet packet_random(uint64_t *state);

/* The rule that decides, its number to *@number; NULL: none does. */
const struct rule *naive_decide(const struct policy_model *model, const struct naive_packet *packet, unsigned *number);

/* The packet as the router asks about it, and an address of the small universe. */
struct rules_query query_of(const struct naive_packet *packet);
struct ip_addr address_of(unsigned family, uint32_t bits);

#endif
