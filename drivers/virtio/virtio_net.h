/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio network card (virtio 1.1, section 5.1) as a struct nic: one receive and one transmit queue, checksum offload
 * both ways, segmentation offload for sending.
 */
#ifndef CAMBIUM_VIRTIO_NET_H
#define CAMBIUM_VIRTIO_NET_H

#include <drivers/net/nic.h>

/*
 * nic_open() (drivers/net/nic_open.h) for PCI device @index, which virtio_net_drives(). NULL when that fails, with *@why in
 * words.
 */
struct nic *virtio_net_open(uint32_t index, struct frame_pool *pool, struct nic_wake wake, const char **why);

/* True when this driver is for PCI functions of @vendor and @device. */
bool virtio_net_drives(uint16_t vendor, uint16_t device);

#endif
