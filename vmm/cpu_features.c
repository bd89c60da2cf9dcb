/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Applies what the door has decided of the CPU (efi/machine/cpu_policy.c). CR4 and EFER are loaded whole, so nothing that firmware
 * left on (PCID, virtualisation, SYSENTER aside) survives; what cannot be switched off in long mode is refused.
 */
#include "cpu_features.h"

#include "early.h"
#include "log.h"
#include "x86.h"

#define PAT_POWER_ON 0x0007040600070406ull
#define MC_VALID (1ull << 63)
#define MC_ADDRESS_VALID (1ull << 58)

/* Banks of registers that tell of machine checks: Intel SDM 3, 16.3.2; AMD APM 2, 9.3.2. */
static uint32_t banks(void)
{
	return cpu_policy()->mca ? rdmsr(MSR_MCG_CAP) & 0xff : 0;
}

void cpu_policy_init(void)
{
	if (cpu_policy()->refusal[0])
		log_fatal("%s", cpu_policy()->refusal);
}

const struct boot_cpu *cpu_policy(void)
{
	return &early_boot()->cpu;
}

void cpu_features_enable(void)
{
	wrmsr(MSR_PAT, PAT_POWER_ON);
	wrmsr(MSR_EFER, cpu_policy()->efer);
	write_cr0((read_cr0() | CR0_WP | CR0_MP | CR0_NE) & ~(CR0_EM | CR0_TS | CR0_AM));
	write_cr4(cpu_policy()->cr4);
	if (cpu_policy()->xsave)
		xsetbv(0, cpu_policy()->xcr0);
	if (cpu_policy()->smap)
		__asm__ volatile("clac" : : : "memory");
	for (uint32_t i = 0; i < banks(); i++) {
		wrmsr(MSR_MC_CTL(i), ~0ull);
		wrmsr(MSR_MC_STATUS(i), 0);
	}
}

void machine_check_tell(void)
{
	for (uint32_t i = 0; i < banks(); i++) {
		uint64_t status = rdmsr(MSR_MC_STATUS(i));

		if (status & MC_VALID)
			log_line("machine check: the hardware is faulty: bank %u, status %016lx, address %lx", i,
				 status, status & MC_ADDRESS_VALID ? rdmsr(MSR_MC_ADDRESS(i)) : 0);
	}
}
