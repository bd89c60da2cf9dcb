/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operator's words on the serial console: one command a line, answers as lines of the control domain. Whoever can
 * type there already has the machine; nothing is typed by a domain.
 */
#include <string.h>

#include <cambium/clock.h>

#include "control.h"

#define COMMAND_MAX 80u

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
	say("commands: ps, stats, memory, cpu, devices, memory NAME PAGES, cpu NAME WHAT NUMBERS, start NAME, kill NAME, "
	    "pause NAME, unpause NAME, poweroff, reboot, help");
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
		control.live++;
		image_hold(child);
		watch_enlist(child);
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
	if (!strcmp(verb, "memory") && name)
		memory_command(child_find(name), strtok_r(NULL, " \t", &rest));
	else if (!strcmp(verb, "cpu") && name)
		cpu_command(child_find(name), &rest);
	else if (!strcmp(verb, "ps") || !strcmp(verb, "stats") || !strcmp(verb, "memory") || !strcmp(verb, "devices") ||
		 !strcmp(verb, "cpu"))
		list_start(verb);
	else if (!strcmp(verb, "poweroff"))
		do_power(0);
	else if (!strcmp(verb, "reboot"))
		do_power(1);
	else if (!strcmp(verb, "help"))
		do_help();
	else if (!command_child(verb, child_find(name)))
		say("unknown command: `help` lists them");
}

/* One byte of the line that is typed. */
static void command_byte(char c)
{
	static char line[COMMAND_MAX];
	static uint32_t len;

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

bool command_poll(void)
{
	static char bytes[64];
	static int64_t got, at;

	/* What was typed behind a command waits for the answer to it. */
	for (;;) {
		if (list_step())
			return true;
		if (at == got) {
			at = 0;
			got = hc_console_read(0, bytes, sizeof bytes);
			if (got <= 0) {
				got = 0;
				return false;
			}
		}
		command_byte(bytes[at++]);
	}
}
