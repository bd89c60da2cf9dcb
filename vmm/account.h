/* SPDX-License-Identifier: BSD-2-Clause */
/* The bill of work that backends do for others. */
#pragma once

#include "cpu.h"

/* Takes the ledger of @v, in which there is something and which is on @c and about to leave it, and charges whom it names. */
void account_settle(struct cpu *c, struct vcpu *v);
