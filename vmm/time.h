/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System time: nanoseconds since time_init(), from the TSC. The scale is the one of abi/shared.h, so a guest computes the
 * same number from its time record.
 */
#pragma once

#include <abi/shared.h>

#include "core/timescale.h"

/*
 * Finds the TSC's and the local APIC timer's frequency: from CPUID where it tells, else measured against HPET, PM timer
 * or PIT. Halts with a line when there is none. Needs machine_init() and apic_init().
 */
void time_init(void);

const struct timescale *time_scale(void);

/* System time now, ns. Never goes back. */
uint64_t time_now(void);

/* Writes the scale into a record in memory that a guest may read meanwhile, by the record's seqlock. */
void time_record_fill(struct time_record *record);

/* ns since 1970 UTC at system time 0; 0: unknown. */
uint64_t time_wall_base(void);
