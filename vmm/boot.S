/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmm_entry, 64-bit, the ELF entry, where both doors lead, as abi/boot.h says: RDI = physical address of struct boot_info.
 * Takes its own descriptor table and stack, since the door's lie in memory that is going to be reused.
 * ap_start, 16-bit, where other CPUs begin: smp.c copies it to a page below 1 MiB and fills in its variables.
 */
#include "cpu.h"

#define CR0_PE_WP_PG 0x80010001
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME_NXE 0x900
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

/* Straight from real mode to long mode, then to ap_main() on the stack of this CPU's block. */
	.balign 16
	.globl ap_start, ap_variables, ap_end
	.code16
ap_start:
	cli
	cld
	movw %cs, %ax
	movw %ax, %ds
	lgdtl ap_table - ap_start
	movl $CR4_PAE, %eax
	movl %eax, %cr4
	movl ap_root - ap_start, %eax
	movl %eax, %cr3
	movl $MSR_EFER, %ecx
	rdmsr
	orl $EFER_LME_NXE, %eax
	wrmsr
	movl $CR0_PE_WP_PG, %eax
	movl %eax, %cr0
	ljmpl *(ap_code - ap_start)
	.code64
ap_long:
	movl $SELECTOR_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	xorl %ebp, %ebp
	movl %ebp, %fs
	movl %ebp, %gs
	movl $1, %eax
	lock xaddl %eax, ap_started(%rip)
	imulq $CPU_BLOCK, %rax, %rsp
	addq ap_stacks(%rip), %rsp
	call *ap_entry(%rip)
	ud2
	.balign 16
ap_gdt:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
ap_variables: /* struct start of smp.c */
ap_stacks:
	.quad 0
ap_entry:
	.quad 0
ap_root:
	.long 0
ap_started:
	.long 1
ap_code:
	.long ap_long - ap_start
	.word SELECTOR_CODE
ap_table:
	.word ap_variables - ap_gdt - 1
	.long ap_gdt - ap_start
	.balign 8
ap_end:

	.section .bss.page_aligned, "aw", @nobits
	.balign 4096
boot_stack:
	.skip STACK_BYTES
	.globl boot_stack_top
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
