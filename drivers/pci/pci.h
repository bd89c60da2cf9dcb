/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PCI function that this domain owns (PCI Local Bus 3.0, chapter 6). Everything goes through the hypervisor's device
 * calls: it decides what of the configuration space may be written, and it alone writes the MSI-X table and the
 * bus master bit.
 */
#ifndef CAMBIUM_PCI_H
#define CAMBIUM_PCI_H

#include <stdbool.h>
#include <stdint.h>

#include <abi/hypercall.h>

#include "dma.h"

#define PCI_COMMAND 0x04u
#define PCI_COMMAND_MEMORY 0x2u
#define PCI_STATUS 0x06u
#define PCI_STATUS_CAPABILITIES 0x10u
#define PCI_CAPABILITIES 0x34u
#define PCI_CAPABILITY_VENDOR 0x09u

struct pci_device {
	uint32_t index; /* what the device calls take: device_entry.pci_device */
	struct device_info info;
};

/*
 * Fills @dev in for the device @index and sees to it that it answers to memory accesses. 0 or -HC_x.
 */
int64_t pci_open(struct pci_device *dev, uint32_t index);

/* @width (1, 2, 4) bytes of configuration space at @offset; all ones when refused, as for a device that is gone. */
uint32_t pci_config_read(const struct pci_device *dev, uint32_t offset, uint32_t width);
/* 0 or -HC_x; HC_ECONFIG for what the owner may not write. */
int64_t pci_config_write(const struct pci_device *dev, uint32_t offset, uint32_t width, uint32_t value);

/*
 * The offset of the next capability with @id behind the one at @after (0: the first), or 0. Bounded, whatever the
 * device's list looks like (section 6.7).
 */
uint32_t pci_find_capability(const struct pci_device *dev, uint8_t id, uint32_t after);

/*
 * Maps @len bytes at @offset of BAR @bar, uncached. NULL when that is not wholly inside a memory BAR, would touch a
 * page of the MSI-X table, or the window is full.
 */
volatile void *pci_map(const struct pci_device *dev, unsigned bar, uint64_t offset, uint64_t len);

/* Binds MSI-X entry @entry to a new event port: the port, or -HC_x. */
int64_t pci_msix_bind(const struct pci_device *dev, uint32_t entry);

/* Bus mastering on or off. Reset the device before switching it on: nobody knows what it was last told to do. 0 or
 * -HC_x. */
int64_t pci_set_master(const struct pci_device *dev, bool on);

#endif
