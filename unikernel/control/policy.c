/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The router's policy: the plan's at first, then what an operator loads. Invariant: `confirmed` is what a router that is
 * started anew gets; a policy that came later takes its place only when the router has said that it is in force for good,
 * so that a policy on trial ends with the router that tried it.
 */
#include <string.h>

#include <cambium/clock.h>
#include <cambium/mem.h>

#include "manage.h"

struct policy {
	const uint8_t *bytes; /* NULL: none */
	uint32_t size;
	uint8_t sha256[SHA256_LEN];
	bool owned; /* pages of ours, not of the bundle */
};

/* What the router is being handed. */
enum feed_state { FEED_IDLE, FEED_BEGIN, FEED_DATA, FEED_COMMIT, FEED_ANSWER };

static struct policy confirmed, trial;
static bool trial_in_force;
static struct upload incoming;

static struct {
	enum feed_state state;
	const struct policy *policy;
	uint32_t at, confirm_seconds;
	uint32_t id;    /* of the COMMIT */
	uint32_t asked; /* the operator's id, or 0: nobody asked */
} feed;

/* Ids that we give to requests of our own have this bit; those relayed have not. */
#define OWN_ID 0x80000000u

static void policy_drop(struct policy *p)
{
	if (p->owned)
		pages_free((void *)(uintptr_t)p->bytes, pages_for(p->size));
	*p = (struct policy){0};
}

static void incoming_drop(void)
{
	if (incoming.bytes)
		pages_free(incoming.bytes, pages_for(incoming.size));
	incoming = (struct upload){0};
}

void policy_setup(void)
{
	struct sha256 state;

	if (!control.plan.rules)
		return;
	confirmed = (struct policy){.bytes = control.plan.rules, .size = control.plan.rules_bytes};
	sha256_init(&state);
	sha256_update(&state, confirmed.bytes, confirmed.size);
	sha256_final(&state, confirmed.sha256);
}

static void feed_start(const struct policy *policy, uint32_t confirm_seconds, uint32_t asked)
{
	feed.state = FEED_BEGIN;
	feed.policy = policy;
	feed.at = 0;
	feed.confirm_seconds = confirm_seconds;
	feed.id = (feed.id + 1) | OWN_ID;
	feed.asked = asked;
}

/* The operator's COMMIT has its answer. */
static void feed_end(const struct manage_message *answer)
{
	struct manage_message m = *answer;

	feed.state = FEED_IDLE;
	m.id = feed.asked;
	if (feed.asked)
		manage_answer(&m);
	feed.asked = 0;
}

void policy_router_up(void)
{
	if (confirmed.bytes)
		feed_start(&confirmed, 0, 0);
}

void policy_router_down(void)
{
	struct manage_message m = manage_error(0, "the router has died: the policy before is in force when it is back");

	if (feed.state != FEED_IDLE)
		feed_end(&m);
	if (trial.bytes)
		say("the policy on trial ends with its router");
	policy_drop(&trial);
	trial_in_force = false;
}

static void refuse(uint32_t id, const char *why)
{
	struct manage_message m = manage_error(id, why);

	manage_answer(&m);
}

static void accept(uint32_t id)
{
	struct manage_message m = manage_message_of(MANAGE_OK, id, NULL, 0);

	manage_answer(&m);
}

void policy_begin(const struct manage_message *m)
{
	struct manage_begin begin;
	const char *fault;
	void *memory;

	memcpy(&begin, m->payload, sizeof begin);
	fault = upload_fault(&begin);
	if (fault) {
		refuse(m->id, fault);
		return;
	}
	incoming_drop();
	memory = pages_alloc(pages_for(begin.bytes));
	if (!memory) {
		refuse(m->id, "the control domain has no memory for it: stop a domain, or load a smaller policy");
		return;
	}
	upload_begin(&incoming, memory, &begin);
	accept(m->id);
}

void policy_data(const struct manage_message *m)
{
	struct manage_data data;
	const uint32_t head = offsetof(struct manage_data, bytes);
	const char *fault;

	memcpy(&data, m->payload, m->length);
	fault = m->kind == MANAGE_PACKED ? upload_unpack(&incoming, data.offset, data.bytes, m->length - head)
					 : upload_add(&incoming, data.offset, data.bytes, m->length - head);
	if (fault)
		refuse(m->id, fault);
	else
		accept(m->id);
}

