/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mutexes and semaphores on wait queues. A mutex that is given up with waiters passes straight to the first, so that a
 * thread which locks and unlocks in a loop does not starve the others; a semaphore's unit likewise.
 */
#include <cambium/crash.h>

#include "thread_internal.h"

void waitq_wake_all(struct waitq *q)
{
	while (waitq_wake_one(q))
		;
}

void mutex_setup(struct mutex *m, bool recursive)
{
	*m = (struct mutex){.recursive = recursive};
}

bool mutex_lock_until(struct mutex *m, uint64_t deadline_ns)
{
	struct thread *self = thread_self();

	if (!m->owner) {
		m->owner = self;
		m->depth = 1;
		return true;
	}
	if (m->owner == self) {
		if (!m->recursive)
			crash("thread %s locks a mutex that it already holds", self->name);
		m->depth++;
		return true;
	}
	return waitq_wait(&m->waiters, deadline_ns);
}

void mutex_lock(struct mutex *m)
{
	mutex_lock_until(m, TIME_NEVER);
}

bool mutex_trylock(struct mutex *m)
{
	if (m->owner && (m->owner != thread_self() || !m->recursive))
		return false;
	return mutex_lock_until(m, 0);
}

void mutex_unlock(struct mutex *m)
{
	if (m->owner != thread_self())
		crash("thread %s unlocks a mutex that it does not hold", thread_self()->name);
	if (--m->depth)
		return;
	m->owner = m->waiters.head;
	if (!m->owner)
		return;
	m->depth = 1;
	waitq_wake_one(&m->waiters);
}

void sem_setup(struct sem *s, unsigned count)
{
	*s = (struct sem){.count = count};
}

void sem_up(struct sem *s)
{
	if (!waitq_wake_one(&s->waiters))
		s->count++;
}

bool sem_down(struct sem *s, uint64_t deadline_ns)
{
	if (s->count) {
		s->count--;
		return true;
	}
	return waitq_wait(&s->waiters, deadline_ns);
}
