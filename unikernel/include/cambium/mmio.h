/* SPDX-License-Identifier: BSD-2-Clause */
/* Device registers in the window. */
#ifndef CAMBIUM_MMIO_H
#define CAMBIUM_MMIO_H

#include <stddef.h>
#include <stdint.h>

/* Maps @len bytes of device memory at physical address @phys (a part of a BAR of a device that the domain owns; neither
 * need be page aligned), uncached, read-write, never executable. NULL: refused, or the window is full. */
volatile void *mmio_map(uint64_t phys, size_t len);

/* Undoes mmio_map, with the same length. */
void mmio_unmap(volatile void *va, size_t len);

#endif
