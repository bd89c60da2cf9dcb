/* SPDX-License-Identifier: BSD-2-Clause */
/* What lies behind the opaque types of <pthread.h>. */
#ifndef UNIKERNEL_POSIX_PTHREAD_INTERNAL_H
#define UNIKERNEL_POSIX_PTHREAD_INTERNAL_H

#include <pthread.h>

#include "../thread_internal.h"

struct pthread {
	struct thread *thread;
	void *(*fn)(void *);
	void *arg, *result;
	bool done, detached, joining;
	struct waitq joiner;
	struct _pthread_cleanup_context *cleanups;
	const void *values[PTHREAD_KEYS_MAX];
};

/* pthread_key.c: calls the destructors of the values that the ending thread @self left. */
void pthread_keys_destroy(struct pthread *self);

struct pthread_mutex {
	struct mutex mutex;
	int type; /* PTHREAD_MUTEX_x */
};

struct pthread_cond {
	struct waitq waiters;
	int clock; /* 0: CLOCK_REALTIME, the default, which is not zero itself */
};

_Static_assert(sizeof(struct pthread_mutex) <= sizeof(pthread_mutex_t), "pthread_mutex_t has room");
_Static_assert(sizeof(struct pthread_cond) <= sizeof(pthread_cond_t), "pthread_cond_t has room");

static inline struct pthread_mutex *mutex_of(pthread_mutex_t *m)
{
	return (struct pthread_mutex *)(void *)m;
}

#endif
