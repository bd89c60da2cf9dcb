/* SPDX-License-Identifier: BSD-2-Clause */
/* What the doors read from the CPU that they run on, for places_judge() and cpu_policy_decide(). */
#ifndef CAMBIUM_EFI_MACHINE_CPU_H
#define CAMBIUM_EFI_MACHINE_CPU_H

#include <cpuid.h>
#include <stdint.h>

#include "cpu_policy.h"
#include "options.h"
#include "random.h"

#define EDX7_ARCH_CAPABILITIES (1u << 29)

static inline uint64_t cpu_msr(uint32_t number)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
	return (uint64_t)high << 32 | low;
}

/* Physical address of the local APIC's page (Intel SDM volume 3, 11.4.4). */
static inline uint64_t cpu_local_apic(void)
{
	return cpu_msr(0x1b) & 0x000ffffffffff000ull;
}

/* Width of its physical addresses. */
static inline uint32_t cpu_address_bits(void)
{
	uint32_t a = 0, b, c, d;

	__get_cpuid(0x80000008, &a, &b, &c, &d);
	return a & 0xff;
}

/* All zero: it has no such leaf. */
static inline struct cpuid_leaf cpu_leaf(uint32_t number, uint32_t sub)
{
	struct cpuid_leaf l = {0};

	__get_cpuid_count(number, sub, &l.eax, &l.ebx, &l.ecx, &l.edx);
	return l;
}

static inline void cpu_raw_read(struct cpu_raw *raw)
{
	raw->leaf0 = cpu_leaf(0, 0);
	raw->leaf1 = cpu_leaf(1, 0);
	raw->leaf7 = cpu_leaf(7, 0);
	for (uint32_t i = 0; i < XSTATE_LEAVES; i++)
		raw->leafd[i] = cpu_leaf(0xd, i);
	raw->ext0 = cpu_leaf(0x80000000u, 0);
	raw->ext1 = cpu_leaf(0x80000001u, 0);
	raw->ext8 = cpu_leaf(0x80000008u, 0);
	raw->arch_capabilities = raw->leaf7.edx & EDX7_ARCH_CAPABILITIES ? cpu_msr(0x10a) : 0;
	__asm__ volatile("mov %%cr4, %0" : "=r"(raw->cr4));
}

static inline bool cpu_rdrand(uint64_t *word)
{
	uint8_t ok;

	__asm__ volatile("rdrand %0\n\tsetc %1" : "=r"(*word), "=qm"(ok) : : "cc");
	return ok;
}

/* Fills info->options, info->cpu and info->random, by the command line, and notes what the CPU is. */
static inline void cpu_describe(struct boot_info *info)
{
	struct cpu_raw raw;

	cpu_raw_read(&raw);
	info->options = options_read(info->cmdline);
	cpu_policy_decide(&info->cpu, &raw, info->options & BOOT_INSECURE_MELTDOWN);
	cpu_note(info);
	if (info->cpu.rdrand && random_fill(info, cpu_rdrand))
		return;
	if (info->options & BOOT_INSECURE_RANDOM)
		random_guessable(info, __builtin_ia32_rdtsc());
	else
		cpu_policy_refuse(&info->cpu, CPU_NO_RANDOM);
}

#endif
