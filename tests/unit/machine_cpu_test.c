/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU policy, on what real CPUIDs said (QEMU 7.2, TCG, -cpu NAME; other CPUs are made from those by the bits that
 * their makers document), and the options of the command line.
 */
#include <string.h>
#include <criterion/criterion.h>

#include <base/bits.h>
#include <efi/machine/cpu_policy.h>
#include <efi/machine/options.h>
#include <efi/machine/random.h>

static const struct cpu_raw qemu_max = {
	.leaf0 = {0x0000000d, 0x68747541, 0x444d4163, 0x69746e65},
	.leaf1 = {0x00060fb1, 0x00000800, 0xf6d8320b, 0x0fcbfbfd},
	.leaf7 = {0x00000000, 0x01d843a9, 0x8001020c, 0x00000000},
	.leafd = {{0x0000021f, 0x00000240, 0x00000a88, 0x00000000},
		  {0x00000005, 0x000003c8, 0x00000000, 0x00000000},
		  {0x00000100, 0x00000240, 0x00000000, 0x00000000},
		  {0x00000040, 0x000003c0, 0x00000000, 0x00000000},
		  {0x00000040, 0x00000400, 0x00000000, 0x00000000}},
	.ext0 = {0x8000000a, 0x68747541, 0x444d4163, 0x69746e65},
	.ext1 = {0x00060fb1, 0x00000000, 0x00000075, 0xedd3fbfd},
	.ext8 = {0x00003928, 0x00000000, 0x00000000, 0x00000000},
};

static const struct cpu_raw qemu64 = {
	.leaf0 = {0x0000000d, 0x68747541, 0x444d4163, 0x69746e65},
	.leaf1 = {0x00060fb1, 0x00000800, 0x80002001, 0x078bfbfd},
	.ext0 = {0x8000000a, 0x68747541, 0x444d4163, 0x69746e65},
	.ext1 = {0x00060fb1, 0x00000000, 0x00000005, 0x2193fbfd},
	.ext8 = {0x00003028, 0x00000000, 0x00000000, 0x00000000},
};

static const struct cpu_raw haswell = {
	.leaf0 = {0x0000000d, 0x756e6547, 0x6c65746e, 0x49656e69},
	.leaf1 = {0x000306c4, 0x00000800, 0xf6d83203, 0x078bfbfd},
	.leaf7 = {0x00000000, 0x000003a9, 0x00000000, 0x00000000},
	.leafd = {{0x00000007, 0x00000240, 0x00000340, 0x00000000},
		  {0x00000001, 0x00000340, 0x00000000, 0x00000000},
		  {0x00000100, 0x00000240, 0x00000000, 0x00000000}},
	.ext0 = {0x80000008, 0x756e6547, 0x6c65746e, 0x49656e69},
	.ext1 = {0x000306c4, 0x00000000, 0x00000021, 0x28100800},
	.ext8 = {0x00003028, 0x00000000, 0x00000000, 0x00000000},
};

static const struct cpu_raw epyc = {
	.leaf0 = {0x0000000d, 0x68747541, 0x444d4163, 0x69746e65},
	.leaf1 = {0x00800f12, 0x00000800, 0xf6d8320b, 0x078bfbfd},
	.leaf7 = {0x00000000, 0x009801a9, 0x00000000, 0x00000000},
	.leafd = {{0x00000007, 0x00000240, 0x00000340, 0x00000000},
		  {0x00000005, 0x00000340, 0x00000000, 0x00000000},
		  {0x00000100, 0x00000240, 0x00000000, 0x00000000}},
	.ext0 = {0x8000001e, 0x68747541, 0x444d4163, 0x69746e65},
	.ext1 = {0x00800f12, 0x00000000, 0x00000075, 0x2dd3fbfd},
	.ext8 = {0x00003028, 0x00000000, 0x00000000, 0x00000000},
};

/* PSE, PCIDE, VMXE, SMXE, PCE, PKE, CET */
#define NEVER_ON (1ull << 4 | 1ull << 17 | 1ull << 13 | 1ull << 14 | 1ull << 8 | 1ull << 22 | 1ull << 23)

static struct boot_cpu decide(const struct cpu_raw *raw, bool insecure)
{
	struct boot_cpu p;

	memset(&p, 0xa5, sizeof p);
	cpu_policy_decide(&p, raw, insecure);
	return p;
}

