/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Next hops of uplinks. The invariants: an entry exists only because arp_resolve() asked for it; it
 * takes a MAC only in the states in which we ask (INCOMPLETE, PROBE); a held packet WAITING belongs
 * to an entry that is INCOMPLETE; and each held number ends in exactly one arp_take_hold().
 */
#include <string.h>

#include "arp.h"

#define SECOND 1000000000ull
#define ARP_REACHABLE_NS (60 * SECOND)
#define ARP_RETRY_NS (1 * SECOND)
#define ARP_FAILED_NS (3 * SECOND)

enum {
	ARP_OPERATION_REQUEST = 1,
	ARP_OPERATION_REPLY = 2,
};

static const struct mac mac_broadcast = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
static const struct mac mac_zero;

void arp_init(struct arp_table *table)
{
	memset(table, 0, sizeof(*table));
}

bool arp_parse(const struct packet *pkt, struct arp_message *message)
{
	const uint8_t *arp = pkt->data + ETH_HEADER_LEN;
	uint16_t operation;

	if (pkt->head_len < ARP_FRAME_LEN)
		return false;
	if (be16_get(arp) != 1 || be16_get(arp + 2) != ETHERTYPE_IPV4 || arp[4] != 6 || arp[5] != 4)
		return false;
	operation = be16_get(arp + 6);
	if (operation != ARP_OPERATION_REQUEST && operation != ARP_OPERATION_REPLY)
		return false;
	message->is_request = operation == ARP_OPERATION_REQUEST;
	memcpy(message->sender_mac.octets, arp + 8, 6);
	message->sender = ip_addr_from_v4(be32_get(arp + 14));
	memcpy(message->target_mac.octets, arp + 18, 6);
	message->target = ip_addr_from_v4(be32_get(arp + 24));
	return memcmp(arp + 8, pkt->data + 6, 6) == 0 && !(arp[8] & 1) && !mac_equal(message->sender_mac, mac_zero);
}

static void arp_write(uint8_t *frame, uint16_t operation, struct mac eth_dst, struct mac sender_mac,
		      struct ip_addr sender, struct mac target_mac, struct ip_addr target)
{
	uint8_t *arp = frame + ETH_HEADER_LEN;

	memset(frame, 0, ETH_FRAME_MIN);
	memcpy(frame, eth_dst.octets, 6);
	memcpy(frame + 6, sender_mac.octets, 6);
	be16_put(frame + 12, ETHERTYPE_ARP);
	be16_put(arp, 1);
	be16_put(arp + 2, ETHERTYPE_IPV4);
	arp[4] = 6;
	arp[5] = 4;
	be16_put(arp + 6, operation);
	memcpy(arp + 8, sender_mac.octets, 6);
	memcpy(arp + 14, ip_addr_get_octets(&sender), 4);
	memcpy(arp + 18, target_mac.octets, 6);
	memcpy(arp + 24, ip_addr_get_octets(&target), 4);
}

void arp_write_request(uint8_t *frame, struct mac sender_mac, struct ip_addr sender, struct ip_addr target)
{
	arp_write(frame, ARP_OPERATION_REQUEST, mac_broadcast, sender_mac, sender, mac_zero, target);
}

void arp_write_reply(uint8_t *frame, struct mac sender_mac, struct ip_addr sender, struct mac target_mac,
		     struct ip_addr target)
{
	arp_write(frame, ARP_OPERATION_REPLY, target_mac, sender_mac, sender, target_mac, target);
}

static struct arp_entry *entry_find(struct arp_table *table, uint8_t iface, struct ip_addr addr)
{
	for (uint32_t i = 0; i < ARP_ENTRY_COUNT; i++) {
		struct arp_entry *entry = &table->entries[i];

		if (entry->state != ARP_FREE && entry->iface == iface && ip_addr_equal(entry->addr, addr))
			return entry;
	}
	return NULL;
}

bool arp_find_mac(struct arp_table *table, uint8_t iface, struct ip_addr addr, struct mac *mac)
{
	const struct arp_entry *entry = entry_find(table, iface, addr);

	if (!entry || (entry->state != ARP_REACHABLE && entry->state != ARP_PROBE))
		return false;
	*mac = entry->mac;
	return true;
}

/*
 * A place for a new entry: a free one, else the longest unused that nobody waits for: FAILED first,
 * then REACHABLE or PROBE. INCOMPLETE ones and gateways stay, so a scan of the link takes nobody's
 * answer.
 */
static struct arp_entry *entry_take(struct arp_table *table, bool pinned)
{
	struct arp_entry *best = NULL;
	uint32_t asking = 0;

	for (uint32_t i = 0; i < ARP_ENTRY_COUNT; i++) {
		struct arp_entry *entry = &table->entries[i];
		bool failed = entry->state == ARP_FAILED;

		if (entry->state == ARP_INCOMPLETE && !entry->pinned)
			asking++;
		if (entry->state == ARP_INCOMPLETE || entry->pinned)
			continue;
		if (best && best->state == ARP_FREE)
			continue;
		if (!best || entry->state == ARP_FREE || (failed && best->state != ARP_FAILED) ||
		    (failed == (best->state == ARP_FAILED) && entry->used < best->used))
			best = entry;
	}
	return pinned || asking < ARP_ASKING_MAX ? best : NULL;
}

static enum arp_result hold_add(struct arp_table *table, const struct arp_entry *entry, uint16_t *hold)
{
	uint8_t index = (uint8_t)(entry - table->entries);
	struct arp_hold *free = NULL;
	uint32_t count = 0, free_count = 0;

