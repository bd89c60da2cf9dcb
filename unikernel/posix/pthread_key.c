/* SPDX-License-Identifier: BSD-2-Clause */
/* Thread-specific values and one-time initialisation. A key in use has used[key]; a deleted one is zeroed everywhere by
 * whoever creates it again only as far as POSIX asks: a new key's value is NULL in the thread that creates it. */
#include <errno.h>

#include "pthread_internal.h"

static struct {
	bool used;
	void (*destructor)(void *);
} keys[PTHREAD_KEYS_MAX];

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
	for (unsigned i = 0; i < PTHREAD_KEYS_MAX; i++) {
		if (keys[i].used)
			continue;
		keys[i].used = true;
		keys[i].destructor = destructor;
		*key = i;
		return pthread_setspecific(i, NULL);
	}
	return EAGAIN;
}

int pthread_key_delete(pthread_key_t key)
{
	if (key >= PTHREAD_KEYS_MAX || !keys[key].used)
		return EINVAL;
	keys[key].used = false;
	return 0;
}

int pthread_setspecific(pthread_key_t key, const void *value)
{
	if (key >= PTHREAD_KEYS_MAX || !keys[key].used)
		return EINVAL;
	pthread_self()->values[key] = value;
	return 0;
}

void *pthread_getspecific(pthread_key_t key)
{
	if (key >= PTHREAD_KEYS_MAX || !keys[key].used)
		return NULL;
	return (void *)(uintptr_t)pthread_self()->values[key];
}

static bool destroy_round(struct pthread *self)
{
	bool any = false;

	for (unsigned i = 0; i < PTHREAD_KEYS_MAX; i++) {
		const void *value = self->values[i];

		self->values[i] = NULL;
		if (!value || !keys[i].used || !keys[i].destructor)
			continue;
		any = true;
		keys[i].destructor((void *)(uintptr_t)value);
	}
	return any;
}

void pthread_keys_destroy(struct pthread *self)
{
	for (unsigned n = 0; n < PTHREAD_DESTRUCTOR_ITERATIONS && destroy_round(self); n++)
		;
}

struct once {
	bool done, running;
	struct waitq waiters;
};
_Static_assert(sizeof(struct once) <= sizeof(pthread_once_t), "pthread_once_t has room");

int pthread_once(pthread_once_t *control, void (*init)(void))
{
	struct once *o = (struct once *)(void *)control;

	while (o->running)
		waitq_wait(&o->waiters, TIME_NEVER);
	if (o->done)
		return 0;
	o->running = true;
	init();
	o->running = false;
	o->done = true;
	waitq_wake_all(&o->waiters);
	return 0;
}
