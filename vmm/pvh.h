/* SPDX-License-Identifier: BSD-2-Clause */
/* The PVH door's translation, called by boot.S. */
#ifndef CAMBIUM_VMM_PVH_H
#define CAMBIUM_VMM_PVH_H

#include <stdint.h>

/* Reads struct hvm_start_info at physical address @start_info; returns the physical address of a struct boot_info. */
uint64_t pvh_boot_info(uint32_t start_info);

#endif
