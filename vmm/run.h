/* SPDX-License-Identifier: BSD-2-Clause */
/* Which vCPU runs on this CPU: switching, sleeping, waking, and the end of a domain. */
#ifndef CAMBIUM_VMM_RUN_H
#define CAMBIUM_VMM_RUN_H

#include "cpu.h"
#include "upcall.h"

/* Starts running vCPUs on this CPU; never returns. */
_Noreturn void run_forever(void);

/*
 * To be called last before every return to ring 3 from cpu->frame: serves timers, switches, halts while nobody can run,
 * delivers upcalls.
 */
void run_exit(struct cpu *c);
/* False when run_exit has nothing to do for vCPU @v: the short way of a hypercall. */
static inline bool run_exit_wanted(const struct cpu *c, const struct vcpu *v)
{
	/* Whoever puts a vCPU to sleep or takes it off the CPU sets resched. */
	return c->resched || upcall_wanted(v);
}

/* What the way to ring 3 needs even when nothing else is to be done: CPU buffers cleared where the CPU leaks them. */
static inline void run_leave(const struct cpu *c)
{
	static const uint16_t selector = SELECTOR_KERNEL_DATA;

	/* VERW with a writable data selector also overwrites the buffers that MDS and its kin read. */
	if (c->clear_buffers)
		__asm__ volatile("verw %0" : : "m"(selector) : "cc");
}

/* The registers of @v, wherever they are now. */
struct trap_frame *run_frame(struct vcpu *v);

/* @v becomes runnable if it is blocked. (world.wake) */
void run_wake(struct vcpu *v);
/* @v sleeps until an event is pending or until @deadline; returns at once when one is. 0, or 1
 * when the deadline has passed already; one that passes later makes the result 1. */
int64_t run_block(struct vcpu *v, uint64_t deadline);
/* @v lets all others go first. */
void run_yield(struct vcpu *v);
/* Puts a domain's vCPUs on or off the CPU, after its state has changed. */
void run_start(struct domain *d);
void run_stop(struct domain *d);
/* Sets the guest timer of @v. */
void run_timer(struct vcpu *v, uint64_t deadline);
/* Serves what the APIC timer was set for. */
void run_timers(struct cpu *c);

/* The start state of a vCPU under construction: registers, FPU, time record. */
void vcpu_prepare(struct vcpu *v, mfn_t root, uint64_t entry, uint64_t stack, uint64_t argument);

/* Ends a live domain: devices quiesced, vCPU off the CPU, ports closed. The running guest may be the victim. */
void run_kill(struct domain *d, enum domain_reason reason, uint32_t code);

#endif
