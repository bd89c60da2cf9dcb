/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Next hops of uplinks. The invariants: an entry exists only because neighbour_resolve() asked for it; it
 * takes a MAC only in the states in which we ask (INCOMPLETE, PROBE); a held packet WAITING belongs
 * to an entry that is INCOMPLETE; and each held number ends in exactly one neighbour_take_hold().
 */
#include <string.h>

#include "neighbour.h"

#define SECOND 1000000000ull
#define NEIGHBOUR_REACHABLE_NS (60 * SECOND)
#define NEIGHBOUR_RETRY_NS (1 * SECOND)
#define NEIGHBOUR_FAILED_NS (3 * SECOND)

void neighbour_init(struct neighbour_table *table)
{
	memset(table, 0, sizeof(*table));
}

static struct neighbour_entry *entry_find(struct neighbour_table *table, uint8_t iface, struct ip_addr addr)
{
	for (uint32_t i = 0; i < NEIGHBOUR_ENTRY_COUNT; i++) {
		struct neighbour_entry *entry = &table->entries[i];

		if (entry->state != NEIGHBOUR_FREE && entry->iface == iface && ip_addr_equal(entry->addr, addr))
			return entry;
	}
	return NULL;
}

enum reason neighbour_get_reason(enum neighbour_result result)
{
	switch (result) {
	case NEIGHBOUR_RESULT_FAILED: return REASON_NEIGHBOUR_FAILED;
	case NEIGHBOUR_RESULT_FULL: return REASON_NEIGHBOUR_FULL;
	case NEIGHBOUR_RESULT_HOLD_FULL: return REASON_HOLD_FULL;
	case NEIGHBOUR_RESULT_MAC:
	case NEIGHBOUR_RESULT_HOLD: break;
	}
	return REASON_NONE;
}

bool neighbour_find_mac(struct neighbour_table *table, uint8_t iface, struct ip_addr addr, struct mac *mac)
{
	const struct neighbour_entry *entry = entry_find(table, iface, addr);

	if (!entry || (entry->state != NEIGHBOUR_REACHABLE && entry->state != NEIGHBOUR_PROBE))
		return false;
	*mac = entry->mac;
	return true;
}

/*
 * A place for a new entry: a free one, else the longest unused that nobody waits for: FAILED first,
 * then REACHABLE or PROBE. INCOMPLETE ones and gateways stay, so a scan of the link takes nobody's
 * answer.
 */
static struct neighbour_entry *entry_take(struct neighbour_table *table, bool pinned)
{
	struct neighbour_entry *best = NULL;
	uint32_t asking = 0;

	for (uint32_t i = 0; i < NEIGHBOUR_ENTRY_COUNT; i++) {
		struct neighbour_entry *entry = &table->entries[i];
		bool failed = entry->state == NEIGHBOUR_FAILED;

		if (entry->state == NEIGHBOUR_INCOMPLETE && !entry->pinned)
			asking++;
		if (entry->state == NEIGHBOUR_INCOMPLETE || entry->pinned)
			continue;
		if (best && best->state == NEIGHBOUR_FREE)
			continue;
		if (!best || entry->state == NEIGHBOUR_FREE || (failed && best->state != NEIGHBOUR_FAILED) ||
		    (failed == (best->state == NEIGHBOUR_FAILED) && entry->used < best->used))
			best = entry;
	}
	return pinned || asking < NEIGHBOUR_ASKING_MAX ? best : NULL;
}

static enum neighbour_result hold_add(struct neighbour_table *table, const struct neighbour_entry *entry,
				      uint16_t *hold)
{
	uint8_t index = (uint8_t)(entry - table->entries);
	struct neighbour_hold *free = NULL;
	uint32_t count = 0, free_count = 0;

	for (uint32_t i = 0; i < NEIGHBOUR_HOLD_COUNT; i++) {
		struct neighbour_hold *h = &table->holds[i];

		if (h->state == NEIGHBOUR_HOLD_FREE) {
			free = h;
			free_count++;
		}
		if (h->state == NEIGHBOUR_HOLD_WAITING && h->entry == index)
			count++;
	}
	if (!free || count >= NEIGHBOUR_HOLD_PER_ENTRY || (!entry->pinned && free_count <= NEIGHBOUR_HOLD_RESERVE))
		return NEIGHBOUR_RESULT_HOLD_FULL;
	*free = (struct neighbour_hold){
		.serial = table->serial++,
		.state = NEIGHBOUR_HOLD_WAITING,
		.entry = index,
		.iface = entry->iface,
	};
	*hold = (uint16_t)(free - table->holds);
	return NEIGHBOUR_RESULT_HOLD;
}

/* All packets that wait for @entry go to @state. */
static void holds_finish(struct neighbour_table *table, const struct neighbour_entry *entry,
			 enum neighbour_hold_state state)
{
	uint8_t index = (uint8_t)(entry - table->entries);

	for (uint32_t i = 0; i < NEIGHBOUR_HOLD_COUNT; i++) {
		struct neighbour_hold *h = &table->holds[i];

		if (h->state != NEIGHBOUR_HOLD_WAITING || h->entry != index)
			continue;
		h->state = (uint8_t)state;
		h->mac = entry->mac;
		table->may_take = true;
	}
}

static void entry_ask(struct neighbour_table *table, struct neighbour_entry *entry)
{
	entry->ask = true;
	table->may_ask = true;
}

