/* SPDX-License-Identifier: BSD-2-Clause */
/* How configuration space is reached: windows that ACPI names, else ports 0xcf8 and 0xcfc. For pci*.c alone. */
#pragma once

#include "pci.h"

/* Registers of the header. */
#define PCI_ID 0x00u
#define PCI_CLASS 0x08u
#define PCI_HEADER_TYPE 0x0eu
#define PCI_BAR(i) (0x10u + 4u * (i))
#define PCI_SUBSYSTEM 0x2cu
#define PCI_CAPABILITIES 0x34u
#define PCI_STATUS_CAPABILITIES 0x10u

#define PCI_MULTIFUNCTION 0x80u
#define PCI_CAP_MSI 0x05u
#define PCI_CAP_EXPRESS 0x10u
#define PCI_CAP_MSIX 0x11u
#define PCI_CAP_AF 0x13u

#define PCI_SEGMENTS_MAX 2u /* the device map holds two full ones beside all else */

/* A segment's configuration space. */
struct pci_segment {
	volatile uint8_t *base; /* of first_bus; NULL: ports */
	uint16_t number;
	unsigned first_bus, last_bus;
};

/* Maps the windows into @list; returns how many segments there are, at least 1. Boot only. */
unsigned pci_segments_map(struct pci_segment list[PCI_SEGMENTS_MAX]);

/* A function at @bdf that is not in the table yet: its address part (segment, bdf, ecam). */
struct pci_function pci_address(const struct pci_segment *s, unsigned bdf);

/* Finds the MSI-X capability, checks it against the BARs, maps the table, disables MSI-X. Needs sized BARs. */
void pci_msix_find(struct pci_function *f);
