/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices in the hands of domains: assignment, interrupts, and the order in which a dead owner's device is stilled. */
#ifndef CAMBIUM_VMM_DEVICE_H
#define CAMBIUM_VMM_DEVICE_H

#include "core/world.h"

/*
 * Stills every device of @d, which is about to end: bus mastering off and read back, MSI-X masked, reset where the
 * function can; it then belongs to nobody. Only afterwards may grant mappings be dropped and frames be freed.
 */
void device_quiesce(struct domain *d);
/* An MSI-X interrupt arrived on @vector. One that nobody waits for is counted. */
void device_interrupt(uint8_t vector);
uint32_t device_unexpected(void);

#endif
