/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices in the hands of domains: assignment, interrupts, and the order in which a dead owner's device is stilled. */
#pragma once

#include "core/world.h"

/*
 * Stills every device of @d, which is about to end: bus mastering off and read back, MSI-X masked, reset where the
 * function can; it then belongs to nobody. Only afterwards may grant mappings be dropped and frames be freed.
 */
void device_quiesce(struct domain *d);
/* Whether frame @mfn is of a memory BAR of a device of @d, and not of its MSI-X table. (world.io_allowed) */
bool device_io_allowed(const struct domain *d, mfn_t mfn);
/* Port @p, which a device interrupt is bound to, is about to close: the entry is masked and may be bound again. */
void device_unbind(const struct port *p);
/*
 * The IOMMU refused accesses: noted, for any CPU to see; and, by one that has the world, told and counted, and a device that
 * does not end is stopped.
 */
extern bool device_faults_wait;
void device_faults(void);
/* An MSI-X interrupt arrived on @vector. One that nobody waits for is counted. */
void device_interrupt(uint8_t vector);
