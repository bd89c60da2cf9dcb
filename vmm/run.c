/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a CPU does: runs vCPUs whose home it is (vcpu.c). Its `loaded` vCPU has its registers at cpu->frame and its FPU state,
 * segment bases and page tables in the CPU; every other one has them in its struct vcpu. A vCPU that goes to sleep stays loaded
 * until another one runs, so sleeping and waking again costs no switch.
 */
#include "run.h"
#include "vcpu.h"

#include "account.h"
#include "core/event.h"
#include "core/frame.h"
#include "device.h"
#include "log.h"
#include "paging.h"
#include "smp.h"
#include "x86.h"

#define VECTOR_PAGE_FAULT 14u
#define SCRUB_FRAMES 8u
#define BALANCE_NS 20000000ull
#define FOLLOW_RETRY_NS 1000000ull
#define FETCH_BY_GUEST 0x14u /* error code: user, instruction fetch, not present */

_Noreturn void cpu_enter(uint64_t frame);
void cpu_idle_halt(void);
void cpu_idle_poll(void);

#define FPU(name, extended, old)                                                                                       \
	static void name(const struct cpu *c, void *area)                                                              \
	{                                                                                                              \
		if (c->xsave)                                                                                          \
			__asm__ volatile(extended " (%0)" : : "r"(area), "a"(UINT32_MAX), "d"(UINT32_MAX) : "memory"); \
		else                                                                                                   \
			__asm__ volatile(old " (%0)" : : "r"(area) : "memory");                                        \
	}
FPU(fpu_save, "xsave64", "fxsave64")
FPU(fpu_load, "xrstor64", "fxrstor64")

static struct cpu *self_lock(struct cpu *c)
{
	lock_take(&c->lock, &c->held);
	return c;
}

static inline void unload(struct cpu *c)
{
	struct vcpu *v = c->loaded;

	v->frame = *c->frame;
	fpu_save(c, v->fpu);
	v->frame.fs_base = rdmsr(MSR_FS_BASE);
	v->frame.gs_base = rdmsr(MSR_GS_BASE);
	v->evict = 0;
	__atomic_store_n(&c->loaded, NULL, __ATOMIC_RELEASE);
}

void tables_load(struct cpu *c, uint64_t root)
{
	uint64_t begun = frame_flush_begin(&world);

	write_cr3(root);
	frame_flushed_since(&world, c->id, begun);
}

static inline void load(struct cpu *c, struct vcpu *v)
{
	tables_load(c, v->root << PAGE_SHIFT);
	*c->frame = v->frame;
	fpu_load(c, v->fpu);
	__asm__ volatile("movl %0, %%ds\n\tmovl %0, %%es\n\tmovl %0, %%fs\n\tmovl %0, %%gs" : : "r"(0));
	wrmsr(MSR_FS_BASE, v->frame.fs_base);
	wrmsr(MSR_GS_BASE, v->frame.gs_base);
	time_record_update(v);
	c->loaded = v;
}

void run_evict(struct cpu *c)
{
	unload(c);
	tables_load(c, paging_root());
}

__attribute__((noinline)) static void run_timers(struct cpu *c, uint64_t now)
{
	struct timer *t;

	/* Looked at without the lock: others take timers out, and who puts one in kicks this CPU. */
	while (timer_next(&c->timers) <= now) {
		t = timer_take_due(&self_lock(c)->timers, now);
		vcpu_home_unlock(c);
		if (!t)
			break;
		if (t->kind == TIMER_GUEST)
			event_raise(&world, t->vcpu->domain, t->vcpu->virq_port[VIRQ_TIMER]);
		else
			vcpu_wake_with(t->vcpu, 1);
	}
}

/* Whether free frames were made ready for use; false when there are none, or somebody has the world whole. */
static bool scrub_ahead(struct cpu *c)
{
	enum abi_error e = HC_OK;

	if (!world_share(c))
		return false;
	for (unsigned i = 0; i < SCRUB_FRAMES && e == HC_OK; i++)
		WITH_FLUSH(e, frame_scrub_ahead(&world));
	world_unshare(c);
	return e == HC_OK;
}

/* When @c has to look again: a timer, another one's turn, the clock. Its queue is locked. */
static uint64_t due_locked(const struct cpu *c)
{
	uint64_t timer = MIN(timer_next(&c->timers), c->follow_at), turn = bvt_due(&c->queue);

	return MIN(timer, turn);
}

/* The clock, and what the IOMMU refused. */
__attribute__((noinline)) static void watch(struct cpu *c, uint64_t now)
{
	bool follow = now >= c->follow_at;

	if (follow)
		c->follow_at = now + FOLLOW_RETRY_NS;
	/* Whoever has the world may be waiting for this CPU, which must not stay here for it. */
	if (!world_try(c))
		return;
	if (follow)
		time_follow();
	if (__atomic_load_n(&device_faults_wait, __ATOMIC_RELAXED))
		device_faults();
	world_leave(c, NULL);
}

/* What has come up meanwhile. */
static inline void housekeep(struct cpu *c, uint64_t now)
{
	if (timer_next(&c->timers) <= now)
		run_timers(c, now);
	if (now >= c->follow_at || __atomic_load_n(&device_faults_wait, __ATOMIC_RELAXED))
		watch(c, now);
}

