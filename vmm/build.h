/* SPDX-License-Identifier: BSD-2-Clause */
/* Building the one domain that no other domain builds. */
#pragma once

#include <stdint.h>

/*
 * Makes the control domain in slot 0 from the bundle's entry of kind BUNDLE_CONTROL and starts it with all capabilities.
 * @bundle: physical address. @cmdline: passed behind the program's name. What is wrong with the bundle halts the machine
 * with one line.
 */
void build_control(uint64_t bundle, uint64_t bytes, const char *cmdline);
