/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Spinlocks, taken with interrupts off. Two kinds, in this order:
 *
 * Ranked ones may be held for a whole hypercall: the world's, then the caller's domain, then run queues by ascending CPU, then
 * those that have locks of their own (vmm/log.c). Each CPU keeps the ranks that it holds, so that whoever breaks the order stops the
 * machine at the first try and not at the first unlucky moment.
 *
 * Short ones lie inside the cores and last a few lines, in which nobody waits for another CPU: the offers of a domain, then a
 * frame, then the free frames.
 */
#pragma once

#include <base/check.h>
#include <stdbool.h>
#include <stdint.h>

#define LOCK_WORLD 1u
#define LOCK_DOMAIN 2u
#define LOCK_QUEUE(cpu) (4u << (cpu))

struct lock {
	uint32_t taken;
	uint32_t rank; /* LOCK_x: one bit */
};

/* @held: the ranks that this CPU holds. try: false when somebody else has it. */
static inline bool lock_try(struct lock *l, uint32_t *held)
{
	CHECK(*held < l->rank);
	if (__atomic_exchange_n(&l->taken, 1, __ATOMIC_SEQ_CST))
		return false;
	*held |= l->rank;
	return true;
}

static inline void lock_take(struct lock *l, uint32_t *held)
{
	while (!lock_try(l, held))
		__builtin_ia32_pause();
}

static inline void lock_drop(struct lock *l, uint32_t *held)
{
	*held &= ~l->rank;
	__atomic_store_n(&l->taken, 0, __ATOMIC_RELEASE);
}

static inline void short_take(uint8_t *l)
{
#ifdef ONE_CPU
	CHECK(!*l);
	*l = 1;
#else
	while (__atomic_exchange_n(l, 1, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
#endif
}

static inline void short_drop(uint8_t *l)
{
	__atomic_store_n(l, 0, __ATOMIC_RELEASE);
}
