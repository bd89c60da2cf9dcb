/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens to a packet that somebody describes. The answer comes from the router's own code: for IPv4 the frame is
 * built and put through router_input() of a router that has the interfaces of the text; where that is not possible (IPv6,
 * interfaces without addresses, a way named by hand) rules_decide() alone is asked.
 */
#ifndef CAMBIUM_TOOLS_EXPLAIN_H
#define CAMBIUM_TOOLS_EXPLAIN_H

#include <net/core/router.h>
#include "policy.h"

#define EXPLAIN_PACKET_MAX 256u
#define EXPLAIN_TEXT_MAX 160u

/* A described packet: `from net tcp 203.0.113.9:40000 > 10.0.0.1:80 syn`. */
struct described {
	uint8_t from;
	int to; /* a place; -1: where its destination leads */
	uint8_t family, proto;
	struct ip_addr src, dst;
	uint16_t sport, dport;
};

struct explanation {
	struct described packet;
	bool passes;
	bool whole;    /* the whole router was asked, not the rules alone */
	uint8_t place; /* where the packet wants to go */
	enum rules_action action;
	uint32_t rule;              /* its number, RULE_INDEX_NONE: none */
	uint8_t out_if;             /* passes: where it leaves; RULES_TO_SELF: the router takes it */
	enum reason reason;         /* refused by the whole router: why */
	struct described becomes;   /* passes: as it leaves */
	char why[EXPLAIN_TEXT_MAX]; /* policy_explain() is false: what is wrong with the description */
};

/* Explains what becomes of @words by @policy, which is good. False: the words make no packet, and e->why says why. */
bool policy_explain(const struct policy *policy, const char *words, struct explanation *e);

/* In one phrase: `allow to db`, `nat to net`, `publish to web1:80`, `reject`, `drop`, `drop by default`. */
const char *explanation_summary(const struct policy *policy, const struct explanation *e, char text[EXPLAIN_TEXT_MAX]);

/* In full. @text is the policy's, of @len bytes: the line of the rule is shown. */
void explanation_print(const struct policy *policy, const char *text, size_t len, const struct explanation *e,
		       FILE *out);
void explanation_print_json(const struct policy *policy, const struct explanation *e, FILE *out);

/* --- explain_words.c --- */

/* Reads a described packet. False: @why says what is wrong. */
bool described_read(const struct policy *policy, const char *words, struct described *packet,
		    char why[EXPLAIN_TEXT_MAX]);

/* The packet's ends as words: `tcp 203.0.113.9:40000 > 10.0.0.1:80`. */
const char *described_text(const struct described *packet, char text[EXPLAIN_TEXT_MAX]);

#endif
