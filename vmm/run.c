/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running vCPUs. A CPU's `loaded` vCPU has its registers at cpu->frame and its FPU state, segment bases and page tables in
 * the CPU; every other one has them in its struct vcpu. A vCPU that goes to sleep stays loaded until another one runs, so
 * sleeping and waking again costs no switch. Invariant: a vCPU is in the run queue exactly when it is VCPU_RUNNABLE and its
 * domain is DOMAIN_RUNNING.
 */
#include "run.h"

#include <string.h>

#include "apic.h"
#include "core/domain.h"
#include "core/event.h"
#include "core/frame.h"
#include "device.h"
#include "cpu_features.h"
#include "log.h"
#include "paging.h"
#include "time.h"
#include "upcall.h"
#include "x86.h"

#define VECTOR_PAGE_FAULT 14u
#define SCRUB_FRAMES 8u
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

struct trap_frame *run_frame(struct vcpu *v)
{
	struct cpu *c = this_cpu();

	return c->loaded == v ? c->frame : &v->frame;
}

/* Charges the loaded vCPU for the time since it was last charged. */
static void charge(struct cpu *c, uint64_t now)
{
	if (c->loaded && !c->idle) {
		c->loaded->run_time += now - c->since;
		sched_charge(&c->loaded->sched, now - c->since);
	}
	c->since = now;
}

static void unload(struct cpu *c)
{
	struct vcpu *v = c->loaded;

	v->frame = *c->frame;
	fpu_save(v->fpu);
	v->frame.fs_base = rdmsr(MSR_FS_BASE);
	v->frame.gs_base = rdmsr(MSR_GS_BASE);
	c->loaded = NULL;
}

static void load(struct cpu *c, struct vcpu *v)
{
	write_cr3(v->root << PAGE_SHIFT);
	frame_flushed(&world, c->id);
	*c->frame = v->frame;
	fpu_load(v->fpu);
	__asm__ volatile("movl %0, %%ds\n\tmovl %0, %%es\n\tmovl %0, %%fs\n\tmovl %0, %%gs" : : "r"(0));
	wrmsr(MSR_FS_BASE, v->frame.fs_base);
	wrmsr(MSR_GS_BASE, v->frame.gs_base);
	c->loaded = v;
}

static void arm(struct cpu *c, uint64_t deadline)
{
	if (deadline == c->armed)
		return;
	c->armed = deadline;
	apic_timer_at(deadline);
}

void run_timers(struct cpu *c)
{
	uint64_t now = time_now();
	struct timer *t;

	while ((t = timer_take_due(&c->timers, now))) {
		if (t->kind == TIMER_GUEST) {
			event_raise_virq(&world, t->vcpu->domain, VIRQ_TIMER);
		} else if (t->vcpu->state == VCPU_BLOCKED) {
			run_frame(t->vcpu)->rax = 1;
			run_wake(t->vcpu);
		}
	}
	c->resched = true;
}

/* Scrubs a few free frames, so that interrupts never wait long; false: none is left to do. */
static bool scrub_ahead(void)
{
	for (unsigned i = 0; i < SCRUB_FRAMES; i++) {
		enum abi_error e;

		WITH_FLUSH(e, frame_scrub_ahead(&world));
		if (e != HC_OK)
			return false;
	}
	return true;
}

static void idle(struct cpu *c)
{
	uint64_t now = time_now();

	charge(c, now);
	c->idle = true;
	while (!c->queue.count) {
		bool quiet = log_drain();

		/* While the log waits for the UART, look again in a millisecond. */
		arm(c, quiet ? timer_next(&c->timers) : MIN(timer_next(&c->timers), now + 1000000));
		if (scrub_ahead())
			cpu_idle_poll();
		else
			cpu_idle_halt();
		now = time_now();
		if (timer_next(&c->timers) <= now)
			run_timers(c);
	}
	c->since = time_now();
	c->idle = false;
}

static void schedule(struct cpu *c)
{
	struct sched_entity *e, *running;
	uint64_t now, slice;
	struct vcpu *v;

	c->resched = false;
	now = time_now();
	if (timer_next(&c->timers) <= now)
		run_timers(c);
	if (!c->queue.count)
		idle(c);
	now = time_now();
	charge(c, now);
	running = c->loaded ? &c->loaded->sched : NULL;
	e = sched_pick(&c->queue, running);
	v = (struct vcpu *)((uint8_t *)e - offsetof(struct vcpu, sched));
	if (v != c->loaded) {
		if (c->loaded)
			unload(c);
		load(c, v);
	}
	slice = sched_slice(&c->queue, e);
	arm(c, MIN(timer_next(&c->timers), slice == TIME_NEVER ? TIME_NEVER : now + slice));
	c->resched = false;
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

void run_exit(struct cpu *c)
{
	for (;;) {
		if (c->resched || !c->loaded || !c->loaded->sched.queued)
			schedule(c);
		if (c->frame->rip >= GUEST_TOP)
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

void run_wake(struct vcpu *v)
{
	struct cpu *c = this_cpu();

	if (v->state != VCPU_BLOCKED)
		return;
	v->state = VCPU_RUNNABLE;
	timer_arm(&c->timers, &v->block_deadline, TIME_NEVER);
	if (v->domain->state == DOMAIN_RUNNING) {
		sched_wake(&c->queue, &v->sched);
		c->resched = true;
	}
}

int64_t run_block(struct vcpu *v, uint64_t deadline)
{
	struct cpu *c = this_cpu();

	if (__atomic_load_n(&v->domain->shared->vcpu[v->id].upcall_pending, __ATOMIC_SEQ_CST))
		return 0;
	if (deadline <= time_now())
		return 1;
	v->state = VCPU_BLOCKED;
	timer_arm(&c->timers, &v->block_deadline, deadline);
	charge(c, time_now());
	sched_sleep(&c->queue, &v->sched);
	c->resched = true;
	return 0;
}

void run_yield(struct vcpu *v)
{
	struct cpu *c = this_cpu();

	charge(c, time_now());
	sched_yield_to_all(&c->queue, &v->sched);
	c->resched = true;
}

void run_start(struct domain *d)
{
	struct cpu *c = this_cpu();

	if (d->state == DOMAIN_RUNNING && d->vcpu.state == VCPU_RUNNABLE)
		sched_wake(&c->queue, &d->vcpu.sched);
	c->resched = true;
}

void run_stop(struct domain *d)
{
	struct cpu *c = this_cpu();

	sched_sleep(&c->queue, &d->vcpu.sched);
	if (c->loaded == &d->vcpu) {
		charge(c, time_now());
		unload(c);
		write_cr3(paging_root());
		frame_flushed(&world, c->id);
	}
	c->resched = true;
}

void run_timer(struct vcpu *v, uint64_t deadline)
{
	struct cpu *c = this_cpu();

	timer_arm(&c->timers, &v->timer, deadline);
	if (deadline < c->armed)
		arm(c, deadline);
}

void run_kill(struct domain *d, enum domain_reason reason, uint32_t code)
{
	struct cpu *c = this_cpu();

	run_stop(d);
	timer_arm(&c->timers, &d->vcpu.timer, TIME_NEVER);
	timer_arm(&c->timers, &d->vcpu.block_deadline, TIME_NEVER);
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
	time_record_fill(&v->domain->shared->vcpu[v->id].time);
	v->domain->shared->wall_clock_base = time_wall_base();
}
