/* SPDX-License-Identifier: BSD-2-Clause */
/* Time, from the shared-info page: no hypercall. */
#ifndef CAMBIUM_CLOCK_H
#define CAMBIUM_CLOCK_H

#include <stdint.h>

/* System time: ns since the machine started. Never goes back. What every deadline is measured in. */
uint64_t clock_ns(void);

/* Wall-clock time: ns since 1970 UTC; where the machine has no clock, system time. */
uint64_t clock_wall_ns(void);

/* clock_ns() + @ns, or TIME_NEVER where that overflows. */
uint64_t clock_after(uint64_t ns);

/* How long @ticks of the time stamp counter last, in ns. */
uint64_t clock_ticks_ns(uint64_t ticks);

#endif
