/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intel's remapping units (Virtualization Technology for Directed I/O, revision 3.3: registers chapter 11, structures 9,
 * invalidation 6.5.2, interrupts 5). All units share one root table, so which device is behind which does not matter; a
 * unit of another segment gets an empty one. Invariant: a context entry is present only for a function that a domain owns,
 * and names that domain's table; a handle is present only while a port is bound to it.
 *
 * A unit that stops answering cannot be gone on with: what was taken from a device could be still in its reach. Whatever
 * changes in the tables, all caches are dropped: that is rare.
 */
#include "iommu.h"

#include <base/bits.h>

#include "machine.h"
#include "apic.h"
#include "core/dma.h"
#include "cpu.h"
#include "early.h"
#include "log.h"
#include "paging.h"
#include "time.h"
#include "vectors.h"
#include "x86.h"

#define REG_CAP 0x08u
#define REG_ECAP 0x10u
#define REG_COMMAND 0x18u
#define REG_STATUS 0x1cu
#define REG_ROOT 0x20u
#define REG_FAULT_STATUS 0x34u
#define REG_FAULT_CONTROL 0x38u
#define REG_FAULT_DATA 0x3cu
#define REG_FAULT_ADDRESS 0x40u
#define REG_FAULT_ADDRESS_HIGH 0x44u
#define REG_PROTECTED 0x64u
#define REG_QUEUE_TAIL 0x88u
#define REG_QUEUE 0x90u
#define REG_HANDLES 0xb8u

#define CAP_WRITE_BUFFER 0x10u
#define CAP_PROTECTED 0x60u
#define CAP_CACHES_ABSENT 0x80u
#define CAP_3_LEVELS 0x200u
#define CAP_4_LEVELS 0x400u
#define CAP_DOMAINS(cap) (4u + 2u * ((cap)&7u)) /* bits of a domain number */
#define ECAP_COHERENT 0x1u
#define ECAP_QUEUE 0x2u
#define ECAP_INTERRUPTS 0x8u

/* Of REG_COMMAND and, with the same places, REG_STATUS. */
#define TRANSLATE 0x80000000u
#define SET_ROOT 0x40000000u
#define FLUSH_WRITES 0x08000000u
#define QUEUE_ON 0x04000000u
#define REMAP 0x02000000u
#define SET_HANDLES 0x01000000u
#define STAYING (TRANSLATE | QUEUE_ON | REMAP) /* else a command for once */

/* Descriptors: all contexts, translations (draining what is under way), handles; a write to memory behind all before. */
#define FORGET_CONTEXTS 0x11ull
#define FORGET_TRANSLATIONS 0xd2ull
#define FORGET_HANDLES 0x04ull
#define WAIT (1ull << 32 | 0x25ull)
#define QUEUE_ENTRIES 256u

#define FAULT_VALID (1ull << 63)
#define FAULT_READ (1ull << 62)
#define FAULTS_OFF 0x80000000u
#define FAULT_INTERRUPTS 0x20u /* reasons from here on are about interrupts */

#define PRESENT 0x1ull
#define NO_FAULTS 0x2ull
#define MESSAGE_ADDRESS 0xfee00000u
#define MESSAGE_HANDLE 0x10u
#define PATIENCE_NS 1000000000ull
#define CHECK_REQUESTER (1ull << 18)

#define REG32(u, at) MMIO32((u)->regs + (at))
#define REG64(u, at) (*(volatile uint64_t *)((u)->regs + (at)))

struct unit {
	volatile uint8_t *regs;
	uint64_t cap, ecap;
	uint16_t segment;
	uint32_t tail;
	uint64_t (*queue)[2];
};

static struct unit units[BOOT_DMAR_UNITS];
static unsigned unit_count; /* that run */
static bool coherent, remaps_interrupts;
static bool caches_absent;           /* a unit may not see an entry that is added until it is told to forget */
static uint64_t (*contexts[256])[2]; /* by bus */
static uint64_t (*handles)[2];
static volatile uint32_t waited;

