/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptor rings of the Intel 82574 (datasheet, chapters 7.1 and 7.2): what stands in a descriptor, and who has which.
 * No hardware: a ring is plain memory that somebody else shares with a device, so that a test can play the device.
 */
#ifndef CAMBIUM_INTEL_E1000E_RING_H
#define CAMBIUM_INTEL_E1000E_RING_H

#include <base/bits.h>

/* So that a ring is one page. The device takes head == tail for empty, so one descriptor is never in use. */
#define E1000E_RING_SIZE 256u

struct e1000e_desc {
	uint64_t lo, hi;
};

_Static_assert(sizeof(struct e1000e_desc) * E1000E_RING_SIZE == PAGE_SIZE, "a ring is a page");

/* The way round: [head, shown) is the device's, [shown, tail) is filled and not known to it yet, the rest is free. */
struct e1000e_rx_ring {
	struct e1000e_desc *desc; /* shared with the device */
	uint16_t head, shown, tail;
	bool rest;   /* what comes up to the next end of packet belongs to one that was bad already */
	bool broken; /* for ever */
};

struct e1000e_tx_ring {
	struct e1000e_desc *desc; /* shared with the device; only the done bit of a report is ever read back */
	uint16_t head, shown, tail;
	uint16_t done;                 /* [head, done) is known to be sent */
	uint16_t unreported;           /* descriptors behind the last report */
	struct e1000e_desc context;    /* the last one given; all zero: none */
	bool report[E1000E_RING_SIZE]; /* the device was asked to say when it is done with this descriptor */
};

enum e1000e_rx_result {
	E1000E_RX_PACKET,
	E1000E_RX_BAD, /* a buffer comes back without a packet: damaged, too short, or a part of one that needs several */
	E1000E_RX_EMPTY,
	E1000E_RX_BROKEN, /* the device claims to have written more than it had room for */
};

struct e1000e_rx_packet {
	uint16_t index; /* of the descriptor, thereby of the buffer; also where BAD */
	uint16_t len;
	bool csum_valid; /* its TCP or UDP checksum was verified */
};

/* --- receive ----------------------------------------------------------------------------------------------------- */

/* Makes @ring empty, in the zeroed page @desc. */
void e1000e_rx_init(struct e1000e_rx_ring *ring, void *desc);

/* Buffers that can be added. */
static inline unsigned e1000e_rx_get_room(const struct e1000e_rx_ring *ring)
{
	return (uint16_t)(ring->head - ring->tail - 1u) % E1000E_RING_SIZE;
}

/* Adds the buffer at bus address @bus, for which there is room, and returns its index. */
uint16_t e1000e_rx_add(struct e1000e_rx_ring *ring, uint64_t bus);

/*
 * True when the device should be told of what was added: write ring->tail to its tail register. Buffers are told in
 * batches while it has enough.
 */
bool e1000e_rx_publish(struct e1000e_rx_ring *ring);

/* Takes the next buffer that the device is done with; each has room for @room bytes. */
enum e1000e_rx_result e1000e_rx_take(struct e1000e_rx_ring *ring, uint32_t room, struct e1000e_rx_packet *packet);

/* True when e1000e_rx_take() would not say EMPTY. */
bool e1000e_rx_is_pending(const struct e1000e_rx_ring *ring);

/* --- transmit ---------------------------------------------------------------------------------------------------- */

void e1000e_tx_init(struct e1000e_tx_ring *ring, void *desc);

/* Descriptors that can be added: one per piece of a packet, and one for a context that differs from the last. */
static inline unsigned e1000e_tx_get_room(const struct e1000e_tx_ring *ring)
{
	return (uint16_t)(ring->head - ring->tail - 1u) % E1000E_RING_SIZE;
}

/* True when the device can complete a checksum from @csum_start that goes to @csum_offset behind that (frame.h): TCP's
 * and UDP's, near enough to the packet's start. */
bool e1000e_csum_fits(uint32_t csum_start, uint32_t csum_offset);

/* The context for a packet whose checksum fits. */
struct e1000e_desc e1000e_csum_context(uint32_t csum_start, uint32_t csum_offset);

/* Adds @context for the packets to come, unless it is the last one given: the device keeps it, since there is one queue
 * (chapter 7.2.6). */
void e1000e_tx_context(struct e1000e_tx_ring *ring, struct e1000e_desc context);

/* What the device does with a packet, by the last context. */
#define E1000E_TX_CSUM 1u    /* completes its TCP or UDP checksum */
#define E1000E_TX_IP_CSUM 2u /* and that of IPv4 */
#define E1000E_TX_TSO 4u     /* cuts it */

/* Adds @len bytes at bus address @bus as a piece of a packet, the @last one or not, with the same @offload (E1000E_TX_x) for
 * all pieces. Returns its index. */
uint16_t e1000e_tx_add(struct e1000e_tx_ring *ring, uint64_t bus, uint32_t len, unsigned offload, bool last);

/* Asks for a report about what was added, which ends with a packet. True: write ring->tail to the tail register. */
bool e1000e_tx_publish(struct e1000e_tx_ring *ring);

/* Takes the next descriptor that the device is done with. False: none. */
bool e1000e_tx_take(struct e1000e_tx_ring *ring, uint16_t *index);

/* True when e1000e_tx_take() would not say false. */
bool e1000e_tx_is_pending(const struct e1000e_tx_ring *ring);

#endif
