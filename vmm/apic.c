/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Local APIC in xAPIC mode (Intel SDM vol. 3, chapter 11) and a minimal I/O APIC (82093AA data sheet). The registers are
 * one uncached page, the same address on every CPU. The timer runs one-shot with a divider of 1; x2APIC and the
 * TSC deadline mode are never used (DESIGN.md section 4).
 */
#include "apic.h"

#include <abi/types.h>
#include <base/bits.h>
#include <base/check.h>

#include "machine.h"
#include "iommu.h"
#include "log.h"
#include "paging.h"
#include "time.h"
#include "vectors.h"
#include "x86.h"

#define APIC_BASE_X2 (1ull << 10)
#define APIC_BASE_ENABLE (1ull << 11)
#define APIC_BASE_ADDRESS 0x000ffffffffff000ull

#define REG_ID 0x20u
#define REG_TPR 0x80u
#define REG_EOI 0xb0u
#define REG_SPURIOUS 0xf0u
#define REG_LVT_TIMER 0x320u
#define REG_LVT_THERMAL 0x330u
#define REG_LVT_PERF 0x340u
#define REG_LVT_LINT0 0x350u
#define REG_LVT_LINT1 0x360u
#define REG_LVT_ERROR 0x370u
#define REG_VERSION 0x30u
#define REG_COMMAND 0x300u
#define REG_COMMAND_TARGET 0x310u
#define REG_TIMER_INITIAL 0x380u
#define REG_TIMER_CURRENT 0x390u
#define REG_TIMER_DIVIDE 0x3e0u

#define COMMAND_PENDING 0x1000u
#define SPURIOUS_ENABLE 0x100u
#define LVT_MASKED 0x10000u
#define LVT_NMI 0x400u
#define DIVIDE_BY_1 0xbu

#define PIC1 0x20u
#define PIC2 0xa0u

#define IOAPIC_BYTES 0x20u
#define IOAPIC_SELECT 0x00u
#define IOAPIC_DATA 0x10u
#define IOAPIC_VERSION 0x01u
#define IOAPIC_REDIRECT 0x10u
#define REDIRECT_LOW 0x2000u /* active low */
#define REDIRECT_LEVEL 0x8000u
#define REDIRECT_MASKED 0x10000u

static volatile uint8_t *apic;
static uint64_t ticks_per_second;

static uint32_t reg_read(unsigned reg)
{
	return mmio_read32(apic + reg);
}

static void reg_write(unsigned reg, uint32_t v)
{
	mmio_write32(apic + reg, v);
}

/* Moves the vectors of one 8259 away from the exceptions and masks all its lines. */
static void pic_mask(uint16_t port, uint8_t first_vector, uint8_t cascade)
{
	out8(port, 0x11);
	out8(port + 1, first_vector);
	out8(port + 1, cascade);
	out8(port + 1, 1);
	out8(port + 1, 0xff);
}

void apic_init(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	if (base & APIC_BASE_X2)
		log_fatal("firmware left the local APIC in x2APIC mode, which is not supported: switch it off there");
	pic_mask(PIC1, VECTOR_LEGACY_FIRST, 4);
	pic_mask(PIC2, VECTOR_LEGACY_FIRST + 8, 2);
	apic = paging_map_device(base & APIC_BASE_ADDRESS, PAGE_SIZE);
	apic_init_cpu();
}

void apic_init_cpu(void)
{
	uint32_t highest_lvt;

	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE);
	reg_write(REG_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	reg_write(REG_TPR, 0);
	highest_lvt = reg_read(REG_VERSION) >> 16 & 0xff;
	reg_write(REG_LVT_LINT0, LVT_MASKED);
	reg_write(REG_LVT_LINT1, LVT_NMI);
	reg_write(REG_LVT_ERROR, LVT_MASKED);
	if (highest_lvt >= 4)
		reg_write(REG_LVT_PERF, LVT_MASKED);
	if (highest_lvt >= 5)
		reg_write(REG_LVT_THERMAL, LVT_MASKED);
	reg_write(REG_TIMER_DIVIDE, DIVIDE_BY_1);
	reg_write(REG_TIMER_INITIAL, 0);
	reg_write(REG_LVT_TIMER, VECTOR_TIMER);
	apic_eoi(); /* what firmware may have left in service */
}

