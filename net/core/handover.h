/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Taking over the flows of the router before this one, from its journal.
 *
 * The records are hostile input: whoever wrote them may have been taken over itself. Each is copied out once and becomes a flow only if
 * this router could have it: its check is right; its state exists; its ends are behind interfaces that are there, inside the very
 * domain that the record names; its addresses are those that may come in there, translated in none but the ways there are; its time
 * is not over; nobody has its tuples; its interface's limit allows it. Then the rules decide: such a flow passes nothing before the first rules
 * are in force, and with those it is decided again as at any change of rules (review.c). So the worst that a forged record
 * can be is a connection that the rules let be, in a state that nobody had to reach for it. Nothing else is inherited: no hash key,
 * no neighbour, no debt to a limit.
 */
#ifndef CAMBIUM_NET_CORE_HANDOVER_H
#define CAMBIUM_NET_CORE_HANDOVER_H

#include "router.h"

#define HANDOVER_LENIENT_NS 120000000000ull /* ends that wait for an answer have sent again by then */

/* What becomes of a record, with the words for it. */
#define HANDOVER_FATES(X)                                                                                              \
	X(TAKEN, "taken over")                                                                                         \
	X(DAMAGED, "damaged")                                                                                          \
	X(SENSELESS, "without sense")                                                                                  \
	X(PEER, "of another front")                                                                                    \
	X(ADDRESS, "of other addresses")                                                                               \
	X(OVER, "over")                                                                                                \
	X(TWICE, "there already")                                                                                      \
	X(ROOM, "without room")

#define HANDOVER_FATE_ENUM(name, text) HANDOVER_##name,
enum handover_fate { HANDOVER_FATES(HANDOVER_FATE_ENUM) HANDOVER_FATE_COUNT };
#undef HANDOVER_FATE_ENUM

const char *handover_get_text(enum handover_fate fate);

struct handover_tally {
	uint32_t counts[HANDOVER_FATE_COUNT];
};

/*
 * Begin to take over what the journal in the @len bytes at @area has, see journal_attach(), and record the flows of @r
 * there from now on. @r has its interfaces, no rules yet, and never had a flow.
 */
enum journal_found handover_begin(struct router *r, void *area, size_t len, uint64_t now);

/*
 * Decide about the records from number @first on, @count at most, in order, and add to @tally what became of them. False: that was the last.
 * After it, when the first rules have reviewed all flows, comes journal_settle(). No packet may pass meanwhile.
 */
bool handover_take(struct router *r, uint32_t first, uint32_t count, uint64_t now, struct handover_tally *tally);

#endif
