/* SPDX-License-Identifier: BSD-2-Clause */
/* Attributes of threads: how they end, and the size of their stack. */
#include <errno.h>
#include <pthread.h>

#include <cambium/thread.h>

int pthread_attr_init(pthread_attr_t *a)
{
	*a = (pthread_attr_t){.stacksize = THREAD_STACK_DEFAULT, .guardsize = 4096};
	return 0;
}

int pthread_attr_destroy(pthread_attr_t *a)
{
	(void)a;
	return 0;
}

int pthread_attr_setstacksize(pthread_attr_t *a, size_t bytes)
{
	if (bytes < PTHREAD_STACK_MIN)
		return EINVAL;
	a->stacksize = bytes;
	return 0;
}

int pthread_attr_getstacksize(const pthread_attr_t *a, size_t *bytes)
{
	*bytes = a->stacksize;
	return 0;
}

int pthread_attr_setdetachstate(pthread_attr_t *a, int state)
{
	if (state != PTHREAD_CREATE_DETACHED && state != PTHREAD_CREATE_JOINABLE)
		return EINVAL;
	a->detachstate = state;
	return 0;
}

int pthread_attr_getdetachstate(const pthread_attr_t *a, int *state)
{
	*state = a->detachstate;
	return 0;
}

/* The guard is always one page. */
int pthread_attr_setguardsize(pthread_attr_t *a, size_t bytes)
{
	a->guardsize = bytes;
	return 0;
}

int pthread_attr_getguardsize(const pthread_attr_t *a, size_t *bytes)
{
	*bytes = a->guardsize;
	return 0;
}
