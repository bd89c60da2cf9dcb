/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What to do on a given CPU, as a pure function of what it reports. Bits are those of the Intel SDM (vol. 2, CPUID;
 * vol. 4, IA32_ARCH_CAPABILITIES) and the AMD APM (vol. 3, appendix E). Features that nobody could run here (PCID, x2APIC,
 * TSC-deadline, IBRS) are never chosen, whatever the CPU offers.
 */
#ifndef CAMBIUM_EFI_MACHINE_CPU_POLICY_H
#define CAMBIUM_EFI_MACHINE_CPU_POLICY_H

#include <abi/boot.h>
#include <stdbool.h>

#define CR4_DE (1ull << 3)
#define CR4_PAE (1ull << 5)
#define CR4_MCE (1ull << 6)
#define CR4_PGE (1ull << 7)
#define CR4_OSFXSR (1ull << 9)
#define CR4_OSXMMEXCPT (1ull << 10)
#define CR4_UMIP (1ull << 11)
#define CR4_LA57 (1ull << 12)
#define CR4_FSGSBASE (1ull << 16)
#define CR4_OSXSAVE (1ull << 18)
#define CR4_SMEP (1ull << 20)
#define CR4_SMAP (1ull << 21)

#define EFER_SCE (1ull << 0)
#define EFER_LME (1ull << 8)
#define EFER_LMA (1ull << 10)
#define EFER_NXE (1ull << 11)

#define XSTATE_X87 0x1ull
#define XSTATE_SSE 0x2ull
#define XSTATE_AVX 0x4ull
#define XSTATE_AVX512 0xe0ull
#define XSTATE_LEAVES 8u /* components that the policy may choose are numbered below this */

struct cpuid_leaf {
	uint32_t eax, ebx, ecx, edx;
};

/* A leaf that the CPU does not have is all zero. */
struct cpu_raw {
	struct cpuid_leaf leaf0, leaf1, leaf7;  /* leaf 7: subleaf 0 */
	struct cpuid_leaf leafd[XSTATE_LEAVES]; /* leaf 0xd, subleaves 0-7 */
	struct cpuid_leaf ext0, ext1, ext8;     /* 0x80000000, 1, 8 */
	uint64_t arch_capabilities;             /* IA32_ARCH_CAPABILITIES; 0 where leaf 7 does not announce it */
	uint64_t cr4;                           /* as firmware left it */
};

enum cpu_vendor { CPU_INTEL, CPU_AMD, CPU_HYGON, CPU_CENTAUR, CPU_ZHAOXIN, CPU_OTHER };

/*
 * Decides for the CPU described by @raw. @insecure_meltdown: the operator accepts a CPU that suffers from Meltdown.
 * Every field of @p is set, also when the CPU is refused.
 */
void cpu_policy_decide(struct boot_cpu *p, const struct cpu_raw *raw, bool insecure_meltdown);

/* Refuses a CPU that was not refused yet, with that line. */
void cpu_policy_refuse(struct boot_cpu *p, const char *refusal);
#define CPU_NO_RANDOM                                                                                                  \
	"no source of randomness: this CPU lacks RDRAND, or it gives nothing. Use another CPU model, or insecure=random"

/* Says in info->notes what info->cpu is and what is on. */
void cpu_note(struct boot_info *info);

#endif
