/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 82574.
 *
 * Invariant: a frame whose descriptor the device has is owned by rx_frames[] or tx_frames[], under the number of its
 * descriptor, and by nobody else.
 *
 * Interrupts: one vector for receiving, one for transmitting, one for all else. A message masks its own cause, so that
 * the card is quiet until e1000e_arm() allows it again: by EIAC with the mask IAM.
 */
#include "e1000e.h"

#include <stdlib.h>
#include <string.h>

#include "e1000e_card.h"
#include "e1000e_tso.h"

#define INTEL_VENDOR 0x8086u
#define INTEL_82574L 0x10d3u
#define INTEL_82574LA 0x10f6u

#define ETH_LEN 14u
#define ETH_PADDED_LEN 60u
#define RECLAIM_BELOW 128u /* descriptors */

static struct e1000e *card_of(struct nic *nic)
{
	return (struct e1000e *)(void *)nic;
}

/* --- link and interrupts ----------------------------------------------------------------------------------------- */

/* Takes over the state of the link. */
static void other_update(struct e1000e *card)
{
	uint32_t status;

	card->other_pending = false;
	/* acknowledged before the look, so that a change after it interrupts again */
	reg_write(card, REG_ICR, CAUSE_OTHERS);
	reg_write(card, REG_IMS, CAUSE_OTHER | CAUSE_LSC);
	status = reg_read(card, REG_STATUS);
	card->nic.link_up = status & STATUS_LU;
	if (status == UINT32_MAX)
		card->nic.broken = "the card is gone";
}

static void rx_interrupt(unsigned port, void *arg)
{
	struct e1000e *card = arg;

	(void)port;
	card->nic.counters.interrupts++;
	card->rx_armed = false;
	card->wake.fn(card->wake.arg);
}

static void tx_interrupt(unsigned port, void *arg)
{
	struct e1000e *card = arg;

	(void)port;
	card->nic.counters.interrupts++;
	card->tx_armed = false;
	card->wake.fn(card->wake.arg);
}

static void other_interrupt(unsigned port, void *arg)
{
	struct e1000e *card = arg;

	(void)port;
	card->nic.counters.interrupts++;
	card->other_pending = true;
	card->wake.fn(card->wake.arg);
}

static bool card_arm(struct nic *nic, bool room)
{
	struct e1000e *card = card_of(nic);
	uint32_t causes = (card->rx_armed ? 0 : CAUSE_RXQ0) | (room && !card->tx_armed ? CAUSE_TXQ0 : 0);

	if (causes) {
		/* 1. forget what was polled already, 2. allow the interrupt, 3. wait until the card knows, 4. look once
		 * more: what is done before 1 is seen here, what is done after it interrupts. */
		reg_write(card, REG_ICR, causes);
		reg_write(card, REG_IMS, causes);
		(void)reg_read(card, REG_STATUS);
		card->rx_armed = true;
		card->tx_armed |= room;
	}
	return !nic->broken &&
	       (card->other_pending || e1000e_rx_is_pending(&card->rx) || (room && e1000e_tx_is_pending(&card->tx)));
}

/* --- receive ----------------------------------------------------------------------------------------------------- */

static void rx_refill(struct e1000e *card)
{
	while (e1000e_rx_get_room(&card->rx)) {
		struct frame *frame = frame_get(card->pool);

		if (!frame)
			return;
		card->rx_frames[e1000e_rx_add(&card->rx, frame->bus)] = frame;
	}
}

static struct frame *card_receive(struct nic *nic)
{
	struct e1000e *card = card_of(nic);

	if (card->other_pending)
		other_update(card);
	for (;;) {
		struct e1000e_rx_packet packet;
		enum e1000e_rx_result result = e1000e_rx_take(&card->rx, FRAME_LEN_MAX, &packet);
		struct frame *frame;

		if (result == E1000E_RX_BROKEN)
			nic->broken = "a received packet is longer than its buffer";
		if (result == E1000E_RX_BROKEN || result == E1000E_RX_EMPTY)
			return NULL;
		frame = card->rx_frames[packet.index];
		card->rx_frames[packet.index] = NULL;
		if (result == E1000E_RX_PACKET) {
			frame->len = packet.len;
			frame->flags = packet.csum_valid ? FRAME_CSUM_VALID : 0;
			nic->counters.rx_packets++;
			nic->counters.rx_bytes += frame->len;
			return frame;
		}
		nic->counters.rx_errors++;
		frame_put(card->pool, frame);
	}
}

/* --- transmit ---------------------------------------------------------------------------------------------------- */

static void tx_reclaim(struct e1000e *card)
{
	uint16_t index;

	while (e1000e_tx_take(&card->tx, &index)) {
		if (card->tx_frames[index])
			frame_put(card->pool, card->tx_frames[index]);
		card->tx_frames[index] = NULL;
	}
}

static unsigned card_get_room(struct nic *nic)
{
	struct e1000e *card = card_of(nic);

	if (e1000e_tx_get_room(&card->tx) < RECLAIM_BELOW)
		tx_reclaim(card);
	/* one descriptor for the frame, one for a context */
	return nic->broken ? 0 : e1000e_tx_get_room(&card->tx) / 2;
}

