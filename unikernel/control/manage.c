/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Management: requests from the second serial channel, answers of the router. The channel has no interrupt, so it is looked
 * at in turns: seldom while it is silent, often while somebody talks, and with a pause between, in which an emulator that
 * holds a lock for each access fills the port's FIFO again. Without a second port nothing of this runs.
 *
 * Invariants: what comes from the line or from the router is copied, checked and only then used; at most one request is under way at
 * the router, and an answer to any other one is dropped; nothing is taken from the router that the line has no room for.
 */
#include "manage.h"

#include <string.h>

#include <cambium/clock.h>
#include <cambium/event.h>
#include <cambium/mem.h>
#include <drivers/ring/ring.h>

#define CHANNEL 1u
#define IDLE_NS 20000000ull      /* between two looks at a silent line */
#define AWAKE_NS 2000000000ull   /* so long after a byte the line is looked at often */
#define TALK_NS 1000000ull       /* between two looks then, */
#define EAGER_NS 100000000ull    /* and in the first of that time */
#define EAGER_TALK_NS 150000ull  /* even less: a FIFO of 16 bytes is all there is */
#define SILENCE_NS 1000000000ull /* a frame that stands still so long is cut short, */
#define SILENCE_LOOKS 100u       /* if we looked so often meanwhile: who stood still may have been this machine */
#define ANSWER_NS 5000000000ull  /* that the router may take */
#define OUT_BYTES 16384u         /* a power of two */
#define READS_MAX 64u            /* of the line in one round */

static struct {
	struct child *router; /* NULL: no domain takes rules */
	struct manage_area *area;
	struct ring_end requests, answers;
	bool up;

	bool absent; /* there is no second port */
	struct manage_line line;
	uint64_t heard_ns, looked_ns;
	uint32_t looks; /* since a byte came */
	uint8_t out[OUT_BYTES];
	uint32_t out_head, out_tail; /* free running */

	/* the request at the router */
	bool waiting;
	uint32_t asked, relayed; /* its id on the line, and at the router */
	uint64_t deadline;
	struct manage_message last; /* the last answer, in case it was lost */
	uint32_t unknown;           /* answers to nothing */
} manage;

static uint32_t out_room(void)
{
	return OUT_BYTES - (manage.out_head - manage.out_tail);
}

/* Room for one more frame is there: see manage_round(). */
static void out_put(const struct manage_message *m)
{
	uint8_t frame[MANAGE_FRAME_MAX];
	uint32_t len = manage_line_write(m, frame);

	if (len > out_room())
		return;
	for (uint32_t i = 0; i < len; i++)
		manage.out[manage.out_head++ % OUT_BYTES] = frame[i];
}

static void out_send(void)
{
	while (manage.out_head != manage.out_tail) {
		uint32_t at = manage.out_tail % OUT_BYTES;
		int64_t sent = hc_console_write(CHANNEL, (const char *)manage.out + at,
						MIN(manage.out_head - manage.out_tail, OUT_BYTES - at));

		if (sent <= 0)
			return;
		manage.out_tail += (uint32_t)sent;
	}
}

void manage_answer(const struct manage_message *m)
{
	if (m->kind != MANAGE_BUSY && m->id)
		manage.last = *m;
	out_put(m);
}

static void answer_error(uint32_t id, const char *why)
{
	struct manage_message m = manage_error(id, why);

	manage_answer(&m);
}

/* --- the router --- */

bool manage_is_up(void)
{
	return manage.up;
}

bool manage_push(const struct manage_message *m)
{
	if (!manage.up || ring_push(&manage.requests, m) != RING_OK)
		return false;
	if (ring_publish(&manage.requests))
		hc_event_send(manage.router->manage.port);
	return true;
}

static void relay(const struct manage_message *m)
{
	struct manage_message copy = *m;

	copy.id = manage.relayed = (manage.relayed + 1) & 0x7fffffffu;
	if (!manage.up)
		answer_error(m->id, "no router is running: `start router` on the console, or wait until it is back");
	else if (!manage_push(&copy))
		answer_error(m->id, "the router is behind with its requests: try again in a moment");
	else {
		manage.waiting = true;
		manage.asked = m->id;
		manage.deadline = clock_after(ANSWER_NS);
	}
}

/* What the router says; @m is a private copy. */
static void router_said(struct manage_message *m)
{
	struct manage_in_force word;

	if (m->length > MANAGE_PAYLOAD_MAX)
		m->length = MANAGE_PAYLOAD_MAX;
	if (m->kind == MANAGE_CAPTURED) {
		m->id = 0;
		out_put(m);
	} else if (m->kind == MANAGE_IN_FORCE && m->length == sizeof word) {
		memcpy(&word, m->payload, sizeof word);
		policy_in_force(&word);
	} else if ((m->kind != MANAGE_OK && m->kind != MANAGE_ERROR) || policy_answered(m)) {
		return;
	} else if (manage.waiting && m->id == manage.relayed) {
		manage.waiting = false;
		m->id = manage.asked;
		manage_answer(m);
	} else {
		manage.unknown++;
	}
}

