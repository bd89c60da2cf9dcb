/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several CPUs. What makes and ends domains, binds ports and drives devices has the world whole: nobody else is in it then. What a
 * domain does with its own memory, tables and grants it does sharing the world, under its own lock: domains and devices stay what they
 * are meanwhile, and two domains meet at offers, frames and the free frames only, which have short locks (core/lock.h).
 * What happens all the time needs neither: events, sleeping and waking, timers and the way in and out of ring 0 touch the
 * home CPU of the vCPU concerned alone. Records that others may be reading (domains, ports) go to the free list like
 * any frame, so they are used again only after a flush on every CPU; and a CPU answers that in ring 3, while it is idle, or
 * while it waits for the world, where it holds none.
 */
#pragma once

#include "cpu.h"

/* Counts the other CPUs that ACPI names and prepares for them. Boot only: needs machine_init(), paging_init(), early_alloc(). */
void smp_prepare(void);
/* Starts them; each joins when it is ready. Needs cpu_start(), memory_init(), time_init(). */
void smp_start(void);

/*
 * CPU @c, which runs this and holds no lock, takes the world whole, or with @d shares it and locks @d. False: the vCPU on it
 * has to leave it first, by run_exit(); then ask again. leave: with the same @d.
 */
bool world_enter(struct cpu *c, struct domain *d);
void world_leave(struct cpu *c, struct domain *d);
/* Likewise, but gives up at once when somebody else has it whole; share: without a domain. */
bool world_try(struct cpu *c);
bool world_share(struct cpu *c);
void world_unshare(struct cpu *c);

/* The CPUs that there are, a bit each, though some may not be up yet. */
uint64_t smp_present(void);
/* Has @c look at what there is to do before it returns to a guest. */
void smp_kick(struct cpu *c);
/* Does what other CPUs have asked of @c, which runs this. */
void smp_serve(struct cpu *c);
/* Has all other CPUs wait in ring 0, where they know nothing of what is going to change, or go on. The caller has the world whole. */
void smp_hold(bool hold);
/* Stops all other CPUs where they stand, for the last words of this one; it is this one that stops where another was first. */
void smp_stop(void);
/* Whether one has: then an NMI is the end (entry.S). */
extern bool smp_stopping;
