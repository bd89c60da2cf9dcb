/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deaths and starts. Invariant: a child has a domain exactly while it is CHILD_RUNNING; when a domain died, its last words
 * come before the report, its peers hear of it before its frames go, and its slot is free again before it is rebuilt.
 */
#include <stdio.h>

#include <cambium/clock.h>

#include "control.h"

#define SHRINK_NS 5000000000ull /* so long a domain may take to come down before somebody is told */

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

static bool is_alive(uint32_t domid)
{
	struct domain_info info;

	return hc_domain_info(domid, &info) >= 0 && info.state != DOMAIN_DEAD;
}

/*
 * Ends what dead builders have made, and what those have: nobody else knows of it. How many there were; a bounded number, since builders
 * among them may go on until their turn comes.
 */
static unsigned orphans_end(void)
{
	struct domain_place place;
	unsigned ended = 0, before;

	do {
		before = ended;
		for (uint32_t slot = 1; slot < DOMAIN_SLOTS; slot++) {
			if (hc_domain_at(slot, &place) < 0 || is_alive(place.builder))
				continue;
			domain_discard(place.domid);
			ended++;
		}
	} while (ended > before && ended < DOMAIN_SLOTS);
	return ended;
}

static struct child *first_waiting;

void watch_enlist(struct child *child)
{
	struct child **link = &first_waiting;

	if (child->waiting)
		return;
	while (*link)
		link = &(*link)->next_waiting;
	child->waiting = true;
	child->next_waiting = NULL;
	*link = child;
}

void watch_ended(struct child *child)
{
	child->state = CHILD_ENDED;
	control.live--;
	image_release(child);
}

static void child_bury(struct child *child, const struct domain_info *info)
{
	const char *name = child->plan->name;
	uint64_t now = clock_ns();
	unsigned orphans;

	drain_last(child);
	say("%s died: %s, code %u", name, domain_reason_text(info->reason), (unsigned)info->code);
	if (info->has_frame && info->reason != REASON_EXIT && info->reason != REASON_CRASH &&
	    info->reason != REASON_REBOOT)
		registers_show(name, &info->frame);
	child->state = CHILD_WAITING;
	control.shrinking -= child->shrink_ns != 0;
	child->shrink_ns = 0;
	connect_close(child);
	domain_discard(child->domid);
	orphans = child->plan->capabilities & CAP_DOMAIN ? orphans_end() : 0;
	if (orphans)
		say("%s left %u domains: ended", name, orphans);
	disconnect_own(child);
	child->domid = DOMID_NONE;
	if (!restart_wanted(child->plan->restart, info->reason, info->code)) {
		watch_ended(child);
		return;
	}
	watch_enlist(child);
	child->due_ns = now + restart_delay(&child->restart, now - child->started_ns);
}

bool watch_deaths(void)
{
	bool any = false;

	for (uint32_t i = 0; i < control.plan.domain_count; i++) {
		struct child *child = &control.children[i];
		struct domain_info info;

		if (child->state == CHILD_RUNNING && hc_domain_info(child->domid, &info) >= 0 &&
		    info.state == DOMAIN_DEAD) {
			child_bury(child, &info);
			any = true;
		}
	}
	return any;
}

/* Whether the domain of @child still lives; it may have died since watch_deaths(). */
static bool alive(const struct child *child)
{
	return child->state == CHILD_RUNNING && is_alive(child->domid);
}

/* The first back end of @child that does not run, or NULL. */
static const struct child *back_missing(const struct child *child)
{
	for (uint32_t i = 0; i < control.plan.link_count; i++) {
		const struct child *back = &control.children[control.plan.links[i].back];
		if (control.plan.links[i].front == child->index && !alive(back))
			return back;
	}
	return NULL;
}

static void child_start(struct child *child)
{
	const char *name = child->plan->name;
	bool again = child->starts != 0;
	uint32_t pages = child->plan->mem_pages;
	int64_t result = child_build(child);

	if (!result) {
		child->restart.count += again;
		say("%s %s as domain %u.%u, %u %s", again ? "restarted" : "started", name, DOMID_SLOT(child->domid),
		    DOMID_GENERATION(child->domid), (unsigned)(pages % 256 ? pages * 4 : pages / 256),
		    pages % 256 ? "KiB" : "MiB");
		console_line_init(&child->line, name, clock_ns());
		return;
	}
	/* Memory may become free; and a back end may have died just now, which is not known here yet. */
	if (result == -HC_ENOMEM || (result == -HC_ENODOM && back_missing(child))) {
		child->due_ns = clock_after(restart_delay(&child->restart, 0));
		child->told_waiting = true;
		return;
	}
	watch_ended(child);
	say("%s stays stopped: remove the cause and say `start %s`", name, name);
}

bool watch_starts(void)
{
	uint64_t now = clock_ns();

	for (struct child **link = &first_waiting, *child; (child = *link);) {
		const struct child *back = child->due_ns <= now ? back_missing(child) : NULL;

		if (child->due_ns <= now && !back) {
			child_start(child);
			if (child->state != CHILD_WAITING) {
				*link = child->next_waiting;
				child->waiting = false;
			}
			return true;
		}
		if (back && !child->told_waiting) {
			child->told_waiting = true;
			say("%s waits for %s", child->plan->name, back->plan->name);
		}
		link = &child->next_waiting;
	}
	return false;
}

uint64_t watch_due(void)
{
	uint64_t due = TIME_NEVER;

	for (const struct child *child = first_waiting; child; child = child->next_waiting)
		if (child->due_ns < due && !back_missing(child))
			due = child->due_ns;
	return due;
}

void watch_memory(void)
{
	struct memory_info m;

	for (uint32_t i = 0; control.shrinking && i < control.plan.domain_count; i++) {
		struct child *child = &control.children[i];

		if (!child->shrink_ns || hc_memory_info(child->domid, &m) < 0)
			continue;
		if (m.frames <= m.target) {
			say("memory: %s has come down to %lu pages", child->plan->name, m.frames);
			child->shrink_ns = 0;
			control.shrinking--;
		} else if (!child->shrink_told && clock_ns() - child->shrink_ns > SHRINK_NS) {
			say("memory: %s cannot come down: it has %lu pages in use, its target is %lu: raise the target, or "
			    "restart it",
			    child->plan->name, m.frames, m.target);
			child->shrink_told = true;
		}
	}
}
