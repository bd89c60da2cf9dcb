/* SPDX-License-Identifier: BSD-2-Clause */
/* Which vCPU runs on this CPU: switching, sleeping, waking, and the end of a domain. */
#pragma once

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
	/* Whoever puts a vCPU to sleep or takes it off the CPU, or makes another one wait, sets resched. */
	return c->resched || upcall_wanted(v);
}

/* What the way to ring 3 needs even when nothing else is to be done: CPU buffers cleared where the CPU leaks them. */
static inline void run_leave(struct cpu *c)
{
	static const uint16_t selector = SELECTOR_KERNEL_DATA;

	c->now = 0;
	/* VERW with a writable data selector also overwrites the buffers that MDS and its kin read. */
	if (c->clear_buffers)
		__asm__ volatile("verw %0" : : "m"(selector) : "cc");
}

/* Whether the vCPU on @c, which runs this, has to leave it: somebody waits for that. */
static inline bool run_leaving(const struct cpu *c)
{
	return c->loaded && __atomic_load_n(&c->loaded->evict, __ATOMIC_RELAXED);
}

/* Loads the page tables at physical address @root on @c, which runs this. */
void tables_load(struct cpu *c, uint64_t root);

/* @v becomes runnable if it is blocked. (world.wake) */
void run_wake(struct vcpu *v);
/*
 * @v sleeps until an event is pending or until @deadline; returns at once when one is. 0, or 1 when the deadline has passed
 * already; one that passes later makes the result 1. @to, if it waits for the same CPU, gets that; NULL: whoever is next.
 */
int64_t run_block(struct vcpu *v, uint64_t deadline, struct vcpu *to);
/* The running vCPU lets the next one go first. */
void run_yield(void);
/* The home of @v, locked; and not any more. */
struct cpu *run_home_lock(const struct vcpu *v);
void run_home_unlock(struct cpu *home);
/* The vCPUs of the new domain @d have a home, and parameters that are changed by run_schedule(): all, or none and why. */
void run_attach(struct domain *d);
enum abi_error run_schedule(struct domain *d, const struct domain_schedule *s);
/* Switches @v off, which runs on this CPU. The caller has the world. */
void run_off(struct vcpu *v);
void run_times(const struct vcpu *v, struct vcpu_times *times);
/* Puts a domain's vCPUs on or off their CPUs, after its state has changed. The caller has the world. */
void run_start(struct domain *d);
void run_stop(struct domain *d);
/* Sets the guest timer of @v. */
void run_timer(struct vcpu *v, uint64_t deadline);
/* The start state of a vCPU under construction: registers, FPU, time record. */
void vcpu_prepare(struct vcpu *v, mfn_t root, uint64_t entry, uint64_t stack, uint64_t argument);

/*
 * Ends a live domain: devices quiesced, vCPUs off their CPUs, ports closed. The running guest may be the victim. The caller has
 * the world.
 */
void run_kill(struct domain *d, enum domain_reason reason, uint32_t code);
/* Has run_exit() end the domain of @v, which is on this CPU. */
void run_doom(struct vcpu *v, enum domain_reason reason, uint32_t code);
