/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP segmentation by the 82574 (datasheet, chapter 7.3): the context that says where to cut, and the headers as it wants
 * them. No hardware. */
#ifndef CAMBIUM_INTEL_E1000E_TSO_H
#define CAMBIUM_INTEL_E1000E_TSO_H

#include <drivers/net/gso.h>

#include "e1000e_ring.h"

/* True when the device can cut the packet that @gso describes: its headers are near enough to the start. */
bool e1000e_tso_fits(const struct gso *gso);

/* The context for a packet that fits, with @gso_size bytes of payload in a segment (e1000e_tx_context). */
struct e1000e_desc e1000e_tso_context(const struct gso *gso, uint16_t gso_size);

/*
 * Changes the headers in @packet, which hold the lengths and the pseudo header's sum of the whole, to what the device
 * completes for each segment: no length, no IPv4 checksum, a pseudo header's sum without a length.
 */
void e1000e_tso_prepare(uint8_t *packet, const struct gso *gso);

#endif
