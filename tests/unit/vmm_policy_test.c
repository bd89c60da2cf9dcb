/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The CPU policy, on what real CPUIDs said (QEMU 7.2, TCG, -cpu NAME; other CPUs are made from those by the bits that
 * their makers document), and the allow-list of PCI configuration writes.
 */
#include <string.h>
#include <criterion/criterion.h>

#include <base/bits.h>
#include <vmm/core/cpu_policy.h>
#include <vmm/core/pci_policy.h>

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

static struct cpu_policy decide(const struct cpu_raw *raw, bool insecure)
{
	struct cpu_policy p;

	memset(&p, 0xa5, sizeof p);
	cpu_policy_decide(&p, raw, insecure);
	return p;
}

/* Whether @p is refused for a reason that speaks of @word; NULL: accepted. */
static bool refused_for(struct cpu_policy p, const char *word)
{
	return word ? p.refusal && strstr(p.refusal, word) : !p.refusal;
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

Test(vmm_policy, qemu_max_runs_with_everything_it_has)
{
	struct cpu_policy p = decide(&qemu_max, false);

	cr_assert(refused_for(p, NULL));
	cr_assert_eq(p.vendor, CPU_AMD);
	cr_assert_eq(p.family, 15u);
	cr_assert_eq(p.model, 107u);
	cr_assert(p.smep && p.smap && p.umip && p.pge && p.fsgsbase && p.xsave && p.gib_pages && p.rdrand);
	cr_assert(p.hypervisor);
	cr_assert_eq(p.xcr0, XSTATE_X87 | XSTATE_SSE | XSTATE_AVX, "bounds and protection keys stay off");
	cr_assert_eq(p.xstate_bytes, 832u);
	cr_assert_eq(p.cr4, CR4_DE | CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_UMIP |
				    CR4_FSGSBASE | CR4_OSXSAVE | CR4_SMEP | CR4_SMAP);
	cr_assert_eq(p.suffers & (SUFFERS_MELTDOWN | SUFFERS_MDS | SUFFERS_L1TF), 0u);
}

Test(vmm_policy, qemu64_runs_without_the_features_it_lacks)
{
	struct cpu_policy p = decide(&qemu64, false);

	cr_assert(refused_for(p, NULL));
	cr_assert(!p.smep && !p.smap && !p.umip && !p.fsgsbase && !p.xsave && !p.gib_pages && !p.rdrand);
	cr_assert(p.pge);
	cr_assert_eq(p.xcr0, 0u);
	cr_assert_eq(p.xstate_bytes, 512u);
	cr_assert_eq(p.cr4, CR4_DE | CR4_PAE | CR4_MCE | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT);
}

Test(vmm_policy, haswell_is_refused_for_meltdown)
{
	struct cpu_policy p = decide(&haswell, false);

	cr_assert(refused_for(p, "Meltdown"));
	cr_assert(refused_for(p, "insecure=meltdown"), "the remedy is named");
	cr_assert_eq(p.family, 6u);
	cr_assert_eq(p.model, 60u);
	cr_assert_eq(p.suffers & (SUFFERS_MELTDOWN | SUFFERS_L1TF | SUFFERS_MDS),
		     SUFFERS_MELTDOWN | SUFFERS_L1TF | SUFFERS_MDS);
	cr_assert_not(p.insecure_meltdown);
}

Test(vmm_policy, the_override_starts_a_meltdown_cpu_and_is_remembered)
{
	struct cpu_policy p = decide(&haswell, true);

	cr_assert(refused_for(p, NULL));
	cr_assert(p.insecure_meltdown);
	cr_assert(p.suffers & SUFFERS_MELTDOWN);
	cr_assert_not(decide(&epyc, true).insecure_meltdown, "on a safe CPU it means nothing");
}

Test(vmm_policy, rdcl_no_makes_an_intel_cpu_safe_from_meltdown_and_l1tf)
{
	struct cpu_raw raw = haswell;
	struct cpu_policy p;

	set_model(&raw, 6, 0x55); /* Cascade Lake: RDCL_NO, IBRS_ALL, SKIP_L1DFL, MDS_NO */
	raw.arch_capabilities = 0x2b;
	p = decide(&raw, false);
	cr_assert(refused_for(p, NULL));
	cr_assert_eq(p.suffers & (SUFFERS_MELTDOWN | SUFFERS_L1TF | SUFFERS_MDS), 0u);
	cr_assert(p.suffers & SUFFERS_MMIO);
	raw.arch_capabilities = 0x0;
	cr_assert(refused_for(decide(&raw, false), "Meltdown"), "the same model without the bit");
}

Test(vmm_policy, mds_no_alone_does_not_excuse_from_meltdown)
{
	struct cpu_raw raw = haswell;

	raw.arch_capabilities = 0x20;
	cr_assert(refused_for(decide(&raw, false), "Meltdown"));
	cr_assert_not(decide(&raw, false).suffers & SUFFERS_MDS);
}

Test(vmm_policy, amd_and_hygon_are_safe_from_meltdown)
{
	struct cpu_raw raw = epyc;

	cr_assert(refused_for(decide(&epyc, false), NULL));
	cr_assert_eq(decide(&epyc, false).family, 0x17u);
	rename_vendor(&raw, "HygonGenuine");
	set_model(&raw, 0x18, 0);
	cr_assert(refused_for(decide(&raw, false), NULL));
}

Test(vmm_policy, in_order_atoms_are_safe_and_later_ones_are_not)
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

Test(vmm_policy, an_unknown_cpu_suffers_from_everything)
{
	struct cpu_raw raw = qemu_max;
	struct cpu_policy p;

	rename_vendor(&raw, "TCGTCGTCGTCG");
	p = decide(&raw, false);
	cr_assert(refused_for(p, "Meltdown"));
	cr_assert_eq(p.suffers & ~SUFFERS_TAA, 0xffu & ~SUFFERS_TAA);
	rename_vendor(&raw, "  Shanghai  ");
	cr_assert(refused_for(decide(&raw, false), "Meltdown"), "Zhaoxin says RDCL_NO where it is safe");
	raw.arch_capabilities = 1;
	cr_assert(refused_for(decide(&raw, false), NULL));
}

Test(vmm_policy, each_missing_necessity_is_refused_with_its_own_reason)
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

Test(vmm_policy, features_that_nobody_ran_stay_off_whatever_the_cpu_says)
{
	struct cpu_raw raw;

	memset(&raw, 0xff, sizeof raw);
	cr_assert_eq(decide(&raw, true).cr4 & NEVER_ON, 0u);
	cr_assert_eq(decide(&raw, true).efer, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
}

Test(vmm_policy, avx512_comes_whole_or_not_at_all)
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

Test(vmm_policy, an_impossible_save_area_is_not_believed)
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

Test(vmm_policy, verw_is_used_only_where_it_is_needed_and_works)
{
	struct cpu_raw raw = haswell;

	cr_assert_not(decide(&raw, true).clear_buffers);
	raw.leaf7.edx = 1u << 10;
	cr_assert(decide(&raw, true).clear_buffers);
	raw.arch_capabilities = 0xe121;
	cr_assert_not(decide(&raw, true).clear_buffers);
}

/* --- configuration writes ---------------------------------------------------------------------------------------- */

/* The allow-list a second time, byte by byte and without a table. */
static bool naive_allowed(uint64_t offset, uint32_t width, uint64_t value, uint64_t old)
{
	if ((width != 1 && width != 2 && width != 4) || offset % width || offset + width > 4096 || value >> 8 * width)
		return false;
	for (uint64_t at = offset; at < offset + width; at++) {
		uint8_t is = (uint8_t)(old >> 8 * (at - offset)), becomes = (uint8_t)(value >> 8 * (at - offset));

		if (at != 4 && at != 5)
			return false;
		if ((is ^ becomes) & (at == 4 ? 0xfd : 0xfb))
			return false;
		if (at == 5 && (is & 4) && !(becomes & 4))
			return false;
	}
	return true;
}

static void same_verdict(uint32_t offset, uint32_t width, uint32_t value, uint32_t old)
{
	cr_assert_eq(pci_write_allowed(offset, width, value, old), naive_allowed(offset, width, value, old),
		     "%x width %u: %x -> %x", offset, width, old, value);
}

Test(vmm_policy, every_configuration_write_is_judged_as_by_hand)
{
	static const uint32_t bits[] = {0,      1,      2,      4,      6,      0x402,      0x400,     0x406,
					0x80,   0xff,   0xfff9, 0xfffb, 0xffff, 0x00100402, 0x100,     0x02000000,
					0x0402, 0xf900, 0x7fff, 0x2000, 0x0010, 0xffffffff, 0xfeb00000};

	for (uint32_t offset = 0; offset < 4100; offset++)
		for (uint32_t width = 0; width <= 8; width++)
			for (uint32_t i = 0; i < ARRAY_SIZE(bits); i++)
				for (uint32_t k = 0; k < ARRAY_SIZE(bits); k++)
					same_verdict(offset, width, bits[i],
						     bits[k] & (width == 1   ? 0xff
								: width == 2 ? 0xffff
									     : ~0u));
	same_verdict(UINT32_MAX, 1, 0, 0);
	same_verdict(UINT32_MAX - 3, 4, 0, 0);
}

Test(vmm_policy, every_value_of_the_command_register_is_judged_as_by_hand)
{
	for (uint32_t old = 0; old < 0x10000; old += old % 0x101 ? 0x35 : 0x1)
		for (uint32_t bit = 0; bit < 17; bit++)
			for (uint32_t other = 0; other < 17; other++)
				same_verdict(4, 2, old ^ 1u << bit ^ 1u << other, old);
	for (uint32_t old = 0; old < 256; old++)
		for (uint32_t value = 0; value < 257; value++) {
			same_verdict(4, 1, value, old);
			same_verdict(5, 1, value, old);
		}
}

Test(vmm_policy, a_device_owner_may_switch_memory_decoding_and_silence_its_pin_and_nothing_else)
{
	cr_assert(pci_write_allowed(4, 2, 0x406, 0x404) && pci_write_allowed(4, 2, 0x404, 0x406));
	cr_assert(pci_write_allowed(4, 1, 0x06, 0x04), "by a byte as well");
	cr_assert(pci_write_allowed(4, 2, 0x402, 0x000), "both at once");
	cr_assert(pci_write_allowed(5, 1, 0x04, 0x00));
	cr_assert_not(pci_write_allowed(5, 1, 0x00, 0x04), "the pin may be shared");
	cr_assert_not(pci_write_allowed(4, 2, 0x406, 0x402), "bus mastering");
	cr_assert_not(pci_write_allowed(4, 2, 0x400, 0x404), "not even off: that has an order to keep");
	cr_assert_not(pci_write_allowed(4, 2, 0x403, 0x402), "I/O ports");
	cr_assert_not(pci_write_allowed(4, 4, 0x402, 0x402), "the status register's bits are cleared by a 1");
	cr_assert_not(pci_write_allowed(6, 2, 0, 0));
	for (uint32_t bar = 0x10; bar < 0x28; bar += 4)
		cr_assert_not(pci_write_allowed(bar, 4, 0xfeb00000, 0xfeb00000), "not even what it holds");
}

Test(vmm_policy, each_field_that_may_be_written_says_why)
{
	for (uint32_t i = 0; i < PCI_WRITABLE; i++) {
		const struct pci_field *f = &pci_writable[i];

		cr_assert(pci_access_valid(f->offset, f->width, 64), "it lies in the common header");
		cr_assert((f->set | f->clear) && !((uint64_t)(f->set | f->clear) >> 8 * f->width));
		cr_assert_gt(strlen(f->reason), 20u);
	}
}

Test(vmm_policy, configuration_accesses_are_aligned_and_inside)
{
	cr_assert(pci_access_valid(0, 4, 256));
	cr_assert(pci_access_valid(255, 1, 256));
	cr_assert_not(pci_access_valid(255, 2, 256));
	cr_assert_not(pci_access_valid(254, 4, 256));
	cr_assert_not(pci_access_valid(256, 1, 256));
	cr_assert(pci_access_valid(4092, 4, 4096));
	cr_assert_not(pci_access_valid(1, 2, 256));
	cr_assert_not(pci_access_valid(0, 3, 256));
	cr_assert_not(pci_access_valid(0, 0, 256));
	cr_assert_not(pci_access_valid(UINT32_MAX, 1, 4096));
}

Test(vmm_policy, bar_sizes_are_the_lowest_writable_bit)
{
	cr_assert_eq(pci_bar_size(0), 0u);
	cr_assert_eq(pci_bar_size(0xffffc000u), 0x4000u);
	cr_assert_eq(pci_bar_size(0xffffffff00000000ull), 1ull << 32);
}

Test(vmm_policy, pages_of_the_msix_table_are_recognised)
{
	cr_assert(pci_page_in_range(0, 0, 16));
	cr_assert_not(pci_page_in_range(1, 0, 4096));
	cr_assert(pci_page_in_range(1, 0, 4097));
	cr_assert(pci_page_in_range(2, 0x2ff0, 0x20) && pci_page_in_range(3, 0x2ff0, 0x20));
	cr_assert_not(pci_page_in_range(1, 0x2ff0, 0x20) || pci_page_in_range(4, 0x2ff0, 0x20));
	cr_assert_not(pci_page_in_range(0, 0, 0));
}
