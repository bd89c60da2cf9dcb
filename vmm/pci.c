/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's PCI functions. Found once; a capability list is never followed for more steps than it can have entries, so
 * hostile configuration space ends. BARs keep the addresses that firmware gave them; a function with one that cannot be
 * true is kept back.
 */
#include "pci.h"

#include <base/bits.h>
#include <base/check.h>

#include "machine.h"
#include "core/pci_policy.h"
#include "early.h"
#include "log.h"
#include "pci_config.h"
#include "time.h"

#define BAR_IO 0x1u
#define BAR_TYPE 0x6u
#define BAR_64 0x4u
#define CLASS_BRIDGE 0x06u
#define CAPABILITIES_MAX 48u
#define EXPRESS_CAPABILITIES 4u
#define EXPRESS_CONTROL 8u
#define EXPRESS_FLR_OFFERED 0x10000000u
#define EXPRESS_FLR 0x8000u
#define AF_CAPABILITIES 3u
#define AF_FLR_OFFERED 0x2u
#define AF_CONTROL 4u
#define RESET_NS 100000000ull

static struct pci_function functions[PCI_FUNCTION_MAX];
static unsigned count;
static unsigned left_out;

unsigned pci_count(void)
{
	return count;
}

struct pci_function *pci_at(unsigned index)
{
	CHECK(index < count);
	return &functions[index];
}

static void find_capabilities(struct pci_function *f)
{
	uint32_t at;

	if (!(pci_read(f, PCI_STATUS, 2) & PCI_STATUS_CAPABILITIES))
		return;
	at = pci_read(f, PCI_CAPABILITIES, 1) & 0xfc;
	for (unsigned i = 0; i < CAPABILITIES_MAX && at >= 0x40; i++) {
		uint32_t id = pci_read(f, at, 1);
		/* One that would run over the space's end is not there. */
		if (id == PCI_CAP_MSIX && !f->msix_cap && at <= 0x100 - 12)
			f->msix_cap = (uint8_t)at;
		if (id == PCI_CAP_EXPRESS && !f->pcie_cap && at <= 0x100 - 12)
			f->pcie_cap = (uint8_t)at;
		if (id == PCI_CAP_AF && !f->af_cap && at <= 0x100 - 8)
			f->af_cap = (uint8_t)at;
		if (id == PCI_CAP_MSI)
			pci_write(f, at + 2, 2, pci_read(f, at + 2, 2) & ~1u);
		at = pci_read(f, at + 1, 1) & 0xfc;
	}
}

/* What the BAR register reads after all ones were written; its value is put back. */
static uint32_t bar_probe(const struct pci_function *f, unsigned i)
{
	uint32_t mask;

	pci_write(f, PCI_BAR(i), 4, UINT32_MAX);
	mask = pci_read(f, PCI_BAR(i), 4);
	pci_write(f, PCI_BAR(i), 4, f->saved_bar[i]);
	return mask;
}

/* Addresses and sizes of the memory BARs, with decoding off meanwhile. */
static void size_bars(struct pci_function *f)
{
	uint32_t command = pci_read(f, PCI_COMMAND, 2);

	pci_write(f, PCI_COMMAND, 2, command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER));
	for (unsigned i = 0; i < DEVICE_BARS; i++)
		f->saved_bar[i] = pci_read(f, PCI_BAR(i), 4);
	for (unsigned i = 0; i < DEVICE_BARS; i++) {
		uint32_t low = f->saved_bar[i];
		uint64_t address = low & ~0xfu, bytes;
		unsigned first = i;

		if (low & BAR_IO)
			continue;
		bytes = bar_probe(f, i) & ~0xfu;
		if ((low & BAR_TYPE) == BAR_64 && i + 1 < DEVICE_BARS) {
			address |= (uint64_t)f->saved_bar[++i] << 32;
			bytes |= (uint64_t)bar_probe(f, i) << 32;
		}
		bytes = pci_bar_size(bytes);
		if (address && bytes && address % bytes == 0 && range_within(address, bytes, 1ull << 52)) {
			f->info.bar[first] = address;
			f->info.bar_bytes[first] = bytes;
		}
	}
	pci_write(f, PCI_COMMAND, 2, (command & ~PCI_COMMAND_MASTER) | PCI_COMMAND_INTX_OFF);
}

static void describe(struct pci_function *f)
{
	uint32_t id = pci_read(f, PCI_ID, 4), class = pci_read(f, PCI_CLASS, 4);

	f->info.vendor = (uint16_t)id;
	f->info.device = (uint16_t)(id >> 16);
	f->info.class_subclass = (uint16_t)(class >> 16);
	f->info.prog_if = (uint8_t)(class >> 8);
	f->info.header_type = (uint8_t)(pci_read(f, PCI_HEADER_TYPE, 1) & ~PCI_MULTIFUNCTION);
	f->withheld = f->info.header_type != 0 || f->info.class_subclass >> 8 == CLASS_BRIDGE;
	if (f->withheld)
		return;
	id = pci_read(f, PCI_SUBSYSTEM, 4);
	f->info.subsystem_vendor = (uint16_t)id;
	f->info.subsystem = (uint16_t)(id >> 16);
	find_capabilities(f);
	size_bars(f);
	f->resetting = true; /* before its first owner: firmware may have used it */
}

