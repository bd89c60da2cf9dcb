/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions of a guest. In: RDI = struct start_info, RSP = top of the first stack, 16-byte aligned
 * (abi/start.h). start_early sets the thread pointer, and so must be a function of its own: the compiler may keep what
 * it read from %fs for the length of a function.
 */
	.section .text._start, "ax", @progbits
	.globl _start
	.type _start, @function
_start:
	xor %ebp, %ebp
	fninit
	pushq $0x1f80		/* MXCSR: all exceptions masked, round to nearest */
	ldmxcsr (%rsp)
	movq $0, (%rsp)		/* a return address of 0 ends backtraces */
	pushq $0
	mov %rsp, %rbp
	call start_early
	call start_late
	ud2
	.size _start, . - _start

	.section .note.GNU-stack, "", @progbits