/* Listens to the router while the line has room for two more frames. True: there was something. */
static bool router_listen(void)
{
	struct manage_message m;
	enum ring_result result = RING_EMPTY;
	bool any = false;

	while (manage.up && out_room() >= 2 * MANAGE_FRAME_MAX &&
	       (result = ring_take(&manage.answers, &m)) == RING_OK) {
		if (ring_release(&manage.answers, 1))
			hc_event_send(manage.router->manage.port);
		router_said(&m);
		any = true;
	}
	if (result == RING_BROKEN) {
		say("%s: its management rings make no sense: it is not listened to until it is started again",
		    manage.router->plan->name);
		manage.up = false;
	}
	return any;
}

/* --- the line --- */

static void request_do(const struct manage_message *m)
{
	const char *fault = manage_request_fault(m);

	if (m->kind >= MANAGE_OK || !m->id) /* an echo of ours, or nobody's */
		return;
	if (m->id == manage.last.id) {
		out_put(&manage.last);
		return;
	}
	if (manage.waiting && m->id == manage.asked)
		return;
	if (fault) {
		answer_error(m->id, fault);
		return;
	}
	switch (m->kind) {
	case MANAGE_BEGIN: policy_begin(m); break;
	case MANAGE_DATA:
	case MANAGE_PACKED: policy_data(m); break;
	case MANAGE_COMMIT: policy_commit(m); break;
	case MANAGE_READ: policy_read(m); break;
	default: relay(m); break;
	}
}

static void line_take(const uint8_t *bytes, size_t len)
{
	struct manage_message m;
	size_t used;

	while (manage_line_feed(&manage.line, bytes, len, &used, &m)) {
		bytes += used;
		len -= used;
		request_do(&m);
	}
}

/* Reads the line while it has something and answers have room. True: it had. */
static bool line_listen(uint64_t now)
{
	uint32_t damaged = manage.line.damaged;
	uint8_t bytes[256];
	bool any = false;

	for (uint32_t i = 0; i < READS_MAX && out_room() >= OUT_BYTES / 2; i++) {
		int64_t got = hc_console_read(CHANNEL, (char *)bytes, sizeof bytes);

		manage.absent = got == -HC_EINVAL;
		if (got <= 0)
			break;
		any = true;
		manage.heard_ns = now;
		line_take(bytes, (size_t)got);
	}
	manage.looked_ns = now;
	manage.looks = any ? 0 : manage.looks + 1;
	if (damaged != manage.line.damaged)
		answer_error(0, "a frame was damaged on the line and is not used");
	if (manage.looks > SILENCE_LOOKS && now - manage.heard_ns > SILENCE_NS && manage_line_silence(&manage.line))
		answer_error(0, "a frame was cut short: the line was silent in the middle of it");
	return any;
}

static void answers_await(uint64_t now)
{
	if (!manage.waiting || now < manage.deadline)
		return;
	manage.waiting = false;
	answer_error(manage.asked, "the router does not answer: is it busy, or paused?");
}

static bool line_is_due(uint64_t now)
{
	return !manage.absent && (now - manage.heard_ns < AWAKE_NS || now - manage.looked_ns >= IDLE_NS);
}

bool manage_round(void)
{
	uint64_t now = clock_ns();
	bool any = router_listen();

	any |= policy_feed();
	if (line_is_due(now))
		any |= line_listen(now);
	answers_await(now);
	out_send();
	return any;
}

uint64_t manage_due(void)
{
	uint64_t silent = clock_ns() - manage.heard_ns;

	if (manage.absent)
		return TIME_NEVER;
	if (manage.out_head != manage.out_tail || silent < EAGER_NS)
		return clock_after(EAGER_TALK_NS);
	return silent < AWAKE_NS ? clock_after(TALK_NS) : manage.looked_ns + IDLE_NS;
}

bool manage_watch(void)
{
	return manage.up && out_room() >= 2 * MANAGE_FRAME_MAX && ring_sleep_prepare(&manage.answers, 1);
}

/* --- the router's life --- */

bool manage_setup(void)
{
	for (uint32_t i = 0; i < control.plan.domain_count; i++)
		if (control.children[i].plan->takes_rules)
			manage.router = &control.children[i];
	if (!manage.router)
		return true;
	policy_setup();
	manage.router->manage.page_count = MANAGE_AREA_PAGES;
	manage.router->manage.pages = manage.area = pages_alloc(MANAGE_AREA_PAGES);
	return manage.area != NULL;
}

void manage_router_up(void)
{
	struct manage_area *a = manage.area;

	ring_init_producer(&manage.requests, &a->requests, a->request_slots, sizeof a->request_slots[0],
			   MANAGE_REQUEST_COUNT);
	ring_init_consumer(&manage.answers, &a->answers, a->answer_slots, sizeof a->answer_slots[0],
			   MANAGE_ANSWER_COUNT);
	manage.up = true;
	policy_router_up();
	policy_feed();
}

void manage_router_down(void)
{
	manage.up = false;
	policy_router_down();
	if (manage.waiting)
		answer_error(manage.asked, "the router has died: ask again when it is back");
	manage.waiting = false;
}
