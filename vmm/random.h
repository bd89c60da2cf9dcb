/* SPDX-License-Identifier: BSD-2-Clause */
/* Randomness for the control domain's seed and layout; every other domain gets its own from the control domain. */
#pragma once

#include <stdint.h>

/* Halts with a line where the machine has no source of randomness; `insecure=random` accepts the clock instead. */
void random_init(void);
uint64_t random_u64(void);
