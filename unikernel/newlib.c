/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What newlib asks of its host besides descriptors: a struct _reent for each thread, locks, the program break.
 *
 * Standard streams are one set for all threads, the first thread's: a thread's own struct _reent points to them and owns
 * no stream, which newlib takes for "initialised already" (__sdidinit). The first thread has the library's global one.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/lock.h>
#include <unistd.h>

#include "thread_internal.h"

struct __lock {
	struct mutex mutex;
};

/* The library's static locks. */
struct __lock __lock___sinit_recursive_mutex = {{.recursive = true}};
struct __lock __lock___sfp_recursive_mutex = {{.recursive = true}};
struct __lock __lock___atexit_recursive_mutex = {{.recursive = true}};
struct __lock __lock___at_quick_exit_mutex;
struct __lock __lock___malloc_recursive_mutex = {{.recursive = true}};
struct __lock __lock___env_recursive_mutex = {{.recursive = true}};
struct __lock __lock___tz_mutex;
struct __lock __lock___dd_hash_mutex;
struct __lock __lock___arc4random_mutex;

void __sinit(struct _reent *reent) __attribute__((weak));
/* Of malloc, if the program has it. */
#undef _malloc_trim_r
int _malloc_trim_r(struct _reent *reent, size_t pad) __attribute__((weak));

struct _reent *__getreent(void)
{
	return thread_self()->reent;
}

/* A thread owns no stream; newlib calls this without asking whether it is there. */
static void nothing_to_clean(struct _reent *reent)
{
	(void)reent;
}

void reent_setup(struct thread *t, bool first)
{
	if (first) {
		t->reent = _impure_ptr;
		return;
	}
	t->reent = &t->own_reent;
	_REENT_INIT_PTR(t->reent);
	if (!__sinit)
		return;
	if (!_impure_ptr->__sdidinit)
		__sinit(_impure_ptr);
	t->reent->_stdin = _impure_ptr->_stdin;
	t->reent->_stdout = _impure_ptr->_stdout;
	t->reent->_stderr = _impure_ptr->_stderr;
	t->reent->__cleanup = nothing_to_clean;
	t->reent->__sdidinit = 1;
}

void reent_release(struct thread *t)
{
	if (t->reent == &t->own_reent)
		_reclaim_reent(t->reent);
}

static void lock_create(_LOCK_T *lock, bool recursive)
{
	*lock = calloc(1, sizeof **lock);
	if (*lock)
		mutex_setup(&(*lock)->mutex, recursive);
}

void __retarget_lock_init(_LOCK_T *lock)
{
	lock_create(lock, false);
}

void __retarget_lock_init_recursive(_LOCK_T *lock)
{
	lock_create(lock, true);
}

void __retarget_lock_close(_LOCK_T lock)
{
	free(lock);
}

void __retarget_lock_close_recursive(_LOCK_T lock)
{
	free(lock);
}

/* A lock that could not be allocated locks nothing: what else could the library do then. */
void __retarget_lock_acquire(_LOCK_T lock)
{
	if (lock)
		mutex_lock(&lock->mutex);
}

void __retarget_lock_acquire_recursive(_LOCK_T lock)
{
	__retarget_lock_acquire(lock);
}

int __retarget_lock_try_acquire(_LOCK_T lock)
{
	return !lock || mutex_trylock(&lock->mutex);
}

int __retarget_lock_try_acquire_recursive(_LOCK_T lock)
{
	return __retarget_lock_try_acquire(lock);
}

void __retarget_lock_release(_LOCK_T lock)
{
	if (lock)
		mutex_unlock(&lock->mutex);
}

void __retarget_lock_release_recursive(_LOCK_T lock)
{
	__retarget_lock_release(lock);
}

void *sbrk(ptrdiff_t increment)
{
	void *old = mem_sbrk(increment);

	if (old)
		return old;
	errno = ENOMEM;
	return (void *)-1;
}

void heap_trim(void)
{
	/* Called where blocking is forbidden, and perhaps by malloc itself: its lock says so. */
	if (_malloc_trim_r && !__lock___malloc_recursive_mutex.mutex.owner)
		_malloc_trim_r(__getreent(), 0);
}

int posix_memalign(void **out, size_t align, size_t bytes)
{
	void *p;

	if (align < sizeof(void *) || (align & (align - 1)))
		return EINVAL;
	p = memalign(align, bytes);
	if (!p)
		return ENOMEM;
	*out = p;
	return 0;
}