/* Whether @p is refused for a reason that speaks of @word; NULL: accepted. */
static bool refused_for(struct boot_cpu p, const char *word)
{
	return word ? strstr(p.refusal, word) != NULL : !p.refusal[0];
}

static void rename_vendor(struct cpu_raw *raw, const char *name)
{
	memcpy(&raw->leaf0.ebx, name, 4);
	memcpy(&raw->leaf0.edx, name + 4, 4);
	memcpy(&raw->leaf0.ecx, name + 8, 4);
}

static void set_model(struct cpu_raw *raw, uint32_t family, uint32_t model)
{
	raw->leaf1.eax = (family > 15 ? (family - 15) << 20 | 15u << 8 : family << 8) | (model & 0xf) << 4 |
			 (model >> 4) << 16;
}

Test(machine_cpu, qemu_max_runs_with_everything_it_has)
{
	struct boot_cpu p = decide(&qemu_max, false);

	cr_assert(refused_for(p, NULL));
	cr_assert_eq(p.vendor, CPU_AMD);
	cr_assert_eq(p.family, 15u);
	cr_assert_eq(p.model, 107u);
	cr_assert(p.smep && p.smap && p.umip && p.pge && p.fsgsbase && p.xsave && p.gib_pages && p.rdrand && p.mca);
	cr_assert(p.hypervisor);
	cr_assert_eq(p.xcr0, XSTATE_X87 | XSTATE_SSE | XSTATE_AVX, "bounds and protection keys stay off");
	cr_assert_eq(p.xstate_bytes, 832u);
	cr_assert_eq(p.cr4, CR4_DE | CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_UMIP |
				    CR4_FSGSBASE | CR4_OSXSAVE | CR4_SMEP | CR4_SMAP);
	cr_assert_eq(p.suffers & (SUFFERS_MELTDOWN | SUFFERS_MDS | SUFFERS_L1TF), 0u);
}

Test(machine_cpu, qemu64_runs_without_the_features_it_lacks)
{
	struct boot_cpu p = decide(&qemu64, false);

	cr_assert(refused_for(p, NULL));
	cr_assert(!p.smep && !p.smap && !p.umip && !p.fsgsbase && !p.xsave && !p.gib_pages && !p.rdrand);
	cr_assert(p.pge);
	cr_assert_eq(p.xcr0, 0u);
	cr_assert_eq(p.xstate_bytes, 512u);
	cr_assert_eq(p.cr4, CR4_DE | CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT);
}

Test(machine_cpu, haswell_is_refused_for_meltdown)
{
	struct boot_cpu p = decide(&haswell, false);

	cr_assert(refused_for(p, "Meltdown"));
	cr_assert(refused_for(p, "insecure=meltdown"), "the remedy is named");
	cr_assert_eq(p.family, 6u);
	cr_assert_eq(p.model, 60u);
	cr_assert_eq(p.suffers & (SUFFERS_MELTDOWN | SUFFERS_L1TF | SUFFERS_MDS),
		     SUFFERS_MELTDOWN | SUFFERS_L1TF | SUFFERS_MDS);
	cr_assert_not(p.insecure_meltdown);
}

Test(machine_cpu, the_override_starts_a_meltdown_cpu_and_is_remembered)
{
	struct boot_cpu p = decide(&haswell, true);

	cr_assert(refused_for(p, NULL));
	cr_assert(p.insecure_meltdown);
	cr_assert(p.suffers & SUFFERS_MELTDOWN);
	cr_assert_not(decide(&epyc, true).insecure_meltdown, "on a safe CPU it means nothing");
}

Test(machine_cpu, rdcl_no_makes_an_intel_cpu_safe_from_meltdown_and_l1tf)
{
	struct cpu_raw raw = haswell;
	struct boot_cpu p;

	set_model(&raw, 6, 0x55); /* Cascade Lake: RDCL_NO, IBRS_ALL, SKIP_L1DFL, MDS_NO */
	raw.arch_capabilities = 0x2b;
	p = decide(&raw, false);
	cr_assert(refused_for(p, NULL));
	cr_assert_eq(p.suffers & (SUFFERS_MELTDOWN | SUFFERS_L1TF | SUFFERS_MDS), 0u);
	cr_assert(p.suffers & SUFFERS_MMIO);
	raw.arch_capabilities = 0x0;
	cr_assert(refused_for(decide(&raw, false), "Meltdown"), "the same model without the bit");
}

