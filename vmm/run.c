/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running vCPUs. A CPU's `loaded` vCPU has its registers at cpu->frame and its FPU state, segment bases and page tables in
 * the CPU; every other one has them in its struct vcpu. A vCPU that goes to sleep stays loaded until another one runs, so
 * sleeping and waking again costs no switch. Each vCPU has a home CPU, in whose queues it and its timers are and on which
 * alone it is ever loaded; a CPU with less to do takes one home that is not loaded (take_home). Invariant: a vCPU is in the
 * run queue exactly when it is VCPU_RUNNABLE and its domain is DOMAIN_RUNNING.
 */
#include "run.h"

#include <string.h>

#include "account.h"
#include "apic.h"
#include "core/domain.h"
#include "core/event.h"
#include "core/frame.h"
#include "device.h"
#include "cpu_features.h"
#include "log.h"
#include "paging.h"
#include "smp.h"
#include "time.h"
#include "upcall.h"
#include "x86.h"

#define VECTOR_PAGE_FAULT 14u
#define SCRUB_FRAMES 8u
#define BALANCE_NS 20000000ull
#define FETCH_BY_GUEST 0x14u /* error code: user, instruction fetch, not present */

_Noreturn void cpu_enter(uint64_t frame);
void cpu_idle_halt(void);
void cpu_idle_poll(void);

