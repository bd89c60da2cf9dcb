/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access to configuration space. A window (ECAM) is mapped whole, uncached, in large pages. The ports are a pair with
 * state, so a lock keeps them together.
 */
#include "pci_config.h"

#include <base/bits.h>
#include <stdatomic.h>

#include "machine.h"
#include "log.h"
#include "paging.h"
#include "x86.h"

#define ADDRESS_PORT 0xcf8u
#define DATA_PORT 0xcfcu
#define BUS_BYTES (1u << 20)

static atomic_flag port_lock = ATOMIC_FLAG_INIT;

struct pci_function pci_address(const struct pci_segment *s, unsigned bdf)
{
	uint64_t at = ((uint64_t)bdf << 12) - (uint64_t)s->first_bus * BUS_BYTES;

	return (struct pci_function){.info = {.segment = s->number, .bdf = (uint16_t)bdf},
				     .ecam = s->base ? s->base + at : NULL};
}

/*
 * False when a window shows another first function than the ports do, which know the first segment: then firmware names
 * a wrong place. Where the ports show nothing the machine may have none.
 */
static bool window_true(const struct pci_segment *s)
{
	struct pci_function by_window = pci_address(s, 0), by_ports = {0};

	return s->number || s->first_bus || pci_read(&by_ports, PCI_ID, 4) == UINT32_MAX ||
	       pci_read(&by_ports, PCI_ID, 4) == pci_read(&by_window, PCI_ID, 4);
}

unsigned pci_segments_map(struct pci_segment list[PCI_SEGMENTS_MAX])
{
	const struct boot_machine *m = machine();
	unsigned count = 0;

	for (uint32_t i = 0; m->has_mcfg && i < m->mcfg.count; i++) {
		const struct boot_ecam *e = &m->mcfg.ecam[i];
		uint64_t bytes = (uint64_t)(e->end_bus - e->start_bus + 1) * BUS_BYTES;

		if (count == PCI_SEGMENTS_MAX) {
			log_line("pci: segment %u and later ones are left out", e->segment);
			break;
		}
		list[count] = (struct pci_segment){
			paging_map_device(e->base + (uint64_t)e->start_bus * BUS_BYTES, bytes), e->segment,
			e->start_bus, e->end_bus};
		if (window_true(&list[count]))
			count++;
		else
			log_line("pci: no configuration space at %lx, where the table MCFG puts it: by ports", e->base);
	}
	if (count == 0)
		list[count++] = (struct pci_segment){.last_bus = 255};
	return count;
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
	uint32_t word;

	if (f->ecam) {
		word = MMIO32(f->ecam + (offset & ~3u));
	} else {
		port_address(f, offset);
		word = in32(DATA_PORT);
		port_unlock();
	}
	return word >> 8 * (offset % 4) & UINT32_MAX >> (32 - 8 * width);
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
			MMIO32(f->ecam + offset) = value;
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
