/* SPDX-License-Identifier: BSD-2-Clause */
/* The common entry behind both doors, called by boot.S. */
#pragma once

#include <abi/boot.h>

/* Runs the machine. @physical is a physical address, reached through the door's one-to-one map. */
_Noreturn void vmm_main(const struct boot_info *physical);
