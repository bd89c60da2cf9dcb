/* SPDX-License-Identifier: BSD-2-Clause */
/* POSIX semaphores over struct sem. */
#include <errno.h>
#include <semaphore.h>

#include <cambium/thread.h>

#include "result.h"
#include "timespec.h"

_Static_assert(sizeof(struct sem) <= sizeof(sem_t), "sem_t has room");

static struct sem *sem_of(sem_t *s)
{
	return (struct sem *)(void *)s;
}

int sem_init(sem_t *s, int shared, unsigned value)
{
	if (value > SEM_VALUE_MAX)
		return (int)result_of(-EINVAL);
	(void)shared; /* there is one process */
	sem_setup(sem_of(s), value);
	return 0;
}

int sem_destroy(sem_t *s)
{
	return (int)result_of(sem_of(s)->waiters.head ? -EBUSY : 0);
}

int sem_wait(sem_t *s)
{
	sem_down(sem_of(s), TIME_NEVER);
	return 0;
}

int sem_trywait(sem_t *s)
{
	return (int)result_of(sem_down(sem_of(s), 0) ? 0 : -EAGAIN);
}

int sem_timedwait(sem_t *s, const struct timespec *deadline)
{
	if (!timespec_valid(deadline))
		return (int)result_of(-EINVAL);
	return (int)result_of(sem_down(sem_of(s), deadline_of(CLOCK_REALTIME, deadline)) ? 0 : -ETIMEDOUT);
}

int sem_post(sem_t *s)
{
	sem_up(sem_of(s));
	return 0;
}

int sem_getvalue(sem_t *s, int *value)
{
	*value = (int)sem_of(s)->count;
	return 0;
}
