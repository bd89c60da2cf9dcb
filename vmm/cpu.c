/* SPDX-License-Identifier: BSD-2-Clause */
/* Descriptor tables, stacks and system-call registers of a CPU. */
#include "cpu.h"

#include <string.h>

#include "apic.h"
#include "cpu_features.h"
#include "paging.h"
#include "time.h"
#include "x86.h"

struct idt_gate {
	uint16_t offset0, selector;
	uint8_t ist, type;
	uint16_t offset1;
	uint32_t offset2, reserved0;
};

#define GATE_INTERRUPT 0x8e
#define GATE_INTERRUPT_USER 0xee
#define GDT_KERNEL_CODE 0x00af9b000000ffffull
#define GDT_DATA 0x00cf93000000ffffull
#define GDT_USER_DATA 0x00cff3000000ffffull
#define GDT_USER_CODE 0x00affb000000ffffull

struct world world;

static struct idt_gate idt[256] __attribute__((aligned(16)));
uint8_t cpu_blocks[CPU_MAX][CPU_BLOCK] __attribute__((aligned(CPU_BLOCK)));
uint32_t cpus_idle;

extern const char vector_stubs[], syscall_entry[], cstar_entry[];
extern uint8_t *const vmm_clac_start[], *const vmm_clac_end[];
_Noreturn void cpu_switch_stack(uint64_t sp, void (*next)(void));

void cpu_patch_entry(bool smap)
{
	static const uint8_t nop3[3] = {0x0f, 0x1f, 0x00};

	if (smap)
		return;
	for (uint8_t *const *site = vmm_clac_start; site < vmm_clac_end; site++)
		memcpy(*site, nop3, sizeof nop3);
}

static void idt_fill(void)
{
	for (unsigned n = 0; n < 256; n++) {
		uint64_t stub = (uint64_t)vector_stubs + n * 16;

		idt[n] = (struct idt_gate){.offset0 = (uint16_t)stub,
					   .selector = SELECTOR_KERNEL_CODE,
					   .type = n == 3 ? GATE_INTERRUPT_USER : GATE_INTERRUPT,
					   .offset1 = (uint16_t)(stub >> 16),
					   .offset2 = (uint32_t)(stub >> 32)};
	}
	idt[1].ist = IST_DB;
	idt[2].ist = IST_NMI;
	idt[8].ist = idt[18].ist = IST_FATAL;
}

static void load_tables(struct cpu *c)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) pointer;
	uint64_t tss = (uint64_t)&c->tss;

	c->gdt[1] = GDT_KERNEL_CODE;
	c->gdt[2] = GDT_DATA;
	c->gdt[3] = GDT_USER_DATA;
	c->gdt[4] = GDT_USER_CODE;
	c->gdt[5] = (sizeof c->tss - 1) | (tss & 0xffffff) << 16 | 0x89ull << 40 | (tss >> 24 & 0xff) << 56;
	c->gdt[6] = tss >> 32;
	pointer.limit = sizeof c->gdt - 1;
	pointer.base = (uint64_t)c->gdt;
	__asm__ volatile("lgdt %0" : : "m"(pointer));
	__asm__ volatile("pushq %0\n\tleaq 1f(%%rip), %%rax\n\tpushq %%rax\n\tlretq\n1:"
			 :
			 : "i"(SELECTOR_KERNEL_CODE)
			 : "rax", "memory");
	__asm__ volatile("movl %0, %%ss" : : "r"(SELECTOR_KERNEL_DATA));
	__asm__ volatile("movl %0, %%ds\n\tmovl %0, %%es\n\tmovl %0, %%fs\n\tmovl %0, %%gs" : : "r"(0));
	__asm__ volatile("ltr %w0" : : "r"(SELECTOR_TSS));
	pointer.limit = sizeof idt - 1;
	pointer.base = (uint64_t)idt;
	__asm__ volatile("lidt %0" : : "m"(pointer));
	__asm__ volatile("lldt %w0" : : "r"(0));
}

static void syscall_registers(struct cpu *c)
{
	wrmsr(MSR_STAR, (uint64_t)SYSRET_BASE << 48 | (uint64_t)SELECTOR_KERNEL_CODE << 32);
	wrmsr(MSR_LSTAR, (uint64_t)syscall_entry);
	wrmsr(MSR_CSTAR, (uint64_t)cstar_entry);
	wrmsr(MSR_FMASK, FMASK_BITS);
	wrmsr(MSR_SYSENTER_CS, 0);
	wrmsr(MSR_GS_BASE, 0);
	wrmsr(MSR_FS_BASE, 0);
	wrmsr(MSR_KERNEL_GS_BASE, (uint64_t)c);
	__asm__ volatile("mov %0, %%dr7" : : "r"(0ull));
}

void cpu_prepare(uint32_t id)
{
	struct cpu *c = cpu_at(id);
	uint64_t block = (uint64_t)c;

	paging_guard(cpu_blocks[id] + PAGE_SIZE);
	c->id = id;
	c->lock.rank = LOCK_QUEUE(id);
	c->stack = block + CPU_FRAME_END;
	c->frame = (struct trap_frame *)(c->stack - offsetof(struct trap_frame, cr2));
	c->tss.rsp[0] = c->stack;
	c->tss.ist[IST_DB - 1] = block + CPU_DB_TOP;
	c->tss.ist[IST_NMI - 1] = block + CPU_NMI_TOP;
	c->tss.ist[IST_FATAL - 1] = block + CPU_FATAL_TOP;
	c->tss.io_base = sizeof c->tss;
	c->armed = TIME_NEVER;
	c->follow_at = id ? TIME_NEVER : TIME_FOLLOW_NS;
	c->clear_buffers = cpu_policy()->clear_buffers;
	c->xsave = cpu_policy()->xsave;
	timer_queue_init(&c->timers);
}

void cpu_load(struct cpu *c)
{
	c->apic_id = apic_id();
	load_tables(c);
	syscall_registers(c);
}

void cpu_start(void (*next)(void))
{
	idt_fill();
	cpu_prepare(0);
	cpu_load(cpu_at(0));
	cpu_switch_stack(cpu_at(0)->stack - sizeof(struct trap_frame), next);
}
