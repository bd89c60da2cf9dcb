/* SPDX-License-Identifier: BSD-2-Clause */
/* The machine as the door found it in the firmware's tables. */
#pragma once

#include <abi/boot.h>
#include <base/windows.h>

/* Logs the door's notes. Needs early_init(). */
void machine_init(void);

/* What was found. */
const struct boot_machine *machine(void);

/* Adds what answers where to @w, which is empty: memory and, as far as the tables say, devices. pci_init() adds BARs. */
void machine_windows(struct windows *w);

/* Powers the machine off, or says why it cannot and halts. */
_Noreturn void machine_power_off(void);

/* Restarts the machine: ACPI reset register, keyboard controller, triple fault, in this order. */
_Noreturn void machine_restart(void);
