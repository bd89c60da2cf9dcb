/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System time: nanoseconds since time_init(), from the TSC, at the rate of a steady clock. The scale is the one of abi/shared.h, so a guest computes the
 * same number from its time record.
 */
#pragma once

#include <abi/shared.h>

#include "core/timescale.h"
#include "core/world.h"

/* Begins with the frequencies that the door has measured (abi/boot.h). Needs paging_init(). */
void time_init(void);

const struct timescale *time_scale(void);

/* System time now, ns. Never goes back. */
uint64_t time_now(void);

/*
 * Compares the clock with the steady one, and says when to do so again (cpu->follow_at of the first CPU, which runs this).
 * The caller has the world whole; other CPUs stand still for the moment at which the clock's rate changes.
 */
#define TIME_FOLLOW_NS 2000000000ull
void time_follow(void);

/* Brings the time record of @v, which nobody runs, or whose CPU stands still, up to date, by the record's seqlock. */
void time_record_update(struct vcpu *v);

/* ns since 1970 UTC at system time 0; 0: unknown. */
uint64_t time_wall_base(void);
