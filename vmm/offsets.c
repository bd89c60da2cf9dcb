/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers that entry.S needs, taken from the C declarations by the build; see the Makefile. */
#include <stddef.h>

#include "cpu.h"

#define OFFSET(name, value) __asm__ volatile("\n->" #name " %c0" : : "i"(value))

void offsets(void);
void offsets(void)
{
	OFFSET(CPU_STACK, offsetof(struct cpu, stack));
	OFFSET(CPU_SCRATCH, offsetof(struct cpu, scratch));
	OFFSET(FRAME_HW_BYTES, offsetof(struct trap_frame, cr2));
	OFFSET(FRAME_VECTOR, offsetof(struct trap_frame, vector));
	OFFSET(FRAME_RAX, offsetof(struct trap_frame, rax));
	OFFSET(FRAME_RIP, offsetof(struct trap_frame, rip));
	OFFSET(FRAME_RFLAGS, offsetof(struct trap_frame, rflags));
	OFFSET(FRAME_RSP, offsetof(struct trap_frame, rsp));
	OFFSET(FRAME_CS, offsetof(struct trap_frame, cs));
	OFFSET(SHARED_HANDLER, offsetof(struct shared_info, upcall_handler));
	OFFSET(SHARED_VCPU0, offsetof(struct shared_info, vcpu));
	OFFSET(VCPU_UPCALL_PENDING, offsetof(struct vcpu_shared, upcall_pending));
	OFFSET(VCPU_UPCALL_MASK, offsetof(struct vcpu_shared, upcall_mask));
	OFFSET(SHARED_VCPU_BYTES, sizeof(struct vcpu_shared));
	OFFSET(STUB_UPCALL, HYPERCALL_UPCALL);
	OFFSET(STUB_STRIDE, HYPERCALL_UPCALL_BYTES);
	OFFSET(STUB_VCPUS, VCPU_MAX);
	OFFSET(STUB_PAGE, HYPERCALL_VA);
	OFFSET(STUB_SHARED, SHARED_VA);
}
