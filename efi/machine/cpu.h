/* SPDX-License-Identifier: BSD-2-Clause */
/* What the doors read from the machine that they run on, for places_judge(), cpu_policy_decide() and clocks_measure(). */
#ifndef CAMBIUM_EFI_MACHINE_CPU_H
#define CAMBIUM_EFI_MACHINE_CPU_H

#include <cpuid.h>
#include <stddef.h>
#include <stdint.h>

#include "clocks.h"
#include "cpu_policy.h"
#include "options.h"
#include "random.h"

#define EDX7_ARCH_CAPABILITIES (1u << 29)
#define MSR_APIC_BASE 0x1bu
#define APIC_BASE_X2 (1ull << 10)
#define APIC_BASE_ENABLE (1ull << 11)
#define APIC_BASE_ADDRESS 0x000ffffffffff000ull
#define PIC1 0x20u
#define PIC2 0xa0u

static inline uint64_t cpu_msr(uint32_t number)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
	return (uint64_t)high << 32 | low;
}

/* Physical address of the local APIC's page (Intel SDM volume 3, 11.4.4). */
static inline uint64_t cpu_local_apic(void)
{
	return cpu_msr(MSR_APIC_BASE) & APIC_BASE_ADDRESS;
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

static inline uint64_t cpu_tsc(void *arg)
{
	uint32_t low, high;

	(void)arg;
	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline uint32_t cpu_register_read(void *arg, uint64_t address)
{
	(void)arg;
	return *(volatile uint32_t *)address;
}

static inline void cpu_register_write(void *arg, uint64_t address, uint32_t value)
{
	(void)arg;
	*(volatile uint32_t *)address = value;
}

static inline uint32_t cpu_port_read(void *arg, uint16_t port)
{
	uint32_t value;

	(void)arg;
	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

/* Moves the vectors of one 8259 to @first and masks all its lines (8259A data sheet). */
static inline void pic_mask(uint16_t port, uint8_t first, uint8_t cascade)
{
	const uint8_t command[] = {0x11, first, cascade, 1, 0xff};

	for (unsigned i = 0; i < sizeof command; i++)
		__asm__ volatile("outb %0, %1" : : "a"(command[i]), "Nd"((uint16_t)(port + (i > 0))));
}

/* Hz of the TSC as the CPU has it; 0: it does not tell. */
static inline uint64_t cpu_tsc_told(void)
{
	struct cpuid_leaf l = cpu_leaf(0x15, 0);

	return l.eax ? (uint64_t)l.ecx * l.ebx / l.eax : 0;
}

/* Silences what interrupts, and measures the clocks. Interrupts are off and stay so, places_judge() has been asked. */
static inline void cpu_clocks(struct boot_info *info)
{
	static const struct clocks_io io = {NULL, cpu_tsc, cpu_register_read, cpu_register_write, cpu_port_read};
	uint64_t base = cpu_msr(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	pic_mask(PIC1, BOOT_LEGACY_VECTOR, 4);
	pic_mask(PIC2, BOOT_LEGACY_VECTOR + 8, 2);
	if (base & APIC_BASE_X2) {
		cpu_policy_refuse(
			&info->cpu,
			"firmware left the local APIC in x2APIC mode, which is not supported: switch it off there");
		return;
	}
	__asm__ volatile("wrmsr" : : "c"(MSR_APIC_BASE), "a"((uint32_t)base), "d"((uint32_t)(base >> 32)));
	clocks_measure(info, base & APIC_BASE_ADDRESS, cpu_tsc_told(), &io);
}

#endif