uint32_t apic_id(void)
{
	return reg_read(REG_ID) >> 24;
}

void apic_send(uint32_t target, uint32_t command)
{
	while (reg_read(REG_COMMAND) & COMMAND_PENDING)
		cpu_relax();
	reg_write(REG_COMMAND_TARGET, target << 24);
	reg_write(REG_COMMAND, command);
}

void apic_eoi(void)
{
	reg_write(REG_EOI, 0);
}

void apic_timer_calibrate_start(void)
{
	reg_write(REG_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	reg_write(REG_TIMER_INITIAL, UINT32_MAX);
}

uint32_t apic_timer_calibrate_read(void)
{
	return UINT32_MAX - reg_read(REG_TIMER_CURRENT);
}

void apic_timer_calibrate_set(uint64_t rate)
{
	ticks_per_second = rate;
	reg_write(REG_TIMER_INITIAL, 0);
	reg_write(REG_LVT_TIMER, VECTOR_TIMER);
}

void apic_timer_at(uint64_t deadline)
{
	uint64_t now, ns, ticks, most;

	if (deadline == TIME_NEVER) {
		reg_write(REG_TIMER_INITIAL, 0);
		return;
	}
	now = time_now();
	ns = deadline > now ? deadline - now : 0;
	most = UINT32_MAX * 1000000000ull / MAX(ticks_per_second, 5ull);
	ticks = ns >= most ? UINT32_MAX : ns * (ticks_per_second / 1000) / 1000000 + 1;
	reg_write(REG_TIMER_INITIAL, (uint32_t)MIN(ticks, UINT32_MAX));
}

static uint32_t ioapic_read(volatile uint8_t *io, uint32_t reg)
{
	mmio_write32(io + IOAPIC_SELECT, reg);
	return mmio_read32(io + IOAPIC_DATA);
}

static void ioapic_write(volatile uint8_t *io, uint32_t reg, uint32_t v)
{
	mmio_write32(io + IOAPIC_SELECT, reg);
	mmio_write32(io + IOAPIC_DATA, v);
}

bool ioapic_route_isa(unsigned irq, uint8_t vector, uint32_t target)
{
	const struct boot_machine *m = machine();

	CHECK(irq < BOOT_ISA_IRQS);
	if (!m->has_madt)
		return false;
	const struct boot_irq *line = &m->madt.isa[irq];
	for (uint32_t i = 0; i < m->madt.ioapic_count; i++) {
		const struct boot_ioapic *which = &m->madt.ioapic[i];
		volatile uint8_t *io;
		uint32_t pin, high;

		if (line->gsi < which->gsi_base || line->gsi - which->gsi_base > 0xef)
			continue;
		io = paging_map_device(which->address, IOAPIC_BYTES);
		pin = line->gsi - which->gsi_base;
		if (pin > (ioapic_read(io, IOAPIC_VERSION) >> 16 & 0xff))
			continue;
		ioapic_write(io, IOAPIC_REDIRECT + 2 * pin, REDIRECT_MASKED);
		if (!iommu_route_pin(IOMMU_HANDLES - 1, which->id,
				     (struct iommu_route){vector, true, line->level, target}, &high))
			return false;
		ioapic_write(io, IOAPIC_REDIRECT + 2 * pin + 1, high);
		ioapic_write(io, IOAPIC_REDIRECT + 2 * pin,
			     vector | (line->active_low ? REDIRECT_LOW : 0) | (line->level ? REDIRECT_LEVEL : 0));
		return true;
	}
	return false;
}
