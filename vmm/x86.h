/* SPDX-License-Identifier: BSD-2-Clause */
/* The instructions that C has no words for, and the register bits that more than one file needs. */
#pragma once

#include <stdint.h>

#define CR0_WP (1ull << 16)
#define CR0_MP (1ull << 1)
#define CR0_EM (1ull << 2)
#define CR0_TS (1ull << 3)
#define CR0_NE (1ull << 5)
#define CR0_AM (1ull << 18)

#define MSR_APIC_BASE 0x1bu
#define MSR_MCG_CAP 0x179u
#define MSR_PAT 0x277u
#define MSR_MC_CTL(bank) (0x400u + 4 * (bank))
#define MSR_MC_STATUS(bank) (MSR_MC_CTL(bank) + 1)
#define MSR_MC_ADDRESS(bank) (MSR_MC_CTL(bank) + 2)
#define MSR_EFER 0xc0000080u
#define MSR_STAR 0xc0000081u
#define MSR_LSTAR 0xc0000082u
#define MSR_CSTAR 0xc0000083u
#define MSR_FMASK 0xc0000084u
#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define MSR_SYSENTER_CS 0x174u

/* A register of a device, mapped at @at. */
#define MMIO32(at) (*(volatile uint32_t *)(at))

/* in8(port), out8(port, v) and so on. */
#define PORT_ACCESS(bits, suffix)                                                                                      \
	static inline uint##bits##_t in##bits(uint16_t port)                                                           \
	{                                                                                                              \
		uint##bits##_t v;                                                                                      \
		__asm__ volatile("in" suffix " %1, %0" : "=a"(v) : "Nd"(port));                                        \
		return v;                                                                                              \
	}                                                                                                              \
	static inline void out##bits(uint16_t port, uint##bits##_t v)                                                  \
	{                                                                                                              \
		__asm__ volatile("out" suffix " %0, %1" : : "a"(v), "Nd"(port) : "memory");                            \
	}
PORT_ACCESS(8, "b")
PORT_ACCESS(16, "w")
PORT_ACCESS(32, "l")

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;
	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t v)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;
	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
}

/* RDTSC that no earlier load can be reordered behind. */
static inline uint64_t rdtsc_ordered(void)
{
	__asm__ volatile("lfence" : : : "memory");
	return rdtsc();
}

static inline void cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
	__asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(sub));
}

/* read_cr0() and so on. */
#define CONTROL_REGISTER(name)                                                                                         \
	static inline uint64_t read_##name(void)                                                                       \
	{                                                                                                              \
		uint64_t v;                                                                                            \
		__asm__ volatile("mov %%" #name ", %0" : "=r"(v));                                                     \
		return v;                                                                                              \
	}                                                                                                              \
	static inline void write_##name(uint64_t v)                                                                    \
	{                                                                                                              \
		__asm__ volatile("mov %0, %%" #name : : "r"(v) : "memory");                                            \
	}
CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr2)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)

static inline void xsetbv(uint32_t index, uint64_t v)
{
	__asm__ volatile("xsetbv" : : "c"(index), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}

static inline void invlpg(uint64_t va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

/* Stops this CPU for good. */
_Noreturn static inline void cpu_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" : : : "memory");
}
