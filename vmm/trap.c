/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions and interrupts. One from ring 3 goes to the guest or ends it; one from ring 0 is a checked copy that met a
 * bad guest address, or our own mistake. Interrupts arrive in ring 3 or in the idle halt, nowhere else.
 */
#include "cpu_features.h"
#include "device.h"
#include "log.h"
#include "run.h"
#include "serial.h"
#include "smp.h"
#include "uaccess.h"
#include "core/event.h"
#include "vectors.h"
#include "x86.h"

#define VECTOR_PAGE_FAULT 14u
#define VECTOR_MACHINE_CHECK 18u

void trap_entry(struct trap_frame *f);
_Noreturn void trap_fatal(const struct trap_frame *f);
void debug_in_hypervisor(void);

static bool from_guest(const struct trap_frame *f)
{
	return f->cs & 3;
}

void trap_fatal(const struct trap_frame *f)
{
	log_last_words();
	if (f->vector == VECTOR_MACHINE_CHECK)
		machine_check_tell();
	log_line(
		"fatal: exception %lu error %lx at %016lx in ring %lu: rsp %016lx cr2 %016lx rax %lx rcx %lx rdx %lx rdi %lx rsi %lx",
		f->vector, f->error, f->rip, f->cs & 3, f->rsp, read_cr2(), f->rax, f->rcx, f->rdx, f->rdi, f->rsi);
	if (!from_guest(f))
		log_backtrace(f->rsp);
	cpu_halt();
}

void debug_in_hypervisor(void)
{
	__asm__ volatile("mov %0, %%dr7" : : "r"(0ull));
}

static void serial_input(void)
{
	for (unsigned i = 0; i < DOMAIN_SLOTS; i++)
		if (world.domains[i] && (world.domains[i]->capabilities & CAP_CONSOLE))
			event_raise_virq(&world, world.domains[i], VIRQ_CONSOLE);
}

static void interrupt(struct cpu *c, uint64_t vector)
{
	if (vector == VECTOR_SPURIOUS)
		return;
	if (vector >= VECTOR_LEGACY_FIRST && vector < VECTOR_DEVICE_FIRST)
		return; /* spurious from a masked 8259: nothing in service here */
	apic_eoi();
	c->resched |= vector == VECTOR_TIMER || vector == VECTOR_IPI || vector == VECTOR_DMA_FAULT;
	if (vector == VECTOR_TIMER)
		c->armed = TIME_NEVER;
	else if (vector == VECTOR_IPI)
		smp_serve(c);
	else if (vector == VECTOR_SERIAL)
		serial_input();
	else if (vector == VECTOR_DMA_FAULT)
		__atomic_store_n(&device_faults_wait, true, __ATOMIC_RELEASE);
	else if (vector <= VECTOR_DEVICE_LAST)
		device_interrupt((uint8_t)vector);
}

void trap_entry(struct trap_frame *f)
{
	struct cpu *c = this_cpu();

	if (f->vector >= 32) {
		interrupt(c, f->vector);
	} else if (!from_guest(f)) {
		uint64_t resume = f->vector == VECTOR_PAGE_FAULT || f->vector == 13 ? fixup_find(f->rip) : 0;

		if (!resume)
			trap_fatal(f);
		f->rip = resume;
		return;
	} else {
		f->cr2 = f->vector == VECTOR_PAGE_FAULT ? read_cr2() : 0;
		exception_deliver(c->loaded, f);
	}
	if (from_guest(f))
		run_exit(c);
}