static void written(const void *at, uint64_t bytes)
{
	for (uint64_t line = align_down((uint64_t)at, 64); !coherent && line < (uint64_t)at + bytes; line += 64)
		__asm__ volatile("clflush (%0)" : : "r"(line) : "memory");
	__asm__ volatile("mfence" : : : "memory");
}

/* Both halves, the one that makes it valid last. */
static void entry_write(uint64_t entry[2], uint64_t low, uint64_t high)
{
	__atomic_store_n(&entry[0], 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&entry[1], high, __ATOMIC_SEQ_CST);
	__atomic_store_n(&entry[0], low, __ATOMIC_SEQ_CST);
	written(entry, 16);
}

/* Waits until the bits @mask of the status read @value. */
static bool await(const struct unit *u, uint32_t mask, uint32_t value)
{
	uint64_t end = time_now() + PATIENCE_NS;

	while ((REG32(u, REG_STATUS) & mask) != value)
		if (time_now() > end)
			return false;
	return true;
}

/* Switches @what on, and waits until it is on, or for FLUSH_WRITES over. */
static bool command(const struct unit *u, uint32_t what)
{
	REG32(u, REG_COMMAND) = (REG32(u, REG_STATUS) & STAYING) | what;
	return await(u, what, what & ~FLUSH_WRITES);
}

static void must(bool answered)
{
	if (!answered)
		log_fatal("iommu: a unit does not answer: devices cannot be confined any more");
}

/* Has every unit see what was written and forget everything. */
static void forget(void)
{
	for (struct unit *u = units; u < units + unit_count; u++) {
		const uint64_t list[4] = {FORGET_CONTEXTS, FORGET_TRANSLATIONS, FORGET_HANDLES, WAIT};
		uint64_t end = time_now() + PATIENCE_NS;

		if (u->cap & CAP_WRITE_BUFFER)
			must(command(u, FLUSH_WRITES));
		waited = 0;
		for (unsigned n = 0; n < ARRAY_SIZE(list); n++) {
			u->queue[u->tail][0] = list[n];
			u->queue[u->tail][1] = list[n] == WAIT ? virt_phys((const void *)&waited) : 0;
			u->tail = (u->tail + 1) % QUEUE_ENTRIES;
		}
		__asm__ volatile("mfence" : : : "memory");
		REG64(u, REG_QUEUE_TAIL) = u->tail * 16;
		while (!waited)
			must(time_now() < end);
	}
}

void iommu_flush(void)
{
	forget();
	dma_flushed(&world);
}

void iommu_grown(void)
{
	if (caches_absent)
		forget();
}

bool iommu_covers(const struct pci_function *f)
{
	return !unit_count || (f->info.segment == 0 && contexts[f->info.bdf >> 8]);
}

static void context_write(const struct pci_function *f, uint64_t low, uint64_t high)
{
	if (!unit_count || !iommu_covers(f))
		return;
	entry_write(contexts[f->info.bdf >> 8][f->info.bdf & 0xff], low, high);
	forget();
}

void iommu_attach(const struct pci_function *f, const struct domain *d)
{
	/* The number tells domains apart in the caches: one a slot. */
	context_write(f, d->dma_root << PAGE_SHIFT | PRESENT, DOMID_SLOT(d->id) << 8 | (world.dma_levels - 2));
}

void iommu_detach(const struct pci_function *f)
{
	context_write(f, NO_FAULTS, 0);
}

/* xAPIC, fixed delivery; the request is checked to come from @bdf. */
static void handle_write(unsigned handle, uint16_t bdf, struct iommu_route r)
{
	entry_write(handles[handle],
		    (uint64_t)r.target << 40 | (uint64_t)r.vector << 16 | (uint64_t)r.level << 4 | (r.on ? PRESENT : 0),
		    CHECK_REQUESTER | bdf);
	forget();
}

