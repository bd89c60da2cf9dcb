/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which writes to its device's configuration space a domain may make, as a pure function of the space's contents. The
 * answer is an allow-list by field, pci_writable, and what no field covers is refused. Left out on purpose: bus mastering (a
 * call of its own, since it has an order to keep at death), I/O decoding and every BAR (a device moved over others' addresses),
 * the expansion ROM (likewise), status bits (they are the hypervisor's to see), the interrupt line (a scratch register that
 * nobody reads), MSI, MSI-X, power management and PCI Express control (interrupts, resets, relaxed ordering, others' routes),
 * virtio's window into its BARs (VIRTIO_PCI_CAP_PCI_CFG) and all vendor capabilities: virtio and Intel's cards need none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PCI_COMMAND 0x04u
#define PCI_STATUS 0x06u
#define PCI_COMMAND_IO 0x1u
#define PCI_COMMAND_MEMORY 0x2u
#define PCI_COMMAND_MASTER 0x4u
#define PCI_COMMAND_INTX_OFF 0x400u
#define PCI_WRITABLE 2u

/* One field that the owner of a device may change. */
struct pci_field {
	uint32_t offset, width; /* of its register */
	uint32_t set, clear;    /* its bits that may become 1, and 0 */
	const char *reason;
};

extern const struct pci_field pci_writable[PCI_WRITABLE];

/*
 * True when an access of @width bytes (1, 2, 4) at @offset is well formed: aligned and inside @space bytes (256 or 4096).
 */
bool pci_access_valid(uint32_t offset, uint32_t width, uint32_t space);

/*
 * True when the owner of a device may write @value with @width bytes at @offset, where @old is read with that width now: one
 * register of pci_writable holds all bytes written, and only bits of its fields change, the way they may. A write that
 * changes nothing is refused as well outside of these registers, since writing a 1 clears bits of some.
 */
bool pci_write_allowed(uint32_t offset, uint32_t width, uint32_t value, uint32_t old);

/* Size of a BAR whose address bits read @mask after all ones were written: 0 when nothing is decoded. */
uint64_t pci_bar_size(uint64_t mask);

/* True when page @page (a page number within the BAR) holds a byte of [@offset, @offset + @bytes). */
bool pci_page_in_range(uint64_t page, uint64_t offset, uint64_t bytes);
