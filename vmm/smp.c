/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other CPUs: started, asked, stopped. One is started by INIT and STARTUP into a page below 1 MiB (boot.S), numbers itself
 * there, and joins whenever it gets here: nobody waits for it, since a virtual machine's CPU may come late. Invariant: a
 * CPU that is online does what it is asked within one stay in ring 0, so waiting for it needs no time-out.
 */
#include "smp.h"

#include <string.h>

#include "core/frame.h"
#include "cpu_features.h"
#include "early.h"
#include "iommu.h"
#include "log.h"
#include "machine.h"
#include "paging.h"
#include "run.h"
#include "x86.h"

#define POLITE 200u
#define LOW_FIRST 0x1000u
#define LOW_END 0x9f000u
#define INIT_NS 10000000u
#define STARTUP_NS 200000u

/* What the code of the start page reads: boot.S, in the same order. Addresses are physical but for stacks and entry. */
struct start {
	uint64_t stacks, entry;
	uint32_t root;
	uint32_t started; /* CPUs that have numbered themselves */
	uint32_t code;    /* of the 64-bit part: a far pointer */
	uint16_t selector;
	uint16_t table_limit; /* a descriptor table pointer */
	uint32_t table;
};

extern const uint8_t ap_start[], ap_variables[], ap_end[];

void ap_main(void);

bool smp_stopping; /* read by the NMI's entry */

static struct lock world_lock = {.rank = LOCK_WORLD};
static uint32_t last_in; /* the CPU that had it last; written by who has it */
static uint32_t waiting; /* CPUs that want it, whole or not */
static uint32_t flush_asked;
static uint32_t holder = CPU_MAX; /* the CPU that others wait for; CPU_MAX: none */
static uint32_t start_page;
static uint64_t started_tsc; /* the boot CPU's, before any other runs */

/* For others: what they ask of this CPU does not wait for what it waits for. */
static void give_way(struct cpu *c)
{
	smp_serve(c);
	cpu_relax();
}

bool world_try(struct cpu *c)
{
	CHECK(!c->shares);
	if (!lock_try(&world_lock, &c->held))
		return false;
	for (uint32_t i = 0; i < world.cpu_count; i++)
		while (__atomic_load_n(&cpu_at(i)->shares, __ATOMIC_SEQ_CST))
			give_way(c);
	return true;
}

bool world_share(struct cpu *c)
{
	/* Said first, asked then; who takes it whole does both the other way round. */
	__atomic_store_n(&c->shares, true, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&world_lock.taken, __ATOMIC_SEQ_CST))
		return true;
	world_unshare(c);
	return false;
}

void world_unshare(struct cpu *c)
{
	__atomic_store_n(&c->shares, false, __ATOMIC_RELEASE);
}

bool world_enter(struct cpu *c, struct domain *d)
{
	bool entered;

	/* Whoever had it last gives others who wait for it a start, for their hypercalls may be fewer. */
	for (unsigned i = 0; i < POLITE && __atomic_load_n(&last_in, __ATOMIC_RELAXED) == c->id &&
			     __atomic_load_n(&waiting, __ATOMIC_RELAXED);
	     i++)
		cpu_relax();
	__atomic_add_fetch(&waiting, 1, __ATOMIC_RELAXED);
	while (!(entered = d ? world_share(c) : world_try(c)) && !run_leaving(c))
		give_way(c);
	__atomic_sub_fetch(&waiting, 1, __ATOMIC_RELAXED);
	if (!entered)
		return false;
	if (!d)
		__atomic_store_n(&last_in, c->id, __ATOMIC_RELAXED);
	while (d && !lock_try(&d->lock, &c->held))
		give_way(c);
	return true;
}

void world_leave(struct cpu *c, struct domain *d)
{
	if (d) {
		lock_drop(&d->lock, &c->held);
		world_unshare(c);
		return;
	}
	/* Who shares it finds nothing stale in the IOMMU, and leaves that alone. */
	if (world.dma_stale)
		iommu_flush();
	lock_drop(&world_lock, &c->held);
}

void smp_kick(struct cpu *c)
{
	if (c == this_cpu())
		c->resched = true;
	else
		apic_send(c->apic_id, APIC_IPI);
}

void smp_stop(void)
{
	static struct cpu *speaker;
	struct cpu *nobody = NULL;

	if (!__atomic_compare_exchange_n(&speaker, &nobody, this_cpu(), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) &&
	    nobody != this_cpu())
		cpu_halt();
	smp_stopping = true;
	if (world.cpu_count > 1)
		apic_send(0, APIC_STOP);
}

static void held(const struct cpu *c)
{
	uint32_t by;

	while ((by = __atomic_load_n(&holder, __ATOMIC_SEQ_CST)) != CPU_MAX && by != c->id)
		cpu_relax();
}

void smp_hold(bool hold)
{
	__atomic_store_n(&holder, hold ? this_cpu()->id : CPU_MAX, __ATOMIC_SEQ_CST);
	if (hold)
		tlb_flush_all();
}

void smp_serve(struct cpu *c)
{
	uint32_t asked = __atomic_load_n(&flush_asked, __ATOMIC_SEQ_CST);

	if (c->flushed == asked)
		return;
	write_cr3(read_cr3());
	__atomic_store_n(&c->flushed, asked, __ATOMIC_SEQ_CST);
	held(c);
}

