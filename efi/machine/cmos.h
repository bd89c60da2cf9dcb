/* SPDX-License-Identifier: BSD-2-Clause */
/* The CMOS clock (MC146818A data sheet; Intel's and others' chipsets have one at ports 0x70 and 0x71). */
#ifndef CAMBIUM_EFI_CMOS_H
#define CAMBIUM_EFI_CMOS_H

#include <stdint.h>

/*
 * Seconds since 1970 by the clock whose register @index is what @read(@arg, @index) tells, of the years 2000 to 2099; 0 when what it
 * says is no date, or it is never at rest. It counts on meanwhile, and may be set to binary or BCD, 12 or 24 hours.
 */
uint64_t cmos_seconds(uint8_t (*read)(void *arg, uint8_t index), void *arg);

#endif
