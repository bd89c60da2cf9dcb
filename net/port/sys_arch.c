/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP's operating system layer.
 *
 * Threads are cooperative, so a few plain assignments are atomic. A mailbox is a ring of pointers with free-running
 * indices (tail - head <= size); those who wait for a message and those who wait for room have a queue each.
 */
#include <cambium/clock.h>
#include <cambium/crash.h>
#include <cambium/thread.h>
#include <lwip/sys.h>
#include <stdlib.h>

#include <lwip/err.h>

#define NS_PER_MS 1000000ull
#define FETCHES_PER_YIELD 16u /* a thread that never finds its mailbox empty lets the others run */

struct net_mbox {
	uint32_t size, head, tail;
	uint32_t unslept; /* fetches that found a message waiting */
	struct waitq readers, writers;
	void *slots[];
};

void sys_init(void)
{
}

u32_t sys_now(void)
{
	return (u32_t)(clock_ns() / NS_PER_MS);
}

u32_t sys_jiffies(void)
{
	return sys_now();
}

void net_assert(const char *what, const char *file, int line)
{
	crash("lwip: %s (%s:%d)", what, file, line);
}

/* lwIP's timeouts are in ms, 0 meaning none. */
static uint64_t deadline_of(u32_t timeout_ms)
{
	return timeout_ms == 0 ? TIME_NEVER : clock_after(timeout_ms * NS_PER_MS);
}

static u32_t waited_since(uint64_t start_ns)
{
	return (u32_t)((clock_ns() - start_ns) / NS_PER_MS);
}

err_t sys_sem_new(sys_sem_t *sem, u8_t count)
{
	sem_setup(&sem->sem, count);
	sem->valid = true;
	return ERR_OK;
}

void sys_sem_free(sys_sem_t *sem)
{
	sem->valid = false;
}

void sys_sem_signal(sys_sem_t *sem)
{
	sem_up(&sem->sem);
}

u32_t sys_arch_sem_wait(sys_sem_t *sem, u32_t timeout_ms)
{
	uint64_t start = clock_ns();

	if (!sem_down(&sem->sem, deadline_of(timeout_ms)))
		return SYS_ARCH_TIMEOUT;
	return waited_since(start);
}

sys_sem_t *net_thread_sem(void)
{
	static _Thread_local sys_sem_t sem;

	if (!sem.valid)
		(void)sys_sem_new(&sem, 0);
	return &sem;
}

err_t sys_mutex_new(sys_mutex_t *mutex)
{
	mutex_setup(mutex, false);
	return ERR_OK;
}

void sys_mutex_free(sys_mutex_t *mutex)
{
	(void)mutex;
}

void sys_mutex_lock(sys_mutex_t *mutex)
{
	mutex_lock(mutex);
}

void sys_mutex_unlock(sys_mutex_t *mutex)
{
	mutex_unlock(mutex);
}

err_t sys_mbox_new(sys_mbox_t *mbox, int size)
{
	uint32_t slots = 1;
	struct net_mbox *m;

	while (slots < (uint32_t)size)
		slots *= 2;
	m = calloc(1, sizeof(*m) + slots * sizeof(m->slots[0]));
	*mbox = m;
	if (m == NULL)
		return ERR_MEM;
	m->size = slots;
	return ERR_OK;
}

void sys_mbox_free(sys_mbox_t *mbox)
{
	free(*mbox);
}

err_t sys_mbox_trypost(sys_mbox_t *mbox, void *message)
{
	struct net_mbox *m = *mbox;

	if (m->tail - m->head == m->size)
		return ERR_MEM;
	m->slots[m->tail++ & (m->size - 1)] = message;
	(void)waitq_wake_one(&m->readers);
	return ERR_OK;
}

err_t sys_mbox_trypost_fromisr(sys_mbox_t *mbox, void *message)
{
	return sys_mbox_trypost(mbox, message);
}

void sys_mbox_post(sys_mbox_t *mbox, void *message)
{
	while (sys_mbox_trypost(mbox, message) != ERR_OK)
		(void)waitq_wait(&(*mbox)->writers, TIME_NEVER);
}

u32_t sys_arch_mbox_tryfetch(sys_mbox_t *mbox, void **message)
{
	struct net_mbox *m = *mbox;
	void *got;

	if (m->tail == m->head)
		return SYS_MBOX_EMPTY;
	got = m->slots[m->head++ & (m->size - 1)];
	if (message != NULL)
		*message = got;
	(void)waitq_wake_one(&m->writers);
	return 0;
}

u32_t sys_arch_mbox_fetch(sys_mbox_t *mbox, void **message, u32_t timeout_ms)
{
	uint64_t start, deadline;

	if (sys_arch_mbox_tryfetch(mbox, message) == 0) {
		if (++(*mbox)->unslept % FETCHES_PER_YIELD == 0)
			thread_yield();
		return 0;
	}
	start = clock_ns();
	deadline = deadline_of(timeout_ms);
	for (;;) {
		bool woken = waitq_wait(&(*mbox)->readers, deadline);

		if (sys_arch_mbox_tryfetch(mbox, message) == 0)
			return waited_since(start);
		if (!woken)
			return SYS_ARCH_TIMEOUT;
	}
}

sys_thread_t sys_thread_new(const char *name, lwip_thread_fn fn, void *arg, int stack_bytes, int priority)
{
	struct thread *thread = thread_create(name, fn, arg, (size_t)stack_bytes);

	(void)priority;
	if (thread == NULL)
		crash("lwip: no memory for the thread %s", name);
	return thread;
}
