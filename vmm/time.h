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
 * When the clock is to be compared with the steady one again. follow: does that.
 * The caller has the world whole; other CPUs stand still for the moment at which the clock's rate changes.
 */
uint64_t time_follow_due(void);
/* Not now, but in a millisecond: the world is not to be had. */
void time_follow_later(void);
void time_follow(void);

/* Brings the time record of @v, which nobody runs, or whose CPU stands still, up to date, by the record's seqlock. */
void time_record_update(struct vcpu *v);

/* ns since 1970 UTC at system time 0; 0: unknown. */
uint64_t time_wall_base(void);
