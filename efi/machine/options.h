/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of the command line that the hypervisor itself goes by. */
#ifndef CAMBIUM_EFI_MACHINE_OPTIONS_H
#define CAMBIUM_EFI_MACHINE_OPTIONS_H

#include <abi/boot.h>

/* The options (BOOT_x of abi/boot.h) that stand in @cmdline as whole words between spaces. */
uint32_t options_read(const char *cmdline);

#endif
