/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtio over PCI: finding the register blocks, the status dance, queues.
 *
 * Invariant: the device is reset before anything else, bus mastering is asked for only after that reset was confirmed,
 * and no address is given to the device but of pages that stay this domain's until the next reset. A register block is
 * mapped only when the capability that announces it lies inside its BAR.
 */
#include "virtio_pci.h"

#include <stddef.h>

#include <cambium/mem.h>

/* cfg_type of a vendor capability (section 4.1.4). */
#define VCAP_COMMON 1u
#define VCAP_NOTIFY 2u
#define VCAP_DEVICE 4u
#define VCAP_TYPE 3u /* offsets within the capability */
#define VCAP_BAR 4u
#define VCAP_OFFSET 8u
#define VCAP_LENGTH 12u
#define VCAP_MULTIPLIER 16u

#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER 2u
#define STATUS_DRIVER_OK 4u
#define STATUS_FEATURES_OK 8u
#define STATUS_NEEDS_RESET 64u
#define STATUS_FAILED 128u

#define RESET_POLLS 1000000u /* register reads: a device that needs longer counts as dead */
#define CONFIG_TRIES 16u

struct virtio_common {
	uint32_t device_feature_select;
	uint32_t device_feature;
	uint32_t driver_feature_select;
	uint32_t driver_feature;
	uint16_t msix_config;
	uint16_t queue_count;
	uint8_t status;
	uint8_t generation;
	/* about the queue selected */
	uint16_t queue_select;
	uint16_t queue_size;
	uint16_t queue_msix_vector;
	uint16_t queue_enable;
	uint16_t queue_notify_off;
	uint32_t queue_desc[2];
	uint32_t queue_avail[2];
	uint32_t queue_used[2];
};

_Static_assert(sizeof(struct virtio_common) == 56, "virtio 1.1, section 4.1.4.3");

/* Maps the block that the first capability of @type announces; *@len is its length, and the capability's place is
 * returned in *@cap. */
static volatile void *block_map(const struct virtio_device *dev, uint8_t type, uint32_t len_min, uint32_t *len,
				uint32_t *cap)
{
	uint32_t at = 0;

	while ((at = pci_find_capability(&dev->pci, PCI_CAPABILITY_VENDOR, at)) != 0) {
		unsigned bar = pci_config_read(&dev->pci, at + VCAP_BAR, 1);
		volatile void *va;

		if (pci_config_read(&dev->pci, at + VCAP_TYPE, 1) != type)
			continue;
		*len = MIN(pci_config_read(&dev->pci, at + VCAP_LENGTH, 4), 65536u);
		*cap = at;
		if (*len < len_min)
			continue;
		va = pci_map(&dev->pci, bar, pci_config_read(&dev->pci, at + VCAP_OFFSET, 4), *len);
		if (va)
			return va;
	}
	return NULL;
}

const char *virtio_open(struct virtio_device *dev, uint32_t index, uint16_t type)
{
	uint32_t len, cap;

	*dev = (struct virtio_device){0};
	if (pci_open(&dev->pci, index) < 0)
		return "the device cannot be opened";
	if (dev->pci.info.vendor != VIRTIO_VENDOR || dev->pci.info.device != VIRTIO_DEVICE_MODERN + type)
		return "not a modern virtio device of this type (disable-legacy=on)";
	dev->common = block_map(dev, VCAP_COMMON, sizeof(struct virtio_common), &len, &cap);
	dev->notify = block_map(dev, VCAP_NOTIFY, 2, &dev->notify_bytes, &cap);
	if (!dev->common || !dev->notify)
		return "its registers cannot be mapped";
	dev->notify_multiplier = pci_config_read(&dev->pci, cap + VCAP_MULTIPLIER, 4);
	dev->config = block_map(dev, VCAP_DEVICE, 1, &dev->config_bytes, &cap);
	if (!dev->config)
		dev->config_bytes = 0;
	if (!virtio_reset(dev))
		return "it does not reset";
	if (pci_set_master(&dev->pci, true) < 0)
		return "bus mastering was refused";
	dev->common->status = STATUS_ACKNOWLEDGE;
	dev->common->status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
	return NULL;
}

uint64_t virtio_get_offered(struct virtio_device *dev)
{
	volatile struct virtio_common *common = dev->common;
	uint64_t offered = 0;

	for (uint32_t i = 0; i < 2; i++) {
		common->device_feature_select = i;
		offered |= (uint64_t)common->device_feature << (32 * i);
	}
	return offered;
}

