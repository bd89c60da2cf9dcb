/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the CPU for core/cpu_policy and applies its verdict. CR4 and EFER are loaded whole, so nothing that firmware
 * left on (PCID, virtualisation, SYSENTER aside) survives; what cannot be switched off in long mode is refused.
 */
#include "cpu_features.h"

#include <string.h>

#include "early.h"
#include "log.h"
#include "x86.h"

#define CR4_LA57 (1ull << 12)
#define EDX7_ARCH_CAPABILITIES (1u << 29)
#define PAT_POWER_ON 0x0007040600070406ull

static struct cpu_policy policy;

static struct cpuid_leaf leaf(uint32_t number, uint32_t sub, uint32_t highest)
{
	uint32_t r[4] = {0};

	if (number <= highest)
		cpuid(number, sub, r);
	return (struct cpuid_leaf){r[0], r[1], r[2], r[3]};
}

static void raw_read(struct cpu_raw *raw)
{
	uint32_t highest, extended;

	memset(raw, 0, sizeof *raw);
	raw->leaf0 = leaf(0, 0, 0);
	highest = raw->leaf0.eax;
	raw->leaf1 = leaf(1, 0, highest);
	raw->leaf7 = leaf(7, 0, highest);
	for (uint32_t i = 0; i < XSTATE_LEAVES; i++)
		raw->leafd[i] = leaf(0xd, i, highest);
	raw->ext0 = leaf(0x80000000u, 0, 0x80000000u);
	extended = raw->ext0.eax < 0x80000000u ? 0 : raw->ext0.eax;
	raw->ext1 = leaf(0x80000001u, 0, extended);
	raw->ext8 = leaf(0x80000008u, 0, extended);
	if (raw->leaf7.edx & EDX7_ARCH_CAPABILITIES)
		raw->arch_capabilities = rdmsr(MSR_ARCH_CAPABILITIES);
}

void cpu_policy_init(void)
{
	struct cpu_raw raw;

	raw_read(&raw);
	cpu_policy_decide(&policy, &raw, early_option("insecure=meltdown"));
	if (policy.refusal)
		log_fatal("CPU refused: %s", policy.refusal);
	if (read_cr4() & CR4_LA57)
		log_fatal("CPU refused: firmware left five-level page tables on: switch them off there");
	if (policy.insecure_meltdown)
		log_line("WARNING: insecure=meltdown: any guest can read all of this machine's memory");
}

const struct cpu_policy *cpu_policy(void)
{
	return &policy;
}

void cpu_features_enable(void)
{
	wrmsr(MSR_PAT, PAT_POWER_ON);
	wrmsr(MSR_EFER, policy.efer);
	write_cr0((read_cr0() | CR0_WP | CR0_MP | CR0_NE) & ~(CR0_EM | CR0_TS | CR0_AM));
	write_cr4(policy.cr4);
	if (policy.xsave)
		xsetbv(0, policy.xcr0);
	if (policy.smap)
		__asm__ volatile("clac" : : : "memory");
}
