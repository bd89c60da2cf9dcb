/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FS and GS bases that are no addresses, or the hypervisor's: refused by the hypercall, refused by the CPU, or, where the
 * CPU takes them, without any effect on the hypervisor over hypercalls, exceptions, interrupts and switches.
 */
#include "raw.h"

static uint64_t own_fs;

static uint64_t base_get(unsigned which)
{
	uint64_t v;

	if (which)
		__asm__ volatile("rdgsbase %0" : "=r"(v));
	else
		__asm__ volatile("rdfsbase %0" : "=r"(v));
	return v;
}

static void base_set(uint64_t which, uint64_t base)
{
	if (which)
		__asm__ volatile("wrgsbase %0" : : "r"(base));
	else
		__asm__ volatile("wrfsbase %0" : : "r"(base));
}

static void base_read(uint64_t which, uint64_t unused)
{
	(void)unused;
	if (which)
		__asm__ volatile("mov %%gs:0, %%rax" : : : "rax", "memory");
	else
		__asm__ volatile("mov %%fs:0, %%rax" : : : "rax", "memory");
}

/* Under that base: every way into the hypervisor and out again. What is seen is kept and judged when FS is back. */
static void tour(unsigned which, uint64_t base)
{
	uint64_t after[4], fault[2];
	int64_t version;
	int faulted;

	base_set(which, base);
	version = hc_abi_version();
	after[0] = base_get(which);
	hc_sched_yield();
	after[1] = base_get(which);
	hc_sched_block(raw_now() + 1000000);
	after[2] = base_get(which);
	faulted = raw_try(base_read, which, 0);
	fault[0] = raw_fault.cr2;
	fault[1] = which ? raw_fault.gs_base : raw_fault.fs_base;
	after[3] = base_get(which);
	base_set(which, which ? 0 : own_fs);

	raw_attempts += 7;
	for (unsigned i = 0; i < 4; i++)
		if (after[i] != base)
			raw_hole("base %u was %lx and became %lx (%u)", which, base, after[i], i);
	if (version != ABI_VERSION)
		raw_hole("base %u = %lx: abi_version is %ld", which, base, (long)version);
	if (!faulted || raw_fault.vector != VECTOR_PF || fault[0] != base)
		raw_hole("base %u = %lx: vector %lu cr2 %lx", which, base, raw_fault.vector, fault[0]);
	if (fault[1] != base)
		raw_hole("base %u = %lx: the frame says %lx", which, base, fault[1]);
}

/* A CPU refuses it; QEMU takes it, and then it must do no harm. */
static void no_address_try(unsigned which, uint64_t base)
{
	bool refused;
	int64_t version;

	raw_attempts++;
	raw_fault.vector = VECTOR_GP;
	refused = raw_try(base_set, which, base);
	version = hc_sched_yield() | hc_sched_block(raw_now() + 1000000) ? hc_abi_version() : 0;
	base_set(which, which ? 0 : own_fs);
	if ((refused && raw_fault.vector != VECTOR_GP) || version != ABI_VERSION)
		raw_hole("base %u = %lx: vector %lu, version %ld", which, base, raw_fault.vector, (long)version);
}

int main(void)
{
	static const uint64_t bad[] = {0xffff800000000000, 0xffffffff81000000, UINT64_MAX,     1ull << 63,
				       0x800000000000,     0x7f8000000000,     0x7fffffffffff, 0xffff7fffffffffff};
	static const uint64_t kernel[] = {0xffff800000000000, 0xffff800001000000, 0xffffffff81000000,
					  0xfffffffffffff000};
	static const uint64_t none[] = {0x800000000000, 1ull << 63, 0xffff7fffffffffff};

	raw_mask(1);
	raw_start(0);
	if (!(start_info()->features & FEATURE_FSGSBASE)) {
		printf("bases: this CPU has no FSGSBASE\n");
		return 2;
	}
	own_fs = base_get(0);
	for (unsigned which = 0; which < 2; which++) {
		for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
			raw_expect("a base by hypercall", hc_vcpu_set_base(which, bad[i]), HC_EADDRESS);
		for (unsigned i = 0; i < ARRAY_SIZE(none); i++)
			no_address_try(which, none[i]);
		for (unsigned i = 0; i < ARRAY_SIZE(kernel); i++)
			tour(which, kernel[i]);
	}
	raw_expect("the highest base there is", hc_vcpu_set_base(1, 0x7f7fffffffff), HC_OK);
	raw_expect("base 2", hc_vcpu_set_base(2, 0), HC_EINVAL);
	raw_attempts++;
	if (base_get(1) != 0x7f7fffffffff || base_get(0) != own_fs)
		raw_hole("bases are %lx and %lx", base_get(0), base_get(1));
	return raw_end("bases");
}