Test(machine_cpu, mds_no_alone_does_not_excuse_from_meltdown)
{
	struct cpu_raw raw = haswell;

	raw.arch_capabilities = 0x20;
	cr_assert(refused_for(decide(&raw, false), "Meltdown"));
	cr_assert_not(decide(&raw, false).suffers & SUFFERS_MDS);
}

Test(machine_cpu, amd_and_hygon_are_safe_from_meltdown)
{
	struct cpu_raw raw = epyc;

	cr_assert(refused_for(decide(&epyc, false), NULL));
	cr_assert_eq(decide(&epyc, false).family, 0x17u);
	rename_vendor(&raw, "HygonGenuine");
	set_model(&raw, 0x18, 0);
	cr_assert(refused_for(decide(&raw, false), NULL));
}

Test(machine_cpu, in_order_atoms_are_safe_and_later_ones_are_not)
{
	static const struct {
		uint32_t model;
		const char *refusal;
	} rows[] = {
		{0x1c, NULL},       {0x26, NULL},       {0x27, NULL},       {0x35, NULL},       {0x36, NULL},
		{0x37, "Meltdown"}, {0x4c, "Meltdown"}, {0x5c, "Meltdown"}, {0x0f, "Meltdown"},
	};
	struct cpu_raw raw = haswell;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		set_model(&raw, 6, rows[i].model);
		cr_assert(refused_for(decide(&raw, false), rows[i].refusal), "model %x", rows[i].model);
	}
	set_model(&raw, 6, 0x1c);
	cr_assert_eq(decide(&raw, false).suffers, 0u);
	rename_vendor(&raw, "CentaurHauls");
	cr_assert(refused_for(decide(&raw, false), "Meltdown"), "the model number is Intel's alone");
}

Test(machine_cpu, an_unknown_cpu_suffers_from_everything)
{
	struct cpu_raw raw = qemu_max;
	struct boot_cpu p;

	rename_vendor(&raw, "TCGTCGTCGTCG");
	p = decide(&raw, false);
	cr_assert(refused_for(p, "Meltdown"));
	cr_assert_eq(p.suffers & ~SUFFERS_TAA, 0xffu & ~SUFFERS_TAA);
	rename_vendor(&raw, "  Shanghai  ");
	cr_assert(refused_for(decide(&raw, false), "Meltdown"), "Zhaoxin says RDCL_NO where it is safe");
	raw.arch_capabilities = 1;
	cr_assert(refused_for(decide(&raw, false), NULL));
}

