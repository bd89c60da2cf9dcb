/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cooperative threads and the idle loop. A thread that is not running is in the ready queue, or in a wait queue, or in
 * the timer list, or in both of these; thread_ready() takes it out of them and puts it into the first. Whoever blocks
 * with nobody ready runs the idle loop on its own stack, so a callback's thread_self() means nothing.
 *
 * A dead thread's memory is freed by whoever runs next, since it is standing on it until then.
 */
#include <string.h>

#include <cambium/clock.h>
#include <cambium/crash.h>
#include <cambium/event.h>
#include <cambium/hypercall.h>
#include <cambium/mem.h>
#include <cambium/start.h>

#include "thread_internal.h"

extern char __tdata_start[], __tdata_size[], __tls_size[], __tls_align[];
extern void thread_entry(void);
_Noreturn void thread_begin(struct thread *t);

static struct waitq ready;    /* threads that can run */
static struct thread *timers; /* sorted by deadline, soonest first */
static struct thread *dead;   /* the one that ended last, until its memory is freed */
static uint64_t stack_guard;  /* every thread's %fs:0x28 */
static bool fsgsbase;

/* Until thread_setup: a thread pointer that leads somewhere, for the stack protector and crash(). */
static struct thread early = {.self = &early, .name = "start"};
static struct thread *running = &early; /* what thread_self() says, without asking %fs */

__attribute__((no_stack_protector)) void thread_early(void)
{
	hc_vcpu_set_base(0, (uint64_t)(uintptr_t)&early);
}

const struct thread *thread_running(void)
{
	return running;
}

struct thread *thread_self(void)
{
	struct thread *self;

	__asm__ volatile("mov %%fs:0, %0" : "=r"(self));
	return self;
}

const char *thread_name(const struct thread *t)
{
	return t->name;
}

static void set_thread_pointer(struct thread *t)
{
	running = t;
	if (fsgsbase)
		__asm__ volatile("wrfsbase %0" : : "r"(t) : "memory");
	else
		hc_vcpu_set_base(0, (uint64_t)(uintptr_t)t);
}

/* --- queues ------------------------------------------------------------------------------------------------------ */

static void append(struct waitq *q, struct thread *t)
{
	t->next = NULL;
	t->prev = q->tail;
	if (q->tail)
		q->tail->next = t;
	else
		q->head = t;
	q->tail = t;
}

static void unlink_thread(struct waitq *q, struct thread *t)
{
	if (t->prev)
		t->prev->next = t->next;
	else
		q->head = t->next;
	if (t->next)
		t->next->prev = t->prev;
	else
		q->tail = t->prev;
}

static void timer_add(struct thread *t, uint64_t deadline)
{
	struct thread *after = NULL, *at = timers;

	t->deadline = deadline;
	if (deadline == TIME_NEVER)
		return;
	for (; at && at->deadline <= deadline; at = at->timer_next)
		after = at;
	t->timer_prev = after;
	t->timer_next = at;
	if (at)
		at->timer_prev = t;
	if (after)
		after->timer_next = t;
	else
		timers = t;
}

static void timer_remove(struct thread *t)
{
	if (t->deadline == TIME_NEVER)
		return;
	if (t->timer_prev)
		t->timer_prev->timer_next = t->timer_next;
	else
		timers = t->timer_next;
	if (t->timer_next)
		t->timer_next->timer_prev = t->timer_prev;
	t->deadline = TIME_NEVER;
}

void thread_ready(struct thread *t, bool woken)
{
	if (t->ready)
		return;
	if (t->queue)
		unlink_thread(t->queue, t);
	t->queue = NULL;
	timer_remove(t);
	t->woken = woken;
	t->ready = true;
	append(&ready, t);
}

static void timers_expire(void)
{
	if (!timers)
		return;
	for (uint64_t now = clock_ns(); timers && timers->deadline <= now;)
		thread_ready(timers, false);
}

/* --- scheduling -------------------------------------------------------------------------------------------------- */

static void bury(void)
{
	struct thread *t = dead;

	dead = NULL;
	if (!t || !t->area)
		return;
	page_unguard(t->area);
	pages_free(t->area, t->area_pages);
}

static struct thread *next_ready(void)
{
	struct thread *t;

	for (;;) {
		event_poll();
		timers_expire();
		t = ready.head;
		if (t)
			break;
		hc_sched_block(timers ? timers->deadline : TIME_NEVER);
	}
	unlink_thread(&ready, t);
	t->ready = false;
	return t;
}

