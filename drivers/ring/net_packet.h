/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets out of the rings of a network interface (abi/net_ring.h): slots are taken, checked and joined to a packet
 * whose every value is validated. The same code serves the back (tx, rx_free) and the front (rx).
 */
#ifndef CAMBIUM_RING_NET_PACKET_H
#define CAMBIUM_RING_NET_PACKET_H

#include <abi/net_ring.h>
#include <drivers/ring/ring.h>
#include <stdbool.h>
#include <stdint.h>

#define NET_HEADER_MIN 256u /* a first slot of several has its headers within itself from this length on */
#define NET_PACKET_BYTES_MAX (14u + 65535u) /* Ethernet header and the longest IP packet */

enum net_direction {
	NET_TO_BACK,  /* the tx ring: any place within the pool */
	NET_TO_FRONT, /* the rx ring: whole buffers, from their first byte */
};

enum net_result {
	NET_PACKET, /* a whole, valid packet */
	NET_EMPTY,  /* none, or only the beginning of one: call again later with the same struct */
	NET_BAD,    /* a packet that breaks the rules; all its slots were taken: drop, count, go on */
	NET_BROKEN, /* the ring is broken */
};

struct net_piece {
	uint32_t offset; /* bytes into the pool; offset + len is within the pool */
	uint32_t len;    /* bytes, at least 1 */
};

/*
 * A packet being joined. pieces[0..piece_count) in order; total is the sum of their lengths. slot_count is how many
 * slots were taken for it, also when it is bad: release as many. The checksum field, where flags has NET_CSUM_BLANK,
 * lies with its two bytes within pieces[0] and csum_start within the packet; gso_size > 0 implies one of NET_GSO_TCP4
 * and NET_GSO_TCP6, NET_CSUM_BLANK, and at most NET_UNIT_BYTES_MAX bytes. flags never has NET_MORE or an unknown bit. The slots of a bad packet are in the pieces as far as
 * piece_count goes, so that a front can free the buffers that they name.
 */
struct net_packet {
	uint16_t flags;
	uint16_t csum_start;
	uint16_t csum_offset;
	uint16_t gso_size;
	uint32_t slot_count;
	uint32_t piece_count;
	uint32_t total;
	bool bad;
	bool open; /* the last slot had NET_MORE */
	struct net_piece pieces[NET_PACKET_SLOTS_MAX];
};

/* Forgets what @packet holds: before the first net_packet_take, and after each NET_PACKET or NET_BAD. */
void net_packet_reset(struct net_packet *packet);

/*
 * Adds one slot, a private copy, to @packet, for a pool of @pool_bytes. True when the packet is complete: valid unless
 * packet->bad; a chain longer than NET_PACKET_SLOTS_MAX is cut there and bad. net_packet_take calls it; it is public for tests.
 */
bool net_packet_add(struct net_packet *packet, const struct net_slot *slot, uint32_t pool_bytes,
		    enum net_direction direction);

/* Takes slots from the consumer end @ring until a packet is complete in *@packet. Releases nothing. */
enum net_result net_packet_take(struct ring_end *ring, uint32_t pool_bytes, enum net_direction direction,
				struct net_packet *packet);

/*
 * Takes one slot of the rx_free ring (back): stores in *@offset a place for NET_BUFFER_BYTES within the pool.
 * NET_PACKET means that there is one; NET_BAD that the slot was taken and names no buffer.
 */
enum net_result net_buffer_take(struct ring_end *ring, uint32_t pool_bytes, uint32_t *offset);

#endif
