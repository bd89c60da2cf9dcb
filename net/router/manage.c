/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of the control domain, one after another. Invariant: a request is copied out of the ring and checked before
 * anything of it is used; of a policy only the COMMIT is answered, so that a long one needs no turn of the line for each piece.
 */
#include "manage.h"

#include <string.h>

#include <cambium/clock.h>
#include <cambium/device.h>

#include "manage_area.h"

#define STACK_BYTES 65536u

static struct {
	struct router_domain *domain;
	const char *fault; /* what was wrong with the policy that is coming */
} manage;

bool manage_say(const struct manage_message *m)
{
	return manage_area_say(m, 0);
}

static void answer_fault(uint32_t id, const char *fault)
{
	struct manage_message m = fault ? manage_error(id, fault) : manage_message_of(MANAGE_OK, id, NULL, 0);

	manage_say(&m);
}

static void commit_do(const struct manage_message *m)
{
	struct manage_commit commit;
	const char *fault = manage.fault;

	memcpy(&commit, m->payload, sizeof commit);
	if (!fault)
		fault = policy_commit(manage.domain, &commit);
	answer_fault(m->id, fault);
}

static void begin_do(const struct manage_message *m)
{
	struct manage_begin begin;

	memcpy(&begin, m->payload, sizeof begin);
	manage.fault = policy_begin(&begin);
}

static void query_do(const struct manage_message *m)
{
	struct manage_query query;
	struct manage_message answer;

	memcpy(&query, m->payload, sizeof query);
	answer = query_answer(manage.domain, m->id, &query);
	manage_say(&answer);
}

static void confirm_do(const struct manage_message *m)
{
	struct manage_confirm confirm;

	memcpy(&confirm, m->payload, sizeof confirm);
	answer_fault(m->id, policy_confirm(&confirm));
}

static void status_do(const struct manage_message *m)
{
	struct manage_message answer = query_status(manage.domain, m->id, clock_ns());

	manage_say(&answer);
}

static void capture_do(const struct manage_message *m)
{
	struct manage_capture want;

	memcpy(&want, m->payload, sizeof want);
	answer_fault(m->id, capture_set(manage.domain, &want));
}

static void request_do(const struct manage_message *m)
{
	const char *fault = m->length > MANAGE_PAYLOAD_MAX ? "longer than a message" : manage_request_fault(m);

	if (fault) {
		answer_fault(m->id, fault);
		return;
	}
	switch (m->kind) {
	case MANAGE_BEGIN: begin_do(m); break;
	case MANAGE_DATA:
		if (!manage.fault)
			manage.fault = policy_data(m);
		break;
	case MANAGE_COMMIT: commit_do(m); break;
	case MANAGE_CONFIRM: confirm_do(m); break;
	case MANAGE_STATUS: status_do(m); break;
	case MANAGE_QUERY: query_do(m); break;
	case MANAGE_CAPTURE: capture_do(m); break;
	default: answer_fault(m->id, "the router does not do that"); break;
	}
}

static void run(void *arg)
{
	struct manage_message m;

	(void)arg;
	for (;;) {
		/* others have their turn after each request */
		for (; manage_area_take(&m); thread_yield()) {
			request_do(&m);
			policy_tick(manage.domain, clock_ns());
		}
		policy_tick(manage.domain, clock_ns());
		manage_area_wait(MIN(policy_deadline(), capture_pump(clock_ns())));
	}
}

bool manage_start(struct router_domain *d)
{
	manage.domain = d;
	for (unsigned i = 0; i < device_count(); i++) {
		struct device_entry entry;

		if (!device_read(i, &entry) || entry.kind != DEVICE_MANAGE)
			continue;
		return manage_area_attach(&entry) && thread_create("manage", run, NULL, STACK_BYTES);
	}
	report("no policy: everything is dropped");
	return true;
}
