/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What to do on a given CPU, as a pure function of what it reports. Bits are those of the Intel SDM (vol. 2, CPUID;
 * vol. 4, IA32_ARCH_CAPABILITIES) and the AMD APM (vol. 3, appendix E). Features that nobody could run here (PCID, x2APIC,
 * TSC-deadline, IBRS) are never chosen, whatever the CPU offers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CR4_DE (1ull << 3)
#define CR4_PAE (1ull << 5)
#define CR4_MCE (1ull << 6)
#define CR4_PGE (1ull << 7)
#define CR4_OSFXSR (1ull << 9)
#define CR4_OSXMMEXCPT (1ull << 10)
#define CR4_UMIP (1ull << 11)
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
};

enum cpu_vendor { CPU_INTEL, CPU_AMD, CPU_HYGON, CPU_CENTAUR, CPU_ZHAOXIN, CPU_OTHER };

/* What the CPU suffers from, or is not known to be safe from. */
#define SUFFERS_MELTDOWN 0x1u
#define SUFFERS_SPECTRE_V1 0x2u
#define SUFFERS_SPECTRE_V2 0x4u
#define SUFFERS_SSB 0x8u
#define SUFFERS_L1TF 0x10u
#define SUFFERS_MDS 0x20u
#define SUFFERS_TAA 0x40u
#define SUFFERS_MMIO 0x80u /* MMIO stale data */

struct cpu_policy {
	enum cpu_vendor vendor;
	uint32_t family, model, stepping;
	const char *refusal;    /* one line for the operator, with the remedy where there is one; NULL: accepted */
	uint32_t suffers;       /* SUFFERS_x */
	bool insecure_meltdown; /* started all the same: the override was given and needed */
	bool clear_buffers; /* VERW clears CPU buffers: to be used on the way to ring 3 when suffers has MDS, TAA, MMIO */
	bool hypervisor;    /* runs inside a virtual machine */
	uint64_t cr4, efer; /* whole values to load */
	bool pge, smep, smap, umip, fsgsbase, xsave, gib_pages, rdrand;
	uint64_t xcr0; /* XSTATE_x to enable; meaningful with xsave */
	uint32_t
		xstate_bytes; /* size of the save area: 512 for FXSAVE, else that of XSAVE's standard format for xcr0 */
};

/*
 * Decides for the CPU described by @raw. @insecure_meltdown: the operator accepts a CPU that suffers from Meltdown.
 * Every field of @p is set, also when the CPU is refused.
 */
void cpu_policy_decide(struct cpu_policy *p, const struct cpu_raw *raw, bool insecure_meltdown);
