/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deaths and starts. Invariant: a child has a domain exactly while it is CHILD_RUNNING; when a domain died, its last words
 * come before the report, its peers hear of it before its frames go, and its slot is free again before it is rebuilt.
 */
#include <stdio.h>

#include <cambium/clock.h>

#include "control.h"

static const char *const vector_names[32] = {
	[0] = "#DE divide error",
	[1] = "#DB debug",
	[2] = "NMI",
	[3] = "#BP breakpoint",
	[4] = "#OF overflow",
	[5] = "#BR bound range",
	[6] = "#UD invalid opcode",
	[7] = "#NM no FPU",
	[8] = "#DF double fault",
	[10] = "#TS invalid TSS",
	[11] = "#NP segment not present",
	[12] = "#SS stack fault",
	[13] = "#GP general protection",
	[14] = "#PF page fault",
	[16] = "#MF x87 error",
	[17] = "#AC alignment",
	[18] = "#MC machine check",
	[19] = "#XM SIMD error",
};

static void registers_show(const char *name, const struct trap_frame *f)
{
	/* A frame that is not an exception's, for instance a hypercall's, has a number above theirs. */
	if (f->vector < ARRAY_SIZE(vector_names) && vector_names[f->vector])
		say("%s: %s (vector %lu) error 0x%lx cr2 %016lx", name, vector_names[f->vector], f->vector, f->error,
		    f->cr2);
	say("%s: rip %016lx rsp %016lx rflags %08lx", name, f->rip, f->rsp, f->rflags);
	say("%s: rax %016lx rbx %016lx rcx %016lx rdx %016lx", name, f->rax, f->rbx, f->rcx, f->rdx);
	say("%s: rsi %016lx rdi %016lx rbp %016lx r8  %016lx", name, f->rsi, f->rdi, f->rbp, f->r8);
	say("%s: r9  %016lx r10 %016lx r11 %016lx r12 %016lx", name, f->r9, f->r10, f->r11, f->r12);
	say("%s: r13 %016lx r14 %016lx r15 %016lx fs %016lx gs %016lx", name, f->r13, f->r14, f->r15, f->fs_base,
	    f->gs_base);
}

void domain_discard(uint32_t domid)
{
	int64_t result = hc_domain_destroy(domid);

	/* HC_ESTATE: dead already. */
	if (result < 0 && result != -HC_ESTATE)
		say("domain %u.%u cannot be ended: %s", DOMID_SLOT(domid), DOMID_GENERATION(domid),
		    abi_error_text(result));
	while ((result = hc_domain_release(domid)) == -HC_EAGAIN)
		others_turn();
	if (result < 0)
		say("domain %u.%u cannot be freed: %s", DOMID_SLOT(domid), DOMID_GENERATION(domid),
		    abi_error_text(result));
}

static void child_bury(struct child *child, const struct domain_info *info)
{
	const char *name = child->plan->name;
	uint64_t now = clock_ns();

	drain_last(child);
	say("%s died: %s, code %u", name, domain_reason_text(info->reason), (unsigned)info->code);
	if (info->has_frame && info->reason != REASON_EXIT && info->reason != REASON_CRASH &&
	    info->reason != REASON_REBOOT)
		registers_show(name, &info->frame);
	child->state = CHILD_WAITING;
	connect_close(child);
	domain_discard(child->domid);
	disconnect_own(child);
	child->domid = DOMID_NONE;
	if (!restart_wanted(child->plan->restart, info->reason, info->code)) {
		child->state = CHILD_ENDED;
		image_release(child);
		return;
	}
	child->due_ns = now + restart_delay(&child->restart, now - child->started_ns);
}

void watch_deaths(void)
{
	for (uint32_t i = 0; i < control.plan.domain_count; i++) {
		struct child *child = &control.children[i];
		struct domain_info info;

		if (child->state == CHILD_RUNNING && hc_domain_info(child->domid, &info) >= 0 &&
		    info.state == DOMAIN_DEAD)
			child_bury(child, &info);
	}
}

/* The first back end of @child that does not run, or NULL. */
static const struct child *back_missing(const struct child *child)
{
	for (uint32_t i = 0; i < control.plan.link_count; i++) {
		const struct child *back = &control.children[control.plan.links[i].back];
		if (control.plan.links[i].front == child->index && back->state != CHILD_RUNNING)
			return back;
	}
	return NULL;
}

static bool startable(const struct child *child)
{
	return child->state == CHILD_WAITING && !back_missing(child);
}

static void child_start(struct child *child)
{
	const char *name = child->plan->name;
	bool again = child->starts != 0;
	int64_t result = child_build(child);

	if (!result) {
		child->restart.count += again;
		say("%s %s as domain %u.%u, %u MiB", again ? "restarted" : "started", name, DOMID_SLOT(child->domid),
		    DOMID_GENERATION(child->domid), (unsigned)(child->plan->mem_pages / 256));
		console_line_init(&child->line, name, clock_ns());
		return;
	}
	if (result == -HC_ENOMEM) {
		child->due_ns = clock_after(restart_delay(&child->restart, 0));
		child->told_waiting = true;
		return;
	}
	child->state = CHILD_ENDED;
	image_release(child);
	say("%s stays stopped: remove the cause and say `start %s`", name, name);
}

bool watch_starts(void)
{
	for (uint32_t i = 0; i < control.plan.domain_count; i++) {
		struct child *child = &control.children[control.plan.order[i]];
		const struct child *back = back_missing(child);

		if (child->state != CHILD_WAITING || child->due_ns > clock_ns())
			continue;
		if (!back) {
			child_start(child);
			return true;
		} else if (!child->told_waiting) {
			child->told_waiting = true;
			say("%s waits for %s", child->plan->name, back->plan->name);
		}
	}
	return false;
}

uint64_t watch_due(void)
{
	uint64_t due = TIME_NEVER;

	for (uint32_t i = 0; i < control.plan.domain_count; i++)
		if (startable(&control.children[i]))
			due = MIN(due, control.children[i].due_ns);
	return due;
}
