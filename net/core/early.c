/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table with linear probing of which half is used at most, so that a search ends. Entries never go one by one. Who could choose
 * keys that collide is whoever writes the policy.
 */
#include "early.h"

#include <string.h>

#define ETHERTYPE_AT 12u
#define PROTO_AT (ETH_HEADER_LEN + 9)
#define DST_AT (ETH_HEADER_LEN + 16)
#define DPORT_AT (ETH_HEADER_LEN + IPV4_HEADER_LEN + 2)

bool early_key_read(const struct packet *pkt, struct early_key *key)
{
	const uint8_t *data = pkt->data;

	if (pkt->head_len < DPORT_AT + 2 || be16_get(data + ETHERTYPE_AT) != ETHERTYPE_IPV4 ||
	    data[ETH_HEADER_LEN] != 0x45)
		return false;
	*key = (struct early_key){
		.dst = be32_get(data + DST_AT), .dport = be16_get(data + DPORT_AT), .proto = data[PROTO_AT]};
	return true;
}

static bool key_equal(const struct early_key *a, const struct early_key *b)
{
	return a->dst == b->dst && a->dport == b->dport && a->proto == b->proto;
}

/* Where @key is, or would be. */
static uint32_t place_find(const struct early_table *table, const struct early_key *key)
{
	uint32_t at = (key->dst ^ ((uint32_t)key->dport << 16 | key->proto)) * 0x9e3779b1u >> 16;

	for (;; at++) {
		const struct early_entry *e = &table->entry[at % EARLY_COUNT];

		if (!e->used || key_equal(&e->key, key))
			return at % EARLY_COUNT;
	}
}

const struct early_entry *early_find(const struct early_table *table, const struct early_key *key)
{
	const struct early_entry *e = &table->entry[place_find(table, key)];

	return e->used ? e : NULL;
}

void early_learn(struct early_table *table, const struct early_key *key, uint8_t iface)
{
	struct early_entry *e = &table->entry[place_find(table, key)];

	if (e->used || table->count >= EARLY_COUNT / 2)
		return;
	*e = (struct early_entry){.key = *key, .iface = iface, .used = true};
	table->count++;
}

void early_clear(struct early_table *table)
{
	memset(table, 0, sizeof(*table));
}
