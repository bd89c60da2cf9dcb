/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access to configuration space. A window (ECAM) is mapped whole, uncached, in large pages. The ports are a pair with
 * state, so a lock keeps them together.
 */
#include "pci_config.h"

#include <base/bits.h>
#include <stdatomic.h>

#include "acpi.h"
#include "log.h"
#include "paging.h"
#include "x86.h"

#define ADDRESS_PORT 0xcf8u
#define DATA_PORT 0xcfcu
#define BUS_BYTES (1u << 20)
#define SEGMENTS_MAX 2u /* the device map holds two full ones beside all else */

static struct segment {
	volatile uint8_t *base; /* of first_bus; NULL: ports */
	uint16_t segment;
	unsigned first_bus, last_bus;
} windows[SEGMENTS_MAX];
static unsigned window_count;
static atomic_flag port_lock = ATOMIC_FLAG_INIT;

/*
 * False when window @i shows another first function than the ports do, which know the first segment: then firmware names
 * a wrong place. Where the ports show nothing the machine may have none.
 */
static bool window_true(unsigned i)
{
	struct pci_function by_window = {0}, by_ports = {0};

	pci_address(&by_window, i, 0);
	return windows[i].segment || windows[i].first_bus || pci_read(&by_ports, PCI_ID, 4) == UINT32_MAX ||
	       pci_read(&by_ports, PCI_ID, 4) == pci_read(&by_window, PCI_ID, 4);
}

void pci_windows_map(void)
{
	const struct acpi_info *acpi = acpi_info();

	for (uint32_t i = 0; acpi->has_mcfg && i < acpi->mcfg.count; i++) {
		const struct acpi_ecam *e = &acpi->mcfg.ecam[i];
		uint64_t bytes = (uint64_t)(e->end_bus - e->start_bus + 1) * BUS_BYTES;

		if (window_count == SEGMENTS_MAX) {
			log_line("pci: segment %u and later ones are left out", e->segment);
			break;
		}
		windows[window_count] = (struct segment){
			paging_map_device(e->base + (uint64_t)e->start_bus * BUS_BYTES, bytes), e->segment,
			e->start_bus, e->end_bus};
		if (window_true(window_count))
			window_count++;
		else
			log_line("pci: no configuration space at %lx, where the table MCFG puts it: by ports", e->base);
	}
	if (window_count == 0)
		windows[window_count++] = (struct segment){.last_bus = 255};
}

unsigned pci_segment_count(void)
{
	return window_count;
}

void pci_segment_at(unsigned i, uint16_t *segment, unsigned *first_bus, unsigned *last_bus)
{
	*segment = windows[i].segment;
	*first_bus = windows[i].first_bus;
	*last_bus = windows[i].last_bus;
}

void pci_address(struct pci_function *f, unsigned i, unsigned bdf)
{
	f->info.segment = windows[i].segment;
	f->info.bdf = (uint16_t)bdf;
	f->ecam = windows[i].base
			  ? windows[i].base + (((uint64_t)bdf << 12) - (uint64_t)windows[i].first_bus * BUS_BYTES)
			  : NULL;
}

static void port_address(const struct pci_function *f, uint32_t offset)
{
	while (atomic_flag_test_and_set_explicit(&port_lock, memory_order_acquire))
		cpu_relax();
	out32(ADDRESS_PORT, 0x80000000u | (uint32_t)f->info.bdf << 8 | (offset & 0xfcu));
}

static void port_unlock(void)
{
	atomic_flag_clear_explicit(&port_lock, memory_order_release);
}

uint32_t pci_read(const struct pci_function *f, uint32_t offset, uint32_t width)
{
	uint16_t port = (uint16_t)(DATA_PORT + offset % 4);
	uint32_t v;

	if (f->ecam)
		return width == 1   ? f->ecam[offset]
		       : width == 2 ? *(volatile uint16_t *)(f->ecam + offset)
				    : mmio_read32(f->ecam + offset);
	port_address(f, offset);
	v = width == 1 ? in8(port) : width == 2 ? in16(port) : in32(port);
	port_unlock();
	return v;
}

void pci_write(const struct pci_function *f, uint32_t offset, uint32_t width, uint32_t value)
{
	uint16_t port = (uint16_t)(DATA_PORT + offset % 4);

	if (f->ecam) {
		if (width == 1)
			f->ecam[offset] = (uint8_t)value;
		else if (width == 2)
			*(volatile uint16_t *)(f->ecam + offset) = (uint16_t)value;
		else
			mmio_write32(f->ecam + offset, value);
		return;
	}
	port_address(f, offset);
	if (width == 1)
		out8(port, (uint8_t)value);
	else if (width == 2)
		out16(port, (uint16_t)value);
	else
		out32(port, value);
	port_unlock();
}