/* Why no policy can be put on trial now, or NULL. */
static const char *commit_fault(const struct manage_commit *commit)
{
	if (!manage_is_up())
		return "no router is running: `start router` on the console, or wait until it is back";
	if (feed.state != FEED_IDLE)
		return "the router is just taking another policy: try again in a moment";
	if (trial.bytes)
		return "a policy is on trial: confirm it, or wait until its time is over";
	if (commit->confirm_seconds > MANAGE_CONFIRM_SECONDS_MAX)
		return "a trial takes an hour at most";
	return upload_finish(&incoming, commit->sha256);
}

void policy_commit(const struct manage_message *m)
{
	struct manage_message busy = manage_message_of(MANAGE_BUSY, m->id, NULL, 0);
	struct manage_commit commit;
	const char *fault;

	memcpy(&commit, m->payload, sizeof commit);
	if (feed.state != FEED_IDLE && feed.asked == m->id) {
		manage_answer(&busy);
		return;
	}
	fault = commit_fault(&commit);
	if (fault) {
		refuse(m->id, fault);
		return;
	}
	trial = (struct policy){.bytes = incoming.bytes, .size = incoming.size, .owned = true};
	memcpy(trial.sha256, incoming.sha256, sizeof trial.sha256);
	incoming = (struct upload){0};
	feed_start(&trial, commit.confirm_seconds, m->id);
	manage_answer(&busy);
}

void policy_read(const struct manage_message *m)
{
	const struct policy *p = trial_in_force ? &trial : &confirmed;
	struct manage_read read;
	struct manage_data data;
	struct manage_message answer;
	uint32_t len;

	memcpy(&read, m->payload, sizeof read);
	if (read.offset > p->size) {
		refuse(m->id, "behind the end of the policy: it has changed meanwhile");
		return;
	}
	len = MIN(p->size - read.offset, MANAGE_DATA_MAX);
	data.offset = read.offset;
	if (len)
		memcpy(data.bytes, p->bytes + read.offset, len);
	answer = manage_message_of(MANAGE_OK, m->id, &data, (uint32_t)offsetof(struct manage_data, bytes) + len);
	manage_answer(&answer);
}

/* The next message of the feed; it has not been answered for. */
static struct manage_message feed_message(uint32_t *len)
{
	const struct policy *p = feed.policy;
	struct manage_begin begin = {.bytes = p->size};
	struct manage_commit commit = {.confirm_seconds = feed.confirm_seconds};
	struct manage_data data = {.offset = feed.at};

	memcpy(begin.sha256, p->sha256, sizeof begin.sha256);
	memcpy(commit.sha256, p->sha256, sizeof commit.sha256);
	switch (feed.state) {
	case FEED_BEGIN: return manage_message_of(MANAGE_BEGIN, OWN_ID, &begin, sizeof begin);
	case FEED_DATA:
		*len = MIN(p->size - feed.at, MANAGE_DATA_MAX);
		memcpy(data.bytes, p->bytes + feed.at, *len);
		return manage_message_of(MANAGE_DATA, OWN_ID, &data,
					 (uint32_t)offsetof(struct manage_data, bytes) + *len);
	default: return manage_message_of(MANAGE_COMMIT, feed.id, &commit, sizeof commit);
	}
}

bool policy_feed(void)
{
	bool any = false;

	while (feed.state != FEED_IDLE && feed.state != FEED_ANSWER) {
		uint32_t len = 0;
		struct manage_message m = feed_message(&len);

		if (!manage_push(&m))
			break;
		any = true;
		feed.at += len;
		if (feed.state == FEED_COMMIT)
			feed.state = FEED_ANSWER;
		else
			feed.state = feed.at == feed.policy->size ? FEED_COMMIT : FEED_DATA;
	}
	return any;
}

bool policy_answered(const struct manage_message *m)
{
	if (feed.state != FEED_ANSWER || m->id != feed.id)
		return false;
	if (m->kind != MANAGE_OK && feed.policy == &trial && !trial_in_force)
		policy_drop(&trial);
	if (m->kind != MANAGE_OK && !feed.asked)
		say("the router refuses the policy that it is started with");
	feed_end(m);
	return true;
}

void policy_in_force(const struct manage_in_force *word)
{
	/* Before it has been asked to decide, the router has nothing to say about a policy. */
	bool is_trial = trial.bytes && (feed.state == FEED_IDLE || feed.state == FEED_ANSWER) &&
			!memcmp(word->sha256, trial.sha256, sizeof trial.sha256);

	if (is_trial && !word->is_confirmed) {
		trial_in_force = true;
		return;
	}
	if (is_trial) {
		policy_drop(&confirmed);
		confirmed = trial;
		trial = (struct policy){0};
	} else if (trial_in_force) {
		policy_drop(&trial);
	}
	trial_in_force = false;
}
