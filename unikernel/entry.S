/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the hypervisor enters an exception: on the exception stack, RDI = struct trap_frame, nothing else known. Aligns
 * the stack and calls exception_dispatch(frame), which does not return.
 */
	.text
	.globl exception_entry
	.type exception_entry, @function
exception_entry:
	cld
	xor %ebp, %ebp
	and $-16, %rsp
	call exception_dispatch
	ud2
	.size exception_entry, . - exception_entry

	.section .note.GNU-stack, "", @progbits
