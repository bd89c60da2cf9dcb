/* SPDX-License-Identifier: BSD-2-Clause */
/* The allow-list of PCI configuration writes. */
#include <string.h>
#include <criterion/criterion.h>

#include <base/bits.h>
#include <vmm/core/pci_policy.h>

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
