/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DMA and interrupt remapping. vtd.c has Intel's units; another kind (AMD-Vi) would stand behind the same calls, with its own
 * bits in core/dma.c. Without a unit everything here does nothing, and messages are plain ones.
 */
#pragma once

#include "core/world.h"
#include "pci.h"

#define IOMMU_HANDLES 256u

/* An access that was refused. */
struct iommu_fault {
	uint16_t segment, bdf; /* who tried */
	uint8_t reason;        /* the unit's number for why */
	bool read, interrupt;  /* else a write; an interrupt request, @address is its handle */
	uint64_t address;
};

/* What an interrupt request becomes: @vector at the CPU with local APIC id @target, edge triggered unless @level. */
struct iommu_route {
	uint8_t vector;
	bool on, level;
	uint32_t target;
};

/* How an interrupt is asked for: the two words of an MSI. */
struct iommu_message {
	uint32_t address, data;
};

/*
 * Finds the units and switches remapping on: from then on no device reaches anything. Says what there is; sets
 * world.features and the form of the tables. Boot only; needs machine_init(), time_init(), pci_init(), apic_init().
 */
void iommu_init(void);

/* Whether this function can be confined, if there is a unit at all: requests of it can be told from those of others. */
bool iommu_covers(const struct pci_function *f);
/* From now on @f reaches what the table of @d says. */
void iommu_attach(const struct pci_function *f, const struct domain *d);
/* From now on it reaches nothing, and its attempts are not recorded. Done when this returns. */
void iommu_detach(const struct pci_function *f);

/* Makes every unit forget the translations that have gone; clears world.dma_stale. Done when this returns. */
void iommu_flush(void);
/* Entries have been added. */
void iommu_grown(void);

/*
 * The message that @route takes. With interrupt remapping it names @handle (0..IOMMU_HANDLES-1), which only requester
 * @bdf can use from now on.
 */
struct iommu_message iommu_route(unsigned handle, uint16_t bdf, struct iommu_route route);
/* @handle raises nothing any more. */
void iommu_unroute(unsigned handle);
/*
 * Likewise for a pin of the I/O APIC with ACPI id @id: the high word of its entry into *@high. False: the firmware does not
 * say how its requests are to be told from others'.
 */
bool iommu_route_pin(unsigned handle, uint8_t id, struct iommu_route route, uint32_t *high);

/* Takes the next recorded fault; false: none is left. For the interrupt VECTOR_DMA_FAULT. */
bool iommu_next_fault(struct iommu_fault *fault);
/* No interrupt tells of faults any more. */
void iommu_faults_off(void);
