/* SPDX-License-Identifier: BSD-2-Clause */
/* What places_judge() wants to know of the CPU that a door runs on. */
#ifndef CAMBIUM_EFI_MACHINE_CPU_H
#define CAMBIUM_EFI_MACHINE_CPU_H

#include <cpuid.h>
#include <stdint.h>

/* Physical address of the local APIC's page (Intel SDM volume 3, 11.4.4). */
static inline uint64_t cpu_local_apic(void)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0x1b));
	return ((uint64_t)high << 32 | low) & 0x000ffffffffff000ull;
}

/* Width of its physical addresses. */
static inline uint32_t cpu_address_bits(void)
{
	uint32_t a = 0, b, c, d;

	__get_cpuid(0x80000008, &a, &b, &c, &d);
	return a & 0xff;
}

#endif
