/* SPDX-License-Identifier: BSD-2-Clause */
/* What a backend says that it did for others (abi/shared.h): resource containers (Banga, Druschel and Mogul, OSDI 1999). */
#pragma once

#include "timescale.h"
#include "world.h"

struct ledger_claim {
	struct domain *domain;
	uint64_t ns;
	uint32_t entry, parts;
};

/*
 * Takes what vCPU @v of a backend has claimed since the last time, of @left ns that it has run since then, into @claims
 * (LEDGER_ENTRIES), and empties the ledger, which is hostile. Only living domains that are linked to it count, and of claims for more
 * time than there was the first. A claim for the backend itself is charged to nobody; the time that nothing is claimed of is shared out
 * by the claims' parts. Returns how many; *@refused: claims that were cut or count for nothing.
 */
uint32_t ledger_take(const struct world *w, const struct vcpu *v, const struct timescale *scale, uint64_t left,
		     struct ledger_claim *claims, uint32_t *refused);
