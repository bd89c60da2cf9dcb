/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Per-CPU state. Each CPU has one block of CPU_BLOCK bytes, aligned to its size, that holds struct cpu and all its stacks,
 * so code finds its CPU from the stack pointer and never from GS, which belongs to guests. One stack serves everything
 * but NMI, double fault, machine check and debug exceptions; interrupts are off whenever it is in use, but for the idle
 * halt. The registers of the guest lie at the top of that stack (cpu->frame) while the hypervisor runs.
 */
#pragma once

#define CPU_BLOCK 32768
#define CPU_MAIN_TOP 0x5000 /* pages 2-4; page 1 is an unmapped guard */
#define CPU_DB_TOP 0x6000
#define CPU_NMI_TOP 0x7000
#define CPU_FATAL_TOP 0x8000              /* double fault, machine check */
#define CPU_FRAME_END (CPU_MAIN_TOP - 32) /* 16-byte aligned; cr2 and the bases of struct trap_frame lie behind it */

#define IST_DB 1
#define IST_NMI 2
#define IST_FATAL 3

#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA 0x1b
#define SELECTOR_USER_CODE 0x23
#define SELECTOR_TSS 0x28
#define SYSRET_BASE 0x13   /* SYSRET: SS = base + 8, CS = base + 16 */
#define FMASK_BITS 0x47700 /* TF IF DF IOPL NT AC */

#define VECTOR_HYPERCALL 256 /* trap_frame.vector of a frame made by SYSCALL */

#include "layout.h"

#ifndef __ASSEMBLER__

#include "core/timer.h"
#include "core/world.h"
#include "core/lock.h"

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, io_base;
} __attribute__((packed));

struct cpu {
	/* read by entry.S through the swapped GS base */
	uint64_t stack;   /* address of CPU_FRAME_END in this block */
	uint64_t scratch; /* the guest's RSP for an instant */
	/* this CPU alone */
	struct trap_frame *frame;
	bool resched;       /* look for another vCPU before returning to a guest */
	bool clear_buffers; /* cpu_policy()->clear_buffers, at hand on the way out; xsave: likewise */
	bool xsave;
	uint32_t id, apic_id;
	uint32_t held;             /* ranks of the locks that it holds */
	uint64_t now;              /* system time as read in this stay in ring 0; 0: not yet */
	uint64_t armed;            /* what the APIC timer is set to */
	const struct vcpu *handed; /* whom sched_handover is about to give this CPU: an event alone does not wake it */
	uint64_t balanced;         /* system time when it last compared its queue with others' */
	uint64_t follow_at;        /* when it has to call time_follow(); TIME_NEVER but on the first */
	/* this CPU writes, others read */
	bool online;      /* it runs vCPUs, or is about to */
	bool shares;      /* it shares the world (smp.h) */
	uint32_t flushed; /* the last flush that it was asked for and has done */
	/* under `lock`: the vCPUs whose home this CPU is */
	struct lock lock;
	struct vcpu *loaded; /* whose registers, FPU and tables are on this CPU; it may be asleep; NULL: nobody's */
	struct bvt_queue queue;
	struct timer_queue timers;
	/* set up once */
	struct tss tss;
	uint64_t gdt[7];
};

static inline struct cpu *this_cpu(void)
{
	uint64_t sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	return (struct cpu *)(sp & ~(uint64_t)(CPU_BLOCK - 1));
}

extern uint8_t cpu_blocks[CPU_MAX][CPU_BLOCK];
extern uint32_t cpus_idle; /* a bit each, that the CPU itself sets and clears */

/* CPU number @id, 0..CPU_MAX-1; where nothing is but zeros it has not been started. */
static inline struct cpu *cpu_at(uint32_t id)
{
	return (struct cpu *)cpu_blocks[id];
}

/* The machine. */
extern struct world world;

/* Patches entry.S for a CPU without SMAP; before the image becomes read-only. */
void cpu_patch_entry(bool smap);
/* Fills in the block of CPU @id, which does not run yet. Needs paging_init(). */
void cpu_prepare(uint32_t id);
/* Loads the descriptor tables, SYSCALL and other registers of CPU @c, which runs this. */
void cpu_load(struct cpu *c);
/* Makes the boot CPU a CPU like the others; switches to its block's stack and calls @next. */
_Noreturn void cpu_start(void (*next)(void));

/* Flushes guest translations everywhere and tells the frame table. The caller has the world. */
void tlb_flush_all(void);

/* Runs @expression until it no longer asks for a flush. */
#define WITH_FLUSH(e, expression)                                                                                      \
	do {                                                                                                           \
		while (((e) = (expression)) == CORE_FLUSH_FIRST)                                                       \
			tlb_flush_all();                                                                               \
	} while (0)

#endif
