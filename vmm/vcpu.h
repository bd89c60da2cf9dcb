/* SPDX-License-Identifier: BSD-2-Clause */
/* vCPUs: where they are at home, and what others do to them. Those of a domain all at once: the caller has the world whole. */
#pragma once

#include "cpu.h"

#include <stddef.h>

static inline struct vcpu *vcpu_of(struct bvt_entity *e)
{
	return (struct vcpu *)((uint8_t *)e - offsetof(struct vcpu, sched));
}

/* Whether an event waits for @v. */
static inline bool vcpu_pending(const struct vcpu *v)
{
	return __atomic_load_n(&v->domain->shared->vcpu[v->id].upcall_pending, __ATOMIC_SEQ_CST);
}

/* @v becomes runnable if it is blocked, and it is not the one that this CPU is about to be handed to. (world.wake) */
void vcpu_wake(struct vcpu *v);
/* If @v sleeps at @home, which is locked, its sched_block answers @result and it is runnable; whoever calls puts it into the queue. */
bool vcpu_rouse(struct cpu *home, struct vcpu *v, uint64_t result);
/* Likewise, and puts it there. */
void vcpu_wake_with(struct vcpu *v, uint64_t result);
/* The home of @v, locked; and not any more. */
struct cpu *vcpu_home_lock(const struct vcpu *v);
static inline void vcpu_home_unlock(struct cpu *home)
{
	lock_drop(&home->lock, &this_cpu()->held);
}

/* The vCPUs of the new domain @d have a home, and parameters that are changed by vcpus_schedule(): all, or none and why. */
void vcpus_attach(struct domain *d);
enum abi_error vcpus_schedule(struct domain *d, const struct domain_schedule *s);
/* Switches @v off, which runs on this CPU. The caller has the world. */
void vcpu_off(struct vcpu *v);
void vcpu_times_now(const struct vcpu *v, struct vcpu_times *times);
/* Puts a domain's vCPUs on or off their CPUs, after its state has changed. The caller has the world. */
void vcpus_start(struct domain *d);
void vcpus_stop(struct domain *d);
/* @c takes vCPUs home that wait where at least two more compete than here. */
void vcpus_balance(struct cpu *c);
/* The start state of a vCPU under construction: registers, FPU, time record. */
void vcpu_prepare(struct vcpu *v, mfn_t root, uint64_t entry, uint64_t stack, uint64_t argument);

/*
 * Ends a live domain: devices quiesced, vCPUs off their CPUs, ports closed. The running guest may be the victim. The caller has
 * the world.
 */
void domain_kill(struct domain *d, enum domain_reason reason, uint32_t code);