/* Runs others until the caller, which is in some queue or dead, is at the head of the ready queue. */
static void schedule(void)
{
	struct thread *self = thread_self(), *next = next_ready();

	if (next == self)
		return;
	set_thread_pointer(next);
	thread_switch(&self->sp, next->sp);
	bury();
}

void thread_block(uint64_t deadline)
{
	if (event_in_callback())
		crash("an event callback tried to block");
	timer_add(thread_self(), deadline);
	schedule();
}

bool waitq_wait(struct waitq *q, uint64_t deadline_ns)
{
	struct thread *self = thread_self();

	if (deadline_ns != TIME_NEVER && (!deadline_ns || clock_ns() >= deadline_ns))
		return false;
	self->queue = q;
	append(q, self);
	thread_block(deadline_ns);
	return self->woken;
}

bool waitq_wake_one(struct waitq *q)
{
	if (!q->head)
		return false;
	thread_ready(q->head, true);
	return true;
}

void thread_yield(void)
{
	if (event_in_callback())
		return;
	thread_ready(thread_self(), true);
	schedule();
}

void thread_sleep_until(uint64_t deadline_ns)
{
	if (clock_ns() < deadline_ns)
		thread_block(deadline_ns);
}

/* --- birth and death --------------------------------------------------------------------------------------------- */

/* Lays out thread-local data below @top and the control block, whose address it returns. */
static struct thread *area_setup(uint64_t top, const char *name)
{
	uint64_t align = (uintptr_t)__tls_align, tdata = (uintptr_t)__tdata_size;
	struct thread *t = (struct thread *)(uintptr_t)align_down(top - sizeof *t, 64);
	uint64_t tls = (uintptr_t)t - align_up((uintptr_t)__tls_size, align);

	memcpy((void *)(uintptr_t)tls, __tdata_start, tdata);
	t->self = t;
	t->stack_guard = stack_guard;
	t->deadline = TIME_NEVER;
	t->sp = align_down(tls, 64);
	for (size_t i = 0; i + 1 < sizeof t->name && name[i]; i++)
		t->name[i] = name[i];
	return t;
}

static size_t overhead(void)
{
	return sizeof(struct thread) + (uintptr_t)__tls_size + 3 * 64;
}

/* Without protector: the guard changes in here. */
__attribute__((no_stack_protector)) void thread_setup(const struct start_info *start)
{
	size_t pages = align_up(overhead(), PAGE_SIZE) / PAGE_SIZE;
	char *area = pages_alloc(pages);
	struct thread *t;

	if (!area)
		start_fail("no memory for the first thread");
	fsgsbase = (start->features & FEATURE_FSGSBASE) != 0;
	random_bytes(&stack_guard, sizeof stack_guard);
	stack_guard &= ~0xffull; /* a zero byte stops runaway strings */
	t = area_setup((uintptr_t)area + pages * PAGE_SIZE, "main");
	t->guard = start->stack_va - PAGE_SIZE;
	set_thread_pointer(t);
	reent_setup(t, true);
}

struct thread *thread_create(const char *name, void (*fn)(void *), void *arg, size_t stack_bytes)
{
	/* As thread_switch pops it: control words, r15, r14, r13, r12, rbx, rbp, return address. */
	struct frame {
		uint32_t mxcsr, fcw;
		uint64_t r15, r14, r13, r12, rbx, rbp, rip;
	} * frame;
	size_t pages = 1 +
		       align_up((stack_bytes ? stack_bytes : THREAD_STACK_DEFAULT) + overhead(), PAGE_SIZE) / PAGE_SIZE;
	char *area = pages_alloc(pages);
	struct thread *t;

	if (!area)
		return NULL;
	if (page_guard(area) < 0) {
		pages_free(area, pages);
		return NULL;
	}
	t = area_setup((uintptr_t)area + pages * PAGE_SIZE, name);
	t->area = area;
	t->area_pages = pages;
	t->guard = (uintptr_t)area;
	t->fn = fn;
	t->arg = arg;
	reent_setup(t, false);
	t->sp -= sizeof *frame;
	frame = (struct frame *)(uintptr_t)t->sp;
	frame->mxcsr = 0x1f80;
	frame->fcw = 0x37f;
	frame->rbx = (uintptr_t)t;
	frame->rip = (uintptr_t)thread_entry;
	thread_ready(t, true);
	return t;
}

_Noreturn void thread_begin(struct thread *t)
{
	bury();
	t->fn(t->arg);
	thread_exit();
}

_Noreturn void thread_exit(void)
{
	struct thread *self = thread_self();

	reent_release(self);
	bury();
	dead = self;
	schedule();
	crash("a dead thread ran again");
}
