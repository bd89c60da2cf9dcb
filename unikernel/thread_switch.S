/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * void thread_switch(uint64_t *from, uint64_t to): what a call preserves goes to the stack, the stack pointer to *from;
 * then the same in reverse from `to`. The frame that thread_create lays out by hand has the same shape (thread.c).
 */
	.text
	.globl thread_switch
	.type thread_switch, @function
thread_switch:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	sub $8, %rsp
	stmxcsr (%rsp)
	fnstcw 4(%rsp)
	mov %rsp, (%rdi)
	mov %rsi, %rsp
	ldmxcsr (%rsp)
	fldcw 4(%rsp)
	add $8, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret
	.size thread_switch, . - thread_switch

/* Where a new thread starts: RBX = struct thread. */
	.globl thread_entry
	.type thread_entry, @function
thread_entry:
	xor %ebp, %ebp
	mov %rbx, %rdi
	push $0
	push $0
	mov %rsp, %rbp
	call thread_begin
	ud2
	.size thread_entry, . - thread_entry

	.section .note.GNU-stack, "", @progbits
