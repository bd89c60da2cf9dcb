/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio network card (virtio 1.1, section 5.1) as a struct nic: one receive and one transmit queue, checksum offload
 * both ways, no segmentation offload.
 */
#ifndef CAMBIUM_VIRTIO_NET_H
#define CAMBIUM_VIRTIO_NET_H

#include <drivers/net/nic.h>

/*
 * Opens PCI device @index. Frames come from and go back to @pool, which should hold at least twice VIRTQUEUE_SIZE_MAX
 * of them. @wake is called on interrupts. NULL when that fails, with *@why in words. There is no close: a driver domain
 * keeps its card until the end, and the hypervisor silences the device then.
 */
struct nic *virtio_net_open(uint32_t index, struct frame_pool *pool, struct nic_wake wake, const char **why);

/* True when the PCI device @index is a card for this driver. */
bool virtio_net_is_present(uint32_t index);

#endif
