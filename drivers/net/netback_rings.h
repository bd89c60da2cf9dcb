/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back end of a virtual network interface on rings and a pool that are mapped already (abi/net_ring.h): frames out
 * of the front's memory and into it. No hypercall and no device: a test plays the front.
 */
#ifndef CAMBIUM_NET_NETBACK_RINGS_H
#define CAMBIUM_NET_NETBACK_RINGS_H

#include <drivers/ring/net_packet.h>

#include "frame.h"

struct netback_counters {
	uint64_t tx_packets, tx_bytes; /* from the front */
	uint64_t tx_bad;               /* packets that broke the rules or do not fit a frame: dropped */
	uint64_t rx_packets, rx_bytes; /* to the front */
	uint64_t tx_units, rx_units;   /* of those packets: units (abi/net_ring.h) */
	uint64_t tx_short;             /* a unit for which there were not frames enough: dropped */
	uint64_t rx_dropped;           /* the front had no free buffer */
	uint64_t rx_bad;               /* slots of rx_free that name no buffer */
	uint64_t notifications;
};

struct netback_rings {
	struct ring_end tx, rx_free, rx;
	const uint8_t *pool_tx; /* the same memory twice: what is read, and what is written */
	uint8_t *pool_rx;
	uint32_t pool_bytes;
	bool takes_blank;                     /* the front takes NET_CSUM_BLANK */
	bool takes_units;                     /* and units */
	struct net_packet packet;             /* being joined */
	uint32_t spare[NET_PACKET_SLOTS_MAX]; /* buffers of the front, taken for a unit that found too few */
	uint32_t spare_count;
	struct netback_counters counters;
};

enum netback_result {
	NETBACK_FRAME,   /* done */
	NETBACK_EMPTY,   /* nothing there (receive), no buffer there (send: the packet was dropped) */
	NETBACK_DROPPED, /* receive: a packet was dropped and counted; there may be another */
	NETBACK_BROKEN,  /* the front's indices are impossible: detach it */
};

/*
 * Makes @rings the back end at the NET_RING_PAGES pages @pages and the pool of @pool_bytes bytes at @pool. Touches none
 * of them. Counters go on. The front is given no units before netback_rings_greet().
 */
void netback_rings_init(struct netback_rings *rings, void *pages, void *pool, uint32_t pool_bytes, bool takes_blank);

/* The front has reset its rings: reads what it takes, and tells what we take. */
void netback_rings_greet(struct netback_rings *rings);

/*
 * Takes the next packet of the front: a copy of the whole of it goes to the empty frame @frame (NETBACK_FRAME), a unit's
 * further pieces to frames of @pool. What the front does with its memory afterwards changes nothing. A checksum said to
 * be valid is not believed: whoever receives it checks it. A unit is one that gso_read() knows, of several segments.
 */
enum netback_result netback_receive(struct netback_rings *rings, struct frame_pool *pool, struct frame *frame);

/* True when netback_send() takes @frame as it is: a unit only for a front that takes it, and none longer than the ABI's. */
bool netback_takes(const struct netback_rings *rings, const struct frame *frame);

/* Has the front room for one more frame that is no unit? Rings that are broken have: netback_send() tells. */
bool netback_has_room(struct netback_rings *rings);

/*
 * Copies @frame, which it takes, and which stays the caller's, to the front. A blank checksum is completed first when
 * the front does not take it, so the frame may change.
 */
enum netback_result netback_send(struct netback_rings *rings, struct frame *frame);

/* Shows the front what was received and sent since the last time. True: it sleeps and has to be notified. */
bool netback_publish(struct netback_rings *rings);

/* Before sleeping: asks to be notified of the next packet. True: there is one already, or the rings are broken. */
bool netback_arm(struct netback_rings *rings);

#endif
