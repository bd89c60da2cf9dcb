/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exact statements about all packets at once. A box is a range of sources by a range of destinations by a range of
 * service points; region_walk() cuts a box into boxes on each of which one or two lists of rules decide the same way
 * throughout, and shows each of them once.
 */
#ifndef CAMBIUM_TOOLS_REGION_H
#define CAMBIUM_TOOLS_REGION_H

#include "policy.h"

/* Addresses as numbers: IPv4 below 2^32. Service points too. */
typedef unsigned __int128 wide_t;

enum { REGION_SRC, REGION_DST, REGION_SERVICE, REGION_DIMS };

struct span {
	wide_t lo, hi;
};

struct spans {
	struct span *items; /* sorted, disjoint */
	uint32_t count;
};

struct box {
	struct span dim[REGION_DIMS];
	uint8_t family;
};

/* A rule in one family; without a span in some dimension it matches nothing there. */
struct region_rule {
	struct spans dim[REGION_DIMS];
	uint32_t rule; /* its number in the policy */
};

/* The rules that decide on a way, in their order: the first block's, then the block's. */
struct region {
	struct region_rule *rules;
	uint32_t count;
};

#define REGION_BOXES_MAX 1000000u /* that one walk shows */

/* Called for each box: the number of the rule that decides it in either list, RULES_RULE_NONE: none. False: stop. */
#define RULES_RULE_NONE 0xffffffffu
typedef bool region_visit(void *arg, const struct box *box, const uint32_t rules[2]);

/* The rules for block number @block of @policy (RULES_BLOCK_NONE: only the first block's) in @family, in @arena. */
struct region region_of(const struct policy *policy, uint32_t block, uint8_t family, struct arena *arena);

/* The spans of hosts in @family, and of services, in @arena. */
struct spans spans_of_hosts(const struct hosts *hosts, uint8_t family, struct arena *arena);
struct spans spans_of_services(const struct services *services, struct arena *arena);

/* Everything there is in @family. */
struct box box_whole(uint8_t family);

/*
 * Walks @box by one or two regions (@b NULL: one). False: @visit stopped, or there are more than REGION_BOXES_MAX boxes;
 * then *@too_many is set.
 */
bool region_walk(const struct region *a, const struct region *b, const struct box *box, region_visit *visit, void *arg,
		 bool *too_many);

/* Walks each box of the product of three lists of spans. */
bool region_walk_product(const struct region *a, const struct region *b, const struct spans dims[REGION_DIMS],
			 uint8_t family, region_visit *visit, void *arg, bool *too_many);

/* Does the action let a flow pass? */
bool action_passes(uint8_t action);

/* --- region_text.c --- */

#define BOX_TEXT_MAX 240u

/* Some packet of @box that came in at @from, as `cambium rules explain` takes it. */
const char *box_example(const struct box *box, const char *from, char text[BOX_TEXT_MAX]);

/* @span of addresses or services in words: a prefix, an address, a range; empty for everything. */
const char *span_text(const struct span *span, unsigned dim, uint8_t family, char text[BOX_TEXT_MAX]);

#endif
