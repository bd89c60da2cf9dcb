/* SPDX-License-Identifier: BSD-2-Clause */
/* Which vCPU runs on this CPU: switching, sleeping, timers. What others do to a vCPU: vcpu.h. */
#pragma once

#include "apic.h"
#include "cpu.h"
#include "time.h"
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

/* Takes the loaded vCPU, which is asked to leave, off @c, whose queue is locked. */
void run_evict(struct cpu *c);
/* System time, read once in a stay of @c in ring 0, which is short or reads it anew. */
static inline uint64_t run_now(struct cpu *c)
{
	if (!c->now)
		c->now = time_now();
	return c->now;
}

/* Has the timer of @c, which runs this, fire no later than at @deadline. What it is set to before that stays: whoever looks again then sets it anew. */
static inline void run_arm(struct cpu *c, uint64_t deadline)
{
	if (deadline >= c->armed)
		return;
	c->armed = deadline;
	apic_timer_at(deadline);
}

/* Loads the page tables at physical address @root on @c, which runs this. */
void tables_load(struct cpu *c, uint64_t root);

/*
 * @v sleeps until an event is pending or until @deadline; returns at once when one is. 0, or 1 when the deadline has passed
 * already; one that passes later makes the result 1. @to gets the CPU if it is at home there, and is woken for its pending events
 * anyway; cpu->handed kept those from it; NULL: whoever is next.
 */
int64_t run_block(struct vcpu *v, uint64_t deadline, struct vcpu *to);
/* The running vCPU lets the next one go first. */
void run_yield(void);
/* Sets the guest timer of @v. */
void run_timer(struct vcpu *v, uint64_t deadline);
/* Has run_exit() end the domain of @v, which is on this CPU. */
void run_doom(struct vcpu *v, enum domain_reason reason, uint32_t code);
