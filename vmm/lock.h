/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spinlocks, taken with interrupts off. Order: the world's lock, then run queues by ascending CPU, then leaves that have locks
 * of their own (vmm/log.c). Each CPU keeps the ranks that it holds, so that whoever breaks the order stops the machine at the
 * first try and not at the first unlucky moment.
 */
#pragma once

#include <base/check.h>
#include <stdbool.h>
#include <stdint.h>

#define LOCK_WORLD 1u
#define LOCK_QUEUE(cpu) (2u << (cpu))

struct lock {
	uint32_t taken;
	uint32_t rank; /* LOCK_x: one bit */
};

/* @held: the ranks that this CPU holds. try: false when somebody else has it. */
static inline bool lock_try(struct lock *l, uint32_t *held)
{
	CHECK(*held < l->rank);
	if (__atomic_exchange_n(&l->taken, 1, __ATOMIC_ACQUIRE))
		return false;
	*held |= l->rank;
	return true;
}

static inline void lock_take(struct lock *l, uint32_t *held)
{
	while (!lock_try(l, held))
		__asm__ volatile("pause" : : : "memory");
}

static inline void lock_drop(struct lock *l, uint32_t *held)
{
	*held &= ~l->rank;
	__atomic_store_n(&l->taken, 0, __ATOMIC_RELEASE);
}
