/* SPDX-License-Identifier: BSD-2-Clause */
/* What to do on this CPU, as the door has decided (efi/machine/cpu_policy.c). */
#pragma once

#include <abi/boot.h>

/* A CPU that is refused ends here: one line with the reason, then the machine halts. Needs early_init() and the log. */
void cpu_policy_init(void);

/* Needs early_init(). */
const struct boot_cpu *cpu_policy(void);

/*
 * Sets CR0, CR4, EFER and XCR0 of this CPU to the policy's values, whatever firmware left in them. To be called on
 * every CPU; SMAP is on afterwards with AC clear, and machine checks of every kind are told.
 */
void cpu_features_enable(void);

/* Says what the hardware knows of the machine check that this CPU has just met. Behind log_last_words(). */
void machine_check_tell(void);