/* Until somebody wants this CPU. */
__attribute__((noinline)) static void idle(struct cpu *c)
{
	__atomic_fetch_or(&cpus_idle, 1u << c->id, __ATOMIC_SEQ_CST);
	for (;;) {
		bool quiet = log_drain();
		uint64_t now = run_now(c), at;

		housekeep(c, now);
		vcpus_balance(c);
		at = due_locked(self_lock(c));
		vcpu_home_unlock(c);
		if (at <= now || run_leaving(c))
			break;
		/* While the log waits for the UART, look again in a millisecond. */
		run_arm(c, quiet ? at : MIN(at, now + 1000000));
		c->now = 0; /* who interrupts has a time of his own */
		if (scrub_ahead(c))
			cpu_idle_poll();
		else
			cpu_idle_halt();
	}
	__atomic_fetch_and(&cpus_idle, ~(1u << c->id), __ATOMIC_SEQ_CST);
	c->now = 0;
}

/* Whether it has something to say of its work for others. */
static bool claims(const struct vcpu *v)
{
	return __atomic_load_n(&v->domain->shared->ledger[v->id].count, __ATOMIC_RELAXED);
}

static void schedule(struct cpu *c)
{
	uint64_t now, next;
	struct bvt_entity *e;
	struct vcpu *v = c->loaded;

	if (v && claims(v))
		account_settle(c, v);
	now = run_now(c);
	housekeep(c, now);
	if (now - c->balanced > BALANCE_NS) {
		c->balanced = now;
		vcpus_balance(c);
	}
	for (;;) {
		if (run_leaving(self_lock(c)))
			run_evict(c);
		e = bvt_pick(&c->queue, now);
		if (e)
			break;
		vcpu_home_unlock(c);
		idle(c);
		now = run_now(c);
	}
	v = vcpu_of(e);
	if (v != c->loaded) {
		if (c->loaded)
			unload(c);
		load(c, v);
	}
	next = due_locked(c);
	vcpu_home_unlock(c);
	run_arm(c, next);
	log_drain();
}

/*
 * A guest can stand behind its half: a SYSCALL in its last two bytes, or an interrupt between a jump there and the fault.
 * The instruction fetch fault that would follow is delivered here, so that no return to ring 3 meets a bad address.
 */
static void fault_at_top(struct vcpu *v, struct trap_frame *f)
{
	f->vector = VECTOR_PAGE_FAULT;
	f->error = FETCH_BY_GUEST;
	f->cr2 = f->rip;
	exception_deliver(v, f);
}

/* Ends the domain of @v, which is on @c, for what it did; not yet where somebody has the world and wants @v off the CPU. */
static void doom(struct cpu *c, struct vcpu *v)
{
	if (!world_enter(c, NULL))
		return;
	domain_kill(v->domain, v->doomed, v->doom_code);
	world_leave(c, NULL);
}

void run_doom(struct vcpu *v, enum domain_reason reason, uint32_t code)
{
	v->doomed = (uint8_t)reason;
	v->doom_code = code;
	this_cpu()->resched = true;
}

void run_exit(struct cpu *c)
{
	for (;;) {
		if (c->resched || !c->loaded || &c->loaded->sched != c->queue.running)
			schedule(c);
		c->resched = false;
		if (c->loaded->doomed)
			doom(c, c->loaded);
		else if (c->frame->rip >= GUEST_TOP)
			fault_at_top(c->loaded, c->frame);
		else if (upcall_wanted(c->loaded))
			upcall_deliver(c->loaded, c->frame);
		else
			break;
	}
	run_leave(c);
}

void run_forever(void)
{
	struct cpu *c = this_cpu();

	c->resched = true;
	run_exit(c);
	cpu_enter((uint64_t)c->frame);
}

/* @v gives @c, whose queue is locked, to @to, if that one is at home here and may run. */
static inline bool hand(struct cpu *c, struct vcpu *v, struct vcpu *to, uint64_t now)
{
	if (!to || to->cpu != c->id || to->domain->state != DOMAIN_RUNNING ||
	    (to->state == VCPU_BLOCKED && !vcpu_pending(to)))
		return false;
	vcpu_rouse(c, to, 0);
	return to->state == VCPU_RUNNABLE && bvt_hand(&c->queue, &v->sched, &to->sched, true, now);
}

int64_t run_block(struct vcpu *v, uint64_t deadline, struct vcpu *to)
{
	struct cpu *c = this_cpu();
	uint64_t now = run_now(c);
	bool stays;

	/* Asleep first: whoever makes an event pending from here on wakes it. */
	self_lock(c);
	v->state = VCPU_BLOCKED;
	stays = vcpu_pending(v) || deadline <= now;
	if (stays) {
		v->state = VCPU_RUNNABLE;
	} else {
		timer_arm(&c->timers, &v->block_deadline, deadline);
		if (hand(c, v, to, now))
			to = NULL;
		else
			bvt_block(&c->queue, &v->sched, now);
		c->resched = true;
	}
	vcpu_home_unlock(c);
	if (to && vcpu_pending(to))
		vcpu_wake_with(to, 0);
	return stays && deadline <= now;
}

void run_yield(void)
{
	struct cpu *c = this_cpu();

	/* What others pay for is taken off it before somebody wakes and is measured by it. */
	c->resched |= bvt_yield(&self_lock(c)->queue, run_now(c)) || claims(c->loaded);
	vcpu_home_unlock(c);
}

void run_timer(struct vcpu *v, uint64_t deadline)
{
	struct cpu *c = this_cpu();

	timer_arm(&self_lock(c)->timers, &v->timer, deadline);
	vcpu_home_unlock(c);
	run_arm(c, deadline);
}
