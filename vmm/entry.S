/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways into ring 0 and out of it. Every entry clears DF and AC before it touches memory that a guest could have
 * arranged. GS holds the guest's base except for the few instructions of syscall_entry between two SWAPGS, where
 * nothing but NMI and machine check can arrive, and those never look at GS.
 */
#include "cpu.h"
#include "offsets.h"

	/* `clac` where there is SMAP; cpu_patch_entry() turns the sites into no-ops elsewhere. */
	.macro CLAC
901:	.byte 0x0f, 0x01, 0xca
	.pushsection .clac_sites, "a"
	.quad 901b
	.popsection
	.endm

	.macro PUSH registers:vararg
	.irp register, \registers
	pushq %\register
	.endr
	.endm

	.macro POP registers:vararg
	.irp register, \registers
	popq %\register
	.endr
	.endm

	.macro SAVE
	PUSH rdi, rsi, rdx, rcx, rax, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
	.endm

	.macro RESTORE
	POP r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi
	addq $16, %rsp /* vector, error */
	.endm

	/* How every entry begins. */
	.macro ENTER
	cld
	CLAC
	SAVE
	.endm

	/* The guest's stack, flags and code as an interrupt would have pushed them, then @vector. */
	.macro ENTER_SYSCALL vector
	swapgs
	lfence
	movq %rsp, %gs:CPU_SCRATCH
	movq %gs:CPU_STACK, %rsp
	pushq $SELECTOR_USER_DATA
	pushq %gs:CPU_SCRATCH
	swapgs
	pushq %r11
	pushq $SELECTOR_USER_CODE
	pushq %rcx
	pushq $0
	pushq $\vector
	.endm

	/* Moves the upcall stub's registers to or from its frame at RSP. */
	.macro STUB_FRAME to
	.set offset, 0
	.irp register, rax, rcx, rdx, rsi, rdi, r8, r9, r10, r11
	.if \to
	movq %\register, offset(%rsp)
	.else
	movq offset(%rsp), %\register
	.endif
	.set offset, offset + 8
	.endr
	.endm

	/* A label in the stub of vCPU 0; those of the others lie as far from it as their stubs. */
	.macro STUB_LABEL name
	.if vcpu == 0
\name:
	.endif
	.endm

	.text

/* One stub a vector: pushes error code (0 where the CPU pushes none) and vector. Stubs are 16 bytes apart. */
	.balign 16
	.globl vector_stubs
vector_stubs:
	.set n, 0
	.rept 256
	.balign 16
	.if (n == 8) || (n >= 10 && n <= 14) || (n == 17) || (n == 21) || (n == 29) || (n == 30)
	.else
	pushq $0
	.endif
	pushq $n
	.if n == 1
	jmp debug_entry
	.elseif n == 2
	jmp nmi_entry
	.elseif (n == 8) || (n == 18)
	jmp fatal_entry
	.else
	jmp common_entry
	.endif
	.set n, n + 1
	.endr

/* Exceptions and interrupts: from a guest the frame is cpu->frame; from ring 0 it lies where the stack was. */
common_entry:
	ENTER
common_call:
	movq %rsp, %rdi
	call trap_entry
	.globl trap_return
trap_return:
	RESTORE
	iretq

/* #DB has its own stack. From a guest, go on with the frame copied to cpu->frame, so that it can be delivered. */
debug_entry:
	ENTER
	testb $3, FRAME_CS(%rsp)
	jz 1f
	movq %rsp, %rsi
	movq %rsp, %rdi
	decq %rdi
	andq $-CPU_BLOCK, %rdi
	leaq CPU_FRAME_END - FRAME_HW_BYTES(%rdi), %rdi
	movq %rdi, %rax
	movl $FRAME_HW_BYTES / 8, %ecx
	rep movsq
	movq %rax, %rsp
	jmp common_call
1:	call debug_in_hypervisor
	jmp trap_return

/* An NMI has nothing to say to us but that another CPU speaks its last words; until its IRET there is no other. */
nmi_entry:
	cmpb $0, smp_stopping
	jne 2f
	addq $16, %rsp
	iretq
2:	hlt
	jmp 2b

fatal_entry:
	ENTER
	movq %rsp, %rdi
	call trap_fatal

/* SYSCALL: RCX = return address, R11 = flags, RSP = the guest's. IF, DF, AC, TF, NT, IOPL are clear by FMASK. */
	.balign 16
	.globl syscall_entry
