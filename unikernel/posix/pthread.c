/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * POSIX threads over cambium/thread.h. A struct pthread lives until its thread has ended and somebody joined it, or it is
 * detached; a thread that pthread_create did not make gets one, detached, when it first asks for itself.
 *
 * `live` counts the threads that keep the program alive, main included: the last to end ends the domain.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pthread_internal.h"

static unsigned live = 1;

pthread_t pthread_self(void)
{
	struct thread *t = thread_self();
	struct pthread *p = t->pthread;

	if (p)
		return p;
	p = calloc(1, sizeof *p);
	if (!p)
		abort();
	p->thread = t;
	p->detached = true;
	t->pthread = p;
	return p;
}

static void run(void *arg)
{
	struct pthread *p = arg;

	thread_self()->pthread = p;
	pthread_exit(p->fn(p->arg));
}

int pthread_create(pthread_t *out, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	struct pthread *p = calloc(1, sizeof *p);

	if (!p)
		return EAGAIN;
	p->fn = fn;
	p->arg = arg;
	p->detached = attr && attr->detachstate == PTHREAD_CREATE_DETACHED;
	p->thread = thread_create("pthread", run, p, attr ? attr->stacksize : 0);
	if (!p->thread) {
		free(p);
		return EAGAIN;
	}
	p->thread->pthread = p;
	live++;
	*out = p;
	return 0;
}

void pthread_exit(void *result)
{
	struct pthread *self = pthread_self();

	while (self->cleanups)
		_pthread_cleanup_pop(self->cleanups, 1);
	pthread_keys_destroy(self);
	self->result = result;
	self->done = true;
	thread_self()->pthread = NULL;
	waitq_wake_all(&self->joiner);
	if (self->detached)
		free(self);
	if (--live == 0)
		exit(0);
	thread_exit();
}

int pthread_join(pthread_t p, void **result)
{
	if (p == pthread_self())
		return EDEADLK;
	if (p->detached || p->joining)
		return EINVAL;
	p->joining = true;
	while (!p->done)
		waitq_wait(&p->joiner, TIME_NEVER);
	if (result)
		*result = p->result;
	free(p);
	return 0;
}

int pthread_detach(pthread_t p)
{
	if (p->detached || p->joining)
		return EINVAL;
	p->detached = true;
	if (p->done)
		free(p);
	return 0;
}

int pthread_equal(pthread_t a, pthread_t b)
{
	return a == b;
}

void pthread_yield(void)
{
	thread_yield();
}

int pthread_setname_np(pthread_t p, const char *name)
{
	char *to = p->thread->name;

	if (strlen(name) >= sizeof p->thread->name)
		return ERANGE;
	strcpy(to, name);
	return 0;
}

int pthread_getname_np(pthread_t p, char *out, size_t size)
{
	if (strlen(p->thread->name) >= size)
		return ERANGE;
	strcpy(out, p->thread->name);
	return 0;
}

/* Threads are cancelled nowhere: they end by returning. */
int pthread_cancel(pthread_t p)
{
	(void)p;
	return ENOSYS;
}

int pthread_setcancelstate(int state, int *old)
{
	(void)state;
	if (old)
		*old = PTHREAD_CANCEL_DISABLE;
	return 0;
}

void pthread_testcancel(void)
{
}

void _pthread_cleanup_push(struct _pthread_cleanup_context *context, void (*fn)(void *), void *arg)
{
	struct pthread *self = pthread_self();

	context->_routine = fn;
	context->_arg = arg;
	context->_previous = self->cleanups;
	self->cleanups = context;
}

void _pthread_cleanup_pop(struct _pthread_cleanup_context *context, int execute)
{
	pthread_self()->cleanups = context->_previous;
	if (execute)
		context->_routine(context->_arg);
}