uint64_t smp_present(void)
{
	return (1ull << world.cpu_count) - 1;
}

static bool other(const struct cpu *c)
{
	return c != this_cpu() && __atomic_load_n(&c->online, __ATOMIC_SEQ_CST);
}

void tlb_flush_all(void)
{
	uint64_t begun = frame_flush_begin(&world);
	uint32_t asked;

	if (world.dma_stale)
		iommu_flush();
	/* 1. Ask everybody. */
	asked = __atomic_add_fetch(&flush_asked, 1, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < world.cpu_count; i++)
		if (other(cpu_at(i)))
			smp_kick(cpu_at(i));
	smp_serve(this_cpu());
	/* 2. Wait for each; who comes online meanwhile knows no translation, and another one may be asking, too. */
	for (uint32_t i = 0; i < world.cpu_count; i++)
		while (other(cpu_at(i)) &&
		       (int32_t)(__atomic_load_n(&cpu_at(i)->flushed, __ATOMIC_SEQ_CST) - asked) < 0)
			give_way(this_cpu());
	/* 3. Tell the frame table. */
	for (uint32_t i = 0; i < world.cpu_count; i++)
		frame_flushed_since(&world, i, begun);
}

/* A usable page below 1 MiB; 0: there is none. */
static uint32_t low_page(void)
{
	const struct boot_info *boot = early_boot();

	for (uint32_t i = 0; i < boot->memory_count; i++) {
		const struct boot_memory *m = &boot->memory[i];
		uint64_t page = MAX(m->start, LOW_FIRST);

		if (m->type == BOOT_MEMORY_USABLE && page < LOW_END &&
		    page + PAGE_SIZE <= m->start + m->pages * PAGE_SIZE)
			return (uint32_t)page;
	}
	return 0;
}

/* Tables that map the first 2 MiB to themselves beside our own half; in the image, which lies below 4 GiB. */
static uint32_t start_root(void)
{
	static uint64_t level[3][512] __attribute__((aligned(PAGE_SIZE)));

	memcpy(level[0] + 256, paging_upper_half(), 256 * sizeof level[0][0]);
	level[0][0] = virt_phys(level[1]) | PTE_P | PTE_W;
	level[1][0] = virt_phys(level[2]) | PTE_P | PTE_W;
	level[2][0] = PTE_P | PTE_W | PTE_PS;
	return (uint32_t)virt_phys(level[0]);
}

static void wait(uint64_t ns)
{
	uint64_t end = time_now() + ns;

	while (time_now() < end)
		cpu_relax();
}

static void send_all(uint32_t command, uint64_t pause)
{
	const struct boot_madt *madt = &machine()->madt;
	uint32_t left = world.cpu_count - 1;

	for (uint32_t i = 0; left; i++) {
		if (madt->cpu_apic_id[i] == this_cpu()->apic_id)
			continue;
		apic_send(madt->cpu_apic_id[i], command);
		left--;
	}
	wait(pause);
}

void smp_prepare(void)
{
	const struct boot_machine *m = machine();
	uint32_t low = low_page();
	struct start *start;
	uint8_t *page;

	world.cpu_count = m->has_madt ? MIN(MAX(m->madt.cpu_count, 1u), CPU_MAX) : 1;
	if (world.cpu_count == 1)
		return;
	if (!low) {
		log_line("smp: no page below 1 MiB is free to start other CPUs in: one CPU is used");
		world.cpu_count = 1;
		return;
	}
	start_page = low / PAGE_SIZE;
	page = paging_map_device(low, PAGE_SIZE);
	memcpy(page, ap_start, (size_t)(ap_end - ap_start));
	start = (struct start *)(page + (ap_variables - ap_start));
	start->root = start_root();
	start->stacks = (uint64_t)cpu_at(0) + CPU_FRAME_END - sizeof(struct trap_frame);
	start->entry = (uint64_t)ap_main;
	start->table += low;
	start->code += low;
	for (uint32_t i = 1; i < world.cpu_count; i++)
		cpu_prepare(i);
}

void smp_start(void)
{
	cpu_at(0)->online = true;
	if (world.cpu_count == 1)
		return;
	started_tsc = rdtsc_ordered();
	send_all(APIC_INIT, INIT_NS);
	send_all(APIC_STARTUP(start_page), STARTUP_NS);
	send_all(APIC_STARTUP(start_page), 0);
}

/* Where the start page leads, on this CPU's own stack. */
void ap_main(void)
{
	struct cpu *c = this_cpu();

	write_cr3(paging_root());
	cpu_features_enable();
	apic_init_cpu();
	cpu_load(c);
	if (rdtsc_ordered() < started_tsc) {
		log_line("smp: CPU %u is not used: its time stamp counter is behind that of the first", c->id);
		cpu_halt();
	}
	c->flushed = __atomic_load_n(&flush_asked, __ATOMIC_SEQ_CST);
	__atomic_store_n(&c->online, true, __ATOMIC_SEQ_CST);
	held(c);
	log_line("smp: CPU %u is up (local APIC id %u)", c->id, c->apic_id);
	run_forever();
}
