/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What to do on a given CPU. Vulnerability is decided as the field does (Intel's and AMD's published tables, and the
 * model list of Linux's arch/x86/kernel/cpu/common.c, read for its facts): a CPU counts as safe only when it says so
 * itself or is of a kind known to be, so an unknown one suffers from everything.
 */
#include "cpu_policy.h"

#include <base/bits.h>
#include <string.h>

/* leaf 1 */
#define EDX1_TSC (1u << 4)
#define EDX1_APIC (1u << 9)
#define EDX1_PGE (1u << 13)
#define EDX1_MCA (1u << 14)
#define EDX1_FXSR (1u << 24)
#define EDX1_SSE2 (1u << 26)
#define ECX1_XSAVE (1u << 26)
#define ECX1_AVX (1u << 28)
#define ECX1_RDRAND (1u << 30)
#define ECX1_HYPERVISOR (1u << 31)
/* leaf 7 */
#define EBX7_FSGSBASE (1u << 0)
#define EBX7_SMEP (1u << 7)
#define EBX7_RTM (1u << 11)
#define EBX7_SMAP (1u << 20)
#define ECX7_UMIP (1u << 2)
#define EDX7_MD_CLEAR (1u << 10)
/* leaf 0x80000001, 8 */
#define EDX81_SYSCALL (1u << 11)
#define EDX81_NX (1u << 20)
#define EDX81_GIB_PAGES (1u << 26)
#define EDX81_LONG_MODE (1u << 29)
#define EBX88_SSB_NO (1u << 26)
/* IA32_ARCH_CAPABILITIES */
#define CAP_RDCL_NO (1ull << 0)
#define CAP_SSB_NO (1ull << 4)
#define CAP_MDS_NO (1ull << 5)
#define CAP_TSX_CTRL (1ull << 7)
#define CAP_TAA_NO (1ull << 8)
#define CAP_MMIO_NO (7ull << 13) /* SBDR_SSDP_NO, FBSDP_NO, PSDP_NO */

#define FXSAVE_BYTES 512u
#define XSAVE_BYTES_MIN 576u

static uint8_t has(uint32_t word, uint32_t bit)
{
	return (word & bit) != 0;
}

static enum cpu_vendor vendor_of(const struct cpuid_leaf *leaf0)
{
	static const struct {
		char name[13];
		enum cpu_vendor vendor;
	} known[] = {
		{"GenuineIntel", CPU_INTEL},   {"AuthenticAMD", CPU_AMD},     {"HygonGenuine", CPU_HYGON},
		{"CentaurHauls", CPU_CENTAUR}, {"  Shanghai  ", CPU_ZHAOXIN},
	};
	uint32_t name[3] = {leaf0->ebx, leaf0->edx, leaf0->ecx};

	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		if (memcmp(known[i].name, name, sizeof name) == 0)
			return known[i].vendor;
	return CPU_OTHER;
}

static void identify(struct boot_cpu *p, const struct cpu_raw *raw)
{
	uint32_t eax = raw->leaf1.eax;

	p->vendor = vendor_of(&raw->leaf0);
	p->stepping = eax & 0xf;
	p->family = eax >> 8 & 0xf;
	p->model = eax >> 4 & 0xf;
	if (p->family == 6 || p->family == 0xf)
		p->model |= eax >> 12 & 0xf0;
	if (p->family == 0xf)
		p->family += eax >> 20 & 0xff;
}

/* Small cores of Intel's family 6, which are safe from more than the others. */
enum small_core {
	BIG,
	IN_ORDER,   /* Bonnell, Saltwell: do not speculate */
	SILVERMONT, /* with Airmont and the Xeon Phis: no L1TF, no speculative store bypass */
	GOLDMONT,   /* with Goldmont Plus, Tremont: out of order, without MDS and L1TF */
};

static enum small_core small_core(const struct boot_cpu *p)
{
	static const uint8_t of[256] = {
		[0x1c] = IN_ORDER,   [0x26] = IN_ORDER,   [0x27] = IN_ORDER,   [0x35] = IN_ORDER,   [0x36] = IN_ORDER,
		[0x37] = SILVERMONT, [0x4a] = SILVERMONT, [0x4c] = SILVERMONT, [0x4d] = SILVERMONT, [0x5a] = SILVERMONT,
		[0x5d] = SILVERMONT, [0x75] = SILVERMONT, [0x5c] = GOLDMONT,   [0x5f] = GOLDMONT,   [0x7a] = GOLDMONT,
		[0x86] = GOLDMONT,   [0x96] = GOLDMONT,   [0x9c] = GOLDMONT,
	};

	if (p->vendor == CPU_INTEL && (p->family == 4 || p->family == 5)) /* before the Pentium Pro */
		return IN_ORDER;
	return p->vendor == CPU_INTEL && p->family == 6 ? (enum small_core)of[p->model] : BIG;
}

static uint32_t sufferings(const struct boot_cpu *p, const struct cpu_raw *raw)
{
	uint64_t caps = raw->arch_capabilities;
	bool amd = p->vendor == CPU_AMD || p->vendor == CPU_HYGON;
	bool zhaoxin = (p->vendor == CPU_CENTAUR || p->vendor == CPU_ZHAOXIN) && p->family == 7;
	bool old_amd = p->vendor == CPU_AMD && p->family >= 0xf && p->family <= 0x12;
	bool rtm = (raw->leaf7.ebx & EBX7_RTM) || (caps & CAP_TSX_CTRL);
	enum small_core core = small_core(p);
	uint32_t s = SUFFERS_SPECTRE_V1;

	if (core == IN_ORDER)
		return 0;
	if (!zhaoxin)
		s |= SUFFERS_SPECTRE_V2;
	if (!(caps & CAP_SSB_NO) && !(raw->ext8.ebx & EBX88_SSB_NO) && !old_amd && core != SILVERMONT)
		s |= SUFFERS_SSB;
	if (amd)
		return s;
	if (!(caps & CAP_RDCL_NO))
		s |= SUFFERS_MELTDOWN;
	if (!(caps & CAP_RDCL_NO) && core == BIG)
		s |= SUFFERS_L1TF;
	if (!(caps & CAP_MDS_NO) && core != GOLDMONT)
		s |= SUFFERS_MDS;
	if (!(caps & CAP_TAA_NO) && rtm)
		s |= SUFFERS_TAA;
	if ((caps & CAP_MMIO_NO) != CAP_MMIO_NO && !zhaoxin)
		s |= SUFFERS_MMIO;
	return s;
}

static const char *refusal_of(const struct boot_cpu *p, const struct cpu_raw *raw, bool insecure_meltdown)
{
	const struct {
		uint32_t has, needs;
		const char *refusal;
	} rows[] = {
		{raw->ext1.edx, EDX81_LONG_MODE, "CPU refused: this CPU has no 64-bit mode"},
		{raw->ext1.edx, EDX81_NX,
		 "CPU refused: this CPU has no no-execute pages (NX), or the firmware hides them: switch them on there"},
		{raw->ext1.edx, EDX81_SYSCALL, "CPU refused: this CPU has no SYSCALL instruction"},
		{raw->leaf1.edx, EDX1_FXSR | EDX1_SSE2, "CPU refused: this CPU has no SSE2 or no FXSAVE"},
		{raw->leaf1.edx, EDX1_APIC,
		 "CPU refused: this CPU has no local APIC, or the firmware disabled it: enable it there"},
		{raw->leaf1.edx, EDX1_TSC, "CPU refused: this CPU has no time-stamp counter"},
		{~(uint32_t)raw->cr4, CR4_LA57,
		 "CPU refused: firmware left five-level page tables on: switch them off there"},
		/* Bits of `suffers` the other way round: what is wanted is to be without. */
		{~p->suffers, insecure_meltdown ? 0 : SUFFERS_MELTDOWN,
		 "CPU refused: this CPU suffers from Meltdown (no RDCL_NO): guests could read all memory. "
		 "insecure=meltdown on the command line starts all the same"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if ((rows[i].has & rows[i].needs) != rows[i].needs)
			return rows[i].refusal;
	return "";
}

void cpu_policy_refuse(struct boot_cpu *p, const char *refusal)
{
	if (p->refusal[0])
		return;
	for (unsigned i = 0; i < BOOT_REFUSAL_MAX - 1 && refusal[i]; i++)
		p->refusal[i] = refusal[i];
}

/* True when component @i is offered and its place in the save area is believable. */
static bool component_ok(const struct cpu_raw *raw, unsigned i)
{
	const struct cpuid_leaf *c = &raw->leafd[i];

	return (raw->leafd[0].eax >> i & 1) && c->ebx >= XSAVE_BYTES_MIN && c->ebx < BOOT_XSTATE_MAX && c->eax &&
	       c->eax <= BOOT_XSTATE_MAX - c->ebx;
}

static void choose_xstate(struct boot_cpu *p, const struct cpu_raw *raw)
{
	p->xstate_bytes = FXSAVE_BYTES;
	p->xsave = has(raw->leaf1.ecx, ECX1_XSAVE) &&
		   (raw->leafd[0].eax & (XSTATE_X87 | XSTATE_SSE)) == (XSTATE_X87 | XSTATE_SSE);
	if (!p->xsave)
		return;
	p->xcr0 = XSTATE_X87 | XSTATE_SSE;
	p->xstate_bytes = XSAVE_BYTES_MIN;
	if ((raw->leaf1.ecx & ECX1_AVX) && component_ok(raw, 2)) {
		p->xcr0 |= XSTATE_AVX;
		if (component_ok(raw, 5) && component_ok(raw, 6) && component_ok(raw, 7))
			p->xcr0 |= XSTATE_AVX512;
	}
	for (unsigned i = 2; i < XSTATE_LEAVES; i++)
		if (p->xcr0 >> i & 1)
			p->xstate_bytes = MAX(p->xstate_bytes, raw->leafd[i].ebx + raw->leafd[i].eax);
}

static void choose_features(struct boot_cpu *p, const struct cpu_raw *raw)
{
	const struct cpuid_leaf *one = &raw->leaf1, *seven = &raw->leaf7, *ext = &raw->ext1;

	p->hypervisor = has(one->ecx, ECX1_HYPERVISOR);
	p->pge = has(one->edx, EDX1_PGE);
	p->smep = has(seven->ebx, EBX7_SMEP);
	p->smap = has(seven->ebx, EBX7_SMAP);
	p->umip = has(seven->ecx, ECX7_UMIP);
	p->fsgsbase = has(seven->ebx, EBX7_FSGSBASE);
	p->gib_pages = has(ext->edx, EDX81_GIB_PAGES);
	p->rdrand = has(one->ecx, ECX1_RDRAND);
	p->mca = has(one->edx, EDX1_MCA);
}

void cpu_policy_decide(struct boot_cpu *p, const struct cpu_raw *raw, bool insecure_meltdown)
{
	memset(p, 0, sizeof *p);
	identify(p, raw);
	choose_features(p, raw);
	choose_xstate(p, raw);
	p->suffers = sufferings(p, raw);
	cpu_policy_refuse(p, refusal_of(p, raw, insecure_meltdown));
	p->insecure_meltdown = (p->suffers & SUFFERS_MELTDOWN) && insecure_meltdown;
	p->clear_buffers = (p->suffers & (SUFFERS_MDS | SUFFERS_TAA | SUFFERS_MMIO)) &&
			   (raw->leaf7.edx & EDX7_MD_CLEAR);
	p->efer = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
	p->cr4 = CR4_DE | CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | (p->pge ? CR4_PGE : 0) |
		 (p->umip ? CR4_UMIP : 0) | (p->fsgsbase ? CR4_FSGSBASE : 0) | (p->xsave ? CR4_OSXSAVE : 0) |
		 (p->smep ? CR4_SMEP : 0) | (p->smap ? CR4_SMAP : 0);
}