/* Takes in the function at @bdf if there is one; returns its header type register, or -1. */
static int add_function(const struct pci_segment *s, unsigned bdf)
{
	struct pci_function probe = pci_address(s, bdf);
	uint32_t vendor = pci_read(&probe, PCI_ID, 2);

	if (vendor == 0xffff || vendor == 0)
		return -1;
	if (count == PCI_FUNCTION_MAX) {
		left_out++;
	} else {
		describe(&probe);
		functions[count++] = probe;
	}
	return (int)pci_read(&probe, PCI_HEADER_TYPE, 1);
}

/* Looks at every place of the segment: nothing that a bridge says of buses is needed, or believed. */
static void scan_segment(const struct pci_segment *s)
{
	for (unsigned slot = s->first_bus << 5; slot < (s->last_bus + 1) << 5; slot++) {
		unsigned places = 1;

		for (unsigned function = 0; function < places; function++) {
			int type = add_function(s, slot << 3 | function);

			if (type > 0 && ((unsigned)type & PCI_MULTIFUNCTION))
				places = 8;
		}
	}
}

/* Withholds the functions with a BAR where something else is: whoever mapped it would reach that too. */
static void judge_bars(void)
{
	static struct windows w;
	uint32_t self;

	machine_windows(&w);
	self = w.count;
	for (unsigned i = 0; i < count * DEVICE_BARS; i++) {
		const struct device_info *d = &functions[i / DEVICE_BARS].info;
		if (d->bar[i % DEVICE_BARS])
			windows_add(&w, d->bar[i % DEVICE_BARS], d->bar_bytes[i % DEVICE_BARS], "another BAR");
	}
	for (unsigned i = 0; i < count * DEVICE_BARS; i++) {
		struct pci_function *f = &functions[i / DEVICE_BARS];
		uint64_t bar = f->info.bar[i % DEVICE_BARS], bytes = f->info.bar_bytes[i % DEVICE_BARS];
		const char *over = bar ? windows_over(&w, bar, bytes, self++) : NULL;

		if (!over)
			continue;
		log_line("pci: %02x:%02x.%u is withheld: its BAR %u at %lx lies over %s", f->info.bdf >> 8,
			 f->info.bdf >> 3 & 31u, f->info.bdf & 7u, i % DEVICE_BARS, bar, over);
		f->withheld = true;
		pci_write(f, PCI_COMMAND, 2, PCI_COMMAND_INTX_OFF);
	}
}

void pci_init(void)
{
	struct pci_segment segments[PCI_SEGMENTS_MAX];
	unsigned segment_count = pci_segments_map(segments);

	for (unsigned i = 0; i < segment_count; i++)
		scan_segment(&segments[i]);
	judge_bars();
	for (unsigned i = 0; i < count; i++)
		if (!functions[i].withheld)
			pci_msix_find(&functions[i]);
	if (left_out)
		log_line("pci: %u functions more than the table of %u holds are left out", left_out, PCI_FUNCTION_MAX);
}

bool pci_config_valid(const struct pci_function *f, uint32_t offset, uint32_t width)
{
	return pci_access_valid(offset, width, f->ecam ? 4096 : 256);
}

bool pci_bus_master(const struct pci_function *f, bool on)
{
	uint32_t command = pci_read(f, PCI_COMMAND, 2);

	command = on ? command | PCI_COMMAND_MASTER : command & ~PCI_COMMAND_MASTER;
	pci_write(f, PCI_COMMAND, 2, command);
	return ((pci_read(f, PCI_COMMAND, 2) & PCI_COMMAND_MASTER) != 0) == on;
}

bool pci_reset_begin(struct pci_function *f)
{
	pci_bus_master(f, false);
	if (f->pcie_cap && (pci_read(f, f->pcie_cap + EXPRESS_CAPABILITIES, 4) & EXPRESS_FLR_OFFERED))
		pci_write(f, f->pcie_cap + EXPRESS_CONTROL, 2,
			  pci_read(f, f->pcie_cap + EXPRESS_CONTROL, 2) | EXPRESS_FLR);
	else if (f->af_cap && (pci_read(f, f->af_cap + AF_CAPABILITIES, 1) & AF_FLR_OFFERED))
		pci_write(f, f->af_cap + AF_CONTROL, 1, 1);
	else
		return false;
	f->reset_ready = time_now() + RESET_NS;
	return true;
}

bool pci_reset_done(struct pci_function *f)
{
	if (!f->reset_ready)
		return !pci_reset_begin(f);
	if (time_now() < f->reset_ready || pci_read(f, PCI_ID, 2) != f->info.vendor)
		return false;
	for (unsigned i = 0; i < DEVICE_BARS; i++)
		pci_write(f, PCI_BAR(i), 4, f->saved_bar[i]);
	pci_write(f, PCI_COMMAND, 2, PCI_COMMAND_INTX_OFF);
	f->reset_ready = 0;
	return true;
}
