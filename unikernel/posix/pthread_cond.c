/* SPDX-License-Identifier: BSD-2-Clause */
/* Condition variables. Between unlocking and waiting nobody else runs, so no wake-up can slip through. */
#include <errno.h>

#include "pthread_internal.h"
#include "timespec.h"

static struct pthread_cond *cond_of(pthread_cond_t *c)
{
	return (struct pthread_cond *)(void *)c;
}

int pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr)
{
	*cond_of(c) = (struct pthread_cond){.clock = attr ? attr->clock : 0};
	return 0;
}

int pthread_cond_destroy(pthread_cond_t *c)
{
	return cond_of(c)->waiters.head ? EBUSY : 0;
}

int pthread_cond_signal(pthread_cond_t *c)
{
	waitq_wake_one(&cond_of(c)->waiters);
	return 0;
}

int pthread_cond_broadcast(pthread_cond_t *c)
{
	waitq_wake_all(&cond_of(c)->waiters);
	return 0;
}

static int wait_until(pthread_cond_t *c, pthread_mutex_t *m, uint64_t deadline)
{
	struct mutex *mutex = &mutex_of(m)->mutex;
	unsigned depth = mutex->depth;
	bool woken;

	if (mutex->owner != thread_self())
		return EPERM;
	mutex->depth = 1;
	mutex_unlock(mutex);
	woken = waitq_wait(&cond_of(c)->waiters, deadline);
	mutex_lock(mutex);
	mutex->depth = depth;
	return woken ? 0 : ETIMEDOUT;
}

int pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
	return wait_until(c, m, TIME_NEVER);
}

int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *deadline)
{
	clockid_t clock = cond_of(c)->clock ? (clockid_t)cond_of(c)->clock : CLOCK_REALTIME;

	if (!timespec_valid(deadline))
		return EINVAL;
	return wait_until(c, m, deadline_of(clock, deadline));
}

int pthread_condattr_init(pthread_condattr_t *a)
{
	a->clock = (int)CLOCK_REALTIME;
	return 0;
}

int pthread_condattr_destroy(pthread_condattr_t *a)
{
	(void)a;
	return 0;
}

int pthread_condattr_setclock(pthread_condattr_t *a, clockid_t clock)
{
	if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)
		return EINVAL;
	a->clock = (int)clock;
	return 0;
}

int pthread_condattr_getclock(const pthread_condattr_t *restrict a, clockid_t *restrict clock)
{
	*clock = (clockid_t)a->clock;
	return 0;
}
