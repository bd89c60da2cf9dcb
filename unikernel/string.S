/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memcpy, memmove and memset instead of newlib's, which use non-temporal stores from 256 bytes on. Up to 128 bytes by
 * overlapping vector moves, everything loaded before anything is stored; beyond that `rep movsq` and an overlapping tail
 * (a repeated byte move is slow on emulators). DF is clear on entry, as the ABI has it.
 */
	.text

	.globl memcpy
	.type memcpy, @function
	.globl memmove
	.type memmove, @function
memcpy:
memmove:
	mov %rdi, %rax
	cmp $16, %rdx
	jb .Lbelow16
	cmp $32, %rdx
	ja .Labove32
	movups (%rsi), %xmm0
	movups -16(%rsi, %rdx), %xmm1
	movups %xmm0, (%rdi)
	movups %xmm1, -16(%rdi, %rdx)
	ret

.Labove32:
	cmp $64, %rdx
	ja .Labove64
	movups (%rsi), %xmm0
	movups 16(%rsi), %xmm1
	movups -32(%rsi, %rdx), %xmm2
	movups -16(%rsi, %rdx), %xmm3
	movups %xmm0, (%rdi)
	movups %xmm1, 16(%rdi)
	movups %xmm2, -32(%rdi, %rdx)
	movups %xmm3, -16(%rdi, %rdx)
	ret

.Labove64:
	cmp $128, %rdx
	ja .Labove128
	movups (%rsi), %xmm0
	movups 16(%rsi), %xmm1
	movups 32(%rsi), %xmm2
	movups 48(%rsi), %xmm3
	movups -64(%rsi, %rdx), %xmm4
	movups -48(%rsi, %rdx), %xmm5
	movups -32(%rsi, %rdx), %xmm6
	movups -16(%rsi, %rdx), %xmm7
	movups %xmm0, (%rdi)
	movups %xmm1, 16(%rdi)
	movups %xmm2, 32(%rdi)
	movups %xmm3, 48(%rdi)
	movups %xmm4, -64(%rdi, %rdx)
	movups %xmm5, -48(%rdi, %rdx)
	movups %xmm6, -32(%rdi, %rdx)
	movups %xmm7, -16(%rdi, %rdx)
	ret

.Labove128:
	mov %rdi, %rcx
	sub %rsi, %rcx
	cmp %rdx, %rcx		/* unsigned: true when the target starts inside the source */
	jb .Lbackward
	mov -8(%rsi, %rdx), %r8
	lea -8(%rdi, %rdx), %r9
	mov %rdx, %rcx
	shr $3, %rcx
	rep movsq
	mov %r8, (%r9)
	ret

.Lbackward:
	movups (%rsi), %xmm0
1:	movups -16(%rsi, %rdx), %xmm1
	movups %xmm1, -16(%rdi, %rdx)
	sub $16, %rdx
	cmp $16, %rdx
	ja 1b
	movups %xmm0, (%rdi)
	ret

.Lbelow16:
	cmp $8, %edx
	jb 1f
	mov (%rsi), %rcx
	mov -8(%rsi, %rdx), %r8
	mov %rcx, (%rdi)
	mov %r8, -8(%rdi, %rdx)
	ret
1:	cmp $4, %edx
	jb 2f
	mov (%rsi), %ecx
	mov -4(%rsi, %rdx), %r8d
	mov %ecx, (%rdi)
	mov %r8d, -4(%rdi, %rdx)
	ret
2:	cmp $1, %edx
	jb 4f
	je 3f
	movzwl (%rsi), %ecx
	movzbl -1(%rsi, %rdx), %r8d
	mov %cx, (%rdi)
	mov %r8b, -1(%rdi, %rdx)
	ret
3:	movzbl (%rsi), %ecx
	mov %cl, (%rdi)
4:	ret
	.size memcpy, . - memcpy
	.size memmove, . - memmove

	.globl memset
	.type memset, @function
memset:
	mov %rdi, %r9
	movzbl %sil, %eax
	mov $0x0101010101010101, %rcx
	imul %rcx, %rax
	cmp $16, %rdx
	jb .Lset_below16
	movq %rax, %xmm0
	punpcklqdq %xmm0, %xmm0
	cmp $64, %rdx
	ja .Lset_above64
	cmp $32, %rdx
	jbe 1f
	movups %xmm0, 16(%rdi)
	movups %xmm0, -32(%rdi, %rdx)
1:	movups %xmm0, (%rdi)
	movups %xmm0, -16(%rdi, %rdx)
	mov %r9, %rax
	ret

.Lset_above64:
	mov %rax, -8(%rdi, %rdx)
	mov %rdx, %rcx
	shr $3, %rcx
	rep stosq
	mov %r9, %rax
	ret

.Lset_below16:
	cmp $8, %edx
	jb 1f
	mov %rax, (%rdi)
	mov %rax, -8(%rdi, %rdx)
	mov %r9, %rax
	ret
1:	cmp $4, %edx
	jb 2f
	mov %eax, (%rdi)
	mov %eax, -4(%rdi, %rdx)
	mov %r9, %rax
	ret
2:	test %edx, %edx
	jz 3f
	mov %al, (%rdi)
	mov %al, -1(%rdi, %rdx)
	cmp $2, %edx
	jbe 3f
	mov %al, 1(%rdi)
3:	mov %r9, %rax
	ret
	.size memset, . - memset

	.section .note.GNU-stack, "", @progbits
