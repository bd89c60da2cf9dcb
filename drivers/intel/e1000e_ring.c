/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptor rings of the 82574.
 *
 * Invariant: head, shown and tail follow each other round the ring in this order and are ours alone. The device decides
 * nothing but when a descriptor that it was shown is done and, of a received packet, how long it is, in one word that is
 * read once; a length that makes no sense breaks the ring. Nothing else is read back, so nothing else can be forged.
 */
#include "e1000e_ring.h"

#include <base/check.h>

#define RX_BATCH 32u                      /* buffers told at once, */
#define RX_ENOUGH (E1000E_RING_SIZE / 2u) /* while the device has so many */
#define REPORT_EVERY 32u                  /* descriptors: what is sent comes back while the rest is under way */

/* Extended receive descriptor written back, upper word (chapter 7.1.5). */
#define RX_DD (1u << 0)
#define RX_EOP (1u << 1)
#define RX_IXSM (1u << 2) /* the checksum bits mean nothing */
#define RX_UDPCS (1u << 4)
#define RX_TCPCS (1u << 5)
#define RX_ERRORS 0x97000000u      /* CE, SE, SEQ, CXE, RXE: the packet is damaged */
#define RX_CSUM_ERRORS 0x60000000u /* TCPE, IPE */
#define RX_LEN_SHIFT 32

/* Transmit descriptors (chapter 7.2.10 and 7.2.11), upper word. */
#define TX_DATA (1ull << 20)
#define TX_EOP (1ull << 24)
#define TX_IFCS (1ull << 25)
#define TX_TSE (1ull << 26)
#define TX_RS (1ull << 27)
#define TX_DEXT (1ull << 29)
#define TX_DD (1ull << 32)
#define TX_IXSM (1ull << 40)
#define TX_TXSM (1ull << 41)
#define TX_CONTEXT_TCP (1ull << 24)
#define CONTEXT_TUCSS_SHIFT 32 /* lower word: where the checksum starts, goes to, and (0) the packet's end */
#define CONTEXT_TUCSO_SHIFT 40
#define CONTEXT_FIELD_MAX 255u

#define ETH_LEN 14u
#define TCP_CSUM 16u
#define UDP_CSUM 6u

static uint16_t next(uint16_t index)
{
	return (uint16_t)((index + 1u) % E1000E_RING_SIZE);
}

static uint64_t desc_load(const struct e1000e_desc *desc)
{
	return __atomic_load_n(&desc->hi, __ATOMIC_ACQUIRE);
}

/* --- receive ----------------------------------------------------------------------------------------------------- */

void e1000e_rx_init(struct e1000e_rx_ring *ring, void *desc)
{
	*ring = (struct e1000e_rx_ring){.desc = desc};
}

uint16_t e1000e_rx_add(struct e1000e_rx_ring *ring, uint64_t bus)
{
	uint16_t at = ring->tail;

	CHECK(e1000e_rx_get_room(ring) > 0);
	ring->desc[at].lo = bus;
	ring->desc[at].hi = 0;
	ring->tail = next(at);
	return at;
}

bool e1000e_rx_publish(struct e1000e_rx_ring *ring)
{
	unsigned fresh = (uint16_t)(ring->tail - ring->shown) % E1000E_RING_SIZE;
	unsigned there = (uint16_t)(ring->shown - ring->head) % E1000E_RING_SIZE;

	if (ring->broken || !fresh || (fresh < RX_BATCH && there >= RX_ENOUGH))
		return false;
	/* descriptors before the tail register */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	ring->shown = ring->tail;
	return true;
}

bool e1000e_rx_is_pending(const struct e1000e_rx_ring *ring)
{
	return ring->broken || (ring->head != ring->shown && (desc_load(&ring->desc[ring->head]) & RX_DD));
}

enum e1000e_rx_result e1000e_rx_take(struct e1000e_rx_ring *ring, uint32_t room, struct e1000e_rx_packet *packet)
{
	bool first = !ring->rest;
	uint32_t status;
	uint64_t word;

