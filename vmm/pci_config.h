/* SPDX-License-Identifier: BSD-2-Clause */
/* How configuration space is reached: windows that ACPI names, else ports 0xcf8 and 0xcfc. For pci*.c alone. */
#ifndef CAMBIUM_VMM_PCI_CONFIG_H
#define CAMBIUM_VMM_PCI_CONFIG_H

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

/* Maps the windows. Boot only. */
void pci_windows_map(void);

/* Number of segments (at least 1), and bounds of the @i-th one. */
unsigned pci_segment_count(void);
void pci_segment_at(unsigned i, uint16_t *segment, unsigned *first_bus, unsigned *last_bus);

/* Sets the address part (segment, bdf, ecam) of @f. */
void pci_address(struct pci_function *f, unsigned segment_index, unsigned bdf);

/* Finds the MSI-X capability, checks it against the BARs, maps the table, disables MSI-X. Needs sized BARs. */
void pci_msix_find(struct pci_function *f);

#endif
