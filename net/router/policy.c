/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules in force. Invariants: the brain's table is `active`, whose pages nobody writes; while a policy is on trial, `before` is
 * whole and checked and `reload` is there, so that going back cannot fail; what was refused leaves no trace. Without a trial there is
 * no room but for the policy in force.
 */
#include <stdio.h>
#include <string.h>

#include <cambium/clock.h>
#include <cambium/crash.h>
#include <cambium/mem.h>

#include "manage.h"

#define SECOND_NS 1000000000ull
#define REVIEW_WAIT_NS 1000000ull
#define NO_MEMORY "the router has no memory for it: give it more in the plan, or load a smaller policy"

struct policy {
	void *bytes; /* NULL: none */
	uint32_t size;
	uint8_t sha256[SHA256_LEN];
	uint64_t *hits; /* NULL: it never was in force */
	uint32_t hit_count;
};

static struct policy active, before;
static uint64_t deadline; /* of the trial; 0: there is none */
static uint8_t before_sha256[SHA256_LEN];
static uint32_t switches, rollbacks;
static struct upload incoming;
static struct rules_reload *reload; /* room for a switch; NULL: none is under way, and none may have to be undone */

static void policy_drop(struct policy *p)
{
	if (p->bytes)
		pages_free(p->bytes, pages_for(p->size));
	if (p->hits)
		pages_free(p->hits, pages_for(p->hit_count * sizeof *p->hits));
	*p = (struct policy){0};
}

/* There is room to put @p in force, once it is known to be good. */
static bool room_take(struct policy *p)
{
	const struct rules_header *header = p->bytes;

	if (!reload)
		reload = pages_alloc(pages_for(sizeof *reload));
	if (!p->hits) {
		p->hit_count = p->size < sizeof *header ? 1 : MIN(MAX(header->rule_count, 1u), RULES_COUNT_MAX);
		p->hits = pages_alloc(pages_for(p->hit_count * sizeof *p->hits));
	}
	return reload && p->hits;
}

/* Nothing is to be undone any more: what is not needed goes back to the machine. */
static void room_settle(void)
{
	if (reload)
		pages_free(reload, pages_for(sizeof *reload));
	reload = NULL;
	policy_drop(&before);
	pages_trim();
}

static void incoming_drop(void)
{
	struct policy p = {.bytes = incoming.bytes, .size = incoming.size};

	policy_drop(&p);
	incoming = (struct upload){0};
}

const char *policy_begin(const struct manage_begin *begin)
{
	const char *fault = upload_fault(begin);
	void *memory;

	incoming_drop();
	if (fault)
		return fault;
	memory = pages_alloc(pages_for(begin->bytes));
	if (!memory)
		return NO_MEMORY;
	upload_begin(&incoming, memory, begin);
	return NULL;
}

const char *policy_data(const struct manage_message *m)
{
	struct manage_data data;

	memcpy(&data, m->payload, m->length);
	return upload_add(&incoming, data.offset, data.bytes,
			  m->length - (uint32_t)offsetof(struct manage_data, bytes));
}

static void say_in_force(bool is_confirmed)
{
	struct manage_in_force word = {.is_confirmed = is_confirmed};
	struct manage_message m;

	memcpy(word.sha256, active.sha256, sizeof word.sha256);
	m = manage_message_of(MANAGE_IN_FORCE, 0, &word, sizeof word);
	manage_say(&m);
}

static void let_others(void *arg)
{
	(void)arg;
	thread_yield();
}

/* Puts @p in force, which takes long; packets pass meanwhile. NULL, or why not. */
static const char *enforce(struct router_domain *d, struct policy *p)
{
	static char why[160];
	struct rules_pause pause = {let_others, NULL};
	struct rules_room room;
	enum rules_error error;
	uint32_t index;

	/* what the last switch left to do */
	while (d->brain.review_left)
		thread_sleep_until(clock_after(REVIEW_WAIT_NS));
	if (!room_take(p))
		return NO_MEMORY;
	room = (struct rules_room){reload, p->hits, p->hit_count};
	if (!router_rules_prepare(&d->brain, &room, p->bytes, p->size, &pause, &error, &index)) {
		snprintf(why, sizeof why, "the router refuses it: %s (number %d)", rules_error_get_text(error),
			 index == RULE_INDEX_NONE ? -1 : (int)index);
		return why;
	}
	if (!shape_prepare(d, &reload->next)) {
		router_rules_forget(&d->brain);
		return NO_MEMORY;
	}
	router_rules_switch(&d->brain);
	domain_wake(d);
	switches++;
	return NULL;
}

const char *policy_commit(struct router_domain *d, const struct manage_commit *commit)
{
	const char *fault = upload_finish(&incoming, commit->sha256);
	struct policy next = {.bytes = incoming.bytes, .size = incoming.size};

	if (!fault && deadline)
		fault = "a policy is on trial: confirm it, or wait until its time is over";
	if (!fault && commit->confirm_seconds > MANAGE_CONFIRM_SECONDS_MAX)
		fault = "a trial takes an hour at most";
	if (!fault)
		fault = enforce(d, &next);
	if (fault) {
		report("policy not taken: %s", fault);
		policy_drop(&next);
		incoming = (struct upload){0};
		if (!deadline)
			room_settle();
		return fault;
	}
	memcpy(next.sha256, commit->sha256, sizeof next.sha256);
	incoming = (struct upload){0};
	before = active;
	active = next;
	memcpy(before_sha256, before.sha256, sizeof before_sha256);
	/* without rules before it, there is nothing to go back to */
	if (commit->confirm_seconds && before.bytes)
		deadline = clock_after(commit->confirm_seconds * SECOND_NS);
	else
		room_settle();
	report("policy of %u rules in force%s", (unsigned)d->brain.rules.count,
	       deadline ? ", until it is confirmed or its time is over" : "");
	say_in_force(!deadline);
	return NULL;
}

const char *policy_confirm(const struct manage_confirm *confirm)
{
	if (memcmp(confirm->sha256, active.sha256, sizeof active.sha256) != 0)
		return "another policy is in force than the one to confirm: its time was over, or it was never loaded";
	if (!deadline)
		return NULL;
	deadline = 0;
	room_settle();
	report("policy confirmed");
	say_in_force(true);
	return NULL;
}

uint64_t policy_deadline(void)
{
	return deadline ? deadline : TIME_NEVER;
}

void policy_tick(struct router_domain *d, uint64_t now)
{
	const char *fault;

	if (!deadline || now < deadline)
		return;
	fault = enforce(d, &before);
	if (fault)
		crash("the policy before, which was in force, is refused: %s", fault);
	deadline = 0;
	memcpy(before_sha256, active.sha256, sizeof before_sha256);
	policy_drop(&active);
	active = before;
	before = (struct policy){0};
	room_settle();
	rollbacks++;
	report("policy of %u rules in force again: the one on trial was not confirmed in time",
	       (unsigned)d->brain.rules.count);
	say_in_force(true);
}

void policy_status(struct manage_status *status, uint64_t now)
{
	memcpy(status->sha256, active.sha256, sizeof status->sha256);
	memcpy(status->previous, before_sha256, sizeof status->previous);
	status->left_ns = deadline > now ? deadline - now : 0;
	status->switch_count = switches;
	status->rollback_count = rollbacks;
}