	for (uint32_t i = 0; i < ARP_HOLD_COUNT; i++) {
		struct arp_hold *h = &table->holds[i];

		if (h->state == ARP_HOLD_FREE) {
			free = h;
			free_count++;
		}
		if (h->state == ARP_HOLD_WAITING && h->entry == index)
			count++;
	}
	if (!free || count >= ARP_HOLD_PER_ENTRY || (!entry->pinned && free_count <= ARP_HOLD_RESERVE))
		return ARP_RESULT_HOLD_FULL;
	*free = (struct arp_hold){
		.serial = table->serial++,
		.state = ARP_HOLD_WAITING,
		.entry = index,
		.iface = entry->iface,
	};
	*hold = (uint16_t)(free - table->holds);
	return ARP_RESULT_HOLD;
}

/* All packets that wait for @entry go to @state. */
static void holds_finish(struct arp_table *table, const struct arp_entry *entry, enum arp_hold_state state)
{
	uint8_t index = (uint8_t)(entry - table->entries);

	for (uint32_t i = 0; i < ARP_HOLD_COUNT; i++) {
		struct arp_hold *h = &table->holds[i];

		if (h->state != ARP_HOLD_WAITING || h->entry != index)
			continue;
		h->state = (uint8_t)state;
		h->mac = entry->mac;
	}
}

enum arp_result arp_resolve(struct arp_table *table, uint8_t iface, struct ip_addr addr, bool pinned, uint64_t now,
			    struct mac *mac, uint16_t *hold)
{
	struct arp_entry *entry = entry_find(table, iface, addr);

	if (!entry) {
		entry = entry_take(table, pinned);
		if (!entry)
			return ARP_RESULT_FULL;
		*entry = (struct arp_entry){
			.deadline = now + ARP_RETRY_NS,
			.addr = addr,
			.iface = iface,
			.state = ARP_INCOMPLETE,
			.tries = 1,
			.ask = true,
			.pinned = pinned,
		};
	}
	entry->used = now;
	switch (entry->state) {
	case ARP_REACHABLE:
	case ARP_PROBE: *mac = entry->mac; return ARP_RESULT_MAC;
	case ARP_INCOMPLETE: return hold_add(table, entry, hold);
	}
	return ARP_RESULT_FAILED;
}

bool arp_learn(struct arp_table *table, uint8_t iface, struct ip_addr addr, struct mac mac, uint64_t now)
{
	struct arp_entry *entry = entry_find(table, iface, addr);

	if (!entry || (entry->state != ARP_INCOMPLETE && entry->state != ARP_PROBE))
		return false;
	entry->mac = mac;
	entry->state = ARP_REACHABLE;
	entry->deadline = now + ARP_REACHABLE_NS;
	entry->tries = 0;
	entry->ask = false;
	holds_finish(table, entry, ARP_HOLD_RELEASE);
	return true;
}

const struct arp_entry *arp_take_request(struct arp_table *table)
{
	for (uint32_t i = 0; i < ARP_ENTRY_COUNT; i++) {
		struct arp_entry *entry = &table->entries[i];

		if (entry->state != ARP_FREE && entry->ask) {
			entry->ask = false;
			return entry;
		}
	}
	return NULL;
}

bool arp_take_hold(struct arp_table *table, uint16_t *hold, struct arp_hold *done)
{
	struct arp_hold *first = NULL;

	for (uint32_t i = 0; i < ARP_HOLD_COUNT; i++) {
		struct arp_hold *h = &table->holds[i];

		if (h->state != ARP_HOLD_RELEASE && h->state != ARP_HOLD_DISCARD)
			continue;
		if (!first || h->serial < first->serial)
			first = h;
	}
	if (!first)
		return false;
	*done = *first;
	*hold = (uint16_t)(first - table->holds);
	first->state = ARP_HOLD_FREE;
	return true;
}

/* The time of @entry's state is over. */
static void entry_expire(struct arp_table *table, struct arp_entry *entry, uint64_t now)
{
	bool idle = entry->state == ARP_REACHABLE && now - entry->used > ARP_REACHABLE_NS;

	if (entry->state == ARP_FAILED || idle) {
		entry->state = ARP_FREE;
		return;
	}
	if (entry->tries >= ARP_TRIES) {
		holds_finish(table, entry, ARP_HOLD_DISCARD);
		entry->state = ARP_FAILED;
		entry->deadline = now + ARP_FAILED_NS;
		entry->ask = false;
		return;
	}
	if (entry->state == ARP_REACHABLE)
		entry->state = ARP_PROBE;
	entry->tries++;
	entry->ask = true;
	entry->deadline = now + ARP_RETRY_NS;
}

void arp_tick(struct arp_table *table, uint64_t now)
{
	for (uint32_t i = 0; i < ARP_ENTRY_COUNT; i++) {
		struct arp_entry *entry = &table->entries[i];

		if (entry->state != ARP_FREE && now >= entry->deadline)
			entry_expire(table, entry, now);
	}
}

void arp_clear_iface(struct arp_table *table, uint8_t iface)
{
	for (uint32_t i = 0; i < ARP_ENTRY_COUNT; i++) {
		struct arp_entry *entry = &table->entries[i];

		if (entry->state != ARP_FREE && entry->iface == iface) {
			holds_finish(table, entry, ARP_HOLD_DISCARD);
			entry->state = ARP_FREE;
		}
	}
	for (uint32_t i = 0; i < ARP_HOLD_COUNT; i++) {
		if (table->holds[i].state != ARP_HOLD_FREE && table->holds[i].iface == iface)
			table->holds[i].state = ARP_HOLD_DISCARD;
	}
}