	if (ring->broken)
		return E1000E_RX_BROKEN;
	if (ring->head == ring->shown)
		return E1000E_RX_EMPTY;
	word = desc_load(&ring->desc[ring->head]);
	status = (uint32_t)word;
	if (!(status & RX_DD))
		return E1000E_RX_EMPTY;
	packet->index = ring->head;
	packet->len = (uint16_t)(word >> RX_LEN_SHIFT);
	packet->csum_valid = (status & (RX_TCPCS | RX_UDPCS)) && !(status & (RX_IXSM | RX_CSUM_ERRORS));
	if (packet->len > room) {
		ring->broken = true;
		return E1000E_RX_BROKEN;
	}
	ring->head = next(ring->head);
	ring->rest = !(status & RX_EOP);
	if (!first || ring->rest || (status & RX_ERRORS) || packet->len < ETH_LEN)
		return E1000E_RX_BAD;
	return E1000E_RX_PACKET;
}

/* --- transmit ---------------------------------------------------------------------------------------------------- */

void e1000e_tx_init(struct e1000e_tx_ring *ring, void *desc)
{
	*ring = (struct e1000e_tx_ring){.desc = desc};
}

static uint16_t tx_put(struct e1000e_tx_ring *ring, struct e1000e_desc desc)
{
	uint16_t at = ring->tail;

	CHECK(e1000e_tx_get_room(ring) > 0);
	ring->desc[at] = desc;
	ring->report[at] = false;
	ring->tail = next(at);
	ring->unreported++;
	return at;
}

static void tx_report(struct e1000e_tx_ring *ring, uint16_t at)
{
	ring->desc[at].hi |= TX_RS;
	ring->report[at] = true;
	ring->unreported = 0;
}

bool e1000e_csum_fits(uint32_t csum_start, uint32_t csum_offset)
{
	return (csum_offset == TCP_CSUM || csum_offset == UDP_CSUM) && csum_start <= CONTEXT_FIELD_MAX - csum_offset;
}

struct e1000e_desc e1000e_csum_context(uint32_t csum_start, uint32_t csum_offset)
{
	return (struct e1000e_desc){.lo = (uint64_t)csum_start << CONTEXT_TUCSS_SHIFT |
					  (uint64_t)(csum_start + csum_offset) << CONTEXT_TUCSO_SHIFT,
				    .hi = TX_DEXT | (csum_offset == TCP_CSUM ? TX_CONTEXT_TCP : 0)};
}

void e1000e_tx_context(struct e1000e_tx_ring *ring, struct e1000e_desc context)
{
	if (context.lo == ring->context.lo && context.hi == ring->context.hi)
		return;
	ring->context = context;
	tx_put(ring, context);
}

uint16_t e1000e_tx_add(struct e1000e_tx_ring *ring, uint64_t bus, uint32_t len, unsigned offload, bool last)
{
	struct e1000e_desc desc = {.lo = bus, .hi = len | TX_DATA | TX_IFCS | TX_DEXT};
	uint16_t at;

	desc.hi |= (last ? TX_EOP : 0) | (offload & E1000E_TX_TSO ? TX_TSE : 0) |
		   (offload & E1000E_TX_CSUM ? TX_TXSM : 0) | (offload & E1000E_TX_IP_CSUM ? TX_IXSM : 0);
	at = tx_put(ring, desc);

	if (last && ring->unreported >= REPORT_EVERY)
		tx_report(ring, at);
	return at;
}

bool e1000e_tx_publish(struct e1000e_tx_ring *ring)
{
	if (ring->shown == ring->tail)
		return false;
	if (ring->unreported)
		tx_report(ring, (uint16_t)((ring->tail - 1u) % E1000E_RING_SIZE));
	/* descriptors before the tail register */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	ring->shown = ring->tail;
	return true;
}

/* Where what the device is done with ends: the done bit of a report stands for all before it. */
static uint16_t tx_find_done(const struct e1000e_tx_ring *ring)
{
	for (uint16_t at = ring->done; at != ring->shown; at = next(at))
		if (ring->report[at])
			return desc_load(&ring->desc[at]) & TX_DD ? next(at) : ring->done;
	return ring->done;
}

bool e1000e_tx_is_pending(const struct e1000e_tx_ring *ring)
{
	return ring->head != ring->done || tx_find_done(ring) != ring->done;
}

bool e1000e_tx_take(struct e1000e_tx_ring *ring, uint16_t *index)
{
	if (ring->head == ring->done)
		ring->done = tx_find_done(ring);
	if (ring->head == ring->done)
		return false;
	*index = ring->head;
	ring->head = next(ring->head);
	return true;
}
