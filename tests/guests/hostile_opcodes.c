/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every instruction that only ring 0 may execute, in turn, then those that lead there or leak from there. Each has to
 * end in an exception; the vectors allowed are those of the manuals, where CPUs of different makers differ both.
 */
#include "raw.h"

#include <vmm/layout.h>

#define ONLY(v) (1u << (v))
#define GP ONLY(VECTOR_GP)
#define UD ONLY(VECTOR_UD)
/* FACTS.md: QEMU reads the stack of a far return as ring 0 would, which SMAP refuses. */
#define PF ONLY(VECTOR_PF)

struct op {
	const char *name;
	void (*fn)(uint64_t, uint64_t);
	uint32_t vectors;
};

/* The instruction, behind it nothing that could be reached. RAX: a harmless number; RBX: an address of its own. */
#define OP(id, code)                                                                                                   \
	static void op_##id(uint64_t a, uint64_t b)                                                                    \
	{                                                                                                              \
		__asm__ volatile("mov %1, %%rbx\n\t" code                                                              \
				 :                                                                                     \
				 : "a"(a), "r"(b), "c"(0), "d"(0)                                                      \
				 : "rbx", "rsi", "rdi", "memory", "cc");                                               \
	}

#define OPS(O)                                                                                                         \
	O(cli, "cli", GP)                                                                                              \
	O(sti, "sti", GP)                                                                                              \
	O(hlt, "hlt", GP)                                                                                              \
	O(in_al, "mov $0x60, %%dx\n\tinb %%dx, %%al", GP)                                                              \
	O(in_imm, "inb $0x60, %%al", GP)                                                                               \
	O(in_eax, "mov $0xcf8, %%dx\n\tinl %%dx, %%eax", GP)                                                           \
	O(out_al, "mov $0x3f8, %%dx\n\toutb %%al, %%dx", GP)                                                           \
	O(out_eax, "mov $0xcf8, %%dx\n\toutl %%eax, %%dx", GP)                                                         \
	O(out_high, "mov $0xffff, %%dx\n\toutb %%al, %%dx", GP)                                                        \
	O(insb, "mov %%rbx, %%rdi\n\tinsb", GP)                                                                        \
	O(outsb, "mov %%rbx, %%rsi\n\toutsb", GP)                                                                      \
	O(lgdt, "lgdt (%%rbx)", GP)                                                                                    \
	O(lidt, "lidt (%%rbx)", GP)                                                                                    \
	O(lldt, "lldt %%ax", GP)                                                                                       \
	O(ltr, "ltr %%ax", GP)                                                                                         \
	O(lmsw, "lmsw %%ax", GP)                                                                                       \
	O(clts, "clts", GP)                                                                                            \
	O(to_cr0, "mov %%rax, %%cr0", GP)                                                                              \
	O(to_cr2, "mov %%rax, %%cr2", GP)                                                                              \
	O(to_cr3, "mov %%rax, %%cr3", GP)                                                                              \
	O(to_cr4, "mov %%rax, %%cr4", GP)                                                                              \
	O(to_cr8, "mov %%rax, %%cr8", GP)                                                                              \
	O(from_cr0, "mov %%cr0, %%rax", GP)                                                                            \
	O(from_cr2, "mov %%cr2, %%rax", GP)                                                                            \
	O(from_cr3, "mov %%cr3, %%rax", GP)                                                                            \
	O(from_cr4, "mov %%cr4, %%rax", GP)                                                                            \
	O(from_cr8, "mov %%cr8, %%rax", GP)                                                                            \
	O(to_dr0, "mov %%rax, %%db0", GP)                                                                              \
	O(to_dr7, "mov %%rax, %%db7", GP)                                                                              \
	O(from_dr6, "mov %%db6, %%rax", GP)                                                                            \
	O(rdmsr_efer, "mov $0xc0000080, %%ecx\n\trdmsr", GP)                                                           \
	O(wrmsr_lstar, "mov $0xc0000082, %%ecx\n\twrmsr", GP)                                                          \
	O(wrmsr_gs, "mov $0xc0000102, %%ecx\n\twrmsr", GP)                                                             \
	O(invlpg, "invlpg (%%rbx)", GP)                                                                                \
	O(invd, "invd", GP)                                                                                            \
	O(wbinvd, "wbinvd", GP)                                                                                        \
	O(invpcid, "invpcid (%%rbx), %%rax", GP | UD)                                                                  \
	O(swapgs, "swapgs", GP)                                                                                        \
	O(sysret, "sysretq", GP | UD)                                                                                  \
	O(sysret32, "sysretl", GP | UD)                                                                                \
	O(sysenter, "sysenter", GP | UD)                                                                               \
	O(sysexit, "sysexitq", GP | UD)                                                                                \
	O(rsm, "rsm", UD)                                                                                              \
	O(xsetbv, "mov $7, %%eax\n\txsetbv", GP | UD)                                                                  \
	O(rdpmc, "rdpmc", GP)                                                                                          \
	O(monitor, "monitor", GP | UD)                                                                                 \
	O(mwait, "mwait", GP | UD)                                                                                     \
	O(stac, "stac", GP | UD)                                                                                       \
	O(clac, "clac", GP | UD)                                                                                       \
	O(rdpkru, "rdpkru", UD)                                                                                        \
	O(vmcall, ".byte 0x0f, 0x01, 0xc1", GP | UD)                                                                   \
	O(vmlaunch, ".byte 0x0f, 0x01, 0xc2", GP | UD)                                                                 \
	O(vmxon, ".byte 0xf3, 0x0f, 0xc7, 0x33", GP | UD)                                                              \
	O(vmrun, "vmrun", GP | UD)                                                                                     \
	O(vmmcall, "vmmcall", GP | UD)                                                                                 \
	O(vmload, "vmload", GP | UD)                                                                                   \
	O(vmsave, "vmsave", GP | UD)                                                                                   \
	O(stgi, "stgi", GP | UD)                                                                                       \
	O(clgi, "clgi", GP | UD)                                                                                       \
	O(skinit, "skinit", GP | UD)                                                                                   \
	O(invlpga, "invlpga", GP | UD)                                                                                 \
	O(smsw, "smsw %%rax", GP)                                                                                      \
	O(sgdt, "sgdt (%%rbx)", GP)                                                                                    \
	O(sidt, "sidt (%%rbx)", GP)                                                                                    \
	O(sldt, "sldt %%rax", GP)                                                                                      \
	O(str, "str %%rax", GP)                                                                                        \
	O(load_ds, "mov $0x10, %%eax\n\tmov %%eax, %%ds", GP)                                                          \
	O(load_ss, "mov $0x10, %%eax\n\tmov %%eax, %%ss", GP)                                                          \
	O(load_ss_null, "xor %%eax, %%eax\n\tmov %%eax, %%ss", GP)                                                     \
	O(load_tss, "mov $0x28, %%eax\n\tmov %%eax, %%fs", GP)                                                         \
	O(load_beyond, "mov $0xfff8, %%eax\n\tmov %%eax, %%gs", GP)                                                    \
	O(load_ldt, "mov $0xf, %%eax\n\tmov %%eax, %%es", GP)                                                          \
	O(retf, "pushq $0x08\n\tpush %%rbx\n\tlretq", GP | PF)                                                         \
	O(retf_32, "pushq $0x23\n\tpush %%rbx\n\tlretq", GP | PF)                                                      \
	O(jump_far, "pushq $0x08\n\tpush %%rbx\n\trex.W ljmp *(%%rsp)", GP | UD)                                       \
	O(call_far, "pushq $0x28\n\tpush %%rbx\n\trex.W lcall *(%%rsp)", GP | UD)                                      \
	O(icebp, ".byte 0xf1", ONLY(VECTOR_DB) | UD)                                                                   \
	O(int3, "int3", ONLY(VECTOR_BP))                                                                               \
	O(int3_long, ".byte 0xcd, 0x03", ONLY(VECTOR_BP))                                                              \
	O(into, ".byte 0xce", UD)                                                                                      \
	O(ud0, ".byte 0x0f, 0xff, 0xc0", UD)                                                                           \
	O(ud1, ".byte 0x0f, 0xb9, 0xc0", UD)                                                                           \
	O(ud2, "ud2", UD)                                                                                              \
	O(lock, ".byte 0xf0, 0x90", UD)                                                                                \
	O(getsec, ".byte 0x0f, 0x37", GP | UD)                                                                         \
	O(encls, ".byte 0x0f, 0x01, 0xcf", GP | UD)                                                                    \
	O(pconfig, ".byte 0x0f, 0x01, 0xc5", GP | UD)                                                                  \
	O(divide, "xor %%ecx, %%ecx\n\tdiv %%ecx", ONLY(0))

