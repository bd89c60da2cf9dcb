/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PCI access by hypercalls. Nothing here is believed of the device but what device_info says, which is the hypervisor's
 * word; the capability list is the device's and is walked within bounds.
 */
#include "pci.h"

#include <stddef.h>

#include <base/bits.h>
#include <cambium/hypercall.h>
#include <cambium/mmio.h>

#define CONFIG_BYTES 256u
#define CAPABILITY_FIRST 0x40u
#define CAPABILITY_COUNT ((CONFIG_BYTES - CAPABILITY_FIRST) / 4u)

int64_t pci_open(struct pci_device *dev, uint32_t index)
{
	int64_t error;
	uint32_t command;

	*dev = (struct pci_device){.index = index};
	error = hc_device_info(index, &dev->info);
	if (error < 0)
		return error;
	command = pci_config_read(dev, PCI_COMMAND, 2);
	if (command & PCI_COMMAND_MEMORY)
		return 0;
	return pci_config_write(dev, PCI_COMMAND, 2, command | PCI_COMMAND_MEMORY);
}

uint32_t pci_config_read(const struct pci_device *dev, uint32_t offset, uint32_t width)
{
	int64_t value = hc_device_config_read(dev->index, offset, width);

	return value < 0 ? UINT32_MAX >> (32 - 8 * width) : (uint32_t)value;
}

int64_t pci_config_write(const struct pci_device *dev, uint32_t offset, uint32_t width, uint32_t value)
{
	return hc_device_config_write(dev->index, offset, width, value);
}

uint32_t pci_find_capability(const struct pci_device *dev, uint8_t id, uint32_t after)
{
	uint32_t at;

	if (!(pci_config_read(dev, PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES))
		return 0;
	at = pci_config_read(dev, after ? after + 1 : PCI_CAPABILITIES, 1) & ~3u;
	for (unsigned i = 0; i < CAPABILITY_COUNT && at >= CAPABILITY_FIRST; i++) {
		uint32_t head = pci_config_read(dev, at, 2);

		if ((head & 0xff) == id)
			return at;
		at = head >> 8 & ~3u;
	}
	return 0;
}

volatile void *pci_map(const struct pci_device *dev, unsigned bar, uint64_t offset, uint64_t len)
{
	if (bar >= DEVICE_BARS || !dev->info.bar[bar] || !len || !range_within(offset, len, dev->info.bar_bytes[bar]))
		return NULL;
	return mmio_map(dev->info.bar[bar] + offset, (size_t)len);
}

int64_t pci_msix_bind(const struct pci_device *dev, uint32_t entry)
{
	return hc_device_msix_bind(dev->index, entry);
}

int64_t pci_set_master(const struct pci_device *dev, bool on)
{
	return hc_device_master(dev->index, on);
}
