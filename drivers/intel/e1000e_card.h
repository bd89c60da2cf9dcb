/* SPDX-License-Identifier: BSD-2-Clause */
/* What the driver of the 82574 knows about a card; for its own files alone. */
#ifndef CAMBIUM_INTEL_E1000E_CARD_H
#define CAMBIUM_INTEL_E1000E_CARD_H

#include <drivers/net/nic.h>
#include <drivers/pci/pci.h>

#include "e1000e_regs.h"
#include "e1000e_ring.h"

#define E1000E_MTU 1500u

/* MSI-X vectors. */
enum e1000e_vector { E1000E_VECTOR_RX, E1000E_VECTOR_TX, E1000E_VECTOR_OTHER, E1000E_VECTORS };

struct e1000e {
	struct nic nic; /* first */
	struct pci_device pci;
	volatile uint8_t *regs;
	struct e1000e_rx_ring rx;
	struct e1000e_tx_ring tx;
	struct frame_pool *pool;
	struct nic_wake wake;
	bool other_pending; /* an interrupt that is neither of a queue's */
	bool rx_armed, tx_armed;
	struct frame *rx_frames[E1000E_RING_SIZE];
	struct frame *tx_frames[E1000E_RING_SIZE];
};

static inline uint32_t reg_read(const struct e1000e *card, uint32_t reg)
{
	return *(volatile uint32_t *)(volatile void *)(card->regs + reg);
}

static inline void reg_write(const struct e1000e *card, uint32_t reg, uint32_t value)
{
	*(volatile uint32_t *)(volatile void *)(card->regs + reg) = value;
}

_Static_assert(2 * E1000E_RING_SIZE <= NIC_FRAMES_MAX, "one frame a descriptor");

/*
 * Opens PCI device @index as @card, resets it and sets everything up, with the interrupt of vector i calling
 * callbacks[i](port, card), up to where only the receiver and the transmitter are off. NULL, or what is wrong.
 */
const char *e1000e_setup(struct e1000e *card, uint32_t index,
			 void (*const callbacks[E1000E_VECTORS])(unsigned port, void *arg));

/* Receiver and transmitter on. */
void e1000e_start(const struct e1000e *card);

#endif
