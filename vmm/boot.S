/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmm_entry, 64-bit, the ELF entry, where both doors lead, as abi/boot.h says: RDI = physical address of struct boot_info.
 * Takes its own descriptor table and stack, since the door's lie in memory that is going to be reused.
 */
#define SELECTOR_CODE 0x08
#define SELECTOR_DATA 0x10
#define STACK_BYTES 16384

	.text
	.globl vmm_entry
vmm_entry:
	cli
	cld
	movq $boot_stack_top, %rsp
	lgdt boot_gdt_pointer64(%rip)
	pushq $SELECTOR_CODE
	leaq 1f(%rip), %rax
	pushq %rax
	lretq
1:	movl $SELECTOR_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs
	xorl %ebp, %ebp
	call vmm_main
	ud2

	.section .rodata
	.balign 8
boot_gdt: /* descriptors with the accessed bit set: the CPU need not write here */
	.quad 0
	.quad 0x00af9b000000ffff /* SELECTOR_CODE: 64-bit */
	.quad 0x00cf93000000ffff /* SELECTOR_DATA */
boot_gdt_end:
	.balign 8
boot_gdt_pointer64:
	.word boot_gdt_end - boot_gdt - 1
	.quad boot_gdt

	.section .bss.page_aligned, "aw", @nobits
	.balign 4096
boot_stack:
	.skip STACK_BYTES
	.globl boot_stack_top
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
