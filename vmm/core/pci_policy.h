/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which writes to its device's configuration space a domain may make, as a pure function of the space's contents. The
 * answer is an allow-list: memory decoding and interrupt disabling in the command register, and nothing else. Bus mastering,
 * BARs, MSI-X and every other capability belong to the hypervisor; virtio's window into its BARs
 * (VIRTIO_PCI_CAP_PCI_CFG) and all vendor capabilities are read-only too, since virtio-pci needs none of them.
 */
#ifndef CAMBIUM_VMM_CORE_PCI_POLICY_H
#define CAMBIUM_VMM_CORE_PCI_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_COMMAND 0x04u
#define PCI_STATUS 0x06u
#define PCI_COMMAND_IO 0x1u
#define PCI_COMMAND_MEMORY 0x2u
#define PCI_COMMAND_MASTER 0x4u
#define PCI_COMMAND_INTX_OFF 0x400u
#define PCI_COMMAND_GUEST (PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_OFF)

/*
 * True when an access of @width bytes (1, 2, 4) at @offset is well formed: aligned and inside @space bytes (256 or 4096).
 */
bool pci_access_valid(uint32_t offset, uint32_t width, uint32_t space);

/*
 * True when the owner of a device whose command register is @command now may write @value: the write touches nothing but
 * the command register and changes no bit outside PCI_COMMAND_GUEST. @width 4 covers the status register too, whose upper
 * half must then be zero, so that no status bit is cleared.
 */
bool pci_write_allowed(uint32_t offset, uint32_t width, uint32_t value, uint16_t command);

/* Size of a BAR whose address bits read @mask after all ones were written: 0 when nothing is decoded. */
uint64_t pci_bar_size(uint64_t mask);

/* True when page @page (a page number within the BAR) holds a byte of [@offset, @offset + @bytes). */
bool pci_page_in_range(uint64_t page, uint64_t offset, uint64_t bytes);

#endif
