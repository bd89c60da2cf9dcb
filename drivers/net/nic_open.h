/* SPDX-License-Identifier: BSD-2-Clause */
/* The network cards that there are drivers for. */
#ifndef CAMBIUM_NET_NIC_OPEN_H
#define CAMBIUM_NET_NIC_OPEN_H

#include "nic.h"

#define NIC_WHY_BYTES 160u

/*
 * Opens the PCI device @index with the driver for it. Frames come from and go back to @pool, which should hold
 * NIC_FRAMES_MAX more than others need; @wake is called on interrupts. NULL when that fails, with @why, a text that names
 * the card and, where no driver is for it, the remedy. There is no close: a driver domain keeps its card until the end, and
 * the hypervisor silences the device then.
 */
struct nic *nic_open(uint32_t index, struct frame_pool *pool, struct nic_wake wake, char why[NIC_WHY_BYTES]);

#endif
