/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The modern virtio transport over PCI (virtio 1.1, section 4.1), MSI-X only. A device is not hostile here, since it
 * could write memory anyway, but may be wrong: each structure that it announces is checked to lie inside its BAR.
 */
#ifndef CAMBIUM_VIRTIO_PCI_H
#define CAMBIUM_VIRTIO_PCI_H

#include <drivers/pci/pci.h>

#include "virtqueue.h"

#define VIRTIO_VENDOR 0x1af4u
#define VIRTIO_DEVICE_MODERN 0x1040u /* plus the device type */
#define VIRTIO_NO_VECTOR 0xffffu

#define VIRTIO_F_EVENT_IDX (1ull << 29)
#define VIRTIO_F_VERSION_1 (1ull << 32)
#define VIRTIO_F_ACCESS_PLATFORM (1ull << 33) /* it reaches memory as the IOMMU lets it; else past it */

struct virtio_common; /* section 4.1.4.3, the registers */

struct virtio_device {
	struct pci_device pci;
	volatile struct virtio_common *common;
	volatile uint8_t *config; /* the device type's own registers, config_bytes of them */
	uint32_t config_bytes;
	volatile uint8_t *notify;
	uint32_t notify_bytes, notify_multiplier;
	uint64_t features; /* negotiated */
};

/* A virtqueue of a device, and its doorbell. */
struct virtio_queue {
	struct virtqueue ring;
	volatile uint16_t *doorbell;
	uint16_t index;
};

/*
 * Opens the PCI device @index as a virtio device of @type (1: network), maps its registers and resets it
 * (section 3.1.1, steps 1 to 3). NULL when it is ready for virtio_negotiate(), else what is wrong.
 */
const char *virtio_open(struct virtio_device *dev, uint32_t index, uint16_t type);

/* What the device offers. */
uint64_t virtio_get_offered(struct virtio_device *dev);

/* Accepts those of @wanted that the device offers (steps 4 to 6), into dev->features. NULL; or what is wrong, also
 * when one of @needed is not offered. */
const char *virtio_negotiate(struct virtio_device *dev, uint64_t wanted, uint64_t needed);

/*
 * Sets queue @index up with at most VIRTQUEUE_SIZE_MAX descriptors in three pages of this domain, interrupts by MSI-X
 * entry @vector (section 4.1.5.1.3). NULL, or what is wrong.
 */
const char *virtio_queue_setup(struct virtio_device *dev, struct virtio_queue *q, uint16_t index, uint16_t vector);

/* Interrupts about configuration changes come by MSI-X entry @vector. False: the device refused. */
bool virtio_set_config_vector(struct virtio_device *dev, uint16_t vector);

/* All is set up: the device may begin (step 8). */
void virtio_start(struct virtio_device *dev);

/* Stops the device for good: it neither reads nor writes memory afterwards. False: it does not even confirm that. */
bool virtio_reset(struct virtio_device *dev);

/* True when the device says that it needs a reset (section 2.1.2) or is gone. */
bool virtio_is_failed(const struct virtio_device *dev);

/*
 * Reads a field at @offset of the device type's configuration into @to, all from one generation (section 2.4.1): with
 * @len 2 a 16-bit number, else @len bytes. False when it has not so many, or kept changing.
 */
bool virtio_config_read(const struct virtio_device *dev, uint32_t offset, void *to, uint32_t len);

/* Rings the doorbell of @q (section 4.1.5.2): after virtqueue_publish() said so. */
static inline void virtio_notify(const struct virtio_queue *q)
{
	*q->doorbell = q->index;
}

#endif
