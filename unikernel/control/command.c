/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operator's words on the serial console: one command a line, answers as lines of the control domain. Whoever can
 * type there already has the machine; nothing is typed by a domain.
 */
#include <stdio.h>
#include <string.h>

#include <cambium/clock.h>

#include "control.h"

#define COMMAND_MAX 80u

static const char *state_text(const struct child *child)
{
	switch (child->state) {
	case CHILD_WAITING: return "waiting";
	case CHILD_RUNNING: return child->paused ? "paused" : "running";
	default: return "ended";
	}
}

static void do_ps(void)
{
	say("ps: slot name state frames run-ms restarts");
	for (uint32_t i = 0; i < control.plan.domain_count; i++) {
		const struct child *child = &control.children[i];
		struct domain_info info = {0};

		if (child->state == CHILD_RUNNING)
			hc_domain_info(child->domid, &info);
		say("ps: %u %s %s %lu %lu %u", (unsigned)i + 1, child->plan->name, state_text(child), info.frames,
		    info.run_time / 1000000, (unsigned)child->restart.count);
	}
}

static void do_stats(void)
{
	struct machine_info m;
	int64_t result = hc_machine_info(&m);

	if (result < 0) {
		say("stats: %s", abi_error_text(result));
		return;
	}
	say("stats: uptime %lu ms, frames %lu total %lu free %lu hypervisor %lu bundle, %u domains, %u devices, "
	    "%u unexpected interrupts",
	    clock_ns() / 1000000, m.frames_total, m.frames_free, m.frames_hypervisor, m.bundle_frames,
	    (unsigned)m.domains, (unsigned)m.devices, (unsigned)m.unexpected_interrupts);
	for (uint32_t i = 0; i < control.plan.domain_count; i++) {
		const struct child *child = &control.children[i];
		struct domain_info info;

		if (child->state == CHILD_RUNNING && hc_domain_info(child->domid, &info) >= 0)
			say("stats: %s ports %u grants %u mappings %u dropped %lu", child->plan->name,
			    (unsigned)info.ports, (unsigned)info.grants, (unsigned)info.mappings,
			    child->line.dropped_total);
	}
}

static void do_power(uint32_t restart)
{
	int64_t result;

	say("%s", restart ? "restarting the machine" : "powering off");
	out_flush();
	result = hc_machine_power(restart);
	say("the machine did not obey: %s", abi_error_text(result));
}

static void do_help(void)
{
	say("commands: ps, stats, start NAME, kill NAME, pause NAME, unpause NAME, poweroff, reboot, help");
}

static void answer(const struct child *child, const char *what, int64_t result)
{
	if (result < 0)
		say("%s: not %s: %s", child->plan->name, what, abi_error_text(result));
	else
		say("%s %s", child->plan->name, what);
}

static void do_start(struct child *child)
{
	if (child->state == CHILD_ENDED) {
		child->state = CHILD_WAITING;
		image_hold(child);
		child->due_ns = 0;
		child->told_waiting = false;
	}
	answer(child, "will be started", child->state == CHILD_RUNNING ? -HC_ESTATE : 0);
}

static void do_kill(struct child *child)
{
	answer(child, "killed", hc_domain_destroy(child->domid));
	control.domains_changed = true;
}

static void do_pause(struct child *child, bool pause)
{
	int64_t result = pause ? hc_domain_pause(child->domid) : hc_domain_unpause(child->domid);

	if (result >= 0)
		child->paused = pause;
	answer(child, pause ? "paused" : "unpaused", result);
}

static struct child *child_find(const char *name)
{
	for (uint32_t i = 0; name && i < control.plan.domain_count; i++)
		if (!strcmp(control.children[i].plan->name, name))
			return &control.children[i];
	return NULL;
}

/* Commands about one domain; false: no such command. */
static bool command_child(const char *verb, struct child *child)
{
	bool known = !strcmp(verb, "start") || !strcmp(verb, "kill") || !strcmp(verb, "pause") ||
		     !strcmp(verb, "unpause");

	if (!known)
		return false;
	if (!child)
		say("%s: which domain? `ps` lists their names", verb);
	else if (!strcmp(verb, "start"))
		do_start(child);
	else if (child->state != CHILD_RUNNING)
		say("%s is not running", child->plan->name);
	else if (!strcmp(verb, "kill"))
		do_kill(child);
	else
		do_pause(child, !strcmp(verb, "pause"));
	return true;
}

static void command_do(char *line)
{
	char *rest = NULL, *verb = strtok_r(line, " \t", &rest), *name = strtok_r(NULL, " \t", &rest);

	if (!verb)
		return;
	if (!strcmp(verb, "ps"))
		do_ps();
	else if (!strcmp(verb, "stats"))
		do_stats();
	else if (!strcmp(verb, "poweroff"))
		do_power(0);
	else if (!strcmp(verb, "reboot"))
		do_power(1);
	else if (!strcmp(verb, "help"))
		do_help();
	else if (!command_child(verb, child_find(name)))
		say("unknown command: `help` lists them");
}

void command_poll(void)
{
	static char line[COMMAND_MAX];
	static uint32_t len;
	char bytes[64];
	int64_t got;

	while ((got = hc_console_read(0, bytes, sizeof bytes)) > 0)
		for (int64_t i = 0; i < got; i++) {
			char c = bytes[i];
			if (c == '\r' || c == '\n') {
				line[len] = 0;
				len = 0;
				command_do(line);
			} else if ((c == '\b' || c == 0x7f) && len) {
				len--;
			} else if (c >= 0x20 && c < 0x7f && len + 1 < sizeof line) {
				line[len++] = c;
			}
		}
}
