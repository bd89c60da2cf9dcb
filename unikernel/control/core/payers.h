/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose bytes wait for the serial port, by domain, DOMID_NONE for our own. Invariant: the sum is what was added and not sent; what is
 * sent is taken from all in proportion, whatever the order, so that in the end each has paid for its own.
 */
#ifndef CAMBIUM_CONTROL_PAYERS_H
#define CAMBIUM_CONTROL_PAYERS_H

#include <abi/shared.h>

#define PAYERS_MAX LEDGER_ENTRIES

struct payers {
	uint32_t count;
	uint32_t domids[PAYERS_MAX], bytes[PAYERS_MAX]; /* none of them 0 */
};

/* @bytes more, of @domid's. Where too many others have some already they count as our own. */
void payers_add(struct payers *p, uint32_t domid, uint32_t bytes);

/* @bytes fewer, or none left. */
void payers_sent(struct payers *p, uint32_t bytes);

#endif
