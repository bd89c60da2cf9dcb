/* SPDX-License-Identifier: BSD-2-Clause */
/* What is checked of a policy as a whole, beyond its grammar. */
#ifndef CAMBIUM_TOOLS_CLAIMS_H
#define CAMBIUM_TOOLS_CLAIMS_H

#include "policy.h"

/* Checks what the text asserts. Each claim that does not hold is an error with a packet that shows it. */
void policy_check_claims(const struct policy *policy, struct report *report);

/* Reports rules that never decide: an error where an earlier rule says the opposite, else a warning. */
void policy_check_dead(const struct policy *policy, struct report *report);

/* Reads the text of @report as policy_read() does, and checks all that. */
struct policy *policy_read_checked(struct report *report);

#endif
