/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Remapping. A unit that stops answering cannot be gone on with: what was taken from a device could be still in its reach.
 * Whatever changes in a unit's tables, all its caches are dropped: that is rare.
 */
#include "iommu.h"

#include <base/bits.h>

#include "core/dma.h"
#include "cpu.h"
#include "early.h"
#include "log.h"
#include "paging.h"

static const struct iommu_driver *driver; /* NULL: none */
static const struct acpi_remapping *units;
static bool remaps_interrupts;

void iommu_written(const void *at, uint64_t bytes, bool coherent)
{
	for (uint64_t line = align_down((uint64_t)at, 64); !coherent && line < (uint64_t)at + bytes; line += 64)
		__asm__ volatile("clflush (%0)" : : "r"(line) : "memory");
	__asm__ volatile("mfence" : : : "memory");
}

void *iommu_page(void)
{
	void *page = phys_ptr(early_alloc(1));

	iommu_written(page, PAGE_SIZE, false);
	return page;
}

static void must(bool answered)
{
	if (!answered)
		log_fatal("iommu: a unit does not answer: devices cannot be confined any more");
}

void iommu_flush(void)
{
	if (driver)
		must(driver->forget());
	dma_flushed(&world);
}

void iommu_grown(void)
{
	if (driver)
		must(driver->grown());
}

bool iommu_covers(const struct pci_function *f)
{
	return !driver || driver->covers(f);
}

static void context(const struct pci_function *f, mfn_t root, uint32_t number)
{
	if (!driver)
		return;
	driver->context(f, root, number);
	must(driver->forget());
}

void iommu_attach(const struct pci_function *f, const struct domain *d)
{
	context(f, d->dma_root, DOMID_SLOT(d->id));
	iommu_grown();
}

void iommu_detach(const struct pci_function *f)
{
	context(f, 0, 0);
}

struct iommu_message iommu_route(unsigned handle, uint16_t bdf, struct iommu_route route)
{
	if (!remaps_interrupts)
		return (struct iommu_message){IOMMU_MESSAGE | route.target << 12, route.vector};
	driver->handle(handle, bdf, route);
	must(driver->forget());
	return driver->msi(handle, route.target);
}

void iommu_unroute(unsigned handle, uint16_t bdf)
{
	if (!remaps_interrupts)
		return;
	driver->handle(handle, bdf, (struct iommu_route){0});
	must(driver->forget());
}

bool iommu_route_pin(unsigned handle, uint8_t id, struct iommu_route route, uint32_t *high, uint8_t *vector)
{
	struct iommu_message m = {route.target << 24, route.vector};
	bool found = !remaps_interrupts;

	for (unsigned i = 0; !found && i < units->ioapic_count; i++)
		if (units->ioapic[i].id == id) {
			found = true;
			driver->handle(handle, units->ioapic[i].sid, route);
			must(driver->forget());
			m = driver->pin(handle, route);
		}
	*high = m.address;
	*vector = (uint8_t)m.data;
	return found;
}

bool iommu_next_fault(struct iommu_fault *fault)
{
	return driver && driver->fault(fault);
}

void iommu_init(void)
{
	static const struct iommu_driver *const drivers[] = {&vtd_driver};
	const char *why = "the machine has none, or it is off";

	world.dma_levels = 4;
	for (unsigned i = 0; i < ARRAY_SIZE(drivers) && !driver; i++) {
		units = drivers[i]->units();
		if (!units)
			continue;
		why = drivers[i]->start(units, &remaps_interrupts);
		if (!why)
			driver = drivers[i];
		else
			drivers[i]->stop();
	}
	if (!driver) {
		remaps_interrupts = false;
		log_line("iommu: not used: %s. A domain that owns a device can reach all of memory with it", why);
		return;
	}
	world.features |= FEATURE_IOMMU | (remaps_interrupts ? FEATURE_INTREMAP : 0);
	log_line("iommu: %s, %u units, tables of %u levels: devices reach what their owner gave them; interrupts %s",
		 driver->name, units->unit_count, world.dma_levels,
		 remaps_interrupts ? "are remapped" : "are not remapped: an owner of a device can raise any");
	if (units->reserved_regions)
		log_line("iommu: %u memory regions that firmware keeps for devices are not mapped",
			 units->reserved_regions);
}
