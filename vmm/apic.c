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
#include "paging.h"
#include "time.h"
#include "vectors.h"
#include "x86.h"

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
#define REG_TIMER_DIVIDE 0x3e0u

#define COMMAND_PENDING 0x1000u
#define SPURIOUS_ENABLE 0x100u
#define LVT_MASKED 0x10000u
#define LVT_NMI 0x400u
#define DIVIDE_BY_1 0xbu

#define IOAPIC_BYTES 0x20u
#define IOAPIC_SELECT 0x00u
#define IOAPIC_DATA 0x10u
#define IOAPIC_VERSION 0x01u
#define IOAPIC_REDIRECT 0x10u
#define REDIRECT_LOW 0x2000u /* active low */
#define REDIRECT_LEVEL 0x8000u
#define REDIRECT_MASKED 0x10000u

#define APIC(reg) MMIO32(apic + (reg))

static volatile uint8_t *apic;

void apic_init(void)
{
	apic = paging_map_device(rdmsr(MSR_APIC_BASE) & APIC_BASE_ADDRESS, PAGE_SIZE);
	apic_init_cpu();
}

void apic_init_cpu(void)
{
	uint32_t highest_lvt;

	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE);
	APIC(REG_SPURIOUS) = SPURIOUS_ENABLE | VECTOR_SPURIOUS;
	APIC(REG_TPR) = 0;
	highest_lvt = APIC(REG_VERSION) >> 16 & 0xff;
	APIC(REG_LVT_LINT0) = LVT_MASKED;
	APIC(REG_LVT_LINT1) = LVT_NMI;
	APIC(REG_LVT_ERROR) = LVT_MASKED;
	if (highest_lvt >= 4)
		APIC(REG_LVT_PERF) = LVT_MASKED;
	if (highest_lvt >= 5)
		APIC(REG_LVT_THERMAL) = LVT_MASKED;
	APIC(REG_TIMER_DIVIDE) = DIVIDE_BY_1;
	APIC(REG_TIMER_INITIAL) = 0;
	APIC(REG_LVT_TIMER) = VECTOR_TIMER;
	apic_eoi(); /* what firmware may have left in service */
}

uint32_t apic_id(void)
{
	return APIC(REG_ID) >> 24;
}

void apic_send(uint32_t target, uint32_t command)
{
	while (APIC(REG_COMMAND) & COMMAND_PENDING)
		cpu_relax();
	APIC(REG_COMMAND_TARGET) = target << 24;
	APIC(REG_COMMAND) = command;
}

void apic_eoi(void)
{
	APIC(REG_EOI) = 0;
}

void apic_timer_at(uint64_t deadline)
{
	uint64_t hz = machine()->clock.apic_hz, now, ns, ticks, most;

	if (deadline == TIME_NEVER) {
		APIC(REG_TIMER_INITIAL) = 0;
		return;
	}
	now = time_now();
	ns = deadline > now ? deadline - now : 0;
	most = UINT32_MAX * 1000000000ull / hz;
	ticks = ns >= most ? UINT32_MAX : ns * (hz / 1000) / 1000000 + 1;
	APIC(REG_TIMER_INITIAL) = (uint32_t)MIN(ticks, UINT32_MAX);
}

static uint32_t ioapic_read(volatile uint8_t *io, uint32_t reg)
{
	MMIO32(io + IOAPIC_SELECT) = reg;
	return MMIO32(io + IOAPIC_DATA);
}

static void ioapic_write(volatile uint8_t *io, uint32_t reg, uint32_t v)
{
	MMIO32(io + IOAPIC_SELECT) = reg;
	MMIO32(io + IOAPIC_DATA) = v;
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
