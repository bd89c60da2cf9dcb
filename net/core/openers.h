/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who opens TCP connections: which sources have shown that they are there, and how many half-open connections each source
 * and each network has.
 *
 * A source is there when it answers something that only it can have seen: a SYN and ACK by the service (the handshake), or
 * one by the router with an acknowledgement that fits nothing. To that any TCP answers with a RST which repeats the number
 * (RFC 793 section 3.4, RFC 9293 section 3.10.7.3) and goes on opening. The number is a keyed hash of the connection and
 * the time, so that asking costs no memory (as SYN cookies do not; RFC 4987 section 3.6) and the connection itself, with all
 * its options, stays between its two ends.
 *
 * Everything has a fixed size. Sources are known by a secret hash: nobody can choose to share a place with another.
 */
#ifndef CAMBIUM_NET_CORE_OPENERS_H
#define CAMBIUM_NET_CORE_OPENERS_H

#include "address.h"
#include "siphash.h"

#define OPENERS_SOURCES 4096u
#define OPENERS_NETWORKS 1024u
#define OPENERS_PROVEN_SETS 512u
#define OPENERS_PROVEN_WAYS 4u
#define OPENERS_PROVEN_NS 120000000000ull /* for so long after it was last seen to be there */
#define OPENERS_ANSWER_NS 8000000000ull   /* for so long at least a question may be answered */

struct openers_proven {
	struct ip_addr source;
	uint64_t until;
};

struct openers {
	struct siphash_key key;
	uint64_t asked_ns; /* when somebody was asked last; 0: never */
	uint64_t asked;
	uint32_t sources[OPENERS_SOURCES], networks[OPENERS_NETWORKS];
	struct openers_proven proven[OPENERS_PROVEN_SETS][OPENERS_PROVEN_WAYS]; /* until 0: free */
};

/* What a question is about, and its answer is. */
struct openers_question {
	struct ip_addr src, dst;
	uint16_t sport, dport;
};

/* Begin @openers, which is all zero, with the secret @key. */
void openers_init(struct openers *openers, struct siphash_key key);

/* Who counts as one source: an IPv4 address, or the /64 that somebody with IPv6 can choose his addresses from. */
struct ip_addr openers_source(struct ip_addr addr);

/* The source of @addr is there; is it, as far as is known? */
void openers_prove(struct openers *openers, struct ip_addr addr, uint64_t now);
bool openers_is_proven(const struct openers *openers, struct ip_addr addr, uint64_t now);

/* The number that is asked with, and does @number answer a question of late? */
uint32_t openers_ask(struct openers *openers, const struct openers_question *question, uint64_t now);
bool openers_is_answer(const struct openers *openers, const struct openers_question *question, uint32_t number,
		       uint64_t now);

/* How many half-open connections in the list @list (any number) the source and the network of @addr have, at least. */
uint32_t openers_count_source(const struct openers *openers, struct ip_addr addr, uint32_t list);
uint32_t openers_count_network(const struct openers *openers, struct ip_addr addr, uint32_t list);

/* They have one more, one less. */
void openers_enter(struct openers *openers, struct ip_addr addr, uint32_t list);
void openers_leave(struct openers *openers, struct ip_addr addr, uint32_t list);

#endif
