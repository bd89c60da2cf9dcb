// SPDX-License-Identifier: BSD-2-Clause
/* Worlds whose flows are recorded, and others that take them over. */
#ifndef CAMBIUM_TESTS_NET_HANDOVER_H
#define CAMBIUM_TESTS_NET_HANDOVER_H

#include "net/core/handover.h"
#include "net_support.h"

#define FLOWS 128u
#define CLIENT 40000

/* The blocks of the usual policy. */
#define USUAL_BLOCKS                                                                                                   \
	"from net to router { publish tcp 80 to one port 8080 publish udp 53 to two allow icmp }\n"                    \
	"from inner to router { allow icmp }\n"                                                                        \
	"from one to two { allow tcp 5432 }\n"                                                                         \
	"from inner to net { nat any }\n"

/* An end of a TCP connection, as much of one as has to be. */
struct end {
	uint32_t next, acked; /* own bytes sent, and those that the other end has acknowledged */
	uint32_t got;         /* of the other's */
	bool fin;             /* sent, and counted in next */
};

/* A conversation: ends[0] opened it. What end d sends, at in_if[d], is spec[d] but for numbers and flags. */
struct talk {
	struct spec spec[2];
	unsigned in_if[2];
	struct end ends[2];
	unsigned steps; /* packets that have passed */
};

/* The world with the policy @blocks, room for FLOWS flows and a new journal. */
struct world *world_new_recorded(const char *blocks, uint32_t flows);

/* A world of other secrets and without rules that has taken over the flows of @from from a copy of its journal. */
struct world *world_heir(const struct world *from, struct handover_tally *tally);

/* @heir, which never had a flow, likewise. */
void world_inherit(struct world *heir, const struct world *from, struct handover_tally *tally);

/* The first rules of @heir, which decide about all flows there are. */
void world_give_rules(struct world *heir, const char *blocks);

/* An established connection from outside, port @sport, to the published port 80; spec[] are what its ends may send next. */
struct talk talk_established(struct world *world, uint16_t sport);

#endif
