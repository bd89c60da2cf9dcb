/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual network interface: three one-way rings (abi/ring.h) and a pool of buffers, all in the front's memory and
 * granted once, read-write, to the back.
 *
 *   page 0   struct net_ring_page: the headers of the three rings
 *   page 1   tx slots: front -> back, packets to send; the back's cons gives slot and buffer back
 *   page 2   rx_free slots: front -> back, empty buffers
 *   page 3   rx slots: back -> front, filled buffers; offset is that of a buffer taken from rx_free
 *
 * A slot names a buffer by its byte offset in the pool. A packet longer than one buffer goes on in the next slot
 * (NET_MORE); all but offset and len are those of the packet's first slot. tx: offset and len may be anything within the
 * pool, headers (Ethernet to the end of TCP or UDP) must lie in the first slot where it is at least 256 bytes or the
 * whole packet. rx_free: offset is a multiple of NET_BUFFER_BYTES; the back writes at most NET_BUFFER_BYTES there.
 *
 * Checksums. NET_CSUM_BLANK: the 16-bit field at csum_start + csum_offset holds the folded, not complemented sum of the
 * pseudo header; whoever puts the packet on a wire completes it from csum_start to the end. NET_CSUM_VALID: the sum has
 * been checked, or the packet never left this machine. The back treats every field as hostile: a slot that breaks these
 * rules is dropped and counted, an index that does breaks the interface.
 *
 * Units. gso_size > 0: one TCP packet of up to 65,535 bytes, Ethernet header included, that stands for segments with
 * gso_size bytes of payload each, the last one with what is left; whoever puts it on a wire cuts it. It needs
 * NET_CSUM_BLANK and the flag of its family, is more than one segment, carries neither SYN, RST nor URG, and its IP
 * header's length is that of the whole. Only a side that said NET_FEATURE_GSO is given one.
 */
#ifndef CAMBIUM_ABI_NET_RING_H
#define CAMBIUM_ABI_NET_RING_H

#include <abi/ring.h>

#define NET_RING_PAGES 4u
#define NET_RING_SLOTS 256u
#define NET_BUFFER_BYTES 2048u
#define NET_POOL_PAGES_DEFAULT 256u
#define NET_POOL_PAGES_MAX 1024u
#define NET_PACKET_SLOTS_MAX 40u /* slots of one packet, at most */

#define NET_MORE 0x1u
#define NET_CSUM_BLANK 0x2u
#define NET_CSUM_VALID 0x4u
#define NET_GSO_TCP4 0x8u
#define NET_GSO_TCP6 0x10u

#define NET_UNIT_BYTES_MAX 65535u

/* What a side can take. CSUM stands in the device entry, GSO in the line of the first ring that the side writes. */
#define NET_FEATURE_CSUM 0x1u /* takes packets with NET_CSUM_BLANK */
#define NET_FEATURE_GSO 0x2u  /* takes units, and packets of several slots */

struct net_slot {
	uint32_t offset;
	uint16_t len;
	uint16_t flags; /* NET_x */
	uint16_t csum_start;
	uint16_t csum_offset;
	uint16_t gso_size;
	uint16_t reserved0;
};

struct net_ring_page {
	struct ring_header tx;
	struct ring_header rx_free;
	struct ring_header rx;
};

ABI_ASSERT(sizeof(struct net_slot) == 16, "net_slot layout");
ABI_ASSERT(sizeof(struct net_slot) * NET_RING_SLOTS == 4096, "slots fill a page");

#endif
