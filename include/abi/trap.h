/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register frame of an exception, as the hypervisor writes it to the exception stack, as entry_resume takes it back
 * and as domain_info reports it of a dead domain.
 */
#ifndef CAMBIUM_ABI_TRAP_H
#define CAMBIUM_ABI_TRAP_H

#include <abi/types.h>

struct trap_frame {
	uint64_t r15, r14, r13, r12, rbp, rbx; /* callee-saved */
	uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector; /* 0-31: the CPU's exception number */
	uint64_t error;  /* the CPU's error code, else 0 */
	uint64_t rip;
	uint64_t cs; /* ignored on resume */
	uint64_t rflags;
	uint64_t rsp;
	uint64_t ss;               /* ignored on resume */
	uint64_t cr2;              /* faulting address where vector is 14, else 0 */
	uint64_t fs_base, gs_base; /* reported, ignored on resume: vcpu_set_base */
};

ABI_ASSERT(sizeof(struct trap_frame) == 25 * 8, "trap_frame layout");

#endif
