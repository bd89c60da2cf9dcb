/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instructions of a guest. In: RDI = struct start_info, RSP = top of the first stack, 16-byte aligned
 * (abi/start.h). start_early sets the thread pointer, and so must be a function of its own: the compiler may keep what
 * it read from %fs for the length of a function. A program may bring a _start of its own, which goes on at start_runtime
 * with RDI and RSP as it found them.
 */
	.section .text._start, "ax", @progbits
	.weak _start
	.globl start_runtime
	.type _start, @function
_start:
start_runtime:
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
