/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's ACPI tables, read once at boot. A damaged or missing table is logged and counts as absent, and so does one
 * that puts registers where something else is.
 */
#ifndef CAMBIUM_VMM_ACPI_H
#define CAMBIUM_VMM_ACPI_H

#include "core/acpi_parse.h"
#include "core/windows.h"

/* Reads all tables. Needs paging_init(). */
void acpi_init(void);

/* What was found. */
const struct acpi_info *acpi_info(void);

/* Where devices answer, as far as the tables say; pci_init() adds BARs. */
struct windows *acpi_windows(void);

/* Powers the machine off, or says why it cannot and halts. */
_Noreturn void machine_power_off(void);

/* Restarts the machine: ACPI reset register, keyboard controller, triple fault, in this order. */
_Noreturn void machine_restart(void);

#endif
