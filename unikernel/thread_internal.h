/* SPDX-License-Identifier: BSD-2-Clause */
/* The inside of a thread, for thread.c, lock.c, the C library's glue and pthreads. */
#ifndef UNIKERNEL_THREAD_INTERNAL_H
#define UNIKERNEL_THREAD_INTERNAL_H

#include <reent.h>

#include <cambium/thread.h>

#include "runtime.h"

/*
 * The thread control block: %fs:0 is its own address (TLS variant II; x86-64 psABI), %fs:0x28 the stack guard. It lies
 * at the top of the thread's area, thread-local data right below it, then the stack, then the guard page.
 */
struct thread {
	struct thread *self;
	uint64_t reserved[4];
	uint64_t stack_guard; /* %fs:0x28 */

	uint64_t sp; /* while not running */
	char name[THREAD_NAME_MAX];
	void (*fn)(void *);
	void *arg;
	void *area; /* first page of what pages_alloc gave, the guard page; NULL for the first thread */
	size_t area_pages;
	uint64_t guard; /* address of the guard page */

	struct thread *next, *prev; /* in the ready queue or in a wait queue */
	struct waitq *queue;        /* the wait queue it is in, or NULL */
	bool ready;                 /* in the ready queue */
	bool woken;                 /* how the last wait ended */

	uint64_t deadline; /* TIME_NEVER: in no timer list */
	struct thread *timer_next, *timer_prev;

	void *pthread;        /* struct pthread, or NULL */
	struct _reent *reent; /* of the C library */
	struct _reent own_reent;
};

_Static_assert(offsetof(struct thread, stack_guard) == 0x28, "where the compiler looks for the guard");

/* thread_self(), for crash reports: independent of the thread pointer. */
const struct thread *thread_running(void);

/* Makes a blocked thread ready: out of its wait queue and timer list. */
void thread_ready(struct thread *t, bool woken);

/* Blocks the caller until thread_ready(); the caller is in a queue, in the timer list or both. */
void thread_block(uint64_t deadline);

/* thread_switch.S: saves callee-saved registers, MXCSR and the x87 control word on the stack, *@from = RSP, and
 * continues where @to was saved. */
void thread_switch(uint64_t *from, uint64_t to);

/* newlib.c: readies t->reent of a new thread; gives back what the C library allocated for a dead one. */
void reent_setup(struct thread *t, bool first);
void reent_release(struct thread *t);

#endif