/* A packet of the wire's length, @len bytes in all its pieces. */
static bool tx_prepare_whole(struct frame *frame, uint32_t len, unsigned *offload, struct e1000e_desc *context)
{
	bool csum = frame->flags & FRAME_CSUM_BLANK;

	if (len < ETH_LEN || len > E1000E_MTU + ETH_LEN)
		return false;
	/* What has to be padded is summed here, over few bytes: QEMU would take the padding for TCP's. */
	if (csum && (len < ETH_PADDED_LEN || !e1000e_csum_fits(frame->csum_start, frame->csum_offset))) {
		if (frame->more || !frame_complete_csum(frame))
			return false;
		csum = false;
	}
	if (len < ETH_PADDED_LEN) {
		memset(frame->data + len, 0, ETH_PADDED_LEN - len);
		frame->len = ETH_PADDED_LEN;
	}
	if (!csum)
		return true;
	*offload = E1000E_TX_CSUM;
	*context = e1000e_csum_context(frame->csum_start, frame->csum_offset);
	return range_within((uint64_t)frame->csum_start + frame->csum_offset, 2, frame->len);
}

/* Makes @frame ready, with what the device is to do and the context for that. False: it makes no sense. */
static bool tx_prepare(struct frame *frame, unsigned *offload, struct e1000e_desc *context)
{
	struct gso gso;

	if (!frame->gso_size)
		return !frame->more && tx_prepare_whole(frame, frame->len, offload, context);
	if (!gso_read(frame, E1000E_MTU, &gso))
		return false;
	if (gso.whole)
		return tx_prepare_whole(frame, gso.len, offload, context);
	if (!e1000e_tso_fits(&gso))
		return false;
	e1000e_tso_prepare(frame->data, &gso);
	*offload = E1000E_TX_TSO | E1000E_TX_CSUM | (gso.ipv6 ? 0 : E1000E_TX_IP_CSUM);
	*context = e1000e_tso_context(&gso, frame->gso_size);
	return true;
}

/* Gives the device @frame with all its pieces. False: there is no room for it. */
static bool tx_add(struct e1000e *card, struct frame *frame, unsigned offload, struct e1000e_desc context)
{
	struct nic_counters *counters = &card->nic.counters;
	unsigned needed = 1; /* for the context */

	for (const struct frame *f = frame; f; f = f->more)
		needed++;
	if (e1000e_tx_get_room(&card->tx) < needed)
		return false;
	if (offload)
		e1000e_tx_context(&card->tx, context);
	counters->tx_packets++;
	while (frame) {
		struct frame *more = frame->more;

		counters->tx_bytes += frame->len;
		frame->more = NULL; /* each comes back by itself */
		card->tx_frames[e1000e_tx_add(&card->tx, frame->bus, frame->len, offload, !more)] = frame;
		frame = more;
	}
	return true;
}

/* Without a link everything is dropped, as it would be on the wire: else it would go out when the link is back. */
static bool card_send(struct nic *nic, struct frame *frame)
{
	struct e1000e *card = card_of(nic);
	struct e1000e_desc context = {0};
	unsigned offload = 0;

	if (nic->link_up && card_get_room(nic) && tx_prepare(frame, &offload, &context) &&
	    tx_add(card, frame, offload, context))
		return true;
	nic->counters.tx_dropped++;
	frame_put(card->pool, frame);
	return false;
}

static void card_flush(struct nic *nic)
{
	struct e1000e *card = card_of(nic);

	tx_reclaim(card);
	rx_refill(card);
	if (e1000e_rx_publish(&card->rx)) {
		reg_write(card, REG_RDT, card->rx.shown);
		nic->counters.kicks++;
	}
	if (e1000e_tx_publish(&card->tx)) {
		reg_write(card, REG_TDT, card->tx.shown);
		nic->counters.kicks++;
	}
}

static const struct nic_ops card_ops = {card_receive, card_send, card_get_room, card_flush, card_arm};

struct nic *e1000e_open(uint32_t index, struct frame_pool *pool, struct nic_wake wake, const char **why)
{
	static void (*const callbacks[E1000E_VECTORS])(unsigned port,
						       void *arg) = {[E1000E_VECTOR_RX] = rx_interrupt,
								     [E1000E_VECTOR_TX] = tx_interrupt,
								     [E1000E_VECTOR_OTHER] = other_interrupt};
	struct e1000e *card = calloc(1, sizeof *card);

	*why = "memory is short";
	if (!card)
		return NULL;
	card->nic.ops = &card_ops;
	card->pool = pool;
	card->wake = wake;
	*why = e1000e_setup(card, index, callbacks);
	if (*why)
		return NULL; /* the caller gives up: nothing is freed, since the card may know it */
	card->nic.mtu = E1000E_MTU;
	card->nic.tx_csum = true;
	card->nic.tx_tso = true;
	e1000e_start(card);
	other_update(card);
	card_flush(&card->nic);
	*why = card->nic.broken;
	return *why ? NULL : &card->nic;
}

bool e1000e_drives(uint16_t vendor, uint16_t device)
{
	return vendor == INTEL_VENDOR && (device == INTEL_82574L || device == INTEL_82574LA);
}
