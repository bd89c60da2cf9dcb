/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cooperative threads on one vCPU. A thread runs until it blocks, yields or exits: between two such calls nobody else
 * runs, so plain data needs no lock. (Preemption comes later: hold a mutex over what must stay whole across a call that
 * may block, and take no comfort from the absence of interrupts elsewhere.)
 *
 * All deadlines are absolute system time in ns (clock_ns()); TIME_NEVER: none; one that has passed: do not wait, but let
 * nobody else run either. When no thread is ready, the blocking one runs the idle loop: events, timers, hc_sched_block.
 */
#ifndef CAMBIUM_THREAD_H
#define CAMBIUM_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <abi/types.h>

struct thread;

#define THREAD_NAME_MAX 16u
#define THREAD_STACK_DEFAULT 65536u

/* Creates a ready thread that runs @fn(arg) on a stack of at least @stack_bytes (0: THREAD_STACK_DEFAULT) above an
 * unmapped guard page, and ends when @fn returns. Its memory is freed after its end; the handle is dead then. @name is
 * copied and cut. Returns NULL when memory is short. */
struct thread *thread_create(const char *name, void (*fn)(void *), void *arg, size_t stack_bytes);

/* Lets every other ready thread run once, and events and timers be seen. */
void thread_yield(void);

/* Blocks until @deadline_ns and for nothing else. */
void thread_sleep_until(uint64_t deadline_ns);

struct thread *thread_self(void);
const char *thread_name(const struct thread *t);

/* Ends the calling thread. The thread that runs main() ends the domain by returning; by thread_exit() it ends alone. */
_Noreturn void thread_exit(void);

/* A queue of waiting threads, first come, first woken. WAITQ_INIT or all zero is an empty one. */
struct waitq {
	struct thread *head, *tail;
};
#define WAITQ_INIT                                                                                                     \
	{                                                                                                              \
		NULL, NULL                                                                                             \
	}

/* Blocks until woken (true) or until @deadline_ns (false). Check the condition again after either. */
bool waitq_wait(struct waitq *q, uint64_t deadline_ns);
/* Makes the first, or all, of the waiting ready. They run later. Callable from event callbacks. wake_one returns
 * whether there was one. */
bool waitq_wake_one(struct waitq *q);
void waitq_wake_all(struct waitq *q);

/* A lock that passes to waiters in order. All zero or MUTEX_INIT is unlocked and not recursive. */
struct mutex {
	struct thread *owner;
	unsigned depth;
	bool recursive;
	struct waitq waiters;
};
#define MUTEX_INIT                                                                                                     \
	{                                                                                                              \
		NULL, 0, false, WAITQ_INIT                                                                             \
	}

void mutex_setup(struct mutex *m, bool recursive);
/* Locking one's own lock again is counted when it is recursive, else a crash with a clear line. */
void mutex_lock(struct mutex *m);
/* False: @deadline_ns passed (0: only try). */
bool mutex_lock_until(struct mutex *m, uint64_t deadline_ns);
bool mutex_trylock(struct mutex *m);
/* Only by its owner. */
void mutex_unlock(struct mutex *m);

/* A counting semaphore (named apart from POSIX sem_t, whose functions these are not). */
struct sem {
	unsigned count;
	struct waitq waiters;
};
#define SEM_INIT(n)                                                                                                    \
	{                                                                                                              \
		(n), WAITQ_INIT                                                                                        \
	}

void sem_setup(struct sem *s, unsigned count);
/* Adds one and wakes a waiter. Callable from event callbacks. */
void sem_up(struct sem *s);
/* Takes one (true), or gives up at @deadline_ns (false; 0: only try). */
bool sem_down(struct sem *s, uint64_t deadline_ns);

#endif