struct iommu_message iommu_route(unsigned handle, uint16_t bdf, struct iommu_route route)
{
	if (!remaps_interrupts)
		return (struct iommu_message){MESSAGE_ADDRESS | route.target << 12, route.vector};
	handle_write(handle, bdf, route);
	return (struct iommu_message){MESSAGE_ADDRESS | handle << 5 | MESSAGE_HANDLE, 0};
}

void iommu_unroute(unsigned handle)
{
	if (remaps_interrupts)
		handle_write(handle, 0, (struct iommu_route){0});
}

bool iommu_route_pin(unsigned handle, uint8_t id, struct iommu_route route, uint32_t *high)
{
	const struct boot_dmar *dmar = &machine()->dmar;

	*high = remaps_interrupts ? handle << 17 | 1u << 16 : route.target << 24;
	for (unsigned i = 0; remaps_interrupts && i < dmar->ioapic_count; i++)
		if (dmar->ioapic[i].id == id) {
			handle_write(handle, dmar->ioapic[i].sid, route);
			return true;
		}
	return !remaps_interrupts;
}

bool iommu_next_fault(struct iommu_fault *fault)
{
	for (unsigned i = 0; i < unit_count; i++) {
		const struct unit *u = &units[i];
		uint32_t first = (u->cap >> 24 & 0x3ff) * 16, count = (u->cap >> 40 & 0xff) + 1;

		for (uint32_t at = first; at < first + count * 16; at += 16) {
			uint64_t low = REG64(u, at), high = REG64(u, at + 8);

			if (!(high & FAULT_VALID))
				continue;
			fault->segment = u->segment;
			fault->bdf = (uint16_t)high;
			fault->reason = (uint8_t)(high >> 32);
			fault->read = high & FAULT_READ;
			fault->interrupt = fault->reason >= FAULT_INTERRUPTS;
			fault->address = fault->interrupt ? low >> 48 : low & ~(uint64_t)PAGE_MASK;
			REG32(u, at + 12) = FAULT_VALID >> 32;
			return true;
		}
		REG32(u, REG_FAULT_STATUS) = REG32(u, REG_FAULT_STATUS); /* a 1 clears */
	}
	return false;
}

void iommu_faults_off(void)
{
	for (unsigned i = 0; i < unit_count; i++)
		REG32(&units[i], REG_FAULT_CONTROL) = FAULTS_OFF;
}

/* Everything off that firmware may have left on; then this unit's tables. False: it cannot be used. */
static bool unit_start(struct unit *u, uint64_t root, uint64_t denied)
{
	REG32(u, REG_COMMAND) = 0;
	if (!await(u, STAYING, 0))
		return false;
	u->queue = phys_ptr(early_alloc(1));
	u->tail = 0;
	REG64(u, REG_QUEUE_TAIL) = 0;
	REG64(u, REG_QUEUE) = virt_phys(u->queue);
	REG64(u, REG_ROOT) = u->segment ? denied : root;
	if (!command(u, SET_ROOT) || !command(u, QUEUE_ON))
		return false;
	if (remaps_interrupts) {
		REG64(u, REG_HANDLES) = virt_phys(handles) | 7; /* 2 to the 8th: IOMMU_HANDLES */
		if (!command(u, SET_HANDLES))
			return false;
	}
	REG32(u, REG_FAULT_STATUS) = UINT32_MAX;
	REG32(u, REG_FAULT_DATA) = VECTOR_DMA_FAULT;
	REG32(u, REG_FAULT_ADDRESS) = MESSAGE_ADDRESS | apic_id() << 12;
	REG32(u, REG_FAULT_ADDRESS_HIGH) = 0;
	REG32(u, REG_FAULT_CONTROL) = 0;
	return true;
}