syscall_entry:
	ENTER_SYSCALL VECTOR_HYPERCALL
	SAVE
	movq %rsp, %rdi
	call hypercall_entry
	testl %eax, %eax
	jz trap_return

/* The short way back: C has kept the callee-saved registers; the result, and zero in the rest. */
	movq FRAME_RAX(%rsp), %rax
	movq FRAME_RIP(%rsp), %rcx
	movq FRAME_RFLAGS(%rsp), %r11
	movq FRAME_RSP(%rsp), %rsp
	xorl %edi, %edi
	xorl %esi, %esi
	xorl %edx, %edx
	xorl %r8d, %r8d
	xorl %r9d, %r9d
	xorl %r10d, %r10d
	sysretq

/* 32-bit SYSCALL cannot come from a 64-bit segment; if it does, nothing happens but #UD in the guest's place. */
	.balign 16
	.globl cstar_entry
cstar_entry:
	ENTER_SYSCALL 6
	jmp common_entry

/* _Noreturn void cpu_enter(uint64_t frame): to ring 3 with the frame at that address. */
	.globl cpu_enter
cpu_enter:
	movq %rdi, %rsp
	jmp trap_return

/* _Noreturn void cpu_switch_stack(uint64_t sp, void (*next)(void)) */
	.globl cpu_switch_stack
cpu_switch_stack:
	movq %rdi, %rsp
	call *%rsi
	ud2

/* One halt with interrupts on; returns after one was served. The STI shadow covers the HLT. */
	.globl cpu_idle_halt
cpu_idle_halt:
	sti
	hlt
	cli
	ret

/* Serves what interrupts are pending, without a halt. */
	.globl cpu_idle_poll
cpu_idle_poll:
	sti
	nop
	cli
	ret

/*
 * Guest memory. uint64_t user_copy(void *to, const void *from, uint64_t bytes): 0 when all was copied; a fault on the
 * guest's side ends it with 1. The caller has checked the range and opened SMAP.
 */
	.globl user_copy
user_copy:
	movq %rdx, %rcx
	shrq $3, %rcx
1:	rep movsq
	movl %edx, %ecx
	andl $7, %ecx
2:	rep movsb
	xorl %eax, %eax
	ret
3:	movl $1, %eax
	ret
	.pushsection .fixup_table, "a"
	.quad 1b, 3b
	.quad 2b, 3b
	.popsection

/*
 * The hypercall page, copied to a frame of its own that every domain maps at HYPERCALL_VA. Position-independent but for
 * the addresses of the contract.
 *
 * The upcall stub, one a vCPU: at entry RSP = interrupted RSP - 136 and holds the interrupted RIP; upcall_mask is 1. It saves flags
 * and the caller-saved registers below that, calls the handler on an aligned stack, unmasks, and calls it again if more
 * came in between. From stub_exit_start on upcalls may come again: the frame at RSP stays complete until
 * stub_exit_popf, so that the hypervisor can finish the exit itself from any of its instructions (upcall.c).
 */
	.section .rodata
	.balign 16
	.globl stub_page_start, stub_page_end, stub_exit_start, stub_exit_popf, stub_exit_ret
stub_page_start:
	syscall
	ret
	.set vcpu, 0
	.rept STUB_VCPUS
	.org stub_page_start + STUB_UPCALL + vcpu * STUB_STRIDE, 0xcc
	pushfq
	cld
	subq $72, %rsp
	STUB_FRAME 1
1:	pushq %rbp
	movq %rsp, %rbp
	andq $-16, %rsp
	call *STUB_SHARED + SHARED_HANDLER
	movq %rbp, %rsp
	popq %rbp
	jmp 2f
	STUB_LABEL stub_exit_start
3:	movb $1, STUB_SHARED + SHARED_VCPU0 + vcpu * SHARED_VCPU_BYTES + VCPU_UPCALL_MASK
	jmp 1b
2:	movb $0, STUB_SHARED + SHARED_VCPU0 + vcpu * SHARED_VCPU_BYTES + VCPU_UPCALL_MASK
	cmpb $0, STUB_SHARED + SHARED_VCPU0 + vcpu * SHARED_VCPU_BYTES + VCPU_UPCALL_PENDING
	jne 3b
	STUB_FRAME 0
	leaq 72(%rsp), %rsp
	STUB_LABEL stub_exit_popf
	popfq
	STUB_LABEL stub_exit_ret
	ret $128
	.set vcpu, vcpu + 1
	.endr
stub_page_end:

	.section .note.GNU-stack, "", @progbits
