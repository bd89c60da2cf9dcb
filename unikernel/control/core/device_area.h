/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device area (abi/device.h) of a domain, as the plan determines it: which entry stands for which link, how many
 * pages it takes, and the seqlocked rewriting of one entry while the guest reads it.
 *
 * Entries in this order: the domain's front ends, its back ends, its PCI device, its management area, its hand-over area. Their number and places
 * depend on the plan alone, so they are the same after every restart of anybody.
 */
#ifndef CAMBIUM_CONTROL_DEVICE_AREA_H
#define CAMBIUM_CONTROL_DEVICE_AREA_H

#include <abi/device.h>
#include <stddef.h>
#include "plan_check.h"

#define DEVICE_ENTRY_NONE 0xffffffffu

/* Number of entries in the area of domain @d. */
uint32_t device_entry_count(const struct plan_view *view, uint32_t d);

/* Which entry of the front's, or of the back's area stands for link @link. */
uint32_t device_front_entry(const struct plan_view *view, uint32_t link);
uint32_t device_back_entry(const struct plan_view *view, uint32_t link);

/* Which entry of domain @d is its PCI device, its management or its hand-over area; DEVICE_ENTRY_NONE: it has none. */
uint32_t device_pci_entry(const struct plan_view *view, uint32_t d);
uint32_t device_manage_entry(const struct plan_view *view, uint32_t d);
uint32_t device_handover_entry(const struct plan_view *view, uint32_t d);

/* Pages of the area of domain @d; 0: it has no devices. plan_check() keeps it within DEVICE_PAGES_MAX. */
uint32_t device_area_pages(const struct plan_view *view, uint32_t d);

/* Ring and pool pages of all front ends of domain @d together; and those of the fronts before link @link. */
uint64_t device_front_pages(const struct plan_view *view, uint32_t d);
uint64_t device_front_offset(const struct plan_view *view, uint32_t link);

/*
 * Writes a new area for domain @d to @area (device_area_pages() zeroed pages): header, its links as DEVICE_CLOSED
 * entries of @generation. The others stay DEVICE_NONE until device_entry_write().
 */
void device_area_init(const struct plan_view *view, uint32_t d, void *area, uint32_t generation);

/* What the entries of @link hold on both sides whoever is alive: kind, index, name, slot, network identity. */
struct device_entry device_front_template(const struct plan_view *view, uint32_t link);
struct device_entry device_back_template(const struct plan_view *view, uint32_t link);

/*
 * Replaces entry @number of @area by *@entry under the seqlock, with the even @generation. The guest may be reading
 * meanwhile on another CPU: it sees the old entry, or the new one, or an odd generation.
 */
void device_entry_write(void *area, uint32_t number, const struct device_entry *entry, uint32_t generation);

#endif
