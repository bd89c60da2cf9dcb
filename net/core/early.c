/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table with linear probing of which half is used at most, so that a search ends. Entries never go one by one. Who could choose
 * keys that collide is whoever writes the policy.
 */
#include "early.h"

#include <string.h>

#define ETHERTYPE_AT 12u

/* Where a frame of IPv4 or IPv6 has what. */
static const struct layout {
	uint32_t proto, dst, dport;
} layout_v4 = {ETH_HEADER_LEN + 9, ETH_HEADER_LEN + 16, ETH_HEADER_LEN + IPV4_HEADER_LEN + 2},
  layout_v6 = {ETH_HEADER_LEN + 6, ETH_HEADER_LEN + 24, ETH_HEADER_LEN + IPV6_HEADER_LEN + 2};

bool early_key_read(const struct packet *pkt, struct early_key *key)
{
	const uint8_t *data = pkt->data;
	const struct layout *at = &layout_v4;
	uint16_t ethertype;

	if (pkt->head_len < layout_v4.dport + 2)
		return false;
	ethertype = be16_get(data + ETHERTYPE_AT);
	if (ethertype == ETHERTYPE_IPV6)
		at = &layout_v6;
	else if (ethertype != ETHERTYPE_IPV4 || data[ETH_HEADER_LEN] != 0x45 ||
		 (be16_get(data + ETH_HEADER_LEN + 6) & 0x1fff))
		return false;
	if (pkt->head_len < at->dport + 2)
		return false;
	*key = (struct early_key){.dst = ip_addr_read(data + at->dst, at == &layout_v4),
				  .dport = be16_get(data + at->dport),
				  .proto = data[at->proto]};
	return true;
}

static bool key_equal(const struct early_key *a, const struct early_key *b)
{
	return ip_addr_equal(a->dst, b->dst) && a->dport == b->dport && a->proto == b->proto;
}

/* Where @key is, or would be. */
static uint32_t place_find(const struct early_table *table, const struct early_key *key)
{
	uint32_t at = (ip_addr_to_v4(key->dst) ^ ((uint32_t)key->dport << 16 | key->proto)) * 0x9e3779b1u >> 16;

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