Test(machine_cpu, each_missing_necessity_is_refused_with_its_own_reason)
{
	static const struct {
		size_t field;
		uint32_t bit;
		const char *refusal;
	} rows[] = {
		{offsetof(struct cpu_raw, ext1.edx), 1u << 29, "64-bit"},
		{offsetof(struct cpu_raw, ext1.edx), 1u << 20, "NX"},
		{offsetof(struct cpu_raw, ext1.edx), 1u << 11, "SYSCALL"},
		{offsetof(struct cpu_raw, leaf1.edx), 1u << 24, "FXSAVE"},
		{offsetof(struct cpu_raw, leaf1.edx), 1u << 26, "FXSAVE"},
		{offsetof(struct cpu_raw, leaf1.edx), 1u << 9, "APIC"},
		{offsetof(struct cpu_raw, leaf1.edx), 1u << 4, "time-stamp"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cpu_raw raw = qemu_max;
		*(uint32_t *)(void *)((char *)&raw + rows[i].field) &= ~rows[i].bit;
		cr_assert(refused_for(decide(&raw, true), rows[i].refusal), "row %u", i);
	}
}

Test(machine_cpu, five_level_page_tables_that_firmware_left_on_are_refused)
{
	struct cpu_raw raw = qemu_max;

	raw.cr4 = CR4_LA57;
	cr_assert(refused_for(decide(&raw, true), "five-level"));
	raw.cr4 = ~CR4_LA57;
	cr_assert(refused_for(decide(&raw, true), NULL));
}

Test(machine_cpu, options_are_whole_words_of_the_command_line)
{
	cr_assert_eq(options_read(""), 0u);
	cr_assert_eq(options_read("check=freed"), BOOT_CHECK_FREED);
	cr_assert_eq(options_read("exit-when-done insecure=random check=freed"),
		     BOOT_INSECURE_RANDOM | BOOT_CHECK_FREED);
	cr_assert_eq(options_read(" insecure=meltdown "), BOOT_INSECURE_MELTDOWN);
	cr_assert_eq(options_read("check=freedom uncheck=freed check=free insecure=meltdown2 xinsecure=meltdown"), 0u);
}

Test(machine_cpu, features_that_nobody_ran_stay_off_whatever_the_cpu_says)
{
	struct cpu_raw raw;

	memset(&raw, 0xff, sizeof raw);
	cr_assert_eq(decide(&raw, true).cr4 & NEVER_ON, 0u);
	cr_assert_eq(decide(&raw, true).efer, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
}

Test(machine_cpu, avx512_comes_whole_or_not_at_all)
{
	struct cpu_raw raw = qemu_max;

	raw.leafd[0].eax = 0xe7;
	raw.leafd[5] = (struct cpuid_leaf){0x40, 0x440, 0, 0};
	raw.leafd[6] = (struct cpuid_leaf){0x200, 0x480, 0, 0};
	raw.leafd[7] = (struct cpuid_leaf){0x400, 0x680, 0, 0};
	cr_assert_eq(decide(&raw, false).xcr0, 0xe7u);
	cr_assert_eq(decide(&raw, false).xstate_bytes, 0xa80u);
	raw.leafd[6].eax = 0;
	cr_assert_eq(decide(&raw, false).xcr0, 7u);
	cr_assert_eq(decide(&raw, false).xstate_bytes, 832u);
}

Test(machine_cpu, an_impossible_save_area_is_not_believed)
{
	struct cpu_raw raw = qemu_max;

	raw.leafd[2] = (struct cpuid_leaf){0xffffffff, 0x240, 0, 0};
	cr_assert_eq(decide(&raw, false).xcr0, 3u);
	cr_assert_eq(decide(&raw, false).xstate_bytes, 576u);
	raw.leafd[2] = (struct cpuid_leaf){0x100, 0, 0, 0};
	cr_assert_eq(decide(&raw, false).xcr0, 3u, "it would lie over the legacy area");
	raw.leafd[0].eax = 1;
	cr_assert_not(decide(&raw, false).xsave);
}

Test(machine_cpu, verw_is_used_only_where_it_is_needed_and_works)
{
	struct cpu_raw raw = haswell;

	cr_assert_not(decide(&raw, true).clear_buffers);
	raw.leaf7.edx = 1u << 10;
	cr_assert(decide(&raw, true).clear_buffers);
	raw.arch_capabilities = 0xe121;
	cr_assert_not(decide(&raw, true).clear_buffers);
}

/* --- configuration writes ---------------------------------------------------------------------------------------- */

static unsigned failures, asked;

/* Fails so often before each word. */
static bool moody(uint64_t *word)
{
	*word = asked++;
	return asked % (failures + 1) == 0;
}

Test(machine_cpu, a_source_that_has_nothing_just_now_is_asked_again_and_one_that_never_has_is_none)
{
	static struct boot_info info;

	failures = 63;
	cr_assert(random_fill(&info, moody));
	for (unsigned i = 0; i < BOOT_RANDOM_WORDS; i++)
		cr_assert_eq(info.random[i], i * 64 + 63);
	failures = 64;
	asked = 0;
	cr_assert_not(random_fill(&info, moody));
	cr_assert_eq(asked, 64u);
}

Test(machine_cpu, guessable_words_differ_and_are_told_of)
{
	static struct boot_info info;

	random_guessable(&info, 1);
	for (unsigned i = 0; i < BOOT_RANDOM_WORDS; i++)
		for (unsigned j = 0; j < i; j++)
			cr_assert_neq(info.random[i], info.random[j]);
	cr_assert_not_null(strstr(info.notes, "insecure=random"));
}

Test(machine_cpu, the_first_refusal_stays)
{
	struct boot_cpu p = decide(&haswell, false);

	cpu_policy_refuse(&p, CPU_NO_RANDOM);
	cr_assert(refused_for(p, "Meltdown"));
	p = decide(&qemu64, false);
	cpu_policy_refuse(&p, CPU_NO_RANDOM);
	cr_assert(refused_for(p, "no source of randomness"));
	cr_assert(refused_for(p, "insecure=random"), "the remedy is named");
}
