/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address resolution on uplinks: a small table of next hops of both families, and the packets that wait
 * for them. How one asks is in arp.h and nd.h.
 *
 * An entry exists only because a packet of ours wanted that next hop, and it takes a MAC only while
 * we are asking: what others announce unasked changes nothing, so a hostile station can neither
 * fill the table nor move an address. Held packets stay with the caller; the table knows them by
 * number.
 */
#ifndef CAMBIUM_NET_CORE_NEIGHBOUR_H
#define CAMBIUM_NET_CORE_NEIGHBOUR_H

#include "packet.h"

#define NEIGHBOUR_ENTRY_COUNT 64u
#define NEIGHBOUR_HOLD_COUNT 32u    /* held packets in all */
#define NEIGHBOUR_HOLD_PER_ENTRY 4u /* held packets of one next hop */
#define NEIGHBOUR_ASKING_MAX 32u    /* entries INCOMPLETE at once, gateways apart */
#define NEIGHBOUR_HOLD_RESERVE 8u   /* held packets that only gateways may use */
#define NEIGHBOUR_TRIES 3u          /* requests before giving up, one second apart */

enum neighbour_state {
	NEIGHBOUR_FREE = 0,
	NEIGHBOUR_INCOMPLETE, /* asked, no MAC yet: packets are held */
	NEIGHBOUR_REACHABLE,  /* the MAC is good */
	NEIGHBOUR_PROBE,      /* the MAC is old: still used, asked again */
	NEIGHBOUR_FAILED,     /* nobody answered: packets are dropped for a while */
};

struct neighbour_entry {
	uint64_t deadline; /* when the state ends, or the request is repeated */
	uint64_t used;     /* last look-up, for eviction */
	struct ip_addr addr;
	struct mac mac;
	uint8_t iface;
	uint8_t state; /* enum neighbour_state */
	uint8_t tries;
	bool ask;    /* a request is to be sent */
	bool pinned; /* a gateway: never evicted */
};

/* A held packet: of entry number entry, or free. */
enum neighbour_hold_state {
	NEIGHBOUR_HOLD_FREE = 0,
	NEIGHBOUR_HOLD_WAITING,
	NEIGHBOUR_HOLD_RELEASE, /* may go to mac */
	NEIGHBOUR_HOLD_DISCARD,
};

struct neighbour_hold {
	uint64_t serial; /* order of arrival */
	struct mac mac;
	uint8_t state; /* enum neighbour_hold_state */
	uint8_t entry;
	uint8_t iface;
};

struct neighbour_table {
	struct neighbour_entry entries[NEIGHBOUR_ENTRY_COUNT];
	struct neighbour_hold holds[NEIGHBOUR_HOLD_COUNT];
	uint64_t serial;
	bool may_take,
		may_ask; /* a hold, a request may be there to be taken: asked with every packet, so nobody looks in vain */
};

/* Make @table empty. */
void neighbour_init(struct neighbour_table *table);

enum neighbour_result {
	NEIGHBOUR_RESULT_MAC,    /* @mac is filled in */
	NEIGHBOUR_RESULT_HOLD,   /* @hold names the held packet */
	NEIGHBOUR_RESULT_FAILED, /* drop: nobody answers there */
	NEIGHBOUR_RESULT_FULL,   /* drop: the table is full of next hops that are being asked for */
	NEIGHBOUR_RESULT_HOLD_FULL,
};

/*
 * The MAC of next hop @addr at uplink @iface, or a hold number for the packet that wants it.
 * @pinned says that it is a gateway: places are kept for gateways, so that a domain that scans the
 * link cannot cut the others off.
 */
enum neighbour_result neighbour_resolve(struct neighbour_table *table, uint8_t iface, struct ip_addr addr, bool pinned,
					uint64_t now, struct mac *mac, uint16_t *hold);

/* Why a packet is dropped that got the @result FAILED, FULL or HOLD_FULL. */
enum reason neighbour_get_reason(enum neighbour_result result);

/* The MAC of @addr at uplink @iface, for something that is not worth waiting: false, and nobody is asked, when it is not
 * known. */
bool neighbour_find_mac(struct neighbour_table *table, uint8_t iface, struct ip_addr addr, struct mac *mac);

/*
 * Take in that @addr at @iface answered with @mac. False when nobody had asked, or when another MAC is known and this one
 * may not @replace it.
 */
bool neighbour_learn(struct neighbour_table *table, uint8_t iface, struct ip_addr addr, struct mac mac, bool replace,
		     uint64_t now);

/* The next entry to ask for, whose request counts as sent now; NULL when there is none. */
const struct neighbour_entry *neighbour_take_request(struct neighbour_table *table);

/*
 * The next held packet that may go or must be freed: its number, and in @done a copy of what is
 * known (state RELEASE or DISCARD). The number is free again. False when there is none.
 */
bool neighbour_take_hold(struct neighbour_table *table, uint16_t *hold, struct neighbour_hold *done);

/* Let time pass: repeat requests, give up, age. */
void neighbour_tick(struct neighbour_table *table, uint64_t now);

/* Forget everything about @iface; its held packets are to be discarded. */
void neighbour_clear_iface(struct neighbour_table *table, uint8_t iface);

#endif
