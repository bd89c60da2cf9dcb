/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control domain: verifies the bundle and the plan, builds the plan's domains, and then looks after them: consoles,
 * deaths, restarts, the operator. Invariant: nothing of the bundle is used before its digest was right.
 */
#include <string.h>

#include <cambium/account.h>
#include <cambium/clock.h>
#include <cambium/event.h>

#include "control.h"

#define OUTPUT_RETRY_NS 1000000ull /* the serial port was full */
#define LOOK_NS 1000000000ull      /* in case an event went missing */
#define DEAF_NS                                                                                                        \
	10000000ull /* after the death of a domain that was none of ours: its builder may make them without end */

struct control control;

/* Finds and verifies bundle and plan; false after saying what is wrong. */
static bool plan_load(void)
{
	const struct start_info *start = start_info();
	const struct bundle_header *h = (const struct bundle_header *)(uintptr_t)start->bundle_va;
	const struct bundle_entry *e;
	struct plan_verdict v;
	uint32_t index;
	enum bundle_error error;

	if (!h) {
		say("no bundle was given: put bundle.bin beside the hypervisor, or pass it by -initrd");
		return false;
	}
	error = bundle_check(h, start->bundle_bytes, &index);
	if (error) {
		say("bundle refused: entry %u: %s: make and install it again", (unsigned)index,
		    bundle_error_text(error));
		return false;
	}
	say("bundle verified: %u entries, %lu.%lu MiB", (unsigned)h->entry_count, h->length >> 20,
	    (h->length & 0xfffff) * 10 >> 20);
	e = bundle_find(h, BUNDLE_PLAN, NULL);
	v = plan_check(bundle_data(h, e), e->length, &control.plan);
	if (v.error) {
		say("plan refused: %s %u: %s", plan_error_whose(v.error), (unsigned)v.index, plan_error_text(v.error));
		return false;
	}
	say("plan verified: %u domains, %u links", (unsigned)control.plan.domain_count,
	    (unsigned)control.plan.link_count);
	control.bundle = h;
	return true;
}

static void domain_fired(unsigned port, void *arg)
{
	(void)port;
	*(bool *)arg = true;
	waitq_wake_all(&control.wake);
}

/* Has virtual interrupt @virq set *@flag. Its port. */
static unsigned virq_watch(uint32_t virq, bool *flag)
{
	int64_t port = hc_event_bind_virq(virq, 0);

	if (port < 0 || event_on((unsigned)port, domain_fired, flag))
		say("virtual interrupt %u cannot be bound: %s", (unsigned)virq, abi_error_text(port));
	return (unsigned)port;
}

static unsigned deaths_port;
static uint64_t deaf_until; /* 0: what happens at that port is told */

static void deaths_look(bool told, uint64_t now)
{
	control.domains_changed = false;
	if (watch_deaths() || !told || deaf_until)
		return;
	event_off(deaths_port);
	deaf_until = now + DEAF_NS;
}

static void deaths_listen(uint64_t now)
{
	if (!deaf_until || now < deaf_until)
		return;
	deaf_until = 0;
	event_on(deaths_port, domain_fired, &control.domains_changed);
}

static void children_setup(void)
{
	for (uint32_t n = 0; n < control.plan.domain_count; n++) {
		uint32_t i = control.plan.order[n];
		struct child *child = &control.children[i];

		child->plan = &control.plan.domains[i];
		child->index = i;
		cpu_setup(child);
		child->state = CHILD_WAITING;
		control.live++;
		image_hold(child);
		watch_enlist(child);
		console_line_init(&child->line, child->plan->name, clock_ns());
	}
}

/* With `exit-when-done`: powers off once nothing runs and nothing will. */
static void done_check(void)
{
	int64_t result;

	if (!control.exit_when_done || control.done || control.live)
		return;
	control.done = true;
	say("all domains have ended: powering off");
	out_flush();
	result = hc_machine_power(0);
	say("the machine did not obey: %s", abi_error_text(result));
}

/* Deaths, starts and what time brings. True: there may be more. *@did: there was something. */
static bool look(uint64_t *look_ns, bool *did)
{
	uint64_t now = clock_ns();
	bool more, told;

	deaths_listen(now);
	told = control.domains_changed;
	/* A lost event costs a second, no more: then everybody is looked at, whatever the events say. */
	if (now >= *look_ns) {
		*look_ns = now + LOOK_NS;
		control.domains_changed = true;
		for (uint32_t i = 0; i < control.plan.domain_count; i++)
			if (control.children[i].state == CHILD_RUNNING)
				drain_look(&control.children[i]);
		watch_memory();
	}
	*did = control.domains_changed;
	if (control.domains_changed)
		deaths_look(told, now);
	more = watch_starts();
	*did |= more;
	return more;
}

/*
 * One round: whatever there is to do, then sleep until there is more. A round in which there was nothing to do but consoles, its
 * waking up and falling asleep included, is for those who talked.
 */
static void round_do(void)
{
	static uint64_t look_ns;
	uint64_t deadline;
	bool more, did, asked;

	account_begin();
	more = look(&look_ns, &did);
	if (did)
		account_claim(DOMID_NONE);
	more |= drain_all();
	asked = control.input_ready;
	control.input_ready = false;
	did = manage_round();
	more |= did;
	deadline = command_poll() ? clock_after(OUTPUT_RETRY_NS) : look_ns;
	done_check();
	if (did || asked)
		account_claim(DOMID_NONE);
	if (!out_push())
		deadline = clock_after(OUTPUT_RETRY_NS);
	drain_pay();
	if (deaf_until)
		deadline = MIN(deadline, deaf_until);
	if (more || control.domains_changed || control.input_ready || manage_watch())
		thread_yield();
	else
		waitq_wait(&control.wake, MIN(MIN(deadline, manage_due()), MIN(watch_due(), drain_due())));
}

/* Nothing can run: says so to the end, and with `exit-when-done` does not keep the machine for it. */
static int give_up(void)
{
	out_flush();
	if (control.exit_when_done)
		hc_machine_power(0);
	return 1;
}

int main(int argc, char **argv)
{
	control.features = start_info()->features;
	for (int i = 1; i < argc; i++)
		control.exit_when_done |= !strcmp(argv[i], "exit-when-done");
	devices_tell();
	if (!plan_load())
		return give_up();
	children_setup();
	if (!connect_setup() || !manage_setup()) {
		say("memory is short: give the control domain more, or the plan fewer domains");
		return give_up();
	}
	deaths_port = virq_watch(VIRQ_DOMAIN, &control.domains_changed);
	virq_watch(VIRQ_CONSOLE, &control.input_ready);
	account_whole();
	for (;;)
		round_do();
}
