/* SPDX-License-Identifier: BSD-2-Clause */
/* The PVH door's translation, called by entry.S. */
#ifndef CAMBIUM_EFI_PVH_PVH_H
#define CAMBIUM_EFI_PVH_PVH_H

#include <stdint.h>

/* The door's own pages, at the end of the hypervisor's image (vmm.ld). */
extern const char vmm_door_start[], vmm_door_end[];

/* Reads struct hvm_start_info at physical address @start_info; returns the physical address of a struct boot_info. */
uint64_t pvh_boot_info(uint32_t start_info);

/* Seconds since 1970 by the CMOS clock; 0 when what it says is no date. */
uint64_t rtc_seconds(void);

#endif
