/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MSI-X (PCI Local Bus 3.0, 6.8.2). The table belongs to the hypervisor: its pages are never mapped by a domain. Since
 * the owner of a device may switch memory decoding off at any time, every write to the table switches it on for the
 * moment; a mask must never be lost.
 */
#include <base/bits.h>
#include <base/check.h>

#include "core/pci_policy.h"
#include "log.h"
#include "paging.h"
#include "pci_config.h"
#include "x86.h"

#define CONTROL 2u
#define CONTROL_SIZE 0x7ffu
#define CONTROL_MASK_ALL 0x4000u
#define CONTROL_ENABLE 0x8000u
#define TABLE 4u
#define PENDING 8u
#define BAR_INDEX 7u

#define ENTRY_BYTES 16u
#define ENTRY_ADDRESS 0u
#define ENTRY_ADDRESS_HIGH 4u
#define ENTRY_DATA 8u
#define ENTRY_CONTROL 12u
#define ENTRY_MASKED 1u

/* Where a table of @bytes lies, by the register at @reg of the capability; false when it is in no memory BAR. */
static bool place(const struct pci_function *f, uint32_t reg, uint64_t bytes, uint32_t *bar, uint64_t *offset)
{
	uint32_t v = pci_read(f, f->msix_cap + reg, 4);

	*bar = v & BAR_INDEX;
	*offset = v & ~BAR_INDEX;
	return *bar < DEVICE_BARS && f->info.bar[*bar] && range_within(*offset, bytes, f->info.bar_bytes[*bar]);
}

void pci_msix_find(struct pci_function *f)
{
	uint32_t control, entries;

	if (!f->msix_cap)
		return;
	control = pci_read(f, f->msix_cap + CONTROL, 2);
	pci_write(f, f->msix_cap + CONTROL, 2, control & ~(CONTROL_ENABLE | CONTROL_MASK_ALL));
	entries = (control & CONTROL_SIZE) + 1;
	f->msix_bytes = entries * ENTRY_BYTES;
	f->pba_bytes = align_up(entries, 64) / 8;
	if (!place(f, TABLE, f->msix_bytes, &f->info.msix_bar, &f->msix_offset) ||
	    !place(f, PENDING, f->pba_bytes, &f->pba_bar, &f->pba_offset)) {
		log_line("pci: %04x: its MSI-X table lies in no memory BAR: no interrupts", f->info.bdf);
		f->msix_cap = 0;
		f->info.msix_bar = 0;
		f->msix_bytes = f->pba_bytes = 0;
		return;
	}
	f->info.msix_entries = entries;
	f->msix = paging_map_device(f->info.bar[f->info.msix_bar] + f->msix_offset, f->msix_bytes);
}

/* Memory decoding on; returns the command register to restore. */
static uint32_t decode_on(const struct pci_function *f)
{
	uint32_t command = pci_read(f, PCI_COMMAND, 2);

	if (!(command & PCI_COMMAND_MEMORY))
		pci_write(f, PCI_COMMAND, 2, command | PCI_COMMAND_MEMORY);
	return command;
}

static void decode_restore(const struct pci_function *f, uint32_t command)
{
	if (!(command & PCI_COMMAND_MEMORY)) {
		(void)MMIO32(f->msix); /* what was posted arrives first */
		pci_write(f, PCI_COMMAND, 2, command);
	}
}

/* Masks entries @first to @end - 1. */
static void mask_entries(const struct pci_function *f, uint32_t first, uint32_t end)
{
	uint32_t command = decode_on(f);

	for (uint32_t i = first; i < end; i++)
		MMIO32(f->msix + i * ENTRY_BYTES + ENTRY_CONTROL) = ENTRY_MASKED;
	decode_restore(f, command);
}

void pci_msix_set(const struct pci_function *f, uint32_t entry, uint32_t address, uint32_t data)
{
	volatile uint8_t *e = f->msix + entry * ENTRY_BYTES;
	uint32_t control, command;

	CHECK(entry < f->info.msix_entries);
	/* 1. The capability on, but nothing delivered. */
	control = pci_read(f, f->msix_cap + CONTROL, 2);
	pci_write(f, f->msix_cap + CONTROL, 2, control | CONTROL_ENABLE | CONTROL_MASK_ALL);
	if (!(control & CONTROL_ENABLE))
		mask_entries(f, 0, f->info.msix_entries);
	/* 2. The entry, masked while it is half written. */
	command = decode_on(f);
	MMIO32(e + ENTRY_CONTROL) = ENTRY_MASKED;
	MMIO32(e + ENTRY_ADDRESS) = address;
	MMIO32(e + ENTRY_ADDRESS_HIGH) = 0;
	MMIO32(e + ENTRY_DATA) = data;
	MMIO32(e + ENTRY_CONTROL) = 0;
	decode_restore(f, command);
	/* 3. Delivery. */
	pci_write(f, f->msix_cap + CONTROL, 2, (control | CONTROL_ENABLE) & ~CONTROL_MASK_ALL);
}

void pci_msix_mask(const struct pci_function *f, uint32_t entry)
{
	CHECK(entry < f->info.msix_entries);
	mask_entries(f, entry, entry + 1);
}

void pci_msix_mask_all(const struct pci_function *f)
{
	if (!f->info.msix_entries)
		return;
	/* It stays enabled: what the device still has to say finds its entries masked, and becomes no interrupt pin's. */
	pci_write(f, f->msix_cap + CONTROL, 2, pci_read(f, f->msix_cap + CONTROL, 2) | CONTROL_MASK_ALL);
	mask_entries(f, 0, f->info.msix_entries);
}

bool pci_bar_contains_msix(const struct pci_function *f, uint64_t mfn)
{
	uint64_t table = f->info.bar[f->info.msix_bar] / PAGE_SIZE, pending = f->info.bar[f->pba_bar] / PAGE_SIZE;

	if (!f->info.msix_entries)
		return false;
	return (mfn >= table && pci_page_in_range(mfn - table, f->msix_offset, f->msix_bytes)) ||
	       (mfn >= pending && pci_page_in_range(mfn - pending, f->pba_offset, f->pba_bytes));
}
