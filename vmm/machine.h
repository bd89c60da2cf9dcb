/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine as the door found it in the firmware's tables. What puts registers where something else is, is logged and
 * counts as absent.
 */
#ifndef CAMBIUM_VMM_MACHINE_H
#define CAMBIUM_VMM_MACHINE_H

#include <abi/boot.h>

#include "core/windows.h"

/* Logs the door's notes and looks at where the tables put registers. Needs early_init(). */
void machine_init(void);

/* What was found. */
const struct boot_machine *machine(void);

/* Where devices answer, as far as the tables say; pci_init() adds BARs. */
struct windows *machine_windows(void);

/* Powers the machine off, or says why it cannot and halts. */
_Noreturn void machine_power_off(void);

/* Restarts the machine: ACPI reset register, keyboard controller, triple fault, in this order. */
_Noreturn void machine_restart(void);

#endif
