/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For which inner interface a frame from outside is, told from a few of its bytes: for dropping early what is for a domain that is over
 * its budget. Receiver livelock (Mogul and Ramakrishnan, 1997) and lazy receiver processing (Druschel and Banga, OSDI
 * 1996): what will be dropped has to be dropped before it costs.
 *
 * The table knows published services, by address, protocol and port, as decisions of the rules taught it: no more keys than a
 * policy publishes ports, however many flows or frames come, and when it is full it learns nothing more.
 */
#ifndef CAMBIUM_NET_CORE_EARLY_H
#define CAMBIUM_NET_CORE_EARLY_H

#include "packet.h"

#define EARLY_COUNT 64u
#define EARLY_NOBODY 0xffu /* an interface number that means none */

struct early_key {
	struct ip_addr dst;
	uint16_t dport;
	uint8_t proto;
};

struct early_entry {
	struct early_key key;
	uint8_t iface; /* EARLY_NOBODY: of several */
	bool used;
};

struct early_table {
	struct early_entry entry[EARLY_COUNT];
	uint32_t count;
};

/* The key of an IP frame without options or extensions; false: of another one, of a fragment but the first, or too short. Checks nothing else. */
bool early_key_read(const struct packet *pkt, struct early_key *key);

/* What @table has learnt of @key; NULL: nothing. */
const struct early_entry *early_find(const struct early_table *table, const struct early_key *key);

/* Teaches @table that @key, which it does not know, leads to @iface. */
void early_learn(struct early_table *table, const struct early_key *key, uint8_t iface);

/* Forgets all. */
void early_clear(struct early_table *table);

#endif
