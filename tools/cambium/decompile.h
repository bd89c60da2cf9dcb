/* SPDX-License-Identifier: BSD-2-Clause */
/* From a table back to a policy, as far as a comparison needs it. */
#ifndef CAMBIUM_TOOLS_DECOMPILE_H
#define CAMBIUM_TOOLS_DECOMPILE_H

#include "policy.h"

/*
 * A policy that decides as the good table at @table does, called @file where its lines are named. Of each rule there are
 * as many as it has conditions in the table, one behind the other; there are no names but those of interfaces, limits
 * and counters. Freed by policy_free().
 */
struct policy *policy_decompile(const void *table, const char *file);

#endif
