/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config: writes values of every kind to every register of its device's configuration space, with every width, and looks
 * whether the space is as it was. What may be written is said here once more, by itself: memory decoding on and off, the
 * interrupt pin off.
 */
#include "raw.h"

#include <cambium/device.h>
#include <drivers/pci/pci.h>

#define SPACE 4096u
#define MEMORY 0x2u
#define PIN_OFF 0x400u

static struct pci_device dev;
static uint32_t before[SPACE / 4];

static uint32_t read(uint32_t at, uint32_t width)
{
	return (uint32_t)hc_device_config_read(dev.index, at, width);
}

/* The bits of the command register that @value, written with @width at @at, would change, moved to their places. */
static bool may_write(uint32_t at, uint32_t width, uint32_t value, uint32_t old)
{
	uint32_t shift = 8 * (at - PCI_COMMAND), changed = (value ^ old) << shift;

	if (at < PCI_COMMAND || at + width > PCI_COMMAND + 2)
		return false;
	return !(changed & ~(MEMORY | PIN_OFF)) && (!(changed & PIN_OFF) || (value << shift & PIN_OFF));
}

static void write_try(uint32_t at, uint32_t width, uint32_t value)
{
	uint32_t old = read(at, width);
	int64_t result = hc_device_config_write(dev.index, at, width, value), expected;
	bool fits = width == 4 || !(value >> 8 * width);

	raw_attempts++;
	expected = fits && may_write(at, width, value, old) ? 0 : -HC_ECONFIG;
	if (result != expected)
		raw_hole("%x with %u bytes at %x, was %x: %ld", value, width, at, old, (long)result);
	if (result < 0 && read(at, width) != old)
		raw_hole("%x with %u bytes at %x, was %x: refused and done", value, width, at, old);
	if (result == 0)
		hc_device_config_write(dev.index, at, width, old);
}

static void register_try(uint32_t at, uint32_t width)
{
	uint32_t old = read(at, width), all = UINT32_MAX >> (32 - 8 * width);

	write_try(at, width, 0);
	write_try(at, width, all);
	write_try(at, width, old);
	write_try(at, width, ~old & all);
	write_try(at, width, UINT32_MAX);
	for (unsigned bit = 0; bit < 8 * width; bit++)
		write_try(at, width, old ^ 1u << bit);
}

static void malformed(uint32_t space)
{
	static const uint32_t widths[] = {0, 3, 5, 8, 0x80000004, UINT32_MAX};

	for (unsigned i = 0; i < ARRAY_SIZE(widths); i++) {
		raw_expect("a width that is none", hc_device_config_write(dev.index, 4, widths[i], 0), HC_EINVAL);
		raw_expect("a width that is none, read", hc_device_config_read(dev.index, 4, widths[i]), HC_EINVAL);
	}
	for (uint32_t width = 1; width <= 4; width *= 2) {
		raw_expect("behind the space", hc_device_config_write(dev.index, space, width, 0), HC_EINVAL);
		raw_expect("at the last number", hc_device_config_write(dev.index, UINT32_MAX, width, 0), HC_EINVAL);
	}
	raw_expect("not aligned", hc_device_config_write(dev.index, 5, 2, 0), HC_EINVAL);
	raw_expect("not aligned", hc_device_config_write(dev.index, 6, 4, 0), HC_EINVAL);
	for (uint32_t other = 0; other < 70; other++)
		if (other != dev.index) {
			raw_expect("another's", hc_device_config_write(other, 4, 2, 0), HC_EDEVICE);
			raw_expect("another's, read", hc_device_config_read(other, 4, 2), HC_EDEVICE);
			raw_expect("another as master", hc_device_master(other, 1), HC_EDEVICE);
			raw_expect("another's interrupt", hc_device_msix_bind(other, 0), HC_EDEVICE);
		}
	raw_expect("half a master", hc_device_master(dev.index, 2), HC_EINVAL);
	raw_expect("an entry beyond all", hc_device_msix_bind(dev.index, dev.info.msix_entries), HC_EINVAL);
	raw_expect("an entry far beyond", hc_device_msix_bind(dev.index, UINT32_MAX), HC_EINVAL);
}

/* The pages of the MSI-X table cannot be mapped, whatever else of the BAR can. */
static void interrupts_table(void)
{
	uint64_t va = window_alloc(1), at = dev.info.bar[dev.info.msix_bar] >> PAGE_SHIFT;
	unsigned refused = 0;

	for (uint64_t i = 0; i < dev.info.bar_bytes[dev.info.msix_bar] >> PAGE_SHIFT; i++) {
		int64_t result = raw_map(va, at + i, PTE_W | PTE_NX | PTE_PCD);

		refused += result == -HC_EFRAME;
		if (result == 0)
			raw_unmap(va);
	}
	raw_attempts++;
	if (!refused)
		raw_hole("all pages of the BAR with the MSI-X table can be mapped");
	raw_expect("one entry twice", hc_device_msix_bind(dev.index, 0) > 0 ? hc_device_msix_bind(dev.index, 0) : 0,
		   HC_EBUSY);
}

int main(void)
{
	struct device_entry entry;
	uint32_t space;

	for (unsigned i = 0; i < device_count(); i++)
		if (device_read(i, &entry) && entry.kind == DEVICE_PCI)
			pci_open(&dev, entry.pci_device);
	if (!dev.info.vendor)
		return 2;
	space = hc_device_config_read(dev.index, 256, 1) >= 0 ? SPACE : 256;
	for (uint32_t at = 0; at < space; at += 4)
		before[at / 4] = read(at, 4);
	for (uint32_t width = 1; width <= 4; width *= 2)
		for (uint32_t at = 0; at < space; at += width)
			register_try(at, width);
	for (uint32_t at = 0; at < space; at += 4)
		if (read(at, 4) != before[at / 4])
			raw_hole("at %x there was %x, now %x", at, before[at / 4], read(at, 4));
	malformed(space);
	if (dev.info.msix_entries)
		interrupts_table();
	return raw_end("config");
}