enum neighbour_result neighbour_resolve(struct neighbour_table *table, uint8_t iface, struct ip_addr addr, bool pinned,
					uint64_t now, struct mac *mac, uint16_t *hold)
{
	struct neighbour_entry *entry = entry_find(table, iface, addr);

	if (!entry) {
		entry = entry_take(table, pinned);
		if (!entry)
			return NEIGHBOUR_RESULT_FULL;
		*entry = (struct neighbour_entry){
			.deadline = now + NEIGHBOUR_RETRY_NS,
			.addr = addr,
			.iface = iface,
			.state = NEIGHBOUR_INCOMPLETE,
			.tries = 1,
			.pinned = pinned,
		};
		entry_ask(table, entry);
	}
	entry->used = now;
	switch (entry->state) {
	case NEIGHBOUR_REACHABLE:
	case NEIGHBOUR_PROBE: *mac = entry->mac; return NEIGHBOUR_RESULT_MAC;
	case NEIGHBOUR_INCOMPLETE: return hold_add(table, entry, hold);
	}
	return NEIGHBOUR_RESULT_FAILED;
}

bool neighbour_learn(struct neighbour_table *table, uint8_t iface, struct ip_addr addr, struct mac mac, bool replace,
		     uint64_t now)
{
	struct neighbour_entry *entry = entry_find(table, iface, addr);

	if (!entry || (entry->state != NEIGHBOUR_INCOMPLETE && entry->state != NEIGHBOUR_PROBE))
		return false;
	if (entry->state == NEIGHBOUR_PROBE && !replace && !mac_equal(entry->mac, mac))
		return false;
	entry->mac = mac;
	entry->state = NEIGHBOUR_REACHABLE;
	entry->deadline = now + NEIGHBOUR_REACHABLE_NS;
	entry->tries = 0;
	entry->ask = false;
	holds_finish(table, entry, NEIGHBOUR_HOLD_RELEASE);
	return true;
}

const struct neighbour_entry *neighbour_take_request(struct neighbour_table *table)
{
	for (uint32_t i = 0; table->may_ask && i < NEIGHBOUR_ENTRY_COUNT; i++) {
		struct neighbour_entry *entry = &table->entries[i];

		if (entry->state != NEIGHBOUR_FREE && entry->ask) {
			entry->ask = false;
			return entry;
		}
	}
	table->may_ask = false;
	return NULL;
}

bool neighbour_take_hold(struct neighbour_table *table, uint16_t *hold, struct neighbour_hold *done)
{
	struct neighbour_hold *first = NULL;

	for (uint32_t i = 0; table->may_take && i < NEIGHBOUR_HOLD_COUNT; i++) {
		struct neighbour_hold *h = &table->holds[i];

		if (h->state != NEIGHBOUR_HOLD_RELEASE && h->state != NEIGHBOUR_HOLD_DISCARD)
			continue;
		if (!first || h->serial < first->serial)
			first = h;
	}
	table->may_take = first != NULL;
	if (!first)
		return false;
	*done = *first;
	*hold = (uint16_t)(first - table->holds);
	first->state = NEIGHBOUR_HOLD_FREE;
	return true;
}

/* The time of @entry's state is over. */
static void entry_expire(struct neighbour_table *table, struct neighbour_entry *entry, uint64_t now)
{
	bool idle = entry->state == NEIGHBOUR_REACHABLE && now - entry->used > NEIGHBOUR_REACHABLE_NS;

	if (entry->state == NEIGHBOUR_FAILED || idle) {
		entry->state = NEIGHBOUR_FREE;
		return;
	}
	if (entry->tries >= NEIGHBOUR_TRIES) {
		holds_finish(table, entry, NEIGHBOUR_HOLD_DISCARD);
		entry->state = NEIGHBOUR_FAILED;
		entry->deadline = now + NEIGHBOUR_FAILED_NS;
		entry->ask = false;
		return;
	}
	if (entry->state == NEIGHBOUR_REACHABLE)
		entry->state = NEIGHBOUR_PROBE;
	entry->tries++;
	entry_ask(table, entry);
	entry->deadline = now + NEIGHBOUR_RETRY_NS;
}

void neighbour_tick(struct neighbour_table *table, uint64_t now)
{
	for (uint32_t i = 0; i < NEIGHBOUR_ENTRY_COUNT; i++) {
		struct neighbour_entry *entry = &table->entries[i];

		if (entry->state != NEIGHBOUR_FREE && now >= entry->deadline)
			entry_expire(table, entry, now);
	}
}

void neighbour_clear_iface(struct neighbour_table *table, uint8_t iface)
{
	for (uint32_t i = 0; i < NEIGHBOUR_ENTRY_COUNT; i++) {
		struct neighbour_entry *entry = &table->entries[i];

		if (entry->state != NEIGHBOUR_FREE && entry->iface == iface) {
			holds_finish(table, entry, NEIGHBOUR_HOLD_DISCARD);
			entry->state = NEIGHBOUR_FREE;
		}
	}
	for (uint32_t i = 0; i < NEIGHBOUR_HOLD_COUNT; i++) {
		if (table->holds[i].state != NEIGHBOUR_HOLD_FREE && table->holds[i].iface == iface) {
			table->holds[i].state = NEIGHBOUR_HOLD_DISCARD;
			table->may_take = true;
		}
	}
}
