/* SPDX-License-Identifier: BSD-2-Clause */
/* The metal side of core/cpu_policy: reads what the CPU says, applies what the policy decided. */
#pragma once

#include "core/cpu_policy.h"

/*
 * Decides the policy on the boot CPU. A CPU that is refused ends here: one line with the reason, then the machine
 * halts. Needs early_init() and the log.
 */
void cpu_policy_init(void);

/* The policy; cpu_policy_init() has run. */
const struct cpu_policy *cpu_policy(void);

/*
 * Sets CR0, CR4, EFER and XCR0 of this CPU to the policy's values, whatever firmware left in them. To be called on
 * every CPU; SMAP is on afterwards with AC clear.
 */
void cpu_features_enable(void);
