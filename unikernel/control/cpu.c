/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who gets how much of the CPUs: what the plan says, what has been used, and what the operator changes, which lasts through the
 * domain's restarts. Whether it can be so is the hypervisor's to say.
 */
#include <stdlib.h>
#include <string.h>

#include "control.h"

#define MS 1000000ul

void cpu_setup(struct child *child)
{
	const struct plan_domain *d = child->plan;

	child->schedule = (struct domain_schedule){.weight = d->weight ? d->weight : 256,
						   .cap = d->cap,
						   .warp = d->warp,
						   .warp_limit = d->warp_limit,
						   .unwarp = d->unwarp,
						   .cpus = d->cpus ? d->cpus : UINT64_MAX};
}

void cpu_head(void)
{
	struct vcpu_times t = {0};

	say("cpu: name weight cap warp-ms, run-ms wait-ms steal-ms blocked-ms charged-ms, CPU");
	hc_vcpu_times(DOMID_SELF, 0, &t);
	say("cpu: itself - - -, %lu %lu %lu %lu %lu, %u", t.run / MS, t.wait / MS, t.steal / MS, t.blocked / MS,
	    t.charged / MS, (unsigned)t.cpu);
}

/* The times of all vCPUs of the child's domain, and where its first is at home. False: it has gone. */
static bool times_sum(const struct child *child, struct vcpu_times *sum)
{
	struct vcpu_times t;

	if (hc_vcpu_times(child->domid, 0, sum) < 0)
		return false;
	for (uint32_t i = 1; i < child->plan->vcpus && hc_vcpu_times(child->domid, i, &t) >= 0; i++) {
		sum->run += t.run;
		sum->wait += t.wait;
		sum->steal += t.steal;
		sum->blocked += t.blocked;
		sum->charged += t.charged;
	}
	return true;
}

void cpu_line(const struct child *child)
{
	const struct domain_schedule *s = &child->schedule;
	struct vcpu_times t;

	if (child->state != CHILD_RUNNING || !times_sum(child, &t))
		return;
	say("cpu: %s %u %u %lu, %lu %lu %lu %lu %lu, %u", child->plan->name, (unsigned)s->weight, (unsigned)s->cap,
	    s->warp / MS, t.run / MS, t.wait / MS, t.steal / MS, t.blocked / MS, t.charged / MS, (unsigned)t.cpu);
}

/* The next of @rest as a number; what is too great for anything is UINT64_MAX. False: there is none. */
static bool number_take(char **rest, uint64_t *number)
{
	const char *word = strtok_r(NULL, " \t", rest);
	char *end;

	if (!word || *word < '0' || *word > '9')
		return false;
	*number = strtoull(word, &end, 0);
	return !*end;
}

/* Likewise of milliseconds, in ns. */
static bool ms_take(char **rest, uint64_t *ns)
{
	if (!number_take(rest, ns))
		return false;
	*ns = *ns > UINT64_MAX / MS ? UINT64_MAX : *ns * MS;
	return true;
}

/* The change that @what and @rest ask for, in @s. False: they ask for nothing that there is. */
static bool change_read(const char *what, char **rest, struct domain_schedule *s)
{
	uint64_t number;
	bool read = false;

	if (!strcmp(what, "weight") && (read = number_take(rest, &number)))
		s->weight = (uint32_t)MIN(number, UINT32_MAX);
	else if (!strcmp(what, "cap") && (read = number_take(rest, &number)))
		s->cap = (uint32_t)MIN(number, UINT32_MAX);
	else if (!strcmp(what, "cpus"))
		read = number_take(rest, &s->cpus);
	else if (!strcmp(what, "warp"))
		read = ms_take(rest, &s->warp) && ms_take(rest, &s->warp_limit) && ms_take(rest, &s->unwarp);
	return read && !strtok_r(NULL, " \t", rest);
}

void cpu_command(struct child *child, char **rest)
{
	const char *what = strtok_r(NULL, " \t", rest), *name;
	struct domain_schedule s;
	int64_t result = 0;

	if (!child) {
		say("cpu: which domain? `ps` lists their names");
		return;
	}
	name = child->plan->name;
	s = child->schedule;
	if (!what || !change_read(what, rest, &s)) {
		say("cpu: `cpu %s weight N`, `cap THOUSANDTHS`, `warp MS LIMIT UNWARP` in milliseconds, or `cpus MASK`",
		    name);
		return;
	}
	if (child->state != CHILD_RUNNING) {
		say("cpu: %s is not running", name);
		return;
	}
	s.domid = child->domid;
	result = hc_domain_schedule(&s);
	if (result < 0) {
		say("cpu: the %s of %s stays: %s", what, name, abi_error_text(result));
		return;
	}
	child->schedule = s;
	say("cpu: %s has weight %u cap %u warp %lu %lu %lu ms cpus 0x%lx now", name, (unsigned)s.weight,
	    (unsigned)s.cap, s.warp / MS, s.warp_limit / MS, s.unwarp / MS, s.cpus);
}
