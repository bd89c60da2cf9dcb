/* SPDX-License-Identifier: BSD-2-Clause */
/* Bounds of what a door says about the machine (abi/boot.h). */
#ifndef CAMBIUM_VMM_CORE_BOOT_CHECK_H
#define CAMBIUM_VMM_CORE_BOOT_CHECK_H

#include <abi/boot.h>
#include <stdbool.h>

/* True when each count in @m is at most the length of its array, and each window's buses are in order. */
bool boot_machine_sound(const struct boot_machine *m);

#endif
