/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vCPUs as others see them. Each has a home CPU, in whose queues it and its timers are and on which alone it is ever loaded; a CPU
 * with less to do takes one home that is not loaded (take_home). Invariant: a vCPU is in the run queue exactly when it is
 * VCPU_RUNNABLE and its domain is DOMAIN_RUNNING.
 */
#include "vcpu.h"

#include "core/domain.h"
#include "device.h"
#include "log.h"
#include "run.h"
#include "smp.h"
#include "x86.h"

struct cpu *vcpu_home_lock(const struct vcpu *v)
{
	for (;;) {
		struct cpu *home = cpu_at(__atomic_load_n(&v->cpu, __ATOMIC_RELAXED));

		lock_take(&home->lock, &this_cpu()->held);
		if (v->cpu == home->id)
			return home;
		vcpu_home_unlock(home);
	}
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
	vcpu_home_unlock(second);
	vcpu_home_unlock(first);
}

/* Takes vCPUs home that wait where at least two more compete than here. */
void vcpus_balance(struct cpu *c)
{
	/* Looked at without the locks: whoever is gone by then stays away. */
	for (uint32_t i = 0; i < world.cpu_count; i++)
		if (bvt_load(&cpu_at(i)->queue) >= bvt_load(&c->queue) + 2)
			take_home(NULL, cpu_at(i), c);
}

/*
 * Someone to run @v, which has become runnable at @home, which is locked: there, where the running one goes on until @due,
 * 0: must make way, or where nobody else wants the CPU.
 */
static inline void place(const struct vcpu *v, struct cpu *home, uint64_t due)
{
	uint64_t idle = __atomic_load_n(&cpus_idle, __ATOMIC_SEQ_CST);

	if (home != this_cpu() || !due)
		smp_kick(home);
	else
		run_arm(home, due);
	if (!(idle >> home->id & 1) && (idle & v->sched.affinity))
		smp_kick(cpu_at((uint32_t)__builtin_ctzll(idle & v->sched.affinity)));
}

bool vcpu_rouse(struct cpu *home, struct vcpu *v, uint64_t result)
{
	if (v->state != VCPU_BLOCKED)
		return false;
	v->state = VCPU_RUNNABLE;
	(home->loaded == v ? home->frame : &v->frame)->rax = result;
	timer_arm(&home->timers, &v->block_deadline, TIME_NEVER);
	return true;
}

void vcpu_wake_with(struct vcpu *v, uint64_t result)
{
	struct cpu *home = vcpu_home_lock(v);

	if (vcpu_rouse(home, v, result) && v->domain->state == DOMAIN_RUNNING)
		place(v, home, bvt_wake_due(&home->queue, &v->sched, run_now(this_cpu())));
	vcpu_home_unlock(home);
}

void vcpu_wake(struct vcpu *v)
{
	if (v != this_cpu()->handed)
		vcpu_wake_with(v, 0);
}

void vcpus_attach(struct domain *d)
{
	struct vcpu *v;

	EACH_VCPU(v, d)
	{
		struct cpu *home = vcpu_home_lock(v);

		bvt_entity_init(&v->sched, time_now());
		bvt_attach(&home->queue, &v->sched, time_now());
		vcpu_home_unlock(home);
	}
}

void vcpus_start(struct domain *d)
{
	struct vcpu *v;

	EACH_VCPU(v, d)
	{
		struct cpu *home = vcpu_home_lock(v);

		if (v->state == VCPU_RUNNABLE)
			bvt_wake_due(&home->queue, &v->sched, time_now());
		place(v, home, 0);
		vcpu_home_unlock(home);
	}
}

/* Takes @v out of its queue and off its CPU. */
static void stop(struct vcpu *v)
{
	struct cpu *home = vcpu_home_lock(v);
	bool remote = home->loaded == v && home != this_cpu();

	bvt_block(&home->queue, &v->sched, time_now());
	v->evict = home->loaded == v;
	if (!remote && run_leaving(home))
		run_evict(home);
	vcpu_home_unlock(home);
	if (!remote)
		return;
	smp_kick(home);
	while (__atomic_load_n(&home->loaded, __ATOMIC_ACQUIRE) == v)
		cpu_relax();
}

void vcpus_stop(struct domain *d)
{
	struct vcpu *v;

	EACH_VCPU(v, d)
	stop(v);
	this_cpu()->resched = true;
}

/* No timer of @v is to come; @gone: nor anything else. */
static void silence(struct vcpu *v, bool gone)
{
	struct cpu *home = vcpu_home_lock(v);

	if (gone)
		bvt_detach(&home->queue, &v->sched, time_now());
	timer_arm(&home->timers, &v->timer, TIME_NEVER);
	timer_arm(&home->timers, &v->block_deadline, TIME_NEVER);
	vcpu_home_unlock(home);
}

/* Has the vCPUs of @d that may not run at their homes any more run elsewhere. */
static void move(struct domain *d)
{
	struct vcpu *v;
	uint32_t state = d->state;

	d->state = DOMAIN_PAUSED; /* nobody wakes them meanwhile */
	vcpus_stop(d);
	EACH_VCPU(v, d)
	{
		struct cpu *from = cpu_at(v->cpu);

		if (!(v->sched.affinity >> from->id & 1))
			take_home(v, from, cpu_at((uint32_t)__builtin_ctzll(v->sched.affinity & smp_present())));
	}
	d->state = state;
	if (state == DOMAIN_RUNNING)
		vcpus_start(d);
}

enum abi_error vcpus_schedule(struct domain *d, const struct domain_schedule *s)
{
	enum abi_error r = bvt_check(s, smp_present());
	bool moves = false;
	struct vcpu *v;

	if (r != HC_OK || d->state == DOMAIN_DEAD)
		return r;
	EACH_VCPU(v, d)
	{
		struct cpu *home = vcpu_home_lock(v);

		bvt_set(&home->queue, &v->sched, s, time_now());
		vcpu_home_unlock(home);
		smp_kick(home);
		moves |= !(s->cpus >> home->id & 1);
	}
	if (moves)
		move(d);
	return HC_OK;
}

void vcpu_times_now(const struct vcpu *v, struct vcpu_times *t)
{
	struct cpu *home = vcpu_home_lock(v);

	bvt_charge(&home->queue, time_now());
	*t = (struct vcpu_times){.run = v->sched.time[BVT_RUNNING],
				 .wait = v->sched.time[BVT_WAITING],
				 .steal = v->sched.time[BVT_STOLEN],
				 .blocked = v->sched.time[BVT_BLOCKED],
				 .charged = v->sched.charged,
				 .cpu = home->id};
	vcpu_home_unlock(home);
}

void vcpu_off(struct vcpu *v)
{
	v->state = VCPU_OFF;
	stop(v);
	silence(v, false);
	this_cpu()->resched = true;
}

void domain_kill(struct domain *d, enum domain_reason reason, uint32_t code)
{
	struct vcpu *v;

	d->state = DOMAIN_PAUSED; /* nobody wakes its vCPUs any more */
	vcpus_stop(d);
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