#define DEFINE(id, code, vectors) OP(id, code)
OPS(DEFINE)

#define ROW(id, code, vectors) {#id, op_##id, vectors},
static const struct op ops[] = {OPS(ROW)};

/* One stub of 4 bytes for each software interrupt. */
extern const char int_stubs[];
__asm__("	.text\n"
	"int_stubs:\n"
	"	.set n, 0\n"
	"	.rept 256\n"
	"	.byte 0xcd, n\n"
	"	ret\n"
	"	.byte 0xcc\n"
	"	.set n, n + 1\n"
	"	.endr\n");

static void interrupts_try(void)
{
	for (uint64_t n = 0; n < 256; n++) {
		if (n == 3)
			continue;
		/* The error code names the gate: 8 bytes a gate in the manuals, 16 as QEMU has it. */
		if (raw_expect_fault("int", raw_execute, (uint64_t)int_stubs + 4 * n, 0, VECTOR_GP) &&
		    raw_fault.error != n * 8 + 2 && raw_fault.error != n * 16 + 2)
			raw_hole("int %lu: error %lx", n, raw_fault.error);
	}
}

/* An iretq with the five words at @frame; of #PF see PF above. */
static void iretq(uint64_t frame, uint64_t unused)
{
	(void)unused;
	__asm__ volatile("mov %0, %%rsp\n\tiretq" : : "r"(frame) : "memory");
}

