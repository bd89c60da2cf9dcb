/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pvh_entry, 32-bit, named by the PVH note (Xen public/arch-x86/hvm/start_info.h): paging off, flat segments, EBX = physical
 * address of struct hvm_start_info, the image at its load address. Builds tables (the first 4 GiB one to one in 2 MiB pages,
 * and the same memory at IMAGE_MAP), enters long mode, has pvh_boot_info() translate, and goes to vmm_entry.
 */
#include <vmm/layout.h>

#define PHYS(symbol) ((symbol) - IMAGE_MAP)
#define SELECTOR_CODE 0x08
#define SELECTOR_DATA 0x10
#define STACK_BYTES 16384
#define TABLE_RW 0x3   /* present, writable */
#define LEAF_RW 0x83   /* present, writable, large */
#define LARGE 0x200000
#define CR0_PE_WP_PG 0x80010001
#define CR4_PAE 0x20
#define MSR_EFER 0xc0000080
#define EFER_LME_NXE 0x900
#define NOTE_PHYS32_ENTRY 18

	.section .note.Xen, "a", @note
	.balign 4
	.long 4, 8, NOTE_PHYS32_ENTRY
	.asciz "Xen"
	.quad PHYS(pvh_entry)

	.text
	.code32
	.globl pvh_entry
pvh_entry:
	cli
	cld
	movl $PHYS(door_stack_top), %esp

	/* 1. The four level-2 tables: 2048 large pages. */
	movl $PHYS(door_l2), %edi
	movl $LEAF_RW, %eax
	movl $2048, %ecx
1:	movl %eax, (%edi)
	movl $0, 4(%edi)
	addl $LARGE, %eax
	addl $8, %edi
	loop 1b

	/* 2. Level 3: entries 0-3 of the low table, 510-511 of the high one (the last 2 GiB). */
	movl $PHYS(door_l2) + TABLE_RW, %eax
	movl $PHYS(door_l3_low), %edi
	movl $4, %ecx
1:	movl %eax, (%edi)
	addl $4096, %eax
	addl $8, %edi
	loop 1b
	movl $PHYS(door_l2) + TABLE_RW, PHYS(door_l3_high) + 510 * 8
	movl $PHYS(door_l2) + 4096 + TABLE_RW, PHYS(door_l3_high) + 511 * 8

	/* 3. Level 4. */
	movl $PHYS(door_l3_low) + TABLE_RW, PHYS(door_l4)
	movl $PHYS(door_l3_high) + TABLE_RW, PHYS(door_l4) + 511 * 8

	/* 4. Long mode. */
	movl $CR4_PAE, %eax
	movl %eax, %cr4
	movl $PHYS(door_l4), %eax
	movl %eax, %cr3
	movl $MSR_EFER, %ecx
	rdmsr
	orl $EFER_LME_NXE, %eax
	wrmsr
	movl $CR0_PE_WP_PG, %eax
	movl %eax, %cr0
	lgdtl PHYS(door_gdt_pointer)
	ljmpl $SELECTOR_CODE, $PHYS(pvh_long)

	.code64
pvh_long:
	movabsq $pvh_high, %rax
	jmp *%rax
pvh_high:
	movl $SELECTOR_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movq $door_stack_top, %rsp
	xorl %ebp, %ebp
	movl %ebx, %edi
	call pvh_boot_info
	movq %rax, %rdi
	jmp vmm_entry

	.section .rodata
	.balign 8
door_gdt: /* descriptors with the accessed bit set: the CPU need not write here */
	.quad 0
	.quad 0x00af9b000000ffff /* SELECTOR_CODE: 64-bit */
	.quad 0x00cf93000000ffff /* SELECTOR_DATA */
door_gdt_end:
door_gdt_pointer:
	.word door_gdt_end - door_gdt - 1
	.long PHYS(door_gdt)

	.section .bss.page_aligned, "aw", @nobits
	.balign 4096
door_l4:
	.skip 4096
door_l3_low:
	.skip 4096
door_l3_high:
	.skip 4096
door_l2:
	.skip 4 * 4096
door_stack:
	.skip STACK_BYTES
door_stack_top:

	.section .note.GNU-stack, "", @progbits