static void fpu_save(void *area)
{
	if (cpu_policy()->xsave)
		__asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(UINT32_MAX), "d"(UINT32_MAX) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

static void fpu_load(const void *area)
{
	if (cpu_policy()->xsave)
		__asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(UINT32_MAX), "d"(UINT32_MAX) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

struct cpu *run_home_lock(const struct vcpu *v)
{
	for (;;) {
		struct cpu *home = cpu_at(__atomic_load_n(&v->cpu, __ATOMIC_RELAXED));

		lock_take(&home->lock, &this_cpu()->held);
		if (v->cpu == home->id)
			return home;
		lock_drop(&home->lock, &this_cpu()->held);
	}
}

void run_home_unlock(struct cpu *c)
{
	lock_drop(&c->lock, &this_cpu()->held);
}

static struct cpu *self_lock(struct cpu *c)
{
	lock_take(&c->lock, &c->held);
	return c;
}

static void unload(struct cpu *c)
{
	struct vcpu *v = c->loaded;

	v->frame = *c->frame;
	fpu_save(v->fpu);
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

static void load(struct cpu *c, struct vcpu *v)
{
	tables_load(c, v->root << PAGE_SHIFT);
	*c->frame = v->frame;
	fpu_load(v->fpu);
	__asm__ volatile("movl %0, %%ds\n\tmovl %0, %%es\n\tmovl %0, %%fs\n\tmovl %0, %%gs" : : "r"(0));
	wrmsr(MSR_FS_BASE, v->frame.fs_base);
	wrmsr(MSR_GS_BASE, v->frame.gs_base);
	time_record_update(v);
	c->loaded = v;
}

/* Takes the loaded vCPU off @c, if it is asked to leave. */
static void evict(struct cpu *c)
{
	if (!run_leaving(c))
		return;
	unload(c);
	tables_load(c, paging_root());
}

/* Read once in a stay in ring 0, which is short or reads it anew. */
static uint64_t now_of(struct cpu *c)
{
	if (!c->now)
		c->now = time_now();
	return c->now;
}

/* Has the timer fire no later than at @deadline. What it is set to before that stays: whoever looks again then sets it anew. */
static void arm(struct cpu *c, uint64_t deadline)
{
	if (deadline >= c->armed)
		return;
	c->armed = deadline;
	apic_timer_at(deadline);
}

static struct vcpu *vcpu_of(struct bvt_entity *e)
{
	return (struct vcpu *)((uint8_t *)e - offsetof(struct vcpu, sched));
}

/* Gives @v, whose home is @from, another one, unless it is loaded; NULL: whoever waits there and may come. */
static void take_home(struct vcpu *v, struct cpu *from, struct cpu *to)
{
	struct cpu *first = from->id < to->id ? from : to, *second = from->id < to->id ? to : from, *c = this_cpu();
	uint64_t now = time_now();
	struct bvt_entity *e;

	lock_take(&first->lock, &c->held);
	lock_take(&second->lock, &c->held);
	e = v ? &v->sched : bvt_movable(&from->queue, to->id);
	if (e && vcpu_of(e) != from->loaded) {
		v = vcpu_of(e);
		bvt_detach(&from->queue, e, now);
		bvt_attach(&to->queue, e, now);
		__atomic_store_n(&v->cpu, to->id, __ATOMIC_RELAXED);
		timer_arm(&to->timers, &v->timer, v->timer.deadline);
		timer_arm(&to->timers, &v->block_deadline, v->block_deadline.deadline);
	}
	run_home_unlock(second);
	run_home_unlock(first);
}

/* Takes vCPUs home that wait where at least two more compete than here. */
static void balance(struct cpu *c)
{
	/* Looked at without the locks: whoever is gone by then stays away. */
	for (uint32_t i = 0; i < world.cpu_count; i++)
		if (bvt_load(&cpu_at(i)->queue) >= bvt_load(&c->queue) + 2)
			take_home(NULL, cpu_at(i), c);
}

/*
 * Someone to run @v, which has become runnable at @home: there, where the running one goes on for its slice unless it @must make
 * way, or where nobody else wants the CPU.
 */
static void place(const struct vcpu *v, struct cpu *home, bool must)
{
	if (home != this_cpu() || must)
		smp_kick(home);
	else
		home->resched |= RESCHED_TIMER;
	if (home->idle)
		return;
	for (uint32_t i = 0; i < world.cpu_count; i++)
		if (cpu_at(i)->idle && (v->sched.affinity >> i & 1)) {
			smp_kick(cpu_at(i));
			return;
		}
}

/* @result: of sched_block. */
static void wake(struct vcpu *v, uint64_t result)
{
	struct cpu *home = run_home_lock(v);
	bool blocked = v->state == VCPU_BLOCKED, must = false;

	if (blocked) {
		v->state = VCPU_RUNNABLE;
		(home->loaded == v ? home->frame : &v->frame)->rax = result;
		timer_arm(&home->timers, &v->block_deadline, TIME_NEVER);
		if (v->domain->state == DOMAIN_RUNNING)
			must = bvt_wake(&home->queue, &v->sched, now_of(this_cpu()));
	}
	run_home_unlock(home);
	if (blocked)
		place(v, home, must);
}

void run_wake(struct vcpu *v)
{
	wake(v, 0);
}

static void run_timers(struct cpu *c, uint64_t now)
{
	struct timer *t;

	/* Looked at without the lock: others take timers out, and who puts one in kicks this CPU. */
	while (timer_next(&c->timers) <= now) {
		t = timer_take_due(&self_lock(c)->timers, now);
		run_home_unlock(c);
		if (!t)
			break;
		if (t->kind == TIMER_GUEST)
			event_raise(&world, t->vcpu->domain, t->vcpu->virq_port[VIRQ_TIMER]);
		else
			wake(t->vcpu, 1);
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
	uint64_t timer = timer_next(&c->timers), turn = bvt_due(&c->queue), least = MIN(timer, turn);

	return c->id ? least : MIN(least, time_follow_due());
}

static uint64_t due(struct cpu *c)
{
	uint64_t at = due_locked(self_lock(c));

	run_home_unlock(c);
	return at;
}

/* What has come up meanwhile: timers, what the IOMMU refused, the clock. */
static void housekeep(struct cpu *c)
{
	uint64_t now = now_of(c);

	run_timers(c, now);
	if (c->id == 0 && now >= time_follow_due() && world_try(c)) {
		time_follow();
		world_leave(c, NULL);
	}
	if (device_faults_waiting() && world_try(c)) {
		device_faults();
		world_leave(c, NULL);
	}
}

/* Until somebody wants this CPU. */
static void idle(struct cpu *c)
{
	c->idle = true;
	for (;;) {
		bool quiet = log_drain();
		uint64_t now, at;

		c->now = 0;
		now = now_of(c);
		housekeep(c);
		balance(c);
		at = due(c);
		if (at <= now || run_leaving(c))
			break;
		/* While the log waits for the UART, look again in a millisecond. */
		arm(c, quiet ? at : MIN(at, now + 1000000));
		if (scrub_ahead(c))
			cpu_idle_poll();
		else
			cpu_idle_halt();
	}
	c->idle = false;
	c->now = 0;
}

static void schedule(struct cpu *c)
{
	uint64_t now, next;
	struct bvt_entity *e;
	struct vcpu *v;

	if (c->loaded)
		account_settle(c, c->loaded);
	housekeep(c);
	now = now_of(c);
	if (now - c->balanced > BALANCE_NS) {
		c->balanced = now;
		balance(c);
	}
	for (;;) {
		evict(self_lock(c));
		e = bvt_pick(&c->queue, now);
		if (e)
			break;
		run_home_unlock(c);
		idle(c);
		now = now_of(c);
	}
	v = vcpu_of(e);
	if (v != c->loaded) {
		if (c->loaded)
			unload(c);
		load(c, v);
	}
	next = due_locked(c);
	run_home_unlock(c);
	arm(c, next);
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
	run_kill(v->domain, v->doomed, v->doom_code);
	world_leave(c, NULL);
}

void run_doom(struct vcpu *v, enum domain_reason reason, uint32_t code)
{
	v->doomed = (uint8_t)reason;
	v->doom_code = code;
	this_cpu()->resched = RESCHED;
}

void run_exit(struct cpu *c)
{
	for (;;) {
		if ((c->resched & RESCHED) || !c->loaded || &c->loaded->sched != c->queue.running)
			schedule(c);
		else if (c->resched)
			arm(c, due(c));
		c->resched = 0;
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

	c->resched = RESCHED;
	run_exit(c);
	cpu_enter((uint64_t)c->frame);
}

int64_t run_block(struct vcpu *v, uint64_t deadline, struct vcpu *to)
{
	struct cpu *c = this_cpu();
	uint64_t now = now_of(c);

	/* Asleep first: whoever makes an event pending from here on wakes it. */
	self_lock(c);
	v->state = VCPU_BLOCKED;
	if (__atomic_load_n(&v->domain->shared->vcpu[v->id].upcall_pending, __ATOMIC_SEQ_CST) || deadline <= now) {
		v->state = VCPU_RUNNABLE;
		run_home_unlock(c);
		return deadline <= now;
	}
	timer_arm(&c->timers, &v->block_deadline, deadline);
	if (!to || to->cpu != c->id || !bvt_hand(&c->queue, &v->sched, &to->sched, true, now))
		bvt_block(&c->queue, &v->sched, now);
	run_home_unlock(c);
	c->resched = RESCHED;
	return 0;
}

void run_yield(void)
{
	struct cpu *c = this_cpu();

	bvt_yield(&self_lock(c)->queue, now_of(c));
	run_home_unlock(c);
	c->resched = RESCHED;
}

void run_attach(struct domain *d)
{
	struct vcpu *v;

	EACH_VCPU(v, d)
	{
		struct cpu *home = run_home_lock(v);

		bvt_entity_init(&v->sched, time_now());
		bvt_attach(&home->queue, &v->sched, time_now());
		run_home_unlock(home);
	}
}

void run_start(struct domain *d)
{
	struct vcpu *v;

	EACH_VCPU(v, d)
	{
		struct cpu *home = run_home_lock(v);

		if (v->state == VCPU_RUNNABLE)
			bvt_wake(&home->queue, &v->sched, time_now());
		run_home_unlock(home);
		place(v, home, true);
	}
}

/* Takes @v out of its queue and off its CPU. */
static void stop(struct vcpu *v)
{
	struct cpu *home = run_home_lock(v);
	bool remote = home->loaded == v && home != this_cpu();

	bvt_block(&home->queue, &v->sched, time_now());
	v->evict = home->loaded == v;
	if (!remote)
		evict(home);
	run_home_unlock(home);
	if (!remote)
		return;
	smp_kick(home);
	while (__atomic_load_n(&home->loaded, __ATOMIC_ACQUIRE) == v)
		cpu_relax();
}

void run_stop(struct domain *d)
{
	struct vcpu *v;

	EACH_VCPU(v, d)
	stop(v);
	this_cpu()->resched = RESCHED;
}

/* No timer of @v is to come; @gone: nor anything else. */
static void silence(struct vcpu *v, bool gone)
{
	struct cpu *home = run_home_lock(v);

	if (gone)
		bvt_detach(&home->queue, &v->sched, time_now());
	timer_arm(&home->timers, &v->timer, TIME_NEVER);
	timer_arm(&home->timers, &v->block_deadline, TIME_NEVER);
	run_home_unlock(home);
}

/* Has the vCPUs of @d that may not run at their homes any more run elsewhere. */
static void move(struct domain *d)
{
	struct vcpu *v;
	uint32_t state = d->state;

	d->state = DOMAIN_PAUSED; /* nobody wakes them meanwhile */
	run_stop(d);
	EACH_VCPU(v, d)
	{
		struct cpu *from = cpu_at(v->cpu);

		if (!(v->sched.affinity >> from->id & 1))
			take_home(v, from, cpu_at((uint32_t)__builtin_ctzll(v->sched.affinity & smp_present())));
	}
	d->state = state;
	if (state == DOMAIN_RUNNING)
		run_start(d);
}

enum abi_error run_schedule(struct domain *d, const struct domain_schedule *s)
{
	enum abi_error r = bvt_check(s, smp_present());
	bool moves = false;
	struct vcpu *v;

	if (r != HC_OK || d->state == DOMAIN_DEAD)
		return r;
	EACH_VCPU(v, d)
	{
		struct cpu *home = run_home_lock(v);

		bvt_set(&home->queue, &v->sched, s, time_now());
		run_home_unlock(home);
		smp_kick(home);
		moves |= !(s->cpus >> home->id & 1);
	}
	if (moves)
		move(d);
	return HC_OK;
}

void run_times(const struct vcpu *v, struct vcpu_times *t)
{
	struct cpu *home = run_home_lock(v);

	bvt_charge(&home->queue, time_now());
	*t = (struct vcpu_times){.run = v->sched.time[BVT_RUNNING],
				 .wait = v->sched.time[BVT_WAITING],
				 .steal = v->sched.time[BVT_STOLEN],
				 .blocked = v->sched.time[BVT_BLOCKED],
				 .charged = v->sched.charged,
				 .cpu = home->id};
	run_home_unlock(home);
}

void run_off(struct vcpu *v)
{
	v->state = VCPU_OFF;
	stop(v);
	silence(v, false);
	this_cpu()->resched = RESCHED;
}

void run_timer(struct vcpu *v, uint64_t deadline)
{
	struct cpu *c = this_cpu();

	timer_arm(&self_lock(c)->timers, &v->timer, deadline);
	run_home_unlock(c);
	arm(c, deadline);
}

void run_kill(struct domain *d, enum domain_reason reason, uint32_t code)
{
	struct vcpu *v;

	d->state = DOMAIN_PAUSED; /* nobody wakes its vCPUs any more */
	run_stop(d);
	EACH_VCPU(v, d)
	silence(v, true);
	device_quiesce(d);
	d->has_frame = 1;
	domain_end(&world, d, reason, code);
	/* Whoever builds domains tells of theirs; of the builder nobody else can. */
	if (d->capabilities & CAP_DOMAIN)
		log_line("domain %u.%u (%s) ended: %s, code %u", DOMID_SLOT(d->id), DOMID_GENERATION(d->id), d->name,
			 domain_reason_text(reason), code);
}

void vcpu_prepare(struct vcpu *v, mfn_t root, uint64_t entry, uint64_t stack, uint64_t argument)
{
	uint16_t *x87_control = v->fpu;
	uint32_t *mxcsr = (uint32_t *)v->fpu + 6;

	/* Offsets 0 and 24 of the FXSAVE area, which XSAVE areas begin with; a zero XSTATE_BV means initial state. */
	*x87_control = 0x37f;
	*mxcsr = 0x1f80;
	v->root = root;
	v->frame = (struct trap_frame){.rip = entry,
				       .rsp = stack,
				       .rdi = argument,
				       .rflags = 0x202,
				       .cs = SELECTOR_USER_CODE,
				       .ss = SELECTOR_USER_DATA};
	v->state = VCPU_RUNNABLE;
	time_record_update(v);
	v->domain->shared->wall_clock_base = time_wall_base();
}
