/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reader-writer locks. A waiting writer holds new readers back, so that writers do not starve; whoever unlocks last
 * wakes all, and they look again.
 */
#include <errno.h>

#include "pthread_internal.h"
#include "timespec.h"

struct rwlock {
	struct thread *writer;
	unsigned readers, writers_waiting;
	struct waitq waiters;
};
_Static_assert(sizeof(struct rwlock) <= sizeof(pthread_rwlock_t), "pthread_rwlock_t has room");

static struct rwlock *rwlock_of(pthread_rwlock_t *l)
{
	return (struct rwlock *)(void *)l;
}

int pthread_rwlock_init(pthread_rwlock_t *l, const pthread_rwlockattr_t *attr)
{
	(void)attr;
	*rwlock_of(l) = (struct rwlock){0};
	return 0;
}

int pthread_rwlock_destroy(pthread_rwlock_t *l)
{
	return rwlock_of(l)->writer || rwlock_of(l)->readers ? EBUSY : 0;
}

static int lock_read(struct rwlock *l, uint64_t deadline, int late)
{
	if (l->writer == thread_self())
		return late == EBUSY ? EBUSY : EDEADLK;
	while (l->writer || l->writers_waiting)
		if (!waitq_wait(&l->waiters, deadline))
			return late;
	l->readers++;
	return 0;
}

static int lock_write(struct rwlock *l, uint64_t deadline, int late)
{
	bool woken = true;

	if (l->writer == thread_self())
		return late == EBUSY ? EBUSY : EDEADLK;
	l->writers_waiting++;
	while (woken && (l->writer || l->readers))
		woken = waitq_wait(&l->waiters, deadline);
	l->writers_waiting--;
	if (!woken) {
		waitq_wake_all(&l->waiters); /* readers that stood behind this writer */
		return late;
	}
	l->writer = thread_self();
	return 0;
}

int pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
	return lock_read(rwlock_of(l), TIME_NEVER, 0);
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t *l)
{
	return lock_read(rwlock_of(l), 0, EBUSY);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t *l, const struct timespec *deadline)
{
	if (!timespec_valid(deadline))
		return EINVAL;
	return lock_read(rwlock_of(l), deadline_of(CLOCK_REALTIME, deadline), ETIMEDOUT);
}

int pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
	return lock_write(rwlock_of(l), TIME_NEVER, 0);
}

int pthread_rwlock_trywrlock(pthread_rwlock_t *l)
{
	return lock_write(rwlock_of(l), 0, EBUSY);
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const struct timespec *deadline)
{
	if (!timespec_valid(deadline))
		return EINVAL;
	return lock_write(rwlock_of(l), deadline_of(CLOCK_REALTIME, deadline), ETIMEDOUT);
}

int pthread_rwlock_unlock(pthread_rwlock_t *l)
{
	struct rwlock *r = rwlock_of(l);

	if (r->writer == thread_self())
		r->writer = NULL;
	else if (r->writer || !r->readers)
		return EPERM;
	else
		r->readers--;
	if (!r->readers)
		waitq_wake_all(&r->waiters);
	return 0;
}
