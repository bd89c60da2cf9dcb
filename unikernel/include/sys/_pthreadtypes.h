/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The types of <pthread.h>, in place of newlib's, whose handles are numbers. Contents belong to unikernel/posix; all
 * zero is the initial state of each.
 */
#ifndef _SYS__PTHREADTYPES_H_
#define _SYS__PTHREADTYPES_H_

#include <sys/sched.h>

#define PTHREAD_CREATE_JOINABLE 0
#define PTHREAD_CREATE_DETACHED 1

#define PTHREAD_STACK_MIN 16384
#define PTHREAD_KEYS_MAX 128
#define PTHREAD_DESTRUCTOR_ITERATIONS 4

#define PTHREAD_PROCESS_PRIVATE 0
#define PTHREAD_PROCESS_SHARED 1

#define PTHREAD_MUTEX_NORMAL 0
#define PTHREAD_MUTEX_RECURSIVE 1
#define PTHREAD_MUTEX_ERRORCHECK 2
#define PTHREAD_MUTEX_DEFAULT 0

typedef struct pthread *pthread_t;
typedef unsigned pthread_key_t;

typedef struct {
	int detachstate;
	__SIZE_TYPE__ stacksize;
	__SIZE_TYPE__ guardsize;
} pthread_attr_t;

typedef struct {
	int type;
} pthread_mutexattr_t;

/* Six words: struct mutex (cambium/thread.h) with room for its kind. */
typedef struct {
	unsigned long __opaque[6];
} pthread_mutex_t;

typedef struct {
	int clock;
} pthread_condattr_t;

/* A wait queue and a clock. */
typedef struct {
	unsigned long __opaque[3];
} pthread_cond_t;

typedef struct {
	unsigned long __opaque[3];
} pthread_once_t;

typedef struct {
	unsigned long __opaque[6];
} pthread_rwlock_t;

typedef struct {
	int shared;
} pthread_rwlockattr_t;

#define _PTHREAD_MUTEX_INITIALIZER                                                                                     \
	{                                                                                                              \
		{                                                                                                      \
			0                                                                                              \
		}                                                                                                      \
	}
#define _PTHREAD_COND_INITIALIZER _PTHREAD_MUTEX_INITIALIZER
#define _PTHREAD_RWLOCK_INITIALIZER _PTHREAD_MUTEX_INITIALIZER
#define _PTHREAD_ONCE_INIT _PTHREAD_MUTEX_INITIALIZER

#endif