static void iretq_try(void)
{
	static uint64_t frames[][5] = {
		{(uint64_t)raw_escape, 0x08, 0x202, 0, 0x10},   /* to ring 0 */
		{(uint64_t)raw_escape, 0, 0x202, 0, 0},         /* to nowhere */
		{0x800000000000, 0x23, 0x202, 0, 0x1b},         /* to no address */
		{(uint64_t)raw_escape, 0x28, 0x202, 0, 0x1b},   /* the TSS as code */
		{(uint64_t)raw_escape, 0xfff8, 0x202, 0, 0x1b}, /* beyond the table */
	};

	for (unsigned i = 0; i < ARRAY_SIZE(frames); i++) {
		raw_attempts++;
		raw_fault.vector = 999;
		raw_try(iretq, (uint64_t)frames[i], 0);
		if (raw_fault.vector != VECTOR_GP && raw_fault.vector != VECTOR_PF)
			raw_hole("iretq %u: vector %lu", i, raw_fault.vector);
	}
}

/* Flags that ring 3 cannot change: popf goes on without a word, and they are as before. */
static void popf_try(void)
{
	uint64_t after;

	__asm__ volatile("pushq $0x3000\n\tpopfq\n\tpushfq\n\tpopq %0" : "=r"(after) : : "memory", "cc");
	raw_attempts++;
	if ((after & 0x3200) != 0x200)
		raw_hole("popf: IOPL and IF became %lx", after & 0x3200);
}

int main(void)
{
	static uint64_t own[64] __attribute__((aligned(64)));

	raw_start(0);
	for (unsigned i = 0; i < ARRAY_SIZE(ops); i++) {
		unsigned faults = raw_faults;

		raw_attempts++;
		raw_fault.vector = 31;
		raw_try(ops[i].fn, 0, (uint64_t)own);
		if (raw_faults != faults + 1 || !(ops[i].vectors >> raw_fault.vector & 1))
			raw_hole("%s: %u exceptions, vector %lu error %lx", ops[i].name, raw_faults - faults,
				 raw_fault.vector, raw_fault.error);
	}
	interrupts_try();
	iretq_try();
	popf_try();
	for (unsigned i = 0; i < ARRAY_SIZE(own); i++)
		if (own[i])
			raw_hole("something of ring 0 was stored: %lx", own[i]);
	return raw_end("opcodes");
}
