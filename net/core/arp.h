/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address resolution on uplinks (RFC 826): a small table of next hops, and the packets that wait
 * for them.
 *
 * An entry exists only because a packet of ours wanted that next hop, and it takes a MAC only while
 * we are asking: what others announce unasked changes nothing, so a hostile station can neither
 * fill the table nor move an address. Held packets stay with the caller; the table knows them by
 * number.
 */
#ifndef CAMBIUM_NET_CORE_ARP_H
#define CAMBIUM_NET_CORE_ARP_H

#include "packet.h"

#define ARP_ENTRY_COUNT 64u
#define ARP_HOLD_COUNT 32u    /* held packets in all */
#define ARP_HOLD_PER_ENTRY 4u /* held packets of one next hop */
#define ARP_ASKING_MAX 32u    /* entries INCOMPLETE at once, gateways apart */
#define ARP_HOLD_RESERVE 8u   /* held packets that only gateways may use */
#define ARP_TRIES 3u          /* requests before giving up, one second apart */
#define ARP_FRAME_LEN 42u

enum arp_state {
	ARP_FREE = 0,
	ARP_INCOMPLETE, /* asked, no MAC yet: packets are held */
	ARP_REACHABLE,  /* the MAC is good */
	ARP_PROBE,      /* the MAC is old: still used, asked again */
	ARP_FAILED,     /* nobody answered: packets are dropped for a while */
};

struct arp_entry {
	uint64_t deadline; /* when the state ends, or the request is repeated */
	uint64_t used;     /* last look-up, for eviction */
	struct ip_addr addr;
	struct mac mac;
	uint8_t iface;
	uint8_t state; /* enum arp_state */
	uint8_t tries;
	bool ask;    /* a request is to be sent */
	bool pinned; /* a gateway: never evicted */
};

/* A held packet: of entry number entry, or free. */
enum arp_hold_state {
	ARP_HOLD_FREE = 0,
	ARP_HOLD_WAITING,
	ARP_HOLD_RELEASE, /* may go to mac */
	ARP_HOLD_DISCARD,
};

struct arp_hold {
	uint64_t serial; /* order of arrival */
	struct mac mac;
	uint8_t state; /* enum arp_hold_state */
	uint8_t entry;
	uint8_t iface;
};

struct arp_table {
	struct arp_entry entries[ARP_ENTRY_COUNT];
	struct arp_hold holds[ARP_HOLD_COUNT];
	uint64_t serial;
};

/* What arp_parse() found: an IPv4-over-Ethernet request or reply. */
struct arp_message {
	bool is_request;
	struct mac sender_mac, target_mac;
	struct ip_addr sender, target;
};

/* Make @table empty. */
void arp_init(struct arp_table *table);

/*
 * Parse the ARP frame @pkt (RFC 826): hardware Ethernet, protocol IPv4, request or reply, at least
 * ARP_FRAME_LEN bytes; False for anything else, and when the sender's MAC differs from the Ethernet
 * source or is multicast.
 */
bool arp_parse(const struct packet *pkt, struct arp_message *message);

/*
 * Write an ARP frame of ARP_FRAME_LEN bytes, padded with zero to ETH_FRAME_MIN, at @frame: a
 * request (broadcast, target MAC zero) or a reply to @target_mac, from @sender_mac, @sender.
 */
void arp_write_request(uint8_t *frame, struct mac sender_mac, struct ip_addr sender, struct ip_addr target);
void arp_write_reply(uint8_t *frame, struct mac sender_mac, struct ip_addr sender, struct mac target_mac,
		     struct ip_addr target);

enum arp_result {
	ARP_RESULT_MAC,    /* @mac is filled in */
	ARP_RESULT_HOLD,   /* @hold names the held packet */
	ARP_RESULT_FAILED, /* drop: nobody answers there */
	ARP_RESULT_FULL,   /* drop: the table is full of next hops that are being asked for */
	ARP_RESULT_HOLD_FULL,
};

/*
 * The MAC of next hop @addr at uplink @iface, or a hold number for the packet that wants it.
 * @pinned says that it is a gateway: places are kept for gateways, so that a domain that scans the
 * link cannot cut the others off.
 */
enum arp_result arp_resolve(struct arp_table *table, uint8_t iface, struct ip_addr addr, bool pinned, uint64_t now,
			    struct mac *mac, uint16_t *hold);

/* The MAC of @addr at uplink @iface, for something that is not worth waiting: false, and nobody is asked, when it is not
 * known. */
bool arp_find_mac(struct arp_table *table, uint8_t iface, struct ip_addr addr, struct mac *mac);

/* Take in that @addr at @iface answered with @mac. False when nobody had asked. */
bool arp_learn(struct arp_table *table, uint8_t iface, struct ip_addr addr, struct mac mac, uint64_t now);

/* The next entry to ask for, whose request counts as sent now; NULL when there is none. */
const struct arp_entry *arp_take_request(struct arp_table *table);

/*
 * The next held packet that may go or must be freed: its number, and in @done a copy of what is
 * known (state RELEASE or DISCARD). The number is free again. False when there is none.
 */
bool arp_take_hold(struct arp_table *table, uint16_t *hold, struct arp_hold *done);

/* Let time pass: repeat requests, give up, age. */
void arp_tick(struct arp_table *table, uint64_t now);

/* Forget everything about @iface; its held packets are to be discarded. */
void arp_clear_iface(struct arp_table *table, uint8_t iface);

#endif
