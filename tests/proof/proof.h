/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proofs by bounded model checking (CBMC): each harness starts from any state that keeps the core's invariants and
 * asserts what the core promises. The world has two to four frames and tables of two or three entries; loops are
 * unwound to their end (--unwinding-assertions), so that within these sizes nothing is left out.
 */
#ifndef CAMBIUM_TESTS_PROOF_H
#define CAMBIUM_TESTS_PROOF_H

#include <vmm/core/frame.h>
#include <vmm/core/world.h>

#ifndef FRAMES
#define FRAMES 4u
#endif

void __CPROVER_assume(_Bool);
void __CPROVER_assert(_Bool, const char *);

uint8_t nondet_u8(void);
uint16_t nondet_u16(void);
uint32_t nondet_u32(void);
uint64_t nondet_u64(void);
_Bool nondet_bool(void);

#define ASSUME(c) __CPROVER_assume(c)
/* A condition is without effects: one of the two runs of a harness leaves it out (proof.sh). */
#ifdef REACHED
#define PROVE(c) ((void)0)
#define REACH(c) __CPROVER_assert(!(c), "not reached: " #c)
#else
#define PROVE(c) __CPROVER_assert((c), #c)
#define REACH(c) ((void)0)
#endif

#endif