const char *virtio_negotiate(struct virtio_device *dev, uint64_t wanted, uint64_t needed)
{
	volatile struct virtio_common *common = dev->common;

	dev->features = virtio_get_offered(dev) & (wanted | needed | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM);
	if ((dev->features & (needed | VIRTIO_F_VERSION_1)) != (needed | VIRTIO_F_VERSION_1))
		return "it lacks a feature that is needed";
	for (uint32_t i = 0; i < 2; i++) {
		common->driver_feature_select = i;
		common->driver_feature = (uint32_t)(dev->features >> (32 * i));
	}
	common->status = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK;
	if (!(common->status & STATUS_FEATURES_OK))
		return "it does not accept the features";
	return NULL;
}

static void address_write(volatile uint32_t field[2], uint64_t bus)
{
	field[0] = (uint32_t)bus;
	field[1] = (uint32_t)(bus >> 32);
}

const char *virtio_queue_setup(struct virtio_device *dev, struct virtio_queue *q, uint16_t index, uint16_t vector)
{
	volatile struct virtio_common *common = dev->common;
	uint8_t *area[3];
	uint64_t doorbell;
	uint16_t size;

	if (index >= common->queue_count)
		return "it lacks a queue";
	common->queue_select = index;
	size = common->queue_size;
	if (size == 0 || (size & (size - 1)) || common->queue_enable)
		return "a queue has an impossible size or is in use";
	size = MIN(size, VIRTQUEUE_SIZE_MAX);
	doorbell = (uint64_t)common->queue_notify_off * dev->notify_multiplier;
	if (!range_within(doorbell, 2, dev->notify_bytes) || doorbell % 2)
		return "a doorbell lies outside its registers";
	/* the areas are pages of their own since addresses that are contiguous here need not be so on the bus */
	for (unsigned i = 0; i < ARRAY_SIZE(area); i++) {
		area[i] = pages_alloc(1);
		if (!area[i])
			return "memory is short";
		if (dma_allow(area[i], 1) < 0)
			return "its queues cannot be put into its reach";
	}
	virtqueue_init(&q->ring, size, area[0], area[1], area[2], dev->features & VIRTIO_F_EVENT_IDX);
	q->index = index;
	q->doorbell = (volatile uint16_t *)(volatile void *)(dev->notify + doorbell);
	common->queue_size = size;
	common->queue_msix_vector = vector;
	if (common->queue_msix_vector != vector)
		return "it refuses an interrupt vector";
	address_write(common->queue_desc, pages_mfn(area[0]) << PAGE_SHIFT);
	address_write(common->queue_avail, pages_mfn(area[1]) << PAGE_SHIFT);
	address_write(common->queue_used, pages_mfn(area[2]) << PAGE_SHIFT);
	common->queue_enable = 1;
	return NULL;
}

bool virtio_set_config_vector(struct virtio_device *dev, uint16_t vector)
{
	dev->common->msix_config = vector;
	return dev->common->msix_config == vector;
}

void virtio_start(struct virtio_device *dev)
{
	dev->common->status = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK;
}

bool virtio_reset(struct virtio_device *dev)
{
	dev->common->status = 0;
	for (unsigned i = 0; i < RESET_POLLS; i++)
		if (dev->common->status == 0)
			return true;
	return false;
}

bool virtio_is_failed(const struct virtio_device *dev)
{
	/* a device that is gone reads as all ones */
	return dev->common->status & (STATUS_NEEDS_RESET | STATUS_FAILED);
}

bool virtio_config_read(const struct virtio_device *dev, uint32_t offset, void *to, uint32_t len)
{
	uint8_t *bytes = to;

	if (!range_within(offset, len, dev->config_bytes) || (len == 2 && offset % 2))
		return false;
	for (unsigned try = 0; try < CONFIG_TRIES; try++) {
		uint8_t generation = dev->common->generation;

		if (len == 2) /* a 16-bit field is read as one (section 4.1.3.1) */
			*(uint16_t *)to = *(volatile uint16_t *)(volatile void *)(dev->config + offset);
		else
			for (uint32_t i = 0; i < len; i++)
				bytes[i] = dev->config[offset + i];
		if (dev->common->generation == generation)
			return true;
	}
	return false;
}
