/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 82574 from power-on, or from whatever an owner before us left, to ready (chapter 4.6).
 *
 * Invariant: the card is reset before bus mastering goes on, and is told of no address but of pages in its reach. It writes
 * at most 1518 bytes into a frame, since long packets are off; the 2 KiB that it takes a buffer for begin FRAME_HEADROOM
 * behind the frame's start.
 */
#include <cambium/clock.h>
#include <cambium/event.h>
#include <cambium/mem.h>
#include <cambium/thread.h>

#include "e1000e_card.h"

#define POLL_NS 1000000ull
#define DRAIN_NS 10000000ull /* for packets under way */
#define RESET_POLLS 100u

static void wait_ns(uint64_t ns)
{
	thread_sleep_until(clock_after(ns));
}

/* Waits until the bits @mask of register @reg read @value. */
static bool reg_wait(const struct e1000e *card, uint32_t reg, uint32_t mask, uint32_t value)
{
	for (unsigned i = 0; i < RESET_POLLS; i++) {
		if ((reg_read(card, reg) & mask) == value)
			return true;
		wait_ns(POLL_NS);
	}
	return false;
}

static void interrupts_off(const struct e1000e *card)
{
	reg_write(card, REG_IMC, UINT32_MAX);
	reg_write(card, REG_ICR, UINT32_MAX);
	(void)reg_read(card, REG_STATUS);
}

/* Whatever an owner before us told the card to do, it no longer does. False: it does not answer. */
static bool card_reset(const struct e1000e *card)
{
	uint32_t ctrl;

	/* 1. Nothing new begins. */
	interrupts_off(card);
	reg_write(card, REG_RCTL, 0);
	reg_write(card, REG_TCTL, TCTL_PSP);
	(void)reg_read(card, REG_STATUS);
	wait_ns(DRAIN_NS);
	/* 2. What was begun ends; when it does not, the reset ends it. */
	reg_write(card, REG_CTRL, reg_read(card, REG_CTRL) | CTRL_MASTER_DISABLE);
	(void)reg_wait(card, REG_STATUS, STATUS_MASTER_EN, 0);
	/* 3. The reset, after which the card reads its NVM. */
	reg_write(card, REG_CTRL, reg_read(card, REG_CTRL) | CTRL_RST);
	wait_ns(DRAIN_NS);
	if (!reg_wait(card, REG_CTRL, CTRL_RST, 0) || !reg_wait(card, REG_EECD, EECD_AUTO_RD, EECD_AUTO_RD))
		return false;
	interrupts_off(card);
	/* 4. Speed and duplex as the PHY negotiates them, no flow control, no VLAN tags. */
	ctrl = reg_read(card, REG_CTRL);
	if (ctrl == UINT32_MAX)
		return false;
	ctrl &= ~(CTRL_MASTER_DISABLE | CTRL_FRCSPD | CTRL_FRCDPLX | CTRL_RFCE | CTRL_TFCE | CTRL_VME);
	reg_write(card, REG_CTRL, ctrl | CTRL_SLU | CTRL_ASDE);
	return true;
}

/* The address that the card took from its NVM; others are not received. */
static const char *mac_setup(struct e1000e *card)
{
	uint32_t low = reg_read(card, REG_RAL(0)), high = reg_read(card, REG_RAH(0));

	for (unsigned i = 0; i < sizeof card->nic.mac; i++)
		card->nic.mac[i] = (uint8_t)(i < 4 ? low >> 8 * i : high >> 8 * (i - 4));
	if (!(high & RAH_AV) || (card->nic.mac[0] & 1) || (!low && !(high & 0xffff)))
		return "it has no MAC address of its own";
	for (unsigned i = 1; i < RA_COUNT; i++) {
		reg_write(card, REG_RAH(i), 0);
		reg_write(card, REG_RAL(i), 0);
	}
	for (unsigned i = 0; i < MTA_COUNT; i++)
		reg_write(card, REG_MTA(i), 0);
	return NULL;
}

