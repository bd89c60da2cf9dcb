/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An Intel 82574 Gigabit Ethernet controller, which QEMU calls e1000e, as a struct nic. Written by its datasheet: chapters
 * 4.6 (initialisation), 7.1 (receive), 7.2 (transmit), 7.3 (segmentation), 7.4 (interrupts), 10 (registers). One queue each
 * way, checksum offload both ways, segmentation offload for sending, MSI-X, no jumbo frames. The PHY is left as the NVM
 * configures it. (QEMU before 8.1 cuts into IP fragments where its network takes no virtio headers.)
 */
#ifndef CAMBIUM_INTEL_E1000E_H
#define CAMBIUM_INTEL_E1000E_H

#include <drivers/net/nic.h>

/* nic_open() (drivers/net/nic_open.h) for PCI device @index, which e1000e_drives(). NULL when that fails, with *@why in words. */
struct nic *e1000e_open(uint32_t index, struct frame_pool *pool, struct nic_wake wake, const char **why);

/* True when this driver is for PCI functions of @vendor and @device. */
bool e1000e_drives(uint16_t vendor, uint16_t device);

#endif
