/* SPDX-License-Identifier: BSD-2-Clause */
/* The small world of the proofs. */
#ifndef CAMBIUM_TESTS_PROOF_WORLD_H
#define CAMBIUM_TESTS_PROOF_WORLD_H

#include "proof.h"

extern struct world w;
extern struct frame frames[FRAMES], before[FRAMES]; /* before: as any_world() left them */
extern struct domain a, b;

void any_world(void);
/* Whether every frame keeps the invariants of frame.c, and each its owner's reference. */
_Bool frames_right(void);
/* Whether owner, references and type of frame @m are as any_world() left them. */
_Bool counts_unchanged(mfn_t m);

#endif