static const char *vectors_setup(struct e1000e *card, void (*const callbacks[E1000E_VECTORS])(unsigned port, void *arg))
{
	uint32_t ext = reg_read(card, REG_CTRL_EXT) & ~CTRL_EXT_IAME;

	if (card->pci.info.msix_entries < E1000E_VECTORS)
		return "it has less than three MSI-X vectors";
	for (uint32_t i = 0; i < E1000E_VECTORS; i++) {
		int64_t port = pci_msix_bind(&card->pci, i);

		if (port < 0)
			return "an MSI-X vector was refused";
		if (event_on((unsigned)port, callbacks[i], card) < 0)
			return "no callback for an interrupt";
		reg_write(card, REG_EITR(i), 0);
	}
	reg_write(card, REG_IVAR,
		  IVAR_RXQ0(E1000E_VECTOR_RX) | IVAR_TXQ0(E1000E_VECTOR_TX) | IVAR_OTHER(E1000E_VECTOR_OTHER));
	reg_write(card, REG_CTRL_EXT, ext | CTRL_EXT_EIAME | CTRL_EXT_DRV_LOAD | CTRL_EXT_PBA);
	reg_write(card, REG_EIAC, CAUSE_RXQ0 | CAUSE_TXQ0 | CAUSE_OTHER);
	reg_write(card, REG_IAM, UINT32_MAX);
	return NULL;
}

/* A page for a ring, in the card's reach. */
static void *ring_page(void)
{
	void *page = pages_alloc(1);

	return page && dma_allow(page, 1) == 0 ? page : NULL;
}

static void ring_tell(const struct e1000e *card, uint32_t bal, uint32_t bah, uint32_t len, const void *page)
{
	uint64_t bus = pages_mfn(page) << PAGE_SHIFT;

	reg_write(card, bal, (uint32_t)bus);
	reg_write(card, bah, (uint32_t)(bus >> 32));
	reg_write(card, len, PAGE_SIZE);
}

static const char *rings_setup(struct e1000e *card)
{
	void *rx = ring_page(), *tx = ring_page();

	if (!rx || !tx)
		return "no memory for its rings";
	e1000e_rx_init(&card->rx, rx);
	e1000e_tx_init(&card->tx, tx);
	ring_tell(card, REG_RDBAL, REG_RDBAH, REG_RDLEN, rx);
	reg_write(card, REG_RDH, 0);
	reg_write(card, REG_RDT, 0);
	reg_write(card, REG_RDTR, 0);
	reg_write(card, REG_RADV, 0);
	ring_tell(card, REG_TDBAL, REG_TDBAH, REG_TDLEN, tx);
	reg_write(card, REG_TDH, 0);
	reg_write(card, REG_TDT, 0);
	reg_write(card, REG_TIDV, 0);
	reg_write(card, REG_TADV, 0);
	reg_write(card, REG_TXDCTL, TXDCTL_PTHRESH(31u) | TXDCTL_HTHRESH(1u) | TXDCTL_COUNT | TXDCTL_GRAN);
	reg_write(card, REG_RXCSUM, RXCSUM_IPOFLD | RXCSUM_TUOFLD);
	reg_write(card, REG_RFCTL, RFCTL_EXSTEN | RFCTL_ISCSI_DIS | RFCTL_NFS_DIS | RFCTL_ACK_DIS | RFCTL_IPV6_EX_DIS);
	reg_write(card, REG_MRQC, 0);
	return NULL;
}

const char *e1000e_setup(struct e1000e *card, uint32_t index,
			 void (*const callbacks[E1000E_VECTORS])(unsigned port, void *arg))
{
	const char *why;

	if (pci_open(&card->pci, index) < 0)
		return "the device cannot be opened";
	card->regs = pci_map(&card->pci, 0, 0, E1000E_BAR_BYTES);
	if (!card->regs)
		return "its registers cannot be mapped";
	if (!card_reset(card))
		return "it does not reset";
	why = mac_setup(card);
	if (!why)
		why = vectors_setup(card, callbacks);
	if (!why)
		why = rings_setup(card);
	if (!why && pci_set_master(&card->pci, true) < 0)
		why = "bus mastering was refused";
	return why;
}

void e1000e_start(const struct e1000e *card)
{
	reg_write(card, REG_RCTL, RCTL_EN | RCTL_MPE | RCTL_BAM | RCTL_SECRC);
	reg_write(card, REG_TCTL,
		  TCTL_EN | TCTL_PSP | TCTL_CT | TCTL_COLD_FULL | (reg_read(card, REG_TCTL) & TCTL_MULR));
}

_Static_assert(FRAME_LEN_MAX >= E1000E_MTU + 18, "an Ethernet header and a VLAN tag fit too");