/* Reads what the units can do; @why they cannot be used, or NULL. */
static const char *units_find(const struct boot_dmar *dmar)
{
	uint64_t cap = UINT64_MAX, ecap = UINT64_MAX;

	for (unsigned i = 0; i < dmar->unit_count; i++) {
		struct unit *u = &units[i];

		u->regs = paging_map_device(dmar->unit[i].base, PAGE_SIZE);
		u->segment = dmar->unit[i].segment;
		u->cap = REG64(u, REG_CAP);
		u->ecap = REG64(u, REG_ECAP);
		caches_absent |= (u->cap & (CAP_CACHES_ABSENT | CAP_WRITE_BUFFER)) != 0;
		if (!~u->cap || CAP_DOMAINS(u->cap) < 10)
			return "too few domain numbers";
		if ((u->cap >> 24 & 0x3ff) * 16 + ((u->cap >> 40 & 0xff) + 1) * 16 > PAGE_SIZE)
			return "its fault records lie outside of its registers";
		cap &= u->cap;
		ecap &= u->ecap;
	}
	if (!(cap & (CAP_3_LEVELS | CAP_4_LEVELS)))
		return "no common depth of tables";
	if (!(ecap & ECAP_QUEUE))
		return "no queued invalidation";
	world.dma_levels = cap & CAP_4_LEVELS ? 4 : 3;
	coherent = ecap & ECAP_COHERENT;
	remaps_interrupts = dmar->interrupt_remap && (ecap & ECAP_INTERRUPTS);
	return NULL;
}

static void *page_new(void)
{
	void *page = phys_ptr(early_alloc(1));

	written(page, PAGE_SIZE);
	return page;
}

/* One root table with a context table for each bus that has functions. */
static const char *units_start(const struct boot_dmar *dmar)
{
	uint64_t(*root)[2] = page_new();
	uint64_t *denied = page_new();

	handles = page_new();
	for (unsigned i = 0; i < pci_count(); i++) {
		const struct device_info *d = &pci_at(i)->info;
		unsigned bus = d->bdf >> 8;

		if (d->segment || contexts[bus])
			continue;
		contexts[bus] = page_new();
		entry_write(root[bus], virt_phys(contexts[bus]) | PRESENT, 0);
	}
	for (unsigned i = 0; i < dmar->unit_count; i++)
		if (!unit_start(&units[i], virt_phys(root), virt_phys(denied)))
			return "it does not answer";
	unit_count = dmar->unit_count;
	forget();
	for (unsigned i = 0; i < unit_count; i++) {
		if (!command(&units[i], TRANSLATE) || (remaps_interrupts && !command(&units[i], REMAP)))
			return "it does not start";
		/* What firmware denied to all devices until there are tables. */
		if (units[i].cap & CAP_PROTECTED)
			REG32(&units[i], REG_PROTECTED) = 0;
	}
	world.dma_written = written;
	return NULL;
}

void iommu_init(void)
{
	const struct boot_dmar *dmar = &machine()->dmar;
	const char *why = machine()->has_dmar ? units_find(dmar) : "the machine has none, or it is off";

	world.dma_levels = world.dma_levels ? world.dma_levels : 4;
	if (!why)
		why = units_start(dmar);
	if (why) {
		for (unsigned i = 0; i < BOOT_DMAR_UNITS && units[i].regs; i++)
			REG32(&units[i], REG_COMMAND) = 0;
		unit_count = 0;
		remaps_interrupts = caches_absent = false;
		log_line("iommu: not used: %s. A domain that owns a device can reach all of memory with it", why);
		return;
	}
	world.features |= FEATURE_IOMMU | (remaps_interrupts ? FEATURE_INTREMAP : 0);
	log_line("iommu: VT-d, %u units, tables of %u levels: devices reach what their owner gave them; interrupts %s",
		 unit_count, world.dma_levels,
		 remaps_interrupts ? "are remapped" : "are not remapped: an owner of a device can raise any");
	if (dmar->reserved_regions)
		log_line("iommu: %u memory regions that firmware keeps for devices are not mapped",
			 dmar->reserved_regions);
}
