/* SPDX-License-Identifier: BSD-2-Clause */
/* Mutexes of all kinds. Locking one's own is EDEADLK for every kind but the recursive: better than to stop for ever. */
#include <errno.h>

#include "pthread_internal.h"
#include "timespec.h"

int pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
	struct pthread_mutex *p = mutex_of(m);

	p->type = attr ? attr->type : PTHREAD_MUTEX_DEFAULT;
	mutex_setup(&p->mutex, p->type == PTHREAD_MUTEX_RECURSIVE);
	return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *m)
{
	return mutex_of(m)->mutex.owner ? EBUSY : 0;
}

static int lock(pthread_mutex_t *m, uint64_t deadline, int late)
{
	struct mutex *mutex = &mutex_of(m)->mutex;

	if (mutex->owner == thread_self() && !mutex->recursive)
		return late == EBUSY ? EBUSY : EDEADLK;
	return mutex_lock_until(mutex, deadline) ? 0 : late;
}

int pthread_mutex_lock(pthread_mutex_t *m)
{
	return lock(m, TIME_NEVER, 0);
}

int pthread_mutex_trylock(pthread_mutex_t *m)
{
	return lock(m, 0, EBUSY);
}

int pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *deadline)
{
	if (!timespec_valid(deadline))
		return EINVAL;
	return lock(m, deadline_of(CLOCK_REALTIME, deadline), ETIMEDOUT);
}

int pthread_mutex_unlock(pthread_mutex_t *m)
{
	struct mutex *mutex = &mutex_of(m)->mutex;

	if (mutex->owner != thread_self())
		return EPERM;
	mutex_unlock(mutex);
	return 0;
}

int pthread_mutexattr_init(pthread_mutexattr_t *a)
{
	a->type = PTHREAD_MUTEX_DEFAULT;
	return 0;
}

int pthread_mutexattr_destroy(pthread_mutexattr_t *a)
{
	(void)a;
	return 0;
}

int pthread_mutexattr_settype(pthread_mutexattr_t *a, int type)
{
	if (type < PTHREAD_MUTEX_NORMAL || type > PTHREAD_MUTEX_ERRORCHECK)
		return EINVAL;
	a->type = type;
	return 0;
}

int pthread_mutexattr_gettype(const pthread_mutexattr_t *a, int *type)
{
	*type = a->type;
	return 0;
}
